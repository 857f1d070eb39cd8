/// \file
/// The SHA-256 block function on the x86 SHA instructions. `Ops` supplies those
/// three instructions, so that a test can run the schedule on a CPU without them.
#ifndef LOBIT_FORMAT_SHA256_X86_H
#define LOBIT_FORMAT_SHA256_X86_H

#include "runtime/format/Sha256.h"

#include <immintrin.h>

namespace lobit::sha256 {

#define LOBIT_SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

struct InstructionOps {
  LOBIT_SHA_TARGET static __m128i rounds2(__m128i a, __m128i b, __m128i k) {
    return _mm_sha256rnds2_epu32(a, b, k);
  }
  LOBIT_SHA_TARGET static __m128i message1(__m128i a, __m128i b) {
    return _mm_sha256msg1_epu32(a, b);
  }
  LOBIT_SHA_TARGET static __m128i message2(__m128i a, __m128i b) {
    return _mm_sha256msg2_epu32(a, b);
  }
};

/// `lanes` messages side by side, `count` blocks of each: a round waits for the one
/// before, so one message alone leaves the unit idle most of the time.
///
/// The instructions keep the state as {a, b, e, f} and {c, d, g, h} (highest word
/// first). Step i does rounds 4i .. 4i + 3 with w[i % 4] and prepares w for i + 4:
/// w[t] = msg2(msg1(w[t-16..], w[t-12..]) + w[t-7..], w[t-4..]).
template <typename Ops, unsigned lanes>
LOBIT_SHA_TARGET void x86Lanes(uint32_t *const *states, const uint8_t *const *blocks,
                               size_t count) {
  const __m128i byteSwap = _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  __m128i abef[lanes], cdgh[lanes];
  for (unsigned n = 0; n < lanes; ++n) {
    __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i *>(states[n]));
    __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i *>(states[n] + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    abef[n] = _mm_alignr_epi8(cdab, efgh, 8);
    cdgh[n] = _mm_blend_epi16(efgh, cdab, 0xf0);
  }

  for (size_t block = 0; block < count; ++block) {
    __m128i abefBefore[lanes], cdghBefore[lanes], w[lanes][4];
    for (unsigned n = 0; n < lanes; ++n) {
      abefBefore[n] = abef[n];
      cdghBefore[n] = cdgh[n];
      for (int i = 0; i < 4; ++i)
        w[n][i] = _mm_shuffle_epi8(
            _mm_loadu_si128(reinterpret_cast<const __m128i *>(blocks[n] + 64 * block) + i),
            byteSwap);
    }
    for (int i = 0; i < 16; ++i)
      for (unsigned n = 0; n < lanes; ++n) {
        __m128i &current = w[n][i & 3];
        __m128i k = _mm_add_epi32(
            current, _mm_loadu_si128(reinterpret_cast<const __m128i *>(roundConstants) + i));
        cdgh[n] = Ops::rounds2(cdgh[n], abef[n], k);
        abef[n] = Ops::rounds2(abef[n], cdgh[n], _mm_shuffle_epi32(k, 0x0e));
        if (i < 12) {
          const __m128i &next = w[n][(i + 1) & 3], &last = w[n][(i + 3) & 3];
          __m128i minus7 = _mm_alignr_epi8(last, w[n][(i + 2) & 3], 4);
          current = Ops::message2(_mm_add_epi32(Ops::message1(current, next), minus7), last);
        }
      }
    for (unsigned n = 0; n < lanes; ++n) {
      abef[n] = _mm_add_epi32(abef[n], abefBefore[n]);
      cdgh[n] = _mm_add_epi32(cdgh[n], cdghBefore[n]);
    }
  }

  for (unsigned n = 0; n < lanes; ++n) {
    __m128i feba = _mm_shuffle_epi32(abef[n], 0x1b);
    __m128i dchg = _mm_shuffle_epi32(cdgh[n], 0xb1);
    _mm_storeu_si128(reinterpret_cast<__m128i *>(states[n]), _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128(reinterpret_cast<__m128i *>(states[n] + 4), _mm_alignr_epi8(dchg, feba, 8));
  }
}

template <typename Ops> void x86Blocks(uint32_t *state, const uint8_t *blocks, size_t count) {
  x86Lanes<Ops, 1>(&state, &blocks, count);
}

} // namespace lobit::sha256

#endif // LOBIT_FORMAT_SHA256_X86_H
