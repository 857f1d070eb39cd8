#include "runtime/beacon/Writer.h"
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/Crc16.h"
#include "runtime/beacon/Verify.h"

#include <algorithm>
#include <cmath>

namespace lobit::beacon {

Quantized quantizeMu(const std::vector<double> &mu, uint32_t deltaQ16) {
  Quantized out;
  out.values.reserve(mu.size());
  const double step = double(deltaQ16) / 65536.0;
  for (double value : mu) {
    double q = std::nearbyint(value / step); // the rounding mode is half to even
    if (std::fabs(q) > kMaxQuantized) {
      q = q < 0 ? -kMaxQuantized : kMaxQuantized;
      out.saturated = true;
    }
    out.values.push_back(int16_t(q));
  }
  return out;
}

uint32_t autoDelta(const std::vector<double> &mu) {
  double largest = 0;
  for (double value : mu)
    largest = std::max(largest, std::fabs(value));
  const double delta = std::ceil(largest * 65536.0 / kMaxQuantized);
  return uint32_t(std::min(std::max(delta, 1.0), 4294967295.0));
}

namespace {

using Bytes = std::vector<uint8_t>;

class Writer {
public:
  template <typename T> static void appendBig(Bytes &out, T value) {
    out.resize(out.size() + sizeof(T));
    storeBig(out.data() + out.size() - sizeof(T), value);
  }
  static void appendScalar(Bytes &out, Scalar scalar, double value) {
    out.resize(out.size() + scalarBytes(scalar));
    uint8_t *at = out.data() + out.size() - scalarBytes(scalar);
    scalar == Scalar::F64 ? storeBigF64(at, value) : storeBigF32(at, value);
  }
  static void appendScalars(Bytes &out, Scalar scalar, const std::vector<double> &values) {
    for (double value : values)
      appendScalar(out, scalar, value);
  }

  /// In fragments when the value is long.
  void record(RecordType type, const Bytes &value) {
    size_t at = 0;
    while (true) {
      const size_t part = std::min<size_t>(value.size() - at, kFragmentBytes);
      out.push_back(uint8_t(type));
      appendBig(out, uint16_t(part));
      out.insert(out.end(), value.begin() + long(at), value.begin() + long(at + part));
      at += part;
      if (part < kFragmentBytes)
        return;
    }
  }

  Bytes out;
};

Bytes encodeConfig(uint32_t dim, uint32_t deltaQ16) {
  Bytes bytes = {kRecordVersion, kEncodingMu16, 0, 0};
  Writer::appendBig(bytes, dim);
  Writer::appendBig(bytes, deltaQ16);
  Writer::appendBig(bytes, dim);
  return bytes;
}

Bytes encodeCalib(const Content &content) {
  const Moments &moments = *content.calib;
  Bytes bytes = {kRecordVersion, uint8_t(moments.kind), uint8_t(content.scalar), 0};
  Writer::appendBig(bytes, moments.dim);
  Writer::appendScalar(bytes, Scalar::F64, moments.weight);
  const std::pair<double, double> times = content.times.value_or(std::make_pair(0.0, 0.0));
  Writer::appendScalar(bytes, Scalar::F64, times.first);
  Writer::appendScalar(bytes, Scalar::F64, times.second);
  Writer::appendScalars(bytes, content.scalar, moments.mu);
  Writer::appendScalars(bytes, content.scalar, moments.sigma);
  return bytes;
}

Bytes encodeLowRank(const LowRank &lowRank, Scalar scalar) {
  Bytes bytes = {kRecordVersion, uint8_t(scalar)};
  Writer::appendBig(bytes, uint16_t(lowRank.rank()));
  Writer::appendBig(bytes, uint32_t(lowRank.residual.size()));
  Writer::appendScalars(bytes, scalar, lowRank.eigenvalues);
  Writer::appendScalars(bytes, scalar, lowRank.eigenvectors);
  Writer::appendScalars(bytes, scalar, lowRank.residual);
  return bytes;
}

} // namespace

Result<std::vector<uint8_t>> writeBeacon(const Content &content, const Key *key) {
  if (content.mu.empty() || content.mu.size() > kMaxDim || content.deltaQ16 == 0)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "a beacon needs 1 to 2^24 dimensions and a delta_q16 above 0, found " +
                      std::to_string(content.mu.size()) + " and " +
                      std::to_string(content.deltaQ16));
  if (Status status = checkIds(content.ids); !status.ok())
    return status;
  const uint32_t dim = uint32_t(content.mu.size());
  const Quantized quantized = quantizeMu(content.mu, content.deltaQ16);
  const uint32_t flags = (content.calib ? kHasCalib : 0u) | (content.results ? kHasResults : 0u) |
                         (key ? kHasHmac : 0u) | (quantized.saturated ? kSaturated : 0u) |
                         (content.times ? kHasTimes : 0u) |
                         (content.driftAlert ? kDriftAlert : 0u) |
                         (content.sigmaReduced ? kSigmaReduced : 0u);

  Writer writer;
  writer.out.assign(std::begin(kMagic), std::end(kMagic));
  const ContextHash context = contextHash(content.ids, dim);
  writer.out.insert(writer.out.end(), context.begin(), context.end());
  writer.record(RecordType::Config, encodeConfig(dim, content.deltaQ16));
  Bytes flagBytes;
  Writer::appendBig(flagBytes, flags);
  writer.record(RecordType::Flags, flagBytes);
  if (content.calib)
    writer.record(RecordType::Calib, encodeCalib(content));
  if (content.results)
    writer.record(RecordType::Results, Bytes(content.results->begin(), content.results->end()));
  if (content.artifact) {
    Bytes bytes(content.artifact->root.begin(), content.artifact->root.end());
    bytes.insert(bytes.end(), content.artifact->tensor.begin(), content.artifact->tensor.end());
    writer.record(RecordType::Artifact, bytes);
  }
  if (content.origin) {
    Origin origin = *content.origin;
    origin.context = contextHash256(content.ids, dim);
    writer.record(RecordType::Origin, encodeOrigin(origin));
  }
  if (content.lowRank && content.lowRank->rank() != 0)
    writer.record(RecordType::LowRank, encodeLowRank(*content.lowRank, content.scalar));

  Bytes payload(2 * size_t(dim));
  for (uint32_t i = 0; i < dim; ++i) {
    payload[2 * i] = uint8_t(quantized.values[i]);
    payload[2 * i + 1] = uint8_t(uint16_t(quantized.values[i]) >> 8);
  }
  Bytes &out = writer.out;
  if (key) {
    const Result<Digest> mac =
        hmacSha256(*key, {{out.data() + sizeof(kMagic), out.size() - sizeof(kMagic)},
                          {payload.data(), payload.size()}});
    if (!mac.ok())
      return mac.status();
    Bytes value = {kMacAlgorithm};
    value.insert(value.end(), mac->begin(), mac->end());
    writer.record(RecordType::Hmac, value);
  }
  writer.record(RecordType::End, {});
  out.insert(out.end(), payload.begin(), payload.end());
  Writer::appendBig(out, crc16(out.data() + sizeof(kMagic), out.size() - sizeof(kMagic)));

  View view;
  Fault fault = parse({out.data(), out.size()}, view);
  if (fault.ok())
    fault = checkValues(view);
  if (!fault.ok())
    return Status(fault.code == StatusCode::RESOURCE_LIMIT ? StatusCode::RESOURCE_LIMIT
                                                           : StatusCode::INVALID_ARGUMENT,
                  "the beacon to be written is not one a reader accepts: " +
                      fault.status().message());
  return std::move(out);
}

} // namespace lobit::beacon
