#include "runtime/beacon/Parser.h"
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/Crc16.h"

namespace lobit::beacon {

Status Fault::status() const {
  return ok() ? Status()
              : Status(code, "at byte " + std::to_string(offset) + ": " + std::string(what));
}

void Value::read(uint64_t at, uint64_t count, uint8_t *out) const {
  while (count != 0) {
    const uint64_t fragment = at / kFragmentBytes, inside = at % kFragmentBytes;
    const uint64_t part = count < kFragmentBytes - inside ? count : kFragmentBytes - inside;
    memcpy(out,
           record + fragment * (kRecordHeaderBytes + kFragmentBytes) + kRecordHeaderBytes + inside,
           part);
    at += part;
    out += part;
    count -= part;
  }
}

double Value::readScalar(uint64_t at, Scalar scalar) const {
  uint8_t bytes[8];
  read(at, scalarBytes(scalar), bytes);
  return scalar == Scalar::F64 ? loadBigF64(bytes) : loadBigF32(bytes);
}

uint16_t View::computedCrc() const {
  return crc16(bytes.data + sizeof(kMagic), bytes.size - sizeof(kMagic) - kCrcBytes);
}

uint64_t sigmaCount(SigmaKind kind, uint32_t dim) {
  const uint64_t n = dim;
  switch (kind) {
  case SigmaKind::None:
    return 0;
  case SigmaKind::Isotropic:
    return 1;
  case SigmaKind::Diagonal:
    return n;
  case SigmaKind::Packed:
    return n * (n + 1) / 2;
  case SigmaKind::Full:
    return n * n;
  }
  return 0;
}

CalibHeader calibHeader(const View &view) {
  uint8_t bytes[kCalibFixedBytes];
  view.calib.read(0, sizeof(bytes), bytes);
  return {SigmaKind(bytes[1]),   Scalar(bytes[2]),       bytes[3],
          loadBigF64(bytes + 8), loadBigF64(bytes + 16), loadBigF64(bytes + 24)};
}

LowRankHeader lowRankHeader(const View &view) {
  uint8_t bytes[kLowRankFixedBytes];
  view.lowRank.read(0, sizeof(bytes), bytes);
  return {Scalar(bytes[1]), loadBig<uint16_t>(bytes + 2)};
}

namespace {

bool knownScalar(uint8_t scalar) {
  return scalar == uint8_t(Scalar::F32) || scalar == uint8_t(Scalar::F64);
}

class Parser {
public:
  Parser(ByteView bytes, View &view) : bytes_(bytes), view_(view) {}

  Fault run() {
    if (bytes_.size > kMaxFileBytes)
      return {StatusCode::RESOURCE_LIMIT, kMaxFileBytes, "a beacon has at most 64 MiB"};
    for (uint64_t i = 0; i < sizeof(kMagic); ++i)
      if (i >= bytes_.size || bytes_.data[i] != kMagic[i])
        return {StatusCode::MALFORMED, i, "does not begin with BIT and version 1"};
    if (bytes_.size < kRecordsOffset)
      return bad("ends inside its context hash");
    if (Fault fault = records(); !fault.ok())
      return fault;
    view_.headerBytes = at_;
    const uint64_t rest = 2 * uint64_t(view_.dim) + kCrcBytes;
    if (bytes_.size - at_ < rest)
      return bad("ends inside its payload or CRC");
    view_.bytes = {bytes_.data, at_ + rest};
    return shapes();
  }

private:
  Fault bad(const char *what) const { return {StatusCode::MALFORMED, at_, what}; }
  static Fault bad(const Value &value, const char *what) {
    return {StatusCode::MALFORMED, value.offset, what};
  }

  /// Reads a record with its continuations; at_ moves behind them.
  Fault next(uint8_t &type, Value &value) {
    value = {bytes_.data + at_, at_, 0, 0};
    type = at_ < bytes_.size ? bytes_.data[at_] : 0;
    for (uint64_t length = kFragmentBytes; length == kFragmentBytes;) {
      if (bytes_.size - at_ < kRecordHeaderBytes)
        return bad("ends before the END record");
      if (bytes_.data[at_] != type)
        return bad("a fragment is continued by a record of another type");
      length = loadBig<uint16_t>(bytes_.data + at_ + 1);
      if (bytes_.size - at_ - kRecordHeaderBytes < length)
        return bad("a record ends behind the end of the file");
      at_ += kRecordHeaderBytes + length;
      value.size += length;
    }
    value.recordBytes = at_ - value.offset;
    return {};
  }

