// The encoder that int6 files come from, and its scale rule with true zeros. All f32 steps
// are its own; its f32 sums, whose order it leaves open, are f64 sums here.
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Int6.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/Pair24.h"

#include <cmath>

using namespace lobit;

static constexpr float smallest = 1e-6f;

// Scores are f32 here: two pairs may be equal in f32 alone.
static std::vector<float> prunedInF32(const float *weights, int64_t columns) {
  std::vector<float> kept(weights, weights + columns);
  for (int64_t first = 0; first < columns; first += 8) {
    float scores[4] = {};
    int64_t count = std::min<int64_t>(8, columns - first);
    for (int64_t i = 0; i < count; ++i) {
      float square = weights[first + i] * weights[first + i];
      scores[i / 2] = i % 2 ? scores[i / 2] + square : square;
    }
    for (int64_t i = 0; i < count; ++i) {
      int better = 0;
      for (int64_t pair = 0; pair < 4; ++pair)
        better += scores[pair] > scores[i / 2] || (scores[pair] == scores[i / 2] && pair < i / 2);
      if (better >= 2)
        kept[size_t(first + i)] = 0;
    }
  }
  return kept;
}

/// Codes of scale amax / 31, and the scale refitted to them. `forced`: weights other than
/// 0 never get code 0.
static float quantizeAmax(const std::vector<float> &weights, bool forced, int8_t *codes) {
  float amax = 0;
  for (float weight : weights)
    amax = std::max(amax, std::fabs(weight));
  float scale = std::max(amax, smallest) / 31.0f;
  double products = 0, squares = 0;
  for (size_t c = 0; c < weights.size(); ++c) {
    float q = std::min(std::max(roundHalfEven(weights[c] / scale), -32.0f), 31.0f);
    if (forced && q == 0 && weights[c] != 0)
      q = weights[c] > 0 ? 1 : -1;
    codes[c] = int8_t(q);
    products += double(q) * double(weights[c]);
    squares += double(q) * double(q);
  }
  return std::max(float(std::fabs(products) / std::max(squares, double(smallest))), smallest);
}

float lobit::quantizeSeedRow(const float *weights, int64_t columns, int8_t *codes) {
  float scale = quantizeAmax(prunedInF32(weights, columns), /*forced=*/false, codes);
  bool zero = std::all_of(codes, codes + columns, [](int8_t code) { return code == 0; });
  return zero ? 0 : scale;
}

/// Makes exactly two pairs of a chunk nonzero in both codes.
static void fabricate(int8_t *chunk) {
  bool selected[4] = {};
  int count = 0;
  for (int pair = 0; pair < 4; ++pair)
    if ((chunk[2 * pair] || chunk[2 * pair + 1]) && count < 2) {
      selected[pair] = true;
      ++count;
    }
  for (int pair = 0; pair < 4; ++pair)
    if (!selected[pair]) {
      chunk[2 * pair] = chunk[2 * pair + 1] = 0;
      selected[pair] = count < 2;
      count += selected[pair];
    }
  for (int pair = 0; pair < 4; ++pair) {
    int8_t &a = chunk[2 * pair], &b = chunk[2 * pair + 1];
    if (!selected[pair])
      continue;
    if (a == 0)
      a = b >= 0 ? 1 : -1;
    if (b == 0)
      b = a >= 0 ? 1 : -1;
  }
}

float lobit::quantizeSeedExactRow(const float *weights, int64_t columns, int8_t *codes) {
  int64_t padded = int64_t(roundUp(uint64_t(columns), kPair24Columns));
  std::fill(codes, codes + padded, int8_t(0));
  float scale = quantizeAmax(prunedInF32(weights, columns), /*forced=*/true, codes);
  for (int64_t first = 0; first < padded; first += 8)
    fabricate(codes + first);
  return scale;
}
