#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Ternary.h"

using namespace lobit;

// Radix sort by bytes, the lowest first. A byte that is equal in all values needs no
// pass: bf16 weights take two.
static void sortDescending(std::vector<uint32_t> &values) {
  std::vector<uint32_t> sorted(values.size());
  for (int shift = 0; shift < 32; shift += 8) {
    size_t places[256] = {};
    for (uint32_t value : values)
      ++places[value >> shift & 255];
    if (values.empty() || places[values[0] >> shift & 255] == values.size())
      continue;
    size_t next = 0;
    for (int byte = 255; byte >= 0; --byte) {
      size_t count = places[byte];
      places[byte] = next;
      next += count;
    }
    for (uint32_t value : values)
      sorted[places[value >> shift & 255]++] = value;
    values.swap(sorted);
  }
}

// (Q8) The minimum of sum (w - s t)^2 over s and t. For given s the kept weights
// are the largest in magnitude; with the k largest kept, the best s is P_k / k and
// the error sum w^2 - P_k^2 / k, P_k the sum of the k largest magnitudes. So the
// first k that maximizes P_k^2 / k is the answer, with sums in f64. Equal magnitudes are never
// separated: adding one that is at least s / 2 raises P_k^2 / k.
float lobit::quantizeOptimal(const float *weights, int64_t size, int8_t *codes) {
  // Magnitudes of finite floats are ordered like their bit patterns.
  std::vector<uint32_t> magnitudes(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i)
    magnitudes[size_t(i)] = floatBits(weights[i]) & 0x7fffffffu;
  sortDescending(magnitudes);
  double prefix = 0, bestGain = 0, bestPrefix = 0;
  int64_t best = 0;
  for (int64_t k = 1; k <= size; ++k) {
    prefix += double(bitsToFloat(magnitudes[size_t(k - 1)]));
    double gain = prefix * prefix / double(k);
    if (gain > bestGain) {
      bestGain = gain;
      bestPrefix = prefix;
      best = k;
    }
  }
  if (best == 0) {
    std::fill(codes, codes + size, int8_t(0));
    return 0;
  }
  uint32_t threshold = magnitudes[size_t(best - 1)];
  for (int64_t i = 0; i < size; ++i) {
    uint32_t bits = floatBits(weights[i]);
    codes[i] = (bits & 0x7fffffffu) < threshold ? int8_t(0) : bits >> 31 ? int8_t(-1) : int8_t(1);
  }
  return float(bestPrefix / double(best));
}
