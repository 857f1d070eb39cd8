/// \file
/// RESULTS_V1: what was concluded from a window, as canonical JSON.
#ifndef LOBIT_BEACON_RESULTS_H
#define LOBIT_BEACON_RESULTS_H

#include "runtime/beacon/Parser.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lobit::beacon {

/// The numbers that a threshold can be set for.
enum class Metric { NormDmu, CosMu, TrSigma, Sds };
constexpr Metric kMetrics[] = {Metric::NormDmu, Metric::CosMu, Metric::TrSigma, Metric::Sds};
/// "norm_dmu", "cos_mu", "tr_Sigma", "SDS"
const char *metricName(Metric metric);
std::optional<Metric> findMetric(std::string_view name);

/// SDS, norm_dmu and tr_Sigma must not be above their limit, cos_mu not below it.
struct Threshold {
  Metric metric = Metric::Sds;
  double limit = 0;
};
bool isExceeded(const Threshold &threshold, double value);
/// "SDS is 4.2, above the threshold 1"
std::string exceededText(const Threshold &threshold, double value);

/// NaN: not known, written as null.
struct Results {
  double normDmu, cosMu, trSigma, sds;
  std::vector<Threshold> thresholds;
  std::optional<std::pair<double, double>> sdsWeights; ///< of norm_dmu and of tr_Sigma
  std::string reference; ///< "split-half", a context hash, ...; empty: not written
  std::string sigma;     ///< "diagonal", "lowrank:16", ...; empty: full, not written

  Results();
  double value(Metric metric) const;
  /// The first threshold that is exceeded.
  const Threshold *alert() const;
  std::string json() const;
};

/// SDS = w_mu norm_dmu + w_trS tr_Sigma.
double sdsOf(std::pair<double, double> weights, double normDmu, double trSigma);

/// The text of the record; empty without one.
std::string_view resultsText(const View &view);
/// Canonical, complete, and in agreement with the drift flag.
Fault checkResults(const View &view);
/// Of checked results; NaN for null.
double resultValue(std::string_view json, Metric metric);
/// The limits in checked results, those of known metrics.
std::vector<Threshold> resultThresholds(std::string_view json);
/// exceededText of the first one that is exceeded; a limit of another name may be.
std::string resultAlert(std::string_view json);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_RESULTS_H
