/// \file
/// SHA-256 (FIPS 180-4), streaming. Portable, with the SHA instructions of x86 and
/// of Armv8 when the CPU has them.
#ifndef LOBIT_FORMAT_SHA256_H
#define LOBIT_FORMAT_SHA256_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace lobit {

using Digest = std::array<uint8_t, 32>;

class Sha256 {
public:
  Sha256();
  void update(const void *bytes, size_t size);
  /// The digest of everything so far; the object must not be used afterwards.
  Digest finish();

  static Digest of(const void *bytes, size_t size);

  static constexpr unsigned kLanes = 4;
  /// Gives `size` bytes to each of kLanes hashes that have got equally many before;
  /// faster than one after the other.
  static void updateLanes(Sha256 *hashes, const uint8_t *const *bytes, size_t size);

private:
  std::array<uint32_t, 8> state_;
  std::array<uint8_t, 64> block_;
  uint64_t length_ = 0; ///< bytes so far
};

/// Lower-case hexadecimal.
std::string hexText(const uint8_t *bytes, size_t size);
inline std::string hexText(const Digest &digest) { return hexText(digest.data(), digest.size()); }

namespace sha256 {

/// Feeds `count` blocks of 64 bytes to `state`.
using BlockFunction = void (*)(uint32_t *state, const uint8_t *blocks, size_t count);

void portableBlocks(uint32_t *state, const uint8_t *blocks, size_t count);
/// The functions Sha256 uses on this CPU; the second one takes Sha256::kLanes messages.
BlockFunction chosenBlocks();
using LanesFunction = void (*)(uint32_t *const *states, const uint8_t *const *blocks, size_t count);
void portableLanes(uint32_t *const *states, const uint8_t *const *blocks, size_t count);
LanesFunction chosenLanes();
extern const uint32_t roundConstants[64];

} // namespace sha256
} // namespace lobit

#endif // LOBIT_FORMAT_SHA256_H
