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
void lobit::quantizeInt8Rows(const FloatTensor &weight, ScaleType scaleType, int64_t first,
                             int64_t count, int8_t *codes, float *scales) {
  const int64_t columns = weight.columns();
  std::vector<float> values(static_cast<size_t>(columns));
  for (int64_t row = 0; row < count; ++row, codes += columns) {
    weight.widen((first + row) * columns, columns, values.data());
    scales[row] = largestMagnitude(values.data(), columns) / 127.0f;
    const float scale = roundScale(scales[row], scaleType);
    if (scale == 0)
      std::fill(codes, codes + columns, int8_t(0));
    else
      roundToCodes(values.data(), columns, scale, codes);
  }
}

Result<CodedWeight> lobit::quantizeInt8(const FloatTensor &weight, ScaleType scaleType,
                                        unsigned threads) {
  CodedWeight result;
  result.codes = makeLargeVector<int8_t>(size_t(weight.size()), threads);
  result.scales.resize(size_t(weight.rows()));
  int64_t columns = weight.columns();
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    quantizeInt8Rows(weight, scaleType, begin, end - begin, result.codes.data() + begin * columns,
                     result.scales.data() + begin);
  });
  const ScaleGrid grid{weight.rows(), columns, Granularity::Row, 0};
  if (Status status = storeScales(result.scales, scaleType, weight.name(), grid); !status.ok())
    return status;
  return result;
}
