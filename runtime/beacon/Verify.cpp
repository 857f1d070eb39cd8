#include "runtime/beacon/Verify.h"
#include "runtime/beacon/CanonicalJson.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace lobit::beacon {

const char *answerWord(Answer answer) {
  return answer == Answer::Yes ? "yes" : answer == Answer::No ? "no" : "not checked";
}

static Fault checkCalib(const View &view) {
  const Value &value = view.calib;
  const CalibHeader header = calibHeader(view);
  const auto bad = [&](uint64_t at, const char *what) {
    return Fault{StatusCode::MALFORMED, value.offset + kRecordHeaderBytes + at, what};
  };
  if (!std::isfinite(header.weight) || header.weight <= 0)
    return bad(8, "W is not above 0");
  if (!std::isfinite(header.t0) || !std::isfinite(header.t1) || header.t0 > header.t1)
    return bad(16, "t0 and t1 are not finite and in order");
  if (!(view.flags & kHasTimes) && (header.t0 != 0 || header.t1 != 0))
    return bad(16, "t0 and t1 are set, but FLAGS_V1 says they are not");
  const uint64_t step = scalarBytes(header.scalar);
  const uint64_t sigma = kCalibFixedBytes + view.dim * step;
  const uint64_t count = sigmaCount(header.kind, view.dim);
  for (uint64_t at = kCalibFixedBytes; at < value.size; at += step)
    if (!std::isfinite(value.readScalar(at, header.scalar)))
      return bad(at, "a number of CALIB_STATS_V1 is not finite");
  const auto entry = [&](uint64_t i) { return value.readScalar(sigma + i * step, header.scalar); };
  // The diagonal: every entry, entry i (i + 3) / 2, entry i (dim + 1).
  const uint64_t diagonals = count == 0 ? 0 : count == 1 ? 1 : view.dim;
  for (uint64_t i = 0; i < diagonals; ++i) {
    const uint64_t at = header.kind == SigmaKind::Packed ? i * (i + 3) / 2
                        : header.kind == SigmaKind::Full ? i * (uint64_t(view.dim) + 1)
                                                         : i;
    if (entry(at) < 0)
      return bad(sigma + at * step, "a variance is negative");
  }
  return {};
}

static Fault checkLowRank(const View &view) {
  const Value &value = view.lowRank;
  const LowRankHeader header = lowRankHeader(view);
  const uint64_t step = scalarBytes(header.scalar);
  const uint64_t residual = value.size - view.dim * step;
  for (uint64_t at = kLowRankFixedBytes; at < value.size; at += step) {
    const double number = value.readScalar(at, header.scalar);
    const bool variance = at < kLowRankFixedBytes + header.rank * step || at >= residual;
    if (!std::isfinite(number) || (variance && number < 0))
      return {StatusCode::MALFORMED, value.offset + kRecordHeaderBytes + at,
              "a number of CALIB_LOWRANK_V1 is not finite or a variance is negative"};
  }
  return {};
}

static Fault checkName(const View &view) {
  const char *name = reinterpret_cast<const char *>(view.artifact.data()) + kRootDigestBytes;
  const std::string_view text(name, view.artifact.size - kRootDigestBytes);
  bool good = isUtf8(text);
  for (char c : text)
    good = good && uint8_t(c) >= 0x20 && c != 0x7F;
  return good ? Fault()
              : Fault{StatusCode::MALFORMED, view.artifact.offset,
                      "the name in ARTIFACT_V1 is not UTF-8 without control characters"};
}

Fault checkValues(const View &view) {
  if (view.calib)
    if (Fault fault = checkCalib(view); !fault.ok())
      return fault;
  if (view.lowRank)
    if (Fault fault = checkLowRank(view); !fault.ok())
      return fault;
  if (view.artifact)
    if (Fault fault = checkName(view); !fault.ok())
      return fault;
  return checkResults(view);
}

static Status failed(const char *message) { return Status(StatusCode::CHECK_FAILED, message); }

static Status checkAuthentic(const View &view, const Request &request, Answer &answer) {
  if (!request.key) {
    if (!request.requireAuth)
      return {};
    answer = Answer::No;
    return failed("authentication is required and no key is given");
  }
  answer = Answer::No;
  if (!view.hmac)
    return failed("there is no HMAC_V1, a key is given");
  const Result<Digest> mac = hmacSha256(
      *request.key, {{view.context(), kContextBytes}, view.authenticatedRecords(), view.payload()});
  if (!mac.ok())
    return mac.status();
  if (!equalSecrets(mac->data(), view.hmac.data() + 1, kMacBytes))
    return failed("the HMAC does not match: another key, or changed by somebody without it");
  answer = Answer::Yes;
  return {};
}

static Status checkContext(const View &view, const ContextIds &ids) {
  const ContextHash expected = contextHash(ids, view.dim);
  if (memcmp(expected.data(), view.context(), expected.size()) != 0)
    return Status(StatusCode::CHECK_FAILED,
                  "the context is " + hexText(view.context(), kContextBytes) +
                      ", the given ids make " + hexText(expected.data(), expected.size()));
  const std::optional<Origin> origin = originOf(view);
  if (origin && origin->context != contextHash256(ids, view.dim))
    return failed("the context in ORIGIN_V1 is not that of the given ids");
  return {};
}

Verdict verify(const View &view, const Request &request) {
  Verdict verdict;
  verdict.intact = Answer::No;
  if (view.storedCrc() != view.computedCrc()) {
    char text[96];
    snprintf(text, sizeof(text), "the CRC is %04x, the bytes give %04x: damaged", view.storedCrc(),
             view.computedCrc());
    verdict.status = failed(text);
    return verdict;
  }
  verdict.intact = Answer::Yes;
  verdict.status = checkAuthentic(view, request, verdict.authentic);
  if (!verdict.ok())
    return verdict;
  verdict.acceptable = Answer::No;
  if (request.ids)
    verdict.status = checkContext(view, *request.ids);
  if (verdict.ok())
    verdict.status = checkOrigin(view, request.origin);
  if (verdict.ok())
    verdict.status = checkValues(view).status();
  if (verdict.ok() && (view.flags & kDriftAlert))
    verdict.status =
        Status(StatusCode::DRIFT, "the beacon reports drift: " + resultAlert(resultsText(view)));
  if (verdict.ok())
    verdict.acceptable = Answer::Yes;
  return verdict;
}

Verdict verify(ByteView bytes, const Request &request) {
  View view;
  const Fault fault = parse(bytes, view);
  if (fault.ok())
    return verify(view, request);
  Verdict verdict;
  verdict.intact = Answer::No;
  verdict.status = fault.status();
  return verdict;
}

} // namespace lobit::beacon
