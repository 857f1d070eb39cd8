/// \file
/// From a window of rows to what a beacon says about it.
#ifndef LOBIT_BEACON_SUMMARY_H
#define LOBIT_BEACON_SUMMARY_H

#include "runtime/beacon/Writer.h"

namespace lobit::beacon {

/// How much of Sigma is kept: "auto", "none", "diagonal", "full", "lowrank:R".
struct SigmaChoice {
  enum Kind { Auto, None, Diagonal, Full, LowRank } kind = Auto;
  uint32_t rank = 0;

  static Result<SigmaChoice> parse(std::string_view word);
  /// Auto: full up to 127 columns; then diagonal with rank 16 up to 16384 columns and 256
  /// rows; above that diagonal alone, because 16 eigenvectors of a vocabulary are larger
  /// and slower than everything else in a beacon.
  SigmaChoice resolve(uint32_t dim, uint64_t rows) const;
};
constexpr uint32_t kMaxFullDim = 127, kMaxLowRankDim = 16384, kDefaultRank = 16;

/// Statistics of a window.
struct Summary {
  Moments moments;  ///< kind None only when nothing more was asked for
  double trace = 0; ///< of the true diagonal
  std::optional<LowRank> lowRank;
  /// When asked for; with fewer than two rows there is nothing in them.
  std::optional<Halves> halves;
};

template <typename T>
Result<Summary> summarize(const Rows<T> &rows, SigmaChoice choice, bool wantHalves);

/// What the mean is compared with, instead of the window's own first half.
struct Reference {
  std::vector<double> mu;
  std::string name; ///< for "ref" in RESULTS_V1
};

struct Judgement {
  std::pair<double, double> sdsWeights = {1.0, 0.5};
  std::vector<Threshold> thresholds;
};

/// Fills mu, calibration, results and flags of `content`. MISMATCH when the reference has
/// another dimension.
Status describe(const Summary &summary, const Reference *reference, const Judgement &judgement,
                Content &content, Results &results);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_SUMMARY_H
