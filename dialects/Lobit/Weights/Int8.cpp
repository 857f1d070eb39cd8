#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <cmath>

using namespace lobit;

// (Q10) s = amax / 127 rounded to its stored type; q = clamp(round(w / s), -127, 127),
// half to even; s = 0 gives q = 0.
Result<CodedWeight> lobit::quantizeInt8(const FloatTensor &weight, ScaleType scaleType,
                                        unsigned threads) {
  CodedWeight result;
  result.codes.resize(size_t(weight.size()));
  result.scales.resize(size_t(weight.rows()));
  int64_t columns = weight.columns();
  parallelFor(weight.rows(), threads, [&](int64_t begin, int64_t end) {
    std::vector<float> values(static_cast<size_t>(columns));
    for (int64_t row = begin; row < end; ++row) {
      weight.widen(row * columns, columns, values.data());
      uint32_t largest = 0;
      for (float value : values)
        largest = std::max(largest, floatBits(value) & 0x7fffffffu);
      result.scales[size_t(row)] = bitsToFloat(largest) / 127.0f;
      float scale = roundScale(result.scales[size_t(row)], scaleType);
      int8_t *codes = &result.codes[size_t(row * columns)];
      if (scale == 0) {
        std::fill(codes, codes + columns, int8_t(0));
        continue;
      }
      for (int64_t c = 0; c < columns; ++c)
        codes[c] =
            int8_t(roundHalfEven(std::min(std::max(values[size_t(c)] / scale, -127.0f), 127.0f)));
    }
  });
  for (int64_t row = 0; row < weight.rows(); ++row) {
    Result<float> stored = storedScale(result.scales[size_t(row)], scaleType, weight.name(), row);
    if (!stored.ok())
      return std::move(stored).status();
    result.scales[size_t(row)] = *stored;
  }
  return result;
}
