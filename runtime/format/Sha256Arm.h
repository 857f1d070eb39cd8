/// \file
/// The SHA-256 block function on the SHA-256 instructions of Armv8.
#ifndef LOBIT_FORMAT_SHA256_ARM_H
#define LOBIT_FORMAT_SHA256_ARM_H

#include "runtime/format/Sha256.h"

#include <arm_neon.h>

namespace lobit::sha256 {

#define LOBIT_SHA_TARGET __attribute__((target("+crypto")))

/// `lanes` messages side by side, `count` blocks of each. Four rounds are two instructions that
/// wait for the two before but not for each other, so two messages keep the unit busy.
///
/// Unrolled: w stays in registers. Step i does rounds 4i .. 4i + 3 with w[i % 4] and prepares w for
/// i + 4.
template <unsigned lanes>
LOBIT_SHA_TARGET void armLanes(uint32_t *const *states, const uint8_t *const *blocks,
                               size_t count) {
  uint32x4_t abcd[lanes], efgh[lanes];
  for (unsigned n = 0; n < lanes; ++n) {
    abcd[n] = vld1q_u32(states[n]);
    efgh[n] = vld1q_u32(states[n] + 4);
  }

  for (size_t block = 0; block < count; ++block) {
    uint32x4_t abcdBefore[lanes], efghBefore[lanes], w[lanes][4];
    for (unsigned n = 0; n < lanes; ++n) {
      abcdBefore[n] = abcd[n];
      efghBefore[n] = efgh[n];
      for (int i = 0; i < 4; ++i)
        w[n][i] =
            vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks[n] + 64 * block + 16 * size_t(i))));
    }
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i)
      for (unsigned n = 0; n < lanes; ++n) {
        uint32x4_t &current = w[n][i & 3];
        const uint32x4_t k = vaddq_u32(current, vld1q_u32(roundConstants + 4 * i));
        const uint32x4_t before = abcd[n];
        abcd[n] = vsha256hq_u32(before, efgh[n], k);
        efgh[n] = vsha256h2q_u32(efgh[n], before, k);
        if (i < 12)
          current = vsha256su1q_u32(vsha256su0q_u32(current, w[n][(i + 1) & 3]), w[n][(i + 2) & 3],
                                    w[n][(i + 3) & 3]);
      }
    for (unsigned n = 0; n < lanes; ++n) {
      abcd[n] = vaddq_u32(abcd[n], abcdBefore[n]);
      efgh[n] = vaddq_u32(efgh[n], efghBefore[n]);
    }
  }

  for (unsigned n = 0; n < lanes; ++n) {
    vst1q_u32(states[n], abcd[n]);
    vst1q_u32(states[n] + 4, efgh[n]);
  }
}

inline void armBlocks(uint32_t *state, const uint8_t *blocks, size_t count) {
  armLanes<1>(&state, &blocks, count);
}

/// Sha256::kLanes messages, two at a time.
inline void armPairs(uint32_t *const *states, const uint8_t *const *blocks, size_t count) {
  static_assert(Sha256::kLanes % 2 == 0);
  for (unsigned n = 0; n < Sha256::kLanes; n += 2)
    armLanes<2>(states + n, blocks + n, count);
}

} // namespace lobit::sha256

#endif // LOBIT_FORMAT_SHA256_ARM_H
