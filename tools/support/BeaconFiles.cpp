#include "tools/support/BeaconFiles.h"
#include "runtime/beacon/CanonicalJson.h"
#include "tools/support/OutputFile.h"
#include "tools/support/Tool.h"

#include <cmath>

namespace lobit {

Result<std::vector<uint8_t>> readBeaconBytes(const std::string &path) {
  Result<std::string> text = readTextFile(path);
  if (!text.ok())
    return std::move(text).status();
  if (text->size() > beacon::kMaxFileBytes)
    return Status(StatusCode::RESOURCE_LIMIT, path + ": a beacon file has at most 64 MiB");
  return std::vector<uint8_t>(text->begin(), text->end());
}

Status writeBeaconFile(const std::string &path, const std::vector<uint8_t> &bytes) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file.ok())
    return std::move(file).status();
  if (Status status = file->write(bytes.data(), bytes.size()); !status.ok())
    return status;
  return file->commit();
}

Result<std::unique_ptr<BeaconFile>> readBeacon(const std::string &path, const beacon::Key *key) {
  Result<std::vector<uint8_t>> bytes = readBeaconBytes(path);
  if (!bytes.ok())
    return std::move(bytes).status();
  auto file = std::make_unique<BeaconFile>();
  file->bytes = std::move(bytes).value();
  const beacon::Fault fault = beacon::parse({file->bytes.data(), file->bytes.size()}, file->view);
  if (!fault.ok())
    return fault.status().withContext(path);
  beacon::Request request;
  request.key = file->view.hmac ? key : nullptr;
  beacon::Verdict verdict = beacon::verify(file->view, request);
  if (!verdict.ok() && verdict.status.code() != StatusCode::DRIFT)
    return std::move(verdict.status).withContext(path);
  return file;
}

Result<std::vector<beacon::Threshold>> parseThresholds(const std::vector<std::string> &words) {
  std::vector<beacon::Threshold> thresholds;
  for (const std::string &word : words) {
    const size_t equals = std::min(word.find('='), word.size());
    const std::optional<beacon::Metric> metric = beacon::findMetric(word.substr(0, equals));
    const std::optional<double> limit =
        beacon::jsonNumberValue(equals < word.size() ? word.substr(equals + 1) : "");
    bool twice = false;
    for (const beacon::Threshold &threshold : thresholds)
      twice |= metric && threshold.metric == *metric;
    if (!metric || !limit || twice)
      return Status(
          StatusCode::INVALID_ARGUMENT,
          "the threshold '" + word + "' is " +
              (twice ? "given twice" : "no NAME=NUMBER with norm_dmu, cos_mu, tr_Sigma or SDS"));
    thresholds.push_back({*metric, *limit});
  }
  return thresholds;
}

Result<std::optional<uint32_t>> parseDelta(const std::string &word) {
  if (word == "auto")
    return std::optional<uint32_t>();
  const std::optional<double> value = beacon::jsonNumberValue(word);
  if (!value || *value < 1 || *value > 4294967295.0 || *value != std::floor(*value))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "delta_q16 is '" + word +
                      "', expected auto or a whole number from 1 (65536 is "
                      "a step of 1)");
  return std::optional<uint32_t>(uint32_t(*value));
}

Status driftStatus(const beacon::Results &results) {
  const beacon::Threshold *alert = results.alert();
  if (!alert)
    return {};
  return Status(StatusCode::DRIFT,
                "drift: " + beacon::exceededText(*alert, results.value(alert->metric)));
}

std::string resultsLine(const beacon::Results &results) {
  std::string line;
  for (beacon::Metric metric : {beacon::Metric::Sds, beacon::Metric::NormDmu, beacon::Metric::CosMu,
                                beacon::Metric::TrSigma}) {
    char number[32];
    snprintf(number, sizeof(number), "%.6g", results.value(metric));
    line += (line.empty() ? "" : ", ") + std::string(beacon::metricName(metric)) + " " +
            (std::isnan(results.value(metric)) ? "unknown" : number);
  }
  return line;
}

} // namespace lobit
