// Vectors of FIPS 180-4, OpenSSL, and both block functions against each other.
#include "runtime/format/Sha256.h"
#include "runtime/format/Crc32c.h"

#ifdef LOBIT_HAVE_OPENSSL
#include <openssl/sha.h>
#endif
#if defined(__x86_64__)
#include "runtime/format/Sha256X86.h"
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

using namespace lobit;

namespace {

std::string hash(const std::string &text) { return hexText(Sha256::of(text.data(), text.size())); }

std::vector<uint8_t> randomBytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> bytes(size);
  for (uint8_t &byte : bytes)
    byte = uint8_t(random());
  return bytes;
}

TEST(Sha256, FipsVectors) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(hash(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, AnySplitGivesTheSameDigest) {
  const std::vector<uint8_t> bytes = randomBytes(1000, 1);
  const Digest whole = Sha256::of(bytes.data(), bytes.size());
  for (size_t step = 1; step < 200; ++step) {
    Sha256 hash;
    for (size_t at = 0; at < bytes.size(); at += step)
      hash.update(bytes.data() + at, std::min(step, bytes.size() - at));
    EXPECT_EQ(hash.finish(), whole) << step;
  }
}

#ifdef LOBIT_HAVE_OPENSSL
TEST(Sha256, EqualsOpenSsl) {
  const std::vector<uint8_t> bytes = randomBytes(4096, 2);
  for (size_t size = 0; size <= 1100; ++size) {
    Digest expected;
    SHA256(bytes.data() + size, size, expected.data());
    EXPECT_EQ(Sha256::of(bytes.data() + size, size), expected) << size;
  }
}
#endif

#if defined(__x86_64__)
// The three instructions as Intel's manual defines them, so that the schedule around
// them is tested on every x86 CPU with SSE4.1.
struct EmulatedOps {
  using Words = std::array<uint32_t, 4>;
  static Words words(__m128i v) {
    Words w;
    std::memcpy(w.data(), &v, 16);
    return w;
  }
  static __m128i vector(Words w) {
    __m128i v;
    std::memcpy(&v, w.data(), 16);
    return v;
  }
  static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }
  static __m128i rounds2(__m128i cdgh, __m128i abef, __m128i k) {
    Words first = words(cdgh), second = words(abef), wk = words(k);
    uint32_t a = second[3], b = second[2], e = second[1], f = second[0];
    uint32_t c = first[3], d = first[2], g = first[1], h = first[0];
    for (int i = 0; i < 2; ++i) {
      uint32_t t1 = ((e & f) ^ (~e & g)) + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + wk[i] + h;
      uint32_t t2 = ((a & b) ^ (a & c) ^ (b & c)) + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22));
      h = g, g = f, f = e, e = t1 + d, d = c, c = b, b = a, a = t1 + t2;
    }
    return vector({f, e, b, a});
  }
  static uint32_t sigma0(uint32_t x) { return turn(x, 7) ^ turn(x, 18) ^ x >> 3; }
  static uint32_t sigma1(uint32_t x) { return turn(x, 17) ^ turn(x, 19) ^ x >> 10; }
  static __m128i message1(__m128i a, __m128i b) {
    Words w = words(a);
    const uint32_t next[4] = {w[1], w[2], w[3], words(b)[0]};
    for (int i = 0; i < 4; ++i)
      w[i] += sigma0(next[i]);
    return vector(w);
  }
  static __m128i message2(__m128i a, __m128i b) {
    Words w = words(a), last = words(b);
    w[0] += sigma1(last[2]);
    w[1] += sigma1(last[3]);
    w[2] += sigma1(w[0]);
    w[3] += sigma1(w[1]);
    return vector(w);
  }
};

TEST(Sha256, InstructionScheduleEqualsPortable) {
  if (!__builtin_cpu_supports("sse4.1"))
    GTEST_SKIP() << "this CPU has no SSE4.1";
  const std::vector<uint8_t> bytes = randomBytes(64 * 5, 3);
  for (size_t blocks = 0; blocks <= 5; ++blocks) {
    uint32_t expected[8], found[8];
    for (uint32_t i = 0; i < 8; ++i)
      expected[i] = found[i] = 0x9e3779b9u * (i + 1);
    sha256::portableBlocks(expected, bytes.data(), blocks);
    sha256::x86Blocks<EmulatedOps>(found, bytes.data(), blocks);
    EXPECT_EQ(std::memcmp(expected, found, sizeof expected), 0) << blocks;

    uint32_t lanes[Sha256::kLanes][8];
    uint32_t *states[Sha256::kLanes];
    const uint8_t *starts[Sha256::kLanes];
    for (unsigned n = 0; n < Sha256::kLanes; ++n) {
      for (uint32_t i = 0; i < 8; ++i)
        lanes[n][i] = 0x9e3779b9u * (i + 1);
      states[n] = lanes[n];
      starts[n] = bytes.data();
    }
    sha256::x86Lanes<EmulatedOps, Sha256::kLanes>(states, starts, blocks);
    for (const auto &lane : lanes)
      EXPECT_EQ(std::memcmp(expected, lane, sizeof expected), 0) << blocks;
  }
}
#endif

TEST(Sha256, LanesEqualOneByOne) {
  const std::vector<uint8_t> bytes = randomBytes(1000, 5);
  for (size_t before : {size_t(0), size_t(1), size_t(63), size_t(64)})
    for (size_t size : {size_t(0), size_t(1), size_t(62), size_t(63), size_t(64), size_t(300)}) {
      Sha256 lanes[Sha256::kLanes], single[Sha256::kLanes];
      const uint8_t *starts[Sha256::kLanes];
      for (unsigned n = 0; n < Sha256::kLanes; ++n) {
        starts[n] = bytes.data() + 131 * n;
        lanes[n].update(bytes.data() + n, before);
        single[n].update(bytes.data() + n, before);
        single[n].update(starts[n], size);
      }
      Sha256::updateLanes(lanes, starts, size);
      for (unsigned n = 0; n < Sha256::kLanes; ++n)
        EXPECT_EQ(lanes[n].finish(), single[n].finish()) << before << " " << size;
    }
}

TEST(Sha256, ChosenEqualsPortable) {
  const std::vector<uint8_t> bytes = randomBytes(64 * 9, 4);
  uint32_t expected[8] = {}, found[8] = {};
  sha256::portableBlocks(expected, bytes.data(), 9);
  sha256::chosenBlocks()(found, bytes.data(), 9);
  EXPECT_EQ(std::memcmp(expected, found, sizeof expected), 0);
}

#if defined(__aarch64__) && defined(__linux__)
TEST(Sha256, TakesTheInstructionsOfTheCpu) {
  const bool has = getauxval(AT_HWCAP) & HWCAP_SHA2;
  EXPECT_EQ(sha256::chosenBlocks() != sha256::portableBlocks, has);
  EXPECT_EQ(sha256::chosenLanes() != sha256::portableLanes, has);
}
#endif

TEST(Crc32c, CheckValues) {
  auto crc = [](const std::vector<uint8_t> &bytes) { return crc32c(bytes.data(), bytes.size()); };
  EXPECT_EQ(crc({}), 0u);
  EXPECT_EQ(crc({'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xe3069283u);
  // RFC 3720, B.4.
  EXPECT_EQ(crc(std::vector<uint8_t>(32, 0)), 0x8a9136aau);
  EXPECT_EQ(crc(std::vector<uint8_t>(32, 0xff)), 0x62a8ab43u);
}

} // namespace