  Fault records() {
    at_ = kRecordsOffset;
    uint8_t type, last = 0;
    Value value;
    if (Fault fault = next(type, value); !fault.ok())
      return fault;
    if (type != uint8_t(RecordType::Config))
      return bad(value, "the first record is not CONFIG_V1");
    if (Fault fault = config(value); !fault.ok())
      return fault;
    if (Fault fault = next(type, value); !fault.ok())
      return fault;
    if (type != uint8_t(RecordType::Flags) || value.size != kFlagsBytes)
      return bad(value, "the second record is not FLAGS_V1 with 4 bytes");
    view_.flagsRecord = value;
    view_.flags = loadBig<uint32_t>(value.data());
    last = type;
    while (true) {
      if (Fault fault = next(type, value); !fault.ok())
        return fault;
      if (type == uint8_t(RecordType::End))
        return value.size == 0 ? Fault() : bad(value, "the END record is not empty");
      if (view_.hmac)
        return bad(value, "HMAC_V1 does not stand immediately before END");
      if (type == uint8_t(RecordType::Hmac)) {
        if (value.size != kHmacBytes || value.data()[0] != kMacAlgorithm)
          return bad(value, "HMAC_V1 is not 01 and 32 bytes");
        view_.hmac = value;
        continue;
      }
      if (type == 0)
        return bad(value, "a record has type 00");
      if (type <= last)
        return bad(value, "the records do not ascend by type, each at most once");
      last = type;
      if (Value *known = slot(type))
        *known = value;
      else if (type >= kFirstCriticalType)
        return {StatusCode::UNSUPPORTED, value.offset,
                "a critical record is not known to this version"};
    }
  }

  Value *slot(uint8_t type) {
    switch (RecordType(type)) {
    case RecordType::Calib:
      return &view_.calib;
    case RecordType::Results:
      return &view_.results;
    case RecordType::Artifact:
      return &view_.artifact;
    case RecordType::Origin:
      return &view_.origin;
    case RecordType::LowRank:
      return &view_.lowRank;
    default:
      return nullptr;
    }
  }

  Fault config(const Value &value) {
    if (value.size != kConfigBytes)
      return bad(value, "CONFIG_V1 has not 16 bytes");
    const uint8_t *bytes = value.data();
    if (bytes[0] != kRecordVersion || bytes[1] != kEncodingMu16 || bytes[2] != 0 || bytes[3] != 0)
      return bad(value, "CONFIG_V1 is not version 1, encoding 1 and 0");
    view_.config = value;
    view_.dim = loadBig<uint32_t>(bytes + 4);
    view_.deltaQ16 = loadBig<uint32_t>(bytes + 8);
    if (view_.dim == 0 || view_.dim > kMaxDim)
      return bad(value, "dim lies outside 1 .. 2^24");
    if (view_.deltaQ16 == 0)
      return bad(value, "delta_q16 is 0");
    if (loadBig<uint32_t>(bytes + 12) != view_.dim)
      return bad(value, "payload_count differs from dim");
    return {};
  }

