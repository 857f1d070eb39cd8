/// \file
/// inspect: every byte of a beacon with its field and meaning. Its output for the worked
/// example is a part of docs/format-bit.md.
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/CanonicalJson.h"
#include "tools/bit-beacon/Verbs.h"

namespace lobit {
namespace {

using beacon::Scalar;
using beacon::Value;

class Inspector {
public:
  Inspector(const beacon::View &view, uint64_t base, uint64_t limit)
      : view_(view), base_(base), limit_(limit) {}

  void run() {
    const uint8_t *bytes = view_.bytes.data;
    raw(0, 4, "MAGIC", "\"BIT\", version 1");
    raw(4, 8, "CTX", "context hash, BLAKE2b-64");
    uint64_t at = beacon::kRecordsOffset;
    while (at < view_.headerBytes) {
      const Value value = recordAt(at);
      const char *name = beacon::recordName(bytes[at]);
      raw(at, 3, name ? name : "unknown record",
          std::to_string(value.size) + " bytes" +
              (value.size >= beacon::kFragmentBytes ? ", in fragments" : ""));
      record(beacon::RecordType(bytes[at]), value);
      at += value.recordBytes;
    }
    numbers(view_.dim, [&](uint64_t i) {
      raw(view_.headerBytes + 2 * i, 2, "PAYLOAD[" + std::to_string(i) + "]",
          std::to_string(view_.quantized(i)) + " = " + beacon::jsonNumber(view_.payloadMu(i)));
    });
    const bool good = view_.storedCrc() == view_.computedCrc();
    raw(view_.bytes.size - 2, 2, "CRC16", good ? "matches" : "DOES NOT MATCH");
  }

private:
  Value recordAt(uint64_t at) const {
    for (const Value *value : {&view_.config, &view_.flagsRecord, &view_.calib, &view_.results,
                               &view_.artifact, &view_.origin, &view_.lowRank, &view_.hmac})
      if (*value && value->offset == at)
        return *value;
    // END, or a record this version does not know.
    Value value = {view_.bytes.data + at, at, 0, 0};
    for (uint64_t length = beacon::kFragmentBytes; length == beacon::kFragmentBytes;) {
      length = beacon::loadBig<uint16_t>(view_.bytes.data + at + 1);
      at += beacon::kRecordHeaderBytes + length;
      value.size += length;
    }
    value.recordBytes = at - value.offset;
    return value;
  }

  void record(beacon::RecordType type, const Value &value) {
    switch (type) {
    case beacon::RecordType::Config:
      field<uint8_t>(value, 0, "version");
      field<uint8_t>(value, 1, "encoding", "1: MU16");
      field<uint16_t>(value, 2, "zero");
      field<uint32_t>(value, 4, "dim");
      field<uint32_t>(value, 8, "delta_q16",
                      "step " + beacon::jsonNumber(double(view_.deltaQ16) / 65536));
      field<uint32_t>(value, 12, "payload_count");
      break;
    case beacon::RecordType::Flags:
      bytesOf(value, 0, 4, "flags", flagsText());
      break;
    case beacon::RecordType::Calib:
      calib(value);
      break;
    case beacon::RecordType::Results:
      text(value, 0, value.size, "json");
      break;
    case beacon::RecordType::Artifact:
      bytesOf(value, 0, 32, "root_digest", "of the artifact");
      text(value, 32, value.size - 32, "tensor");
      break;
    case beacon::RecordType::Origin:
      field<uint8_t>(value, 0, "version");
      bytesOf(value, 1, 3, "zero", "");
      bytesOf(value, 4, 8, "key_id", "");
      field<uint64_t>(value, 12, "sequence");
      field<uint64_t>(value, 20, "issued", "UNIX seconds");
      field<uint64_t>(value, 28, "expires", "UNIX seconds; 0: never");
      bytesOf(value, 36, 32, "ctx256", "BLAKE2b-256 of the context");
      bytesOf(value, 68, 32, "previous", "SHA-256 of the beacon before");
      break;
    case beacon::RecordType::LowRank:
      lowRank(value);
      break;
    case beacon::RecordType::Hmac:
      field<uint8_t>(value, 0, "algorithm", "1: HMAC-SHA256");
      bytesOf(value, 1, 32, "mac", "over CTX, records, PAYLOAD");
      break;
    case beacon::RecordType::End:
      break;
    default:
      bytesOf(value, 0, std::min<uint64_t>(value.size, 64), "value", "not known");
    }
  }

  void calib(const Value &value) {
    const beacon::CalibHeader header = beacon::calibHeader(view_);
    field<uint8_t>(value, 0, "version");
    field<uint8_t>(value, 1, "sigma_kind", beacon::sigmaWord(header.kind));
    field<uint8_t>(value, 2, "scalar", header.scalar == Scalar::F64 ? "f64" : "f32");
    field<uint8_t>(value, 3, "ddof");
    field<uint32_t>(value, 4, "dim");
    scalar(value, 8, Scalar::F64, "W");
    scalar(value, 16, Scalar::F64, "t0");
    scalar(value, 24, Scalar::F64, "t1");
    scalars(value, 32, header.scalar, view_.dim, "mu");
    scalars(value, 32 + view_.dim * beacon::scalarBytes(header.scalar), header.scalar,
            beacon::sigmaCount(header.kind, view_.dim), "Sigma");
  }

