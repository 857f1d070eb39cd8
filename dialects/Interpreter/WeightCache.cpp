#include "dialects/Interpreter/WeightCache.h"

#include "dialects/Interpreter/Arithmetic/Idioms.h"
#include "dialects/Lobit/LobitDialect.h"
#include "dialects/Lobit/Weights/WeightEvaluator.h"
#include "runtime/format/LayoutCodec.h"

#include <cstring>

using namespace mlir;

namespace lobit {

static std::vector<float> widen(const std::vector<uint8_t> &bytes, Scheme scheme) {
  size_t elementBytes = scheme == Scheme::F32 ? 4 : 2;
  std::vector<float> values(bytes.size() / elementBytes);
  if (scheme == Scheme::F32) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits = uint16_t(bytes[2 * i] | bytes[2 * i + 1] << 8);
    values[i] = scheme == Scheme::F16 ? reference::widenF16(bits) : reference::widenBF16(bits);
  }
  return values;
}

Result<const LoadedWeight *> WeightCache::get(Value weight) {
  std::unique_ptr<LoadedWeight> &entry = loaded[weight];
  if (entry)
    return entry.get();
  auto type = cast<lb::WeightType>(weight.getType());
  Result<EvaluatedWeight> evaluated = evaluateWeight(weight, source);
  if (!evaluated.ok())
    return std::move(evaluated).status();
  auto result = std::make_unique<LoadedWeight>();
  result->scales = std::move(evaluated->scales);
  if (type.isFloat()) {
    result->kept = widen(evaluated->bytes, type.getScheme());
  } else if (type.getLayout()) {
    result->codes.resize(type.getElementCount());
    Status status = decodeLayout(*type.getLayout(), evaluated->bytes.data(), type.getRows(),
                                 type.getColumns(), result->codes.data());
    if (!status.ok())
      return status;
  } else {
    result->codes = std::move(evaluated->codes);
  }
  reference::Matrix &matrix = result->matrix;
  matrix.rows = type.getRows();
  matrix.columns = type.getColumns();
  matrix.kept = type.isFloat() ? result->kept.data() : nullptr;
  matrix.codes = type.isFloat() ? nullptr : result->codes.data();
  matrix.scales = result->scales.data();
  matrix.granularity = type.getGranularity();
  matrix.groupSize = type.getGroupSize();
  entry = std::move(result);
  return entry.get();
}

} // namespace lobit
