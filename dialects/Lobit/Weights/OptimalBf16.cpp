#include "dialects/Lobit/Weights/Ternary.h"
#include "dialects/Lobit/Weights/WiderClones.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace lobit;

// (Q8) without sorting. A bfloat16 has few magnitudes, so equal ones are counted: bucket
// 128 o + i holds those of octave o with fraction i. Sums are integers in units of the
// lowest octave's last bit: they are exact, so they are the sums of (Q8) in any order.
//
// With s = P / k the mean of what is kept, keeping the next magnitude m as well raises
// P^2 / k when m >= s / 2, by more than f64 rounds away (1 / (2 k^2) of it, k < 2^15). So
// in a chunk of buckets that begins with s <= 2 m, m its lowest magnitude, the maximum can
// only be at its end; other chunks are looked at bucket by bucket. And when R weights of at
// most m remain, no later gain is above max(P^2 / k, (P + R m)^2 / (k + R)), because
// (P + j m)^2 / (k + j) is convex in j.
#define LOBIT_INLINE inline __attribute__((always_inline)) // so that it is cloned, too

namespace {

constexpr int fractions = 128, octaves = 7, chunk = 8, block = 4 * chunk;
constexpr int bucketCount = fractions * octaves;
/// So much more than f64 rounds away in a gain.
constexpr double less = 1 - 1e-9;

class Search {
public:
  Search(const int16_t *counts, int64_t weights) : counts(counts), weights(weights) {}
  /// Whether the first maximum over the ends of the buckets was found. It may lie in the
  /// lowest block, which also holds everything below the octaves.
  bool run(int highest);

  double gain = 0;                    ///< P^2 / k of the best
  int64_t bestSum = 0, bestCount = 0; ///< P and k of the best
  int bestBucket = 0;                 ///< the lowest bucket that is kept

private:
  struct Sums {
    int64_t sum, count;
  };
  template <int buckets> LOBIT_INLINE Sums sumsOf(int bucket) const {
    const int16_t lowest = int16_t(fractions + bucket % fractions);
    int sum = 0, count = 0;
    for (int16_t i = 0; i < buckets; ++i) {
      sum += counts[bucket + i] * int16_t(lowest + i);
      count += counts[bucket + i];
    }
    return {int64_t(sum) << bucket / fractions, count};
  }
  int64_t magnitude(int bucket) const {
    return int64_t(fractions + bucket % fractions) << bucket / fractions;
  }
  /// Whether keeping what is in `bucket` and in those up to what is kept raises the gain.
  bool rises(int bucket) const { return sum <= 2 * magnitude(bucket) * count; }
  /// Whether keeping up to `more` weights of at most `largest` does not reach the best.
  bool isBelow(int64_t more, int64_t largest) const {
    const double p = double(sum + more * largest);
    return p * p <= gain * double(count + more) * less;
  }
  void keep(Sums more) {
    sum += more.sum;
    count += more.count;
  }
  void consider(int bucket) {
    const double p = double(sum), square = p * p;
    if (square <= gain * double(count) * less || square / double(count) <= gain)
      return;
    gain = square / double(count);
    bestSum = sum;
    bestCount = count;
    bestBucket = bucket;
  }

  const int16_t *counts;
  const int64_t weights;      ///< that are not 0
  int64_t sum = 0, count = 0; ///< of the buckets so far
};

LOBIT_INLINE bool Search::run(int highest) {
  for (int first = highest / block * block; first > 0; first -= block) {
    if (rises(first)) {
      keep(sumsOf<block>(first));
      if (count != weights)
        continue;
      consider(first);
      return true;
    }
    for (int bucket = first + block - chunk; bucket >= first; bucket -= chunk) {
      const Sums sums = sumsOf<chunk>(bucket);
      if (rises(bucket)) {
        keep(sums);
        continue;
      }
      consider(bucket + chunk);
      if (isBelow(sums.count, magnitude(bucket + chunk - 1)))
        keep(sums);
      else
        for (int i = chunk - 1; i >= 0; --i) {
          keep(sumsOf<1>(bucket + i));
          consider(bucket + i);
        }
      if (isBelow(weights - count, magnitude(bucket)))
        return true;
    }
    consider(first);
    if (count == weights)
      return true;
  }
  return false;
}

uint16_t storedAt(const uint8_t *stored, int64_t i) {
  uint16_t bits;
  std::memcpy(&bits, stored + 2 * i, 2);
  return bits;
}

} // namespace

LOBIT_WIDER_CLONES
std::optional<float> lobit::quantizeOptimalBf16(const uint8_t *stored, int64_t size,
                                                int8_t *codes) {
  if (size > INT16_MAX)
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

  int16_t counts[bucketCount] = {};
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
  Search search(counts, size - zeros);
  if (!search.run(largest - base))
    return std::nullopt;
  const int16_t threshold = int16_t(base + search.bestBucket);
  for (int64_t i = 0; i < size; ++i) {
    const int16_t bits = int16_t(storedAt(stored, i));
    const int16_t sign = int16_t(bits >> 15 | 1);
    codes[i] = int8_t((bits & 0x7fff) >= threshold ? sign : 0);
  }
  // A bucket's magnitude is (128 + fraction) 2^(octave - 127 - 7).
  return float(std::ldexp(double(search.bestSum) / double(search.bestCount), lowestOctave - 134));
}
