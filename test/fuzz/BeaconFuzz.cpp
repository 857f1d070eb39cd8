/// \file
/// libFuzzer target: parsing and verifying. What is accepted with the key would be a
/// forgery. Every input is tried with its CRC made right, too.
#include "runtime/beacon/CanonicalJson.h"
#include "runtime/beacon/Crc16.h"
#include "runtime/beacon/Decode.h"
#include "runtime/beacon/Routing.h"
#include "runtime/beacon/Verify.h"

#include <cstdlib>

using namespace lobit;
using namespace lobit::beacon;

static void tryBytes(const std::vector<uint8_t> &bytes) {
  static const Key *const key = [] {
    const uint8_t secret[32] = {0x5A, 1, 2, 3};
    return new Key(std::move(Key::make(secret, sizeof(secret))).value());
  }();
  const ByteView all = {bytes.data(), bytes.size()};
  Request request;
  const Verdict open = verify(all, request);
  request.key = key;
  if (verify(all, request).authentic == Answer::Yes)
    abort();
  View view;
  if (!parse(all, view).ok())
    return;
  (void)routingKey(view);
  (void)contentKey(view);
  if (!open.ok())
    return;
  (void)muOf(view);
  (void)momentsOf(view);
  (void)lowRankOf(view);
  (void)resultThresholds(resultsText(view));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size);
  tryBytes(bytes);
  if (size >= 6) {
    const uint16_t crc = crc16(bytes.data() + 4, size - 6);
    bytes[size - 2] = uint8_t(crc >> 8);
    bytes[size - 1] = uint8_t(crc);
    tryBytes(bytes);
  }
  (void)checkCanonicalObject({reinterpret_cast<const char *>(data), size}, kMaxResultsDepth);
  return 0;
}
