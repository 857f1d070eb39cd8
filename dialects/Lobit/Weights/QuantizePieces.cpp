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
/// Pieces that one thread takes together, at most; their bytes are written at once.
constexpr int64_t maxRun = 16;

/// The method, when it makes the codes of a row of nothing but this row.
struct RowMethod {
  Scheme scheme;
  ScaleType scaleType;
  ScaleGrid grid;
  TernaryMethod ternary = TernaryMethod::Optimal;

  void quantize(const FloatTensor &tensor, int64_t row, int8_t *codes, float *scales) const {
    if (scheme == Scheme::Int8)
      return quantizeInt8Rows(tensor, scaleType, row, 1, codes, scales);
    if (scheme == Scheme::Int4)
      return quantizeInt4Rows(tensor, row, 1, codes, scales);
    const int64_t perRow = grid.groupsPerRow();
    quantizeTernaryScales(tensor, ternary, grid, row * perRow, (row + 1) * perRow, codes, scales);
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
  // Bytes of the piece go to `bytes`.
  auto quantizePiece = [&](int64_t first, int64_t count, int8_t *codes, uint8_t *bytes) {
    float *scales = result.scales.data() + first * perRow;
    for (int64_t row = 0; row < count; ++row) {
      tensor.prefetch((first + row + 1) * columns, columns);
      if (!tensor.areFinite((first + row) * columns, columns))
        return false;
      rowMethod->quantize(tensor, first + row, codes + row * columns, scales + row * perRow);
    }
    if (!roundToStored(scales, count * perRow, rowMethod->scaleType))
      return false;
    measureRows(tensor, grid, first, count, codes, result.scales.data(), &errors[size_t(first)]);
    return !sink ||
           encodeLayout(*packed.getLayout(), codes, uint64_t(count), uint64_t(columns), bytes).ok();
  };
  // Short runs, so that no thread waits long at the end.
  const int64_t run = std::clamp<int64_t>(pieces / (8 * int64_t(threads)), 1, maxRun);
  auto bytesBefore = [&](int64_t row) { return (row + blockRows - 1) / blockRows * blockBytes; };
  auto quantizeRun = [&](int64_t index, Buffers &buffers) {
    const int64_t first = index * run * pieceRows, last = std::min(rows, first + run * pieceRows);
    for (int64_t row = first; row < last && !failed; row += pieceRows)
      if (!quantizePiece(row, std::min(pieceRows, last - row), buffers.codes.data(),
                         buffers.bytes.data() + (bytesBefore(row) - bytesBefore(first))))
        failed = true;
    if (sink && !failed)
      sink(uint64_t(bytesBefore(first)), buffers.bytes.data(),
           uint64_t(bytesBefore(last) - bytesBefore(first)));
  };
  parallelForEach((pieces + run - 1) / run, threads,
                  [&] {
                    return Buffers{
                        std::vector<int8_t>(size_t(pieceRows * columns)),
                        std::vector<uint8_t>(size_t(run * pieceRows / blockRows * blockBytes))};
                  },
                  quantizeRun);
  if (failed)
    return std::nullopt;
  for (const QuantizationError &row : errors)
    result.error.add(row);
  return result;
}
