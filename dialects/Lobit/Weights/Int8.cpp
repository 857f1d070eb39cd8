#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/LargeVector.h"
#include "dialects/Lobit/Weights/WiderClones.h"

#include <algorithm>

using namespace lobit;

LOBIT_WIDER_CLONES static float largestMagnitude(const float *values, int64_t count) {
  int32_t largest = 0; // magnitudes are ordered like their bits
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, int32_t(floatBits(values[i]) & 0x7fffffffu));
  return bitsToFloat(uint32_t(largest));
}

LOBIT_WIDER_CLONES static void roundToCodes(const float *values, int64_t count, float scale,
                                            int8_t *codes) {
  for (int64_t i = 0; i < count; ++i)
    codes[i] = int8_t(roundHalfEven(std::min(std::max(values[i] / scale, -127.0f), 127.0f)));
}

// (Q10) s = amax / 127 rounded to its stored type; q = clamp(round(w / s), -127, 127),
// half to even; s = 0 gives q = 0.
Result<CodedWeight> lobit::quantizeInt8(const FloatTensor &weight, ScaleType scaleType,
                                        unsigned threads) {
  CodedWeight result;
  result.codes = makeLargeVector<int8_t>(size_t(weight.size()), threads);
  result.scales.resize(size_t(weight.rows()));
  int64_t columns = weight.columns();
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> values(static_cast<size_t>(columns));
    for (int64_t row = begin; row < end; ++row) {
      weight.widen(row * columns, columns, values.data());
      result.scales[size_t(row)] = largestMagnitude(values.data(), columns) / 127.0f;
      float scale = roundScale(result.scales[size_t(row)], scaleType);
      int8_t *codes = &result.codes[size_t(row * columns)];
      if (scale == 0)
        std::fill(codes, codes + columns, int8_t(0));
      else
        roundToCodes(values.data(), columns, scale, codes);
    }
  });
  const ScaleGrid grid{weight.rows(), columns, Granularity::Row, 0};
  if (Status status = storeScales(result.scales, scaleType, weight.name(), grid); !status.ok())
    return status;
  return result;
}