  /// Sizes inside the records, and flags that must agree with them.
  Fault shapes() {
    const View &v = view_;
    if (v.calib)
      if (Fault fault = calib(); !fault.ok())
        return fault;
    if (v.results && (v.results.size == 0 || v.results.size > kMaxResultsBytes))
      return bad(v.results, "RESULTS_V1 is empty or above 16 KiB");
    if (v.artifact &&
        (v.artifact.size <= kRootDigestBytes || v.artifact.size > kRootDigestBytes + kMaxNameBytes))
      return bad(v.artifact, "ARTIFACT_V1 is not 32 bytes and a name of 1 to 255 bytes");
    if (v.origin) {
      const uint8_t *bytes = v.origin.data();
      if (v.origin.size != kOriginBytes || bytes[0] != kRecordVersion || bytes[1] != 0 ||
          bytes[2] != 0 || bytes[3] != 0)
        return bad(v.origin, "ORIGIN_V1 is not version 1 with 100 bytes");
    }
    if (v.lowRank)
      if (Fault fault = lowRank(); !fault.ok())
        return fault;
    if (v.flags & ~kKnownFlags)
      return bad(v.flagsRecord, "FLAGS_V1 has unknown bits");
    auto agrees = [&](Flag flag, const Value &value) {
      return ((v.flags & flag) != 0) == bool(value);
    };
    if (!agrees(kHasCalib, v.calib) || !agrees(kHasResults, v.results) || !agrees(kHasHmac, v.hmac))
      return bad(v.flagsRecord, "FLAGS_V1 contradicts the records that are present");
    if ((v.flags & (kHasTimes | kSigmaReduced)) && !v.calib)
      return bad(v.flagsRecord, "FLAGS_V1 speaks of CALIB_STATS_V1, which is not present");
    if ((v.flags & kDriftAlert) && !v.results)
      return bad(v.flagsRecord, "FLAGS_V1 has a drift alert without RESULTS_V1");
    return {};
  }

  Fault calib() {
    const Value &value = view_.calib;
    uint8_t bytes[8];
    if (value.size < kCalibFixedBytes)
      return bad(value, "CALIB_STATS_V1 is shorter than its fixed part");
    value.read(0, sizeof(bytes), bytes);
    if (bytes[0] != kRecordVersion || bytes[1] > uint8_t(SigmaKind::Full) ||
        !knownScalar(bytes[2]) || bytes[3] > 1)
      return bad(value, "CALIB_STATS_V1 has an unknown version, kind, scalar or ddof");
    if (loadBig<uint32_t>(bytes + 4) != view_.dim)
      return bad(value, "CALIB_STATS_V1 has another dim than CONFIG_V1");
    const uint64_t numbers = view_.dim + sigmaCount(SigmaKind(bytes[1]), view_.dim);
    if (value.size != kCalibFixedBytes + numbers * scalarBytes(Scalar(bytes[2])))
      return bad(value, "CALIB_STATS_V1 has another size than its kind and dim need");
    const SigmaKind kind = SigmaKind(bytes[1]);
    if ((view_.flags & kSigmaReduced) && (kind == SigmaKind::Packed || kind == SigmaKind::Full))
      return bad(view_.flagsRecord, "FLAGS_V1 says that Sigma is reduced, but it is complete");
    return {};
  }

  Fault lowRank() {
    const Value &value = view_.lowRank;
    uint8_t bytes[kLowRankFixedBytes];
    if (value.size < sizeof(bytes))
      return bad(value, "CALIB_LOWRANK_V1 is shorter than its fixed part");
    value.read(0, sizeof(bytes), bytes);
    const uint64_t rank = loadBig<uint16_t>(bytes + 2);
    if (bytes[0] != kRecordVersion || !knownScalar(bytes[1]) || rank == 0 || rank > kMaxRank)
      return bad(value, "CALIB_LOWRANK_V1 has an unknown version, scalar or rank");
    if (loadBig<uint32_t>(bytes + 4) != view_.dim)
      return bad(value, "CALIB_LOWRANK_V1 has another dim than CONFIG_V1");
    const uint64_t numbers = rank + rank * view_.dim + view_.dim;
    if (value.size != sizeof(bytes) + numbers * scalarBytes(Scalar(bytes[1])))
      return bad(value, "CALIB_LOWRANK_V1 has another size than its rank and dim need");
    if (!view_.calib)
      return bad(value, "CALIB_LOWRANK_V1 stands without CALIB_STATS_V1");
    return {};
  }

  ByteView bytes_;
  View &view_;
  uint64_t at_ = 0;
};

} // namespace

Fault parseFirst(ByteView bytes, View &view) {
  view = View();
  return Parser(bytes, view).run();
}

Fault parse(ByteView bytes, View &view) {
  Fault fault = parseFirst(bytes, view);
  if (fault.ok() && view.bytes.size != bytes.size)
    return {StatusCode::MALFORMED, view.bytes.size, "something follows the beacon"};
  return fault;
}

} // namespace lobit::beacon
