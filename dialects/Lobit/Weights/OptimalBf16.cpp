#include "dialects/Lobit/Weights/Ternary.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace lobit;

// (Q8) without sorting. A bfloat16 has few magnitudes, so equal ones are counted: bucket
// 128 o + i holds those of octave o with fraction i. Sums are integers in units of the
// lowest octave's last bit: they are exact, so they are the sums of (Q8) in any order.
//
// With s = P / k the mean of what is kept, keeping the next magnitude m as well raises
// P^2 / k when m >= s / 2, by more than f64 rounds away (1 / (2 k^2) of it, k < 2^16). So
// in a chunk of buckets that begins with s <= 2 m, m its lowest magnitude, the maximum can
// only be at its end; other chunks are looked at bucket by bucket. And when R weights of at
// most m remain, no later gain is above max(P^2 / k, (P + R m)^2 / (k + R)), because
// (P + j m)^2 / (k + j) is convex in j.
namespace {

constexpr int fractions = 128, octaves = 7, chunk = 8;
constexpr int bucketCount = fractions * octaves;

struct Kept {
  double gain = 0;
  int64_t sum = 0, count = 0;
  int bucket = 0; // the lowest one that is kept
};

/// The first maximum over the ends of the buckets, of `weights` that are not 0. None when
/// it may lie in the lowest chunk, which also holds everything below the octaves.
std::optional<Kept> findMaximum(const uint16_t *counts, int highest, int64_t weights) {
  Kept best;
  int64_t sum = 0, count = 0; // of the buckets so far
  auto consider = [&](int bucket) {
    double p = double(sum), gain = p * p / double(count);
    if (gain > best.gain)
      best = {gain, sum, count, bucket};
  };
  for (int bucket = highest / chunk * chunk; bucket > 0; bucket -= chunk) {
    const int octave = bucket / fractions, low = fractions + bucket % fractions;
    int chunkSum = 0, chunkCount = 0;
    for (int i = 0; i < chunk; ++i) {
      chunkSum += int(counts[bucket + i]) * (low + i);
      chunkCount += counts[bucket + i];
    }
    const int64_t lowest = int64_t(low) << octave;
    if (sum <= 2 * lowest * count) {
      sum += int64_t(chunkSum) << octave;
      count += chunkCount;
    } else {
      consider(bucket + chunk);
      for (int i = chunk - 1; chunkCount && i >= 0; --i) {
        sum += int64_t(counts[bucket + i]) * (low + i) << octave;
        count += counts[bucket + i];
        consider(bucket + i);
      }
      const double all = double(sum) + double(weights - count) * double(lowest);
      if (all * all <= best.gain * double(weights) * (1 - 1e-9))
        return best;
    }
    if (count == weights) {
      consider(bucket);
      return best;
    }
  }
  return std::nullopt;
}

uint16_t storedAt(const uint8_t *stored, int64_t i) {
  uint16_t bits;
  std::memcpy(&bits, stored + 2 * i, 2);
  return bits;
}

} // namespace

std::optional<float> lobit::quantizeOptimalBf16(const uint8_t *stored, int64_t size,
                                                int8_t *codes) {
  if (size > UINT16_MAX)
    return std::nullopt;
  int16_t largest = 0;
  for (int64_t i = 0; i < size; ++i)
    largest = std::max(largest, int16_t(storedAt(stored, i) & 0x7fff));
  if (largest == 0) {
    std::fill(codes, codes + size, int8_t(0));
    return 0.0f;
  }
  const int lowestOctave = largest / fractions - (octaves - 1);
  if (lowestOctave < 1) // where magnitudes have no leading one
    return std::nullopt;
  const int base = lowestOctave * fractions;

  uint16_t counts[bucketCount] = {};
  int64_t zeros = 0;
  for (int64_t first = 0; first < size; first += 256) {
    const int64_t count = std::min<int64_t>(256, size - first);
    uint16_t buckets[256];
    int pieceZeros = 0;
    for (int64_t i = 0; i < count; ++i) {
      const int16_t magnitude = storedAt(stored, first + i) & 0x7fff;
      buckets[i] = uint16_t(std::max<int16_t>(magnitude, int16_t(base)) - base);
      pieceZeros += magnitude == 0;
    }
    for (int64_t i = 0; i < count; ++i)
      ++counts[buckets[i]];
    zeros += pieceZeros;
  }
  std::optional<Kept> kept = findMaximum(counts, largest - base, size - zeros);
  if (!kept)
    return std::nullopt;
  const int16_t threshold = int16_t(base + kept->bucket);
  for (int64_t i = 0; i < size; ++i) {
    const int16_t bits = int16_t(storedAt(stored, i));
    const int16_t sign = int16_t(bits >> 15 | 1);
    codes[i] = int8_t((bits & 0x7fff) >= threshold ? sign : 0);
  }
  // A bucket's magnitude is (128 + fraction) 2^(octave - 127 - 7).
  return float(std::ldexp(double(kept->sum) / double(kept->count), lowestOctave - 134));
}
