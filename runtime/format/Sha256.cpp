#include "runtime/format/Sha256.h"

#if defined(__x86_64__)
#include "runtime/format/Sha256X86.h"
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include "runtime/format/Sha256Arm.h"
// The CPU does not say what it has, the system does. The format includes no header of a system.
extern "C" unsigned long getauxval(unsigned long type) noexcept;
#endif

#include <cstring>

namespace lobit {
namespace sha256 {

alignas(16) const uint32_t roundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotateRight(uint32_t value, unsigned count) {
  return value >> count | value << (32 - count);
}

void portableBlocks(uint32_t *state, const uint8_t *blocks, size_t count) {
  for (; count; --count, blocks += 64) {
    uint32_t w[64];
    for (int t = 0; t < 16; ++t)
      w[t] = uint32_t(blocks[4 * t]) << 24 | uint32_t(blocks[4 * t + 1]) << 16 |
             uint32_t(blocks[4 * t + 2]) << 8 | blocks[4 * t + 3];
    for (int t = 16; t < 64; ++t) {
      uint32_t s0 = rotateRight(w[t - 15], 7) ^ rotateRight(w[t - 15], 18) ^ w[t - 15] >> 3;
      uint32_t s1 = rotateRight(w[t - 2], 17) ^ rotateRight(w[t - 2], 19) ^ w[t - 2] >> 10;
      w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; ++t) {
      uint32_t s1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
      uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + roundConstants[t] + w[t];
      uint32_t s0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
      uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

void portableLanes(uint32_t *const *states, const uint8_t *const *blocks, size_t count) {
  for (unsigned n = 0; n < Sha256::kLanes; ++n)
    portableBlocks(states[n], blocks[n], count);
}

#if defined(__x86_64__)
static bool hasInstructions() {
  unsigned eax, ebx, ecx, edx;
  bool sse41 = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_SSE4_1) && (ecx & bit_SSSE3);
  return sse41 && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA);
}
#elif defined(__aarch64__) && defined(__linux__)
static bool hasInstructions() {
  constexpr unsigned long kHardwareWord = 16, kSha2 = 1ul << 6; // AT_HWCAP, HWCAP_SHA2
  return getauxval(kHardwareWord) & kSha2;
}
#endif

BlockFunction chosenBlocks() {
#if defined(__x86_64__)
  static const bool instructions = hasInstructions();
  if (instructions)
    return x86Blocks<InstructionOps>;
#elif defined(__aarch64__) && defined(__linux__)
  static const bool instructions = hasInstructions();
  if (instructions)
    return armBlocks;
#endif
  return portableBlocks;
}

LanesFunction chosenLanes() {
#if defined(__x86_64__)
  static const bool instructions = hasInstructions();
  if (instructions)
    return x86Lanes<InstructionOps, Sha256::kLanes>;
#elif defined(__aarch64__) && defined(__linux__)
  static const bool instructions = hasInstructions();
  if (instructions)
    return armPairs;
#endif
  return portableLanes;
}

} // namespace sha256

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::update(const void *data, size_t size) {
  if (!size)
    return; // `data` may be null
  const uint8_t *bytes = static_cast<const uint8_t *>(data);
  sha256::BlockFunction blocks = sha256::chosenBlocks();
  size_t pending = length_ % 64;
  length_ += size;
  if (pending) {
    size_t take = size < 64 - pending ? size : 64 - pending;
    std::memcpy(block_.data() + pending, bytes, take);
    bytes += take;
    size -= take;
    if (pending + take < 64)
      return;
    blocks(state_.data(), block_.data(), 1);
  }
  blocks(state_.data(), bytes, size / 64);
  if (size % 64)
    std::memcpy(block_.data(), bytes + size / 64 * 64, size % 64);
}

void Sha256::updateLanes(Sha256 *hashes, const uint8_t *const *bytes, size_t size) {
  const size_t toBlock = (64 - hashes[0].length_ % 64) % 64;
  const size_t head = size < toBlock ? size : toBlock, blocks = (size - head) / 64;
  uint32_t *states[kLanes];
  const uint8_t *at[kLanes];
  for (unsigned n = 0; n < kLanes; ++n) {
    hashes[n].update(bytes[n], head);
    states[n] = hashes[n].state_.data();
    at[n] = bytes[n] + head;
  }
  sha256::chosenLanes()(states, at, blocks);
  for (unsigned n = 0; n < kLanes; ++n) {
    hashes[n].length_ += blocks * 64;
    hashes[n].update(at[n] + blocks * 64, (size - head) % 64);
  }
}

Digest Sha256::finish() {
  const uint64_t bits = length_ * 8;
  uint8_t tail[72] = {0x80};
  size_t zeros = (119 - length_ % 64) % 64; // so that 1 + zeros + 8 ends a block
  for (int i = 0; i < 8; ++i)
    tail[1 + zeros + i] = uint8_t(bits >> (56 - 8 * i));
  update(tail, 1 + zeros + 8);
  Digest digest;
  for (int i = 0; i < 32; ++i)
    digest[i] = uint8_t(state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

Digest Sha256::of(const void *bytes, size_t size) {
  Sha256 hash;
  hash.update(bytes, size);
  return hash.finish();
}

std::string hexText(const uint8_t *bytes, size_t size) {
  std::string text;
  text.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

} // namespace lobit
