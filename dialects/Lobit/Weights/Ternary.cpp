#include "dialects/Lobit/Weights/Ternary.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/LargeVector.h"

#include <cstdio>

using namespace lobit;

static constexpr TernaryMethodInfo methods[] = {
#define LOBIT_TERNARY_METHOD(EnumName, word, granularity, keepsNative, text)                       \
  {TernaryMethod::EnumName, word, Granularity::granularity, keepsNative, text},
#include "dialects/Lobit/Weights/TernaryMethods.inc"
};

const TernaryMethodInfo *lobit::allTernaryMethods(unsigned &count) {
  count = sizeof(methods) / sizeof(methods[0]);
  return methods;
}

const TernaryMethodInfo &lobit::ternaryMethodInfo(TernaryMethod method) {
  return methods[size_t(method)];
}

const TernaryMethodInfo *lobit::findTernaryMethod(std::string_view word) {
  for (const TernaryMethodInfo &info : methods)
    if (word == info.word)
      return &info;
  return nullptr;
}

float lobit::roundScale(float scale, ScaleType type) {
  return type == ScaleType::F16 ? f16ToFloat(floatToF16(scale)) : scale;
}

static std::string placeOf(const std::string &tensor, int64_t row, int64_t group) {
  std::string place = "tensor '" + tensor + "'";
  if (row >= 0)
    place += ", row " + std::to_string(row);
  if (group >= 0)
    place += ", group " + std::to_string(group);
  return place;
}

Result<float> lobit::storedScale(float scale, ScaleType type, const std::string &tensor,
                                 int64_t row, int64_t group) {
  float stored = roundScale(scale, type);
  if (isFiniteFloat(stored) && (stored != 0 || scale == 0))
    return stored;
  char text[32];
  std::snprintf(text, sizeof(text), "%g", double(scale));
  return Status(StatusCode::RESOURCE_LIMIT,
                "the scale " + std::string(text) + " of " + placeOf(tensor, row, group) +
                    (stored == 0 ? " underflows" : " overflows") + " f16; use scale type f32");
}

static int64_t rowOfScale(const ScaleGrid &grid, int64_t index) {
  return grid.granularity == Granularity::Tensor ? -1 : index / grid.groupsPerRow();
}

static int64_t groupOfScale(const ScaleGrid &grid, int64_t index) {
  return grid.granularity == Granularity::Group ? index % grid.groupsPerRow() : -1;
}

Status lobit::storeScales(std::vector<float> &scales, ScaleType type, const std::string &tensor,
                          const ScaleGrid &grid) {
  for (int64_t index = 0; index < grid.count(); ++index) {
    Result<float> stored = storedScale(scales[size_t(index)], type, tensor, rowOfScale(grid, index),
                                       groupOfScale(grid, index));
    if (!stored.ok())
      return std::move(stored).status();
    scales[size_t(index)] = *stored;
  }
  return Status();
}

static float quantizeGroup(TernaryMethod method, const float *weights, int64_t size,
                           int8_t *codes) {
  if (std::optional<float> magnitude = nativeMagnitude(weights, size)) {
    nativeCodes(weights, size, codes);
    return *magnitude;
  }
  switch (method) {
  case TernaryMethod::Absmean:
    return quantizeAbsmean(weights, size, codes);
  case TernaryMethod::AbsmeanHf:
    return quantizeAbsmeanHf(weights, size, codes);
  case TernaryMethod::AbsmeanRefit:
    return quantizeAbsmeanRefit(weights, size, codes);
  case TernaryMethod::Optimal:
  case TernaryMethod::AbsmeanBlock: // has blocks of its own, see below
    break;
  }
  return quantizeOptimal(weights, size, codes);
}

// absmean-block quantizes flat blocks; a scale of the grid is the one of the block
// it lies in.
static Status quantizeBlocks(const FloatTensor &weight, const ScaleGrid &grid, unsigned threads,
                             CodedWeight &result) {
  for (int64_t index = 0; index < grid.count(); ++index) {
    int64_t first = grid.first(index), last = first + grid.size(index) - 1;
    if (first / absmeanBlockSize != last / absmeanBlockSize)
      return Status(StatusCode::UNSUPPORTED,
                    "absmean-block has one scale for 256 consecutive weights, but " +
                        placeOf(weight.name(), rowOfScale(grid, index), groupOfScale(grid, index)) +
                        " lies in two such blocks; use absmean-refit or optimal");
  }
  int64_t blocks = (weight.size() + absmeanBlockSize - 1) / absmeanBlockSize;
  std::vector<float> blockScales(static_cast<size_t>(blocks));
  parallelFor(blocks, threads, [&](int64_t begin, int64_t end) {
    float values[absmeanBlockSize];
    for (int64_t block = begin; block < end; ++block) {
      int64_t first = block * absmeanBlockSize;
      int64_t size = std::min(absmeanBlockSize, weight.size() - first);
      weight.widen(first, size, values);
      blockScales[size_t(block)] = quantizeAbsmeanBlock(values, size, &result.codes[size_t(first)]);
    }
  });
  for (int64_t index = 0; index < grid.count(); ++index)
    result.scales[size_t(index)] = blockScales[size_t(grid.first(index) / absmeanBlockSize)];
  return Status();
}

void lobit::quantizeTernaryScales(const FloatTensor &weight, TernaryMethod method,
                                  const ScaleGrid &grid, int64_t begin, int64_t end, int8_t *codes,
                                  float *scales) {
  std::vector<float> values;
  for (int64_t index = begin; index < end; ++index, ++scales) {
    const int64_t first = grid.first(index), size = grid.size(index);
    const uint8_t *stored = weight.storedBf16(first);
    std::optional<float> scale;
    if (stored && method == TernaryMethod::Optimal)
      scale = quantizeOptimalBf16(stored, size, codes);
    if (!scale) {
      values.resize(size_t(size));
      weight.widen(first, size, values.data());
      scale = quantizeGroup(method, values.data(), size, codes);
    }
    *scales = *scale;
    codes += size;
  }
}

Result<CodedWeight> lobit::quantizeTernary(const FloatTensor &weight, TernaryMethod method,
                                           const ScaleGrid &grid, ScaleType scaleType,
                                           unsigned threads) {
  CodedWeight result;
  result.codes = makeLargeVector<int8_t>(size_t(weight.size()), threads);
  result.scales.resize(size_t(grid.count()));
  if (method == TernaryMethod::AbsmeanBlock) {
    if (Status status = quantizeBlocks(weight, grid, threads, result); !status.ok())
      return status;
  } else {
    parallelFor(grid.count(), threads, [&](int64_t begin, int64_t end) {
      quantizeTernaryScales(weight, method, grid, begin, end,
                            result.codes.data() + grid.first(begin), result.scales.data() + begin);
    });
  }
  if (Status status = storeScales(result.scales, scaleType, weight.name(), grid); !status.ok())
    return status;
  return result;
}
