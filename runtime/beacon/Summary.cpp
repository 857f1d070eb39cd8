#include "runtime/beacon/Summary.h"

#include <charconv>

namespace lobit::beacon {

Result<SigmaChoice> SigmaChoice::parse(std::string_view word) {
  SigmaChoice choice;
  if (word == "auto")
    return choice;
  if (word == "none" || word == "diagonal" || word == "full") {
    choice.kind = word == "none" ? None : word == "diagonal" ? Diagonal : Full;
    return choice;
  }
  if (word.substr(0, 8) == "lowrank:") {
    choice.kind = LowRank;
    const char *end = word.data() + word.size();
    auto [last, error] = std::from_chars(word.data() + 8, end, choice.rank);
    if (error == std::errc() && last == end && choice.rank >= 1 && choice.rank <= kMaxRank)
      return choice;
  }
  return Status(StatusCode::INVALID_ARGUMENT,
                "sigma is '" + std::string(word) +
                    "', expected auto, none, diagonal, full or lowrank:R with R up to 64");
}

SigmaChoice SigmaChoice::resolve(uint32_t dim, uint64_t rows) const {
  if (kind != Auto)
    return *this;
  if (dim <= kMaxFullDim)
    return {Full, 0};
  return dim <= kMaxLowRankDim && rows <= kMaxLowRankRows ? SigmaChoice{LowRank, kDefaultRank}
                                                          : SigmaChoice{Diagonal, 0};
}

template <typename T>
Result<Summary> summarize(const Rows<T> &rows, SigmaChoice choice, bool wantHalves) {
  choice = choice.resolve(rows.dim, rows.count);
  Summary summary;
  if (wantHalves)
    summary.halves.emplace();
  Result<Moments> moments =
      momentsOf(rows, choice.kind == SigmaChoice::Full ? SigmaKind::Packed : SigmaKind::Diagonal,
                wantHalves ? &*summary.halves : nullptr);
  if (!moments.ok())
    return std::move(moments).status();
  summary.moments = std::move(moments).value();
  summary.trace = summary.moments.trace();
  if (choice.kind == SigmaChoice::LowRank) {
    Result<LowRank> lowRank = lowRankOf(rows, summary.moments, choice.rank);
    if (!lowRank.ok())
      return std::move(lowRank).status();
    summary.lowRank = std::move(lowRank).value();
  }
  if (choice.kind == SigmaChoice::None) {
    summary.moments.kind = SigmaKind::None;
    summary.moments.sigma.clear();
  }
  return summary;
}
template Result<Summary> summarize(const Rows<float> &, SigmaChoice, bool);
template Result<Summary> summarize(const Rows<double> &, SigmaChoice, bool);

static std::string sigmaText(const Summary &summary) {
  if (summary.lowRank && summary.lowRank->rank() != 0)
    return "lowrank:" + std::to_string(summary.lowRank->rank());
  return summary.moments.kind == SigmaKind::Packed ? "" : sigmaWord(summary.moments.kind);
}

Status describe(const Summary &summary, const Reference *reference, const Judgement &judgement,
                Content &content, Results &results) {
  const Moments &moments = summary.moments;
  if (reference && reference->mu.size() != moments.dim)
    return Status(StatusCode::MISMATCH,
                  "the reference has " + std::to_string(reference->mu.size()) +
                      " dimensions, the window " + std::to_string(moments.dim));
  results = Results();
  results.trSigma = summary.trace;
  results.sdsWeights = judgement.sdsWeights;
  results.thresholds = judgement.thresholds;
  results.sigma = sigmaText(summary);
  if (reference || summary.halves) {
    MeanShift shift;
    if (reference)
      shift = meanShift(reference->mu, moments.mu);
    else if (!summary.halves->first.empty())
      shift = meanShift(summary.halves->first, summary.halves->second);
    results.normDmu = shift.norm;
    results.cosMu = shift.cosine;
    results.sds = sdsOf(judgement.sdsWeights, shift.norm, summary.trace);
    results.reference = reference ? reference->name : "split-half";
  }
  content.mu = moments.mu;
  content.calib = moments;
  content.lowRank = summary.lowRank;
  content.sigmaReduced = moments.kind != SigmaKind::Packed;
  content.driftAlert = results.alert() != nullptr;
  content.results = results.json();
  return {};
}

} // namespace lobit::beacon
