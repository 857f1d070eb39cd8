/// \file
/// The worked examples of docs/format-bit.md, and helpers to take beacons apart.
#ifndef LOBIT_TEST_RUNTIME_BEACON_WORKED_EXAMPLE_H
#define LOBIT_TEST_RUNTIME_BEACON_WORKED_EXAMPLE_H

#include "runtime/beacon/Crc16.h"
#include "runtime/beacon/Summary.h"
#include "runtime/beacon/Verify.h"

#include <gtest/gtest.h>

namespace lobit::beacon::test {

using Bytes = std::vector<uint8_t>;

inline ByteView view(const Bytes &bytes) { return {bytes.data(), bytes.size()}; }

inline Key exampleKey() {
  uint8_t bytes[32];
  for (unsigned i = 0; i < sizeof(bytes); ++i)
    bytes[i] = uint8_t(i);
  return std::move(Key::make(bytes, sizeof(bytes))).value();
}

inline const ContextIds kExampleIds = {"myspace", "mymodel", "mypi"};
inline const std::vector<double> kExampleRows = {0.5,  -1.25, 2,    0,    0.75, -1,    2.25, 0,
                                                 0.25, -1.5,  1.75, 0.25, 1,    -0.75, 2.5,  0.25};

inline Content exampleContent() {
  Content content;
  content.ids = kExampleIds;
  Results results;
  Summary summary =
      std::move(summarize(Rows<double>(kExampleRows.data(), 4, 4), SigmaChoice(), true)).value();
  EXPECT_TRUE(describe(summary, nullptr, Judgement(), content, results).ok());
  return content;
}

inline Bytes write(const Content &content, const Key *key) {
  Result<Bytes> bytes = writeBeacon(content, key);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : Bytes();
}

inline Bytes exampleBeacon() {
  const Key key = exampleKey();
  return write(exampleContent(), &key);
}

/// What an attacker does after every change.
inline void repairCrc(Bytes &bytes) {
  if (bytes.size() < 6)
    return;
  const uint16_t crc = crc16(bytes.data() + 4, bytes.size() - 6);
  bytes[bytes.size() - 2] = uint8_t(crc >> 8);
  bytes[bytes.size() - 1] = uint8_t(crc);
}

inline Verdict check(const Bytes &bytes, const Key *key) {
  Request request;
  request.key = key;
  return verify(view(bytes), request);
}

} // namespace lobit::beacon::test

#endif // LOBIT_TEST_RUNTIME_BEACON_WORKED_EXAMPLE_H
