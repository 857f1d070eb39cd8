#include "runtime/beacon/Results.h"
#include "runtime/beacon/CanonicalJson.h"

#include <cmath>
#include <limits>

namespace lobit::beacon {

static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

const char *metricName(Metric metric) {
  switch (metric) {
  case Metric::NormDmu:
    return "norm_dmu";
  case Metric::CosMu:
    return "cos_mu";
  case Metric::TrSigma:
    return "tr_Sigma";
  case Metric::Sds:
    return "SDS";
  }
  return "";
}

std::optional<Metric> findMetric(std::string_view name) {
  for (Metric metric : kMetrics)
    if (name == metricName(metric))
      return metric;
  return std::nullopt;
}

bool isExceeded(const Threshold &threshold, double value) {
  return threshold.metric == Metric::CosMu ? value < threshold.limit : value > threshold.limit;
}

std::string exceededText(const Threshold &threshold, double value) {
  return std::string(metricName(threshold.metric)) + " is " + jsonNumber(value) +
         (threshold.metric == Metric::CosMu ? ", below" : ", above") + " the threshold " +
         jsonNumber(threshold.limit);
}

Results::Results() : normDmu(kUnknown), cosMu(kUnknown), trSigma(kUnknown), sds(kUnknown) {}

double Results::value(Metric metric) const {
  switch (metric) {
  case Metric::NormDmu:
    return normDmu;
  case Metric::CosMu:
    return cosMu;
  case Metric::TrSigma:
    return trSigma;
  case Metric::Sds:
    return sds;
  }
  return kUnknown;
}

const Threshold *Results::alert() const {
  for (const Threshold &threshold : thresholds)
    if (isExceeded(threshold, value(threshold.metric)))
      return &threshold;
  return nullptr;
}

std::string Results::json() const {
  JsonObject limits, out;
  for (const Threshold &threshold : thresholds)
    limits.add(metricName(threshold.metric), threshold.limit);
  for (Metric metric : kMetrics)
    out.add(metricName(metric), value(metric));
  out.addRaw("thresholds", limits.text());
  if (sdsWeights) {
    out.add("sds_w_mu", sdsWeights->first);
    out.add("sds_w_trS", sdsWeights->second);
  }
  if (!reference.empty())
    out.add("ref", std::string_view(reference));
  if (!sigma.empty())
    out.add("sigma", std::string_view(sigma));
  return out.text();
}

double sdsOf(std::pair<double, double> weights, double normDmu, double trSigma) {
  return weights.first * normDmu + weights.second * trSigma;
}

std::string_view resultsText(const View &view) {
  if (!view.results)
    return {};
  return {reinterpret_cast<const char *>(view.results.data()), view.results.size};
}

double resultValue(std::string_view json, Metric metric) {
  const std::optional<std::string_view> text = jsonMember(json, metricName(metric));
  return text ? jsonNumberValue(*text).value_or(kUnknown) : kUnknown;
}

std::vector<Threshold> resultThresholds(std::string_view json) {
  std::vector<Threshold> thresholds;
  forEachMember(jsonMember(json, "thresholds").value_or("{}"),
                [&](std::string_view name, std::string_view value) {
                  const std::optional<Metric> metric = findMetric(name);
                  const std::optional<double> limit = jsonNumberValue(value);
                  if (metric && limit)
                    thresholds.push_back({*metric, *limit});
                });
  return thresholds;
}

Fault checkResults(const View &view) {
  if (!view.results)
    return {};
  const std::string_view json = resultsText(view);
  const uint64_t begin = view.results.offset + kRecordHeaderBytes;
  const auto bad = [&](const char *what) { return Fault{StatusCode::MALFORMED, begin, what}; };
  if (JsonFault fault = checkCanonicalObject(json, kMaxResultsDepth); fault.what)
    return {StatusCode::MALFORMED, begin + fault.offset, "RESULTS_V1 is no canonical JSON object"};
  for (Metric metric : kMetrics) {
    const std::optional<std::string_view> value = jsonMember(json, metricName(metric));
    if (!value || (*value != "null" && !jsonNumberValue(*value)))
      return bad("RESULTS_V1 lacks one of norm_dmu, cos_mu, tr_Sigma and SDS as number or null");
  }
  const std::optional<std::string_view> limits = jsonMember(json, "thresholds");
  if (!limits || limits->front() != '{')
    return bad("RESULTS_V1 lacks the object thresholds");
  bool exceeded = false, unknown = false;
  forEachMember(*limits, [&](std::string_view name, std::string_view value) {
    const std::optional<Metric> metric = findMetric(name);
    const std::optional<double> limit = jsonNumberValue(value);
    if (metric && limit)
      exceeded |= isExceeded({*metric, *limit}, resultValue(json, *metric));
    else
      unknown = true;
  });
  const bool alert = view.flags & kDriftAlert;
  if (exceeded ? !alert : alert && !unknown)
    return bad("the drift alert of FLAGS_V1 contradicts the thresholds in RESULTS_V1");
  return {};
}

std::string resultAlert(std::string_view json) {
  for (const Threshold &threshold : resultThresholds(json))
    if (const double value = resultValue(json, threshold.metric); isExceeded(threshold, value))
      return exceededText(threshold, value);
  return "a threshold of a name that is not known here is exceeded";
}

} // namespace lobit::beacon
