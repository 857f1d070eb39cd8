/// \file
/// Every constant of the BIT beacon format, version 1. docs/format-bit.md is the
/// specification. The public description of the format leaves byte positions and
/// numbers open; a correction is an edit of this header alone.
#ifndef LOBIT_BEACON_FORMAT_H
#define LOBIT_BEACON_FORMAT_H

#include <cstdint>

/// X(EnumName, type, name): the records in the order in which they lie in a file. HMAC
/// comes after all others and END last, whatever their numbers are.
#define LOBIT_BEACON_RECORDS(X)                                                                    \
  X(Config, 0x01, "CONFIG_V1")                                                                     \
  X(Flags, 0x02, "FLAGS_V1")                                                                       \
  X(Calib, 0x10, "CALIB_STATS_V1")                                                                 \
  X(Results, 0x11, "RESULTS_V1")                                                                   \
  X(Artifact, 0x30, "ARTIFACT_V1")                                                                 \
  X(Origin, 0x31, "ORIGIN_V1")                                                                     \
  X(LowRank, 0x32, "CALIB_LOWRANK_V1")                                                             \
  X(Hmac, 0x20, "HMAC_V1")                                                                         \
  X(End, 0xFF, "END")

/// X(EnumName, bit, text): FLAGS_V1.
#define LOBIT_BEACON_FLAGS(X)                                                                      \
  X(HasCalib, 0, "calibration")                                                                    \
  X(HasResults, 1, "results")                                                                      \
  X(HasHmac, 2, "authenticated")                                                                   \
  X(Saturated, 3, "saturated")                                                                     \
  X(HasTimes, 4, "times")                                                                          \
  X(DriftAlert, 5, "drift alert")                                                                  \
  X(SigmaReduced, 6, "reduced sigma")

/// X(EnumName, number, word): how CALIB_STATS_V1 stores Sigma.
#define LOBIT_BEACON_SIGMA_KINDS(X)                                                                \
  X(None, 0, "none")                                                                               \
  X(Isotropic, 1, "isotropic")                                                                     \
  X(Diagonal, 2, "diagonal")                                                                       \
  X(Packed, 3, "packed")                                                                           \
  X(Full, 4, "full")

namespace lobit::beacon {

enum class RecordType : uint8_t {
#define LOBIT_BEACON_ENUM(EnumName, type, name) EnumName = type,
  LOBIT_BEACON_RECORDS(LOBIT_BEACON_ENUM)
#undef LOBIT_BEACON_ENUM
};
/// Unknown records from here on must be understood; others may be skipped.
constexpr uint8_t kFirstCriticalType = 0x80;

enum Flag : uint32_t {
#define LOBIT_BEACON_ENUM(EnumName, bit, text) k##EnumName = 1u << bit,
  LOBIT_BEACON_FLAGS(LOBIT_BEACON_ENUM)
#undef LOBIT_BEACON_ENUM
};
constexpr uint32_t kKnownFlags = 0x7F;

enum class SigmaKind : uint8_t {
#define LOBIT_BEACON_ENUM(EnumName, number, word) EnumName = number,
  LOBIT_BEACON_SIGMA_KINDS(LOBIT_BEACON_ENUM)
#undef LOBIT_BEACON_ENUM
};
enum class Scalar : uint8_t { F32 = 1, F64 = 2 };
constexpr uint64_t scalarBytes(Scalar scalar) { return scalar == Scalar::F64 ? 8 : 4; }

/// Null for an unknown type.
inline const char *recordName(uint8_t type) {
  switch (type) {
#define LOBIT_BEACON_CASE(EnumName, number, name)                                                  \
  case number:                                                                                     \
    return name;
    LOBIT_BEACON_RECORDS(LOBIT_BEACON_CASE)
#undef LOBIT_BEACON_CASE
  }
  return nullptr;
}
inline const char *sigmaWord(SigmaKind kind) {
  switch (kind) {
#define LOBIT_BEACON_CASE(EnumName, number, word)                                                  \
  case SigmaKind::EnumName:                                                                        \
    return word;
    LOBIT_BEACON_SIGMA_KINDS(LOBIT_BEACON_CASE)
#undef LOBIT_BEACON_CASE
  }
  return "?";
}

constexpr uint8_t kMagic[4] = {0x42, 0x49, 0x54, 0x01};
constexpr uint64_t kContextBytes = 8;
/// Where the first record begins.
constexpr uint64_t kRecordsOffset = sizeof(kMagic) + kContextBytes;
/// type u8, length u16.
constexpr uint64_t kRecordHeaderBytes = 3;
/// A record of this length is continued by the next one, of the same type.
constexpr uint64_t kFragmentBytes = 0xFFFF;
constexpr uint64_t kCrcBytes = 2;

constexpr uint8_t kRecordVersion = 1; ///< the first byte of CONFIG, CALIB, ORIGIN, LOWRANK
constexpr uint8_t kEncodingMu16 = 1;
constexpr uint64_t kConfigBytes = 16;
constexpr uint64_t kFlagsBytes = 4;
constexpr uint64_t kCalibFixedBytes = 32;
constexpr uint64_t kLowRankFixedBytes = 8;
constexpr uint64_t kOriginBytes = 100;
constexpr uint8_t kMacAlgorithm = 1; ///< HMAC-SHA256
constexpr uint64_t kMacBytes = 32;
constexpr uint64_t kHmacBytes = 1 + kMacBytes;
constexpr uint64_t kRootDigestBytes = 32;
constexpr uint64_t kKeyIdBytes = 8;

// Limits.
constexpr uint64_t kMaxFileBytes = 64ull << 20;
constexpr uint32_t kMaxDim = 1u << 24;
constexpr uint32_t kMaxRank = 64;
constexpr uint64_t kMaxResultsBytes = 16384;
constexpr uint32_t kMaxResultsDepth = 4;
constexpr uint64_t kMaxNameBytes = 255;
constexpr uint64_t kMinKeyBytes = 32;

// CRC-16/IBM-3740: not reflected, no final xor, stored big-endian.
constexpr uint16_t kCrcPolynomial = 0x1021;
constexpr uint16_t kCrcInitial = 0xFFFF;

// MU16: the value is q * delta_q16 / 65536.
constexpr uint32_t kDefaultDeltaQ16 = 1024;
constexpr int32_t kMaxQuantized = 32767;

} // namespace lobit::beacon

#endif // LOBIT_BEACON_FORMAT_H