  void lowRank(const Value &value) {
    const beacon::LowRankHeader header = beacon::lowRankHeader(view_);
    const uint64_t step = beacon::scalarBytes(header.scalar);
    const uint64_t vectors = uint64_t(header.rank) * view_.dim;
    field<uint8_t>(value, 0, "version");
    field<uint8_t>(value, 1, "scalar", header.scalar == Scalar::F64 ? "f64" : "f32");
    field<uint16_t>(value, 2, "rank");
    field<uint32_t>(value, 4, "dim");
    uint64_t at = beacon::kLowRankFixedBytes;
    scalars(value, at, header.scalar, header.rank, "eigenvalue");
    at += header.rank * step;
    scalars(value, at, header.scalar, vectors, "eigenvector");
    at += vectors * step;
    scalars(value, at, header.scalar, view_.dim, "residual");
  }

  std::string flagsText() const {
    std::string text;
#define LOBIT_BEACON_TEXT(EnumName, bit, word)                                                     \
  if (view_.flags & beacon::k##EnumName)                                                           \
    text += (text.empty() ? "" : ", ") + std::string(word);
    LOBIT_BEACON_FLAGS(LOBIT_BEACON_TEXT)
#undef LOBIT_BEACON_TEXT
    return text.empty() ? "none" : text;
  }

  /// Calls show(i) for the first numbers and the last one.
  template <typename Show> void numbers(uint64_t count, Show show) {
    const uint64_t first = count <= limit_ ? count : limit_ - 1;
    for (uint64_t i = 0; i < first; ++i)
      show(i);
    if (first == count)
      return;
    printf("          ... %llu more\n", (unsigned long long)(count - limit_));
    show(count - 1);
  }

  void scalars(const Value &value, uint64_t at, Scalar type, uint64_t count, const char *name) {
    numbers(count, [&](uint64_t i) {
      scalar(value, at + i * beacon::scalarBytes(type), type,
             name + ("[" + std::to_string(i) + "]"));
    });
  }
  void scalar(const Value &value, uint64_t at, Scalar type, const std::string &name) {
    const double number = value.readScalar(at, type);
    bytesOf(value, at, beacon::scalarBytes(type), name, beacon::jsonNumber(number));
  }
  template <typename T>
  void field(const Value &value, uint64_t at, const char *name, const std::string &more = "") {
    uint8_t bytes[sizeof(T)];
    value.read(at, sizeof(T), bytes);
    const std::string number = std::to_string(uint64_t(beacon::loadBig<T>(bytes)));
    bytesOf(value, at, sizeof(T), name,
            more.empty() || more.find(':') == 1 ? more.empty() ? number : more
                                                : number + ", " + more);
  }

  void bytesOf(const Value &value, uint64_t at, uint64_t count, const std::string &name,
               const std::string &meaning) {
    std::vector<uint8_t> bytes(count);
    value.read(at, count, bytes.data());
    print(fileOffset(value, at), bytes, name, meaning);
  }
  /// Eight characters a line.
  void text(const Value &value, uint64_t at, uint64_t count, const char *name) {
    for (uint64_t i = 0; i < count; i += 8) {
      std::vector<uint8_t> bytes(std::min<uint64_t>(8, count - i));
      value.read(at + i, bytes.size(), bytes.data());
      std::string shown;
      for (uint8_t byte : bytes)
        shown += byte >= 0x20 && byte < 0x7F ? char(byte) : '.';
      print(fileOffset(value, at + i), bytes, i == 0 ? name : "", shown);
    }
  }
  static uint64_t fileOffset(const Value &value, uint64_t at) {
    return value.offset +
           at / beacon::kFragmentBytes * (beacon::kRecordHeaderBytes + beacon::kFragmentBytes) +
           beacon::kRecordHeaderBytes + at % beacon::kFragmentBytes;
  }
  void raw(uint64_t at, uint64_t count, const std::string &name, const std::string &meaning) {
    print(at, {view_.bytes.data + at, view_.bytes.data + at + count}, name, meaning);
  }

  void print(uint64_t offset, const std::vector<uint8_t> &bytes, const std::string &name,
             const std::string &meaning) const {
    for (size_t begin = 0; begin < bytes.size(); begin += 8) {
      std::string hex;
      for (size_t i = begin; i < std::min(begin + 8, bytes.size()); ++i) {
        char two[4];
        snprintf(two, sizeof(two), "%02x ", bytes[i]);
        hex += two;
      }
      char line[128];
      snprintf(line, sizeof(line), "%06llx  %-24s  %-15s %s",
               (unsigned long long)(base_ + offset + begin), hex.c_str(),
               begin == 0 ? name.c_str() : "", begin == 0 ? meaning.c_str() : "");
      std::string text = line;
      text.erase(text.find_last_not_of(' ') + 1);
      printf("%s\n", text.c_str());
    }
  }

  const beacon::View &view_;
  uint64_t base_, limit_;
};

Status run(const std::string &path, uint64_t limit) {
  Result<std::vector<uint8_t>> bytes = readBeaconBytes(path);
  if (!bytes.ok())
    return std::move(bytes).status();
  printf("offset  bytes                     field           meaning\n");
  uint64_t at = 0;
  do {
    beacon::View view;
    const beacon::Fault fault = beacon::parseFirst({bytes->data() + at, bytes->size() - at}, view);
    if (!fault.ok())
      return fault.status().withContext(path);
    Inspector(view, at, limit).run();
    at += view.bytes.size;
  } while (at < bytes->size());
  return {};
}

} // namespace

void addInspect(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("inspect", "Every byte with its field and meaning");
  auto path = std::make_shared<std::string>();
  auto limit = std::make_shared<uint64_t>(16);
  verb->add_option("input", *path, "One or more beacons in a file")->required();
  verb->add_option("--numbers", *limit, "Show at most so many numbers of an array")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t(2), uint64_t(1) << 40));
  verb->callback([&context, path, limit] {
    context.run = [path, limit] { return report(run(*path, *limit)); };
  });
}

} // namespace lobit
