#include "dialects/Lobit/Weights/QuantizePieces.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/Lobit/Weights/Int4.h"
#include "dialects/Lobit/Weights/Int8.h"
#include "dialects/Lobit/Weights/Parallel.h"
#include "dialects/Lobit/Weights/WeightChain.h"
#include "runtime/format/LayoutCodec.h"

using namespace lobit;
using lb::WeightType;

namespace {

/// A multiple of the row block of every layout.
constexpr int64_t pieceRows = 32;

/// The method, when it makes the codes of a row of nothing but this row.
struct RowMethod {
  Scheme scheme;
  ScaleType scaleType;
  ScaleGrid grid;
  TernaryMethod ternary = TernaryMethod::Optimal;

  void quantize(const FloatTensor &tensor, int64_t first, int64_t count, int8_t *codes,
                float *scales) const {
    if (scheme == Scheme::Int8)
      return quantizeInt8Rows(tensor, scaleType, first, count, codes, scales);
    if (scheme == Scheme::Int4)
      return quantizeInt4Rows(tensor, first, count, codes, scales);
    const int64_t perRow = grid.groupsPerRow();
    quantizeTernaryScales(tensor, ternary, grid, first * perRow, (first + count) * perRow, codes,
                          scales);
  }
};

std::optional<RowMethod> rowMethodOf(llvm::StringRef method, WeightType type) {
  RowMethod result{type.getScheme(), type.getScaleType(), scaleGridOf(type)};
  if (result.scheme == Scheme::Int8 || result.scheme == Scheme::Int4)
    return result;
  const TernaryMethodInfo *info = findTernaryMethod(std::string_view(method));
  if (result.scheme != Scheme::Ternary || !info || info->method == TernaryMethod::AbsmeanBlock ||
      result.grid.granularity == Granularity::Tensor)
    return std::nullopt;
  result.ternary = info->method;
  return result;
}

/// Rounds scales to their stored type; false when one does not fit.
bool roundToStored(float *scales, int64_t count, ScaleType type) {
  bool fit = true;
  for (int64_t i = 0; i < count; ++i) {
    const float stored = roundScale(scales[i], type);
    fit &= isFiniteFloat(stored) && (stored != 0 || scales[i] == 0);
    scales[i] = stored;
  }
  return fit;
}

struct Buffers {
  std::vector<int8_t> codes;
  std::vector<uint8_t> bytes;
};

} // namespace

std::optional<MeasuredScales> lobit::quantizePieces(const FloatTensor &tensor,
                                                    llvm::StringRef method, WeightType packed,
                                                    unsigned threads, const PieceSink &sink) {
  const std::optional<RowMethod> rowMethod = rowMethodOf(method, packed);
  if (!rowMethod)
    return std::nullopt;
  const ScaleGrid &grid = rowMethod->grid;
  const int64_t rows = tensor.rows(), columns = tensor.columns(), perRow = grid.groupsPerRow();
  const int64_t pieces = (rows + pieceRows - 1) / pieceRows;
  // Every layout puts whole row blocks one after the other.
  const int64_t blockRows = findLayout(*packed.getLayout())->rowBlock;
  const int64_t blockBytes = packed.getDataBytes() / ((rows + blockRows - 1) / blockRows);

  MeasuredScales result;
  result.scales.resize(size_t(grid.count()));
  std::vector<QuantizationError> errors(static_cast<size_t>(rows));
  std::atomic<bool> failed{false};
  auto quantizePiece = [&](int64_t piece, Buffers &buffers) {
    const int64_t first = piece * pieceRows, count = std::min(pieceRows, rows - first);
    float *scales = result.scales.data() + first * perRow;
    if (failed || !tensor.areFinite(first * columns, count * columns))
      return void(failed = true);
    rowMethod->quantize(tensor, first, count, buffers.codes.data(), scales);
    if (!roundToStored(scales, count * perRow, rowMethod->scaleType))
      return void(failed = true);
    measureRows(tensor, grid, first, count, buffers.codes.data(), result.scales.data(),
                &errors[size_t(first)]);
    if (!sink)
      return;
    if (!encodeLayout(*packed.getLayout(), buffers.codes.data(), uint64_t(count),
                      uint64_t(columns), buffers.bytes.data())
             .ok())
      return void(failed = true);
    sink(uint64_t(first / blockRows * blockBytes), buffers.bytes.data(),
         uint64_t((count + blockRows - 1) / blockRows * blockBytes));
  };
  parallelForEach(
      pieces, threads,
      [&] {
        return Buffers{std::vector<int8_t>(size_t(pieceRows * columns)),
                       std::vector<uint8_t>(size_t(pieceRows / blockRows * blockBytes))};
      },
      quantizePiece);
  if (failed)
    return std::nullopt;
  for (const QuantizationError &row : errors)
    result.error.add(row);
  return result;
}
