/// \file
/// Finds the parts of a beacon. Allocates nothing; checks every length and the grammar,
/// but neither CRC, HMAC nor numbers: that is Verify.h.
#ifndef LOBIT_BEACON_PARSER_H
#define LOBIT_BEACON_PARSER_H

#include "runtime/beacon/Format.h"
#include "runtime/format/ByteView.h"
#include "runtime/format/Status.h"

namespace lobit::beacon {

/// Why bytes are no beacon, and where.
struct Fault {
  StatusCode code = StatusCode::OK; ///< OK, MALFORMED, UNSUPPORTED or RESOURCE_LIMIT
  uint64_t offset = 0;
  const char *what = "";

  bool ok() const { return code == StatusCode::OK; }
  Status status() const;
};

/// The value of a record, which may lie in fragments.
struct Value {
  const uint8_t *record = nullptr; ///< the first record's header; null: not present
  uint64_t offset = 0;             ///< of that record in the beacon
  uint64_t recordBytes = 0;        ///< all fragments with their headers
  uint64_t size = 0;

  explicit operator bool() const { return record != nullptr; }
  /// Contiguous bytes; only for values below kFragmentBytes.
  const uint8_t *data() const { return record + kRecordHeaderBytes; }
  void read(uint64_t at, uint64_t count, uint8_t *out) const;
  double readScalar(uint64_t at, Scalar scalar) const;
};

/// Borrowed parts of one beacon.
struct View {
  ByteView bytes;           ///< MAGIC to CRC16
  uint64_t headerBytes = 0; ///< MAGIC to END
  uint32_t dim = 0, deltaQ16 = 0, flags = 0;
  Value config, flagsRecord, calib, results, artifact, origin, lowRank, hmac;

  const uint8_t *context() const { return bytes.data + sizeof(kMagic); }
  ByteView header() const { return {bytes.data, headerBytes}; }
  /// What HMAC covers of the records: all but HMAC and END.
  ByteView authenticatedRecords() const {
    const uint64_t end = hmac ? hmac.offset : headerBytes - kRecordHeaderBytes;
    return {bytes.data + kRecordsOffset, end - kRecordsOffset};
  }
  ByteView payload() const { return {bytes.data + headerBytes, 2 * uint64_t(dim)}; }
  int16_t quantized(uint64_t index) const {
    const uint8_t *at = bytes.data + headerBytes + 2 * index;
    return int16_t(uint16_t(at[0] | at[1] << 8));
  }
  double payloadMu(uint64_t index) const {
    return double(quantized(index)) * double(deltaQ16) / 65536.0;
  }
  uint16_t storedCrc() const {
    const uint8_t *at = bytes.data + bytes.size - kCrcBytes;
    return uint16_t(at[0] << 8 | at[1]);
  }
  uint16_t computedCrc() const;
};

/// Parses the beacon at the start of `bytes`; another may follow it. view.bytes.size is
/// its size.
Fault parseFirst(ByteView bytes, View &view);
/// Parses bytes that are one beacon and nothing else.
Fault parse(ByteView bytes, View &view);

/// The fixed parts of records, once parsed.
struct CalibHeader {
  SigmaKind kind;
  Scalar scalar;
  uint8_t ddof;
  double weight, t0, t1;
};
CalibHeader calibHeader(const View &view);
/// Entries of Sigma of that kind: 0, 1, dim, dim (dim + 1) / 2, dim^2.
uint64_t sigmaCount(SigmaKind kind, uint32_t dim);

struct LowRankHeader {
  Scalar scalar;
  uint32_t rank;
};
LowRankHeader lowRankHeader(const View &view);

} // namespace lobit::beacon

#endif // LOBIT_BEACON_PARSER_H
