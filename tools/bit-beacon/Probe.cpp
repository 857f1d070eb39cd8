/// \file
/// probe: guesses how a foreign file of the family is laid out. Never a verification.
#include "runtime/beacon/BigEndian.h"
#include "runtime/beacon/Crc16.h"
#include "tools/bit-beacon/Verbs.h"

#include <algorithm>

namespace lobit {
namespace {

struct FoundRecord {
  uint64_t offset;
  uint8_t type;
  uint16_t length;
};

/// Bit-reflected CRC-16 with polynomial 0x1021 ("KERMIT", "X-25").
uint16_t reflectedCrc(const uint8_t *bytes, uint64_t size, uint16_t crc) {
  for (uint64_t i = 0; i < size; ++i) {
    crc = uint16_t(crc ^ bytes[i]);
    for (int bit = 0; bit < 8; ++bit)
      crc = uint16_t(crc & 1 ? crc >> 1 ^ 0x8408 : crc >> 1);
  }
  return crc;
}

std::string guess(const uint8_t *value, uint16_t length) {
  static const uint8_t delta[4] = {0, 0, 4, 0};
  if (length == beacon::kHmacBytes && value[0] == 1)
    return "perhaps HMAC_V1";
  if (length > 0 && value[0] == '{')
    return "perhaps RESULTS_V1: " +
           std::string(reinterpret_cast<const char *>(value), std::min<size_t>(length, 60));
  if (length >= 4 && length <= 32 &&
      std::search(value, value + length, delta, delta + 4) != value + length)
    return "perhaps CONFIG_V1: holds 00000400, a delta_q16 of 1024";
  if (length == 4)
    return "perhaps FLAGS_V1";
  return "";
}

Status run(const std::string &path) {
  Result<std::vector<uint8_t>> read = readBeaconBytes(path);
  if (!read.ok())
    return std::move(read).status();
  const std::vector<uint8_t> &bytes = *read;
  printf("%s: %zu bytes. These are guesses, not a verification.\n", path.c_str(), bytes.size());
  const bool magic =
      bytes.size() >= 4 && std::equal(bytes.begin(), bytes.begin() + 4, beacon::kMagic);
  printf("magic: %s\n", magic ? "BIT, version 1" : "another one");
  beacon::View view;
  const beacon::Fault fault = beacon::parseFirst({bytes.data(), bytes.size()}, view);
  printf("this format: %s\n", fault.ok() ? "yes" : ("no, " + fault.status().message()).c_str());

  std::vector<FoundRecord> records;
  uint64_t at = beacon::kRecordsOffset, end = 0;
  while (end == 0 && at + beacon::kRecordHeaderBytes <= bytes.size()) {
    const uint16_t length = beacon::loadBig<uint16_t>(&bytes[at + 1]);
    if (bytes.size() - at - beacon::kRecordHeaderBytes < length)
      break;
    records.push_back({at, bytes[at], length});
    at += beacon::kRecordHeaderBytes + length;
    if (length == 0 && (bytes.size() - at) % 2 == 0 && bytes.size() - at >= 2)
      end = at;
  }
  for (const FoundRecord &record : records)
    printf("record at %llu: type %02x, %u bytes %s\n", (unsigned long long)record.offset,
           record.type, record.length,
           guess(&bytes[std::min<size_t>(record.offset + 3, bytes.size() - 1)], record.length)
               .c_str());
  if (end == 0) {
    printf("no empty record ends the header\n");
    return {};
  }
  printf("header: %llu bytes, then %llu bytes: a payload of %llu int16 and a CRC\n",
         (unsigned long long)end, (unsigned long long)(bytes.size() - end),
         (unsigned long long)(bytes.size() - end - 2) / 2);

  const uint64_t crcAt = bytes.size() - 2;
  const uint16_t big = beacon::loadBig<uint16_t>(&bytes[crcAt]);
  const uint16_t little = uint16_t(big << 8 | big >> 8);
  std::vector<uint8_t> withoutEnd(bytes.begin(), bytes.begin() + long(end - 3));
  withoutEnd.insert(withoutEnd.end(), bytes.begin() + long(end), bytes.begin() + long(crcAt));
  const std::pair<const char *, std::vector<uint8_t>> ranges[] = {
      {"with END", {bytes.begin(), bytes.begin() + long(crcAt)}}, {"without END", withoutEnd}};
  const std::pair<const char *, uint16_t> initials[] = {
      {"FFFF", 0xFFFF}, {"0000", 0}, {"1D0F", 0x1D0F}};
  bool any = false;
  for (const auto &[range, covered] : ranges)
    for (const auto &[name, initial] : initials)
      for (bool reflected : {false, true}) {
        if (covered.size() < 4)
          continue;
        const uint8_t *from = covered.data() + 4;
        const uint64_t size = covered.size() - 4;
        const uint16_t crc =
            reflected ? reflectedCrc(from, size, initial) : beacon::crc16(from, size, initial);
        for (const auto &[order, stored] :
             {std::pair("big-endian", big), std::pair("little-endian", little)})
          if (crc == stored) {
            any = true;
            printf("CRC matches: initial %s, %s, %s, %s\n", name,
                   reflected ? "reflected" : "not reflected", order, range);
          }
      }
  if (!any)
    printf("no known CRC matches\n");
  return {};
}

} // namespace

void addProbe(CLI::App &app, VerbContext &context) {
  CLI::App *verb = app.add_subcommand("probe", "Guess the layout of a foreign file");
  auto path = std::make_shared<std::string>();
  verb->add_option("input", *path, "The file")->required();
  verb->callback([&context, path] { context.run = [path] { return report(run(*path)); }; });
}

} // namespace lobit
