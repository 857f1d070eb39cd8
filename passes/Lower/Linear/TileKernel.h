/// \file
/// t2_tile, b3_tile, i4_tile and i8_tile: rows along the lanes, four columns of a row in the four
/// bytes of an int32 lane, so that a quad of activations is broadcast and no sum crosses lanes.
///
/// Codes are unsigned as in t2_dot and i8_dot (LinearDot.cpp): the sum of the activations
/// is subtracted at the end, unless the top bit of int8 codes is flipped for an ISA that
/// multiplies signed bytes only. Sums of all tokens go through a small buffer on the stack;
/// scale, bias and store are one loop over it.
#ifndef LOBIT_PASSES_LOWER_LINEAR_TILEKERNEL_H
#define LOBIT_PASSES_LOWER_LINEAR_TILEKERNEL_H

#include "passes/Lower/Linear/LinearTile.h"

#include "runtime/format/CheckedMath.h"

namespace lobit {

constexpr int64_t blockRows = tileRows;
constexpr int64_t stepBytes = 128;   // of one block of rows
constexpr int64_t epilogueRows = 16; // at once

/// Tokens whose sums are kept at once; the weights are read once for all of them.
constexpr int64_t maxChunk = 192;

/// The bytes of a layout: `planes` planes of codes 0..max, a code less `zero` is the weight's.
struct Coding {
  int64_t planes, max, zero;
};

constexpr int64_t maxCode = 2, maxNibble = 15;

constexpr Coding codingOf(Layout layout) {
  switch (layout) {
  case Layout::T2Tile:
    return {4, maxCode, 1};
  case Layout::B3Tile:
    return {5, maxCode, 1};
  case Layout::I4Tile:
    return {2, maxNibble, 8};
  default:
    return {1, 255, 128}; // i8_tile
  }
}

/// Where the codes of a plane are left: at bits 0 and 1; or also at bits 2 and 3, where
/// they count 4 times; or wherever they are stored.
enum class Unpack { Down, Low, InPlace };

/// Vectors of one plane that count 4^power times.
struct Plane {
  Values codes;
  int64_t power = 0;
};

class TileKernel {
public:
  TileKernel(LinearBuilder &b, const LinearShape &shape, Isa isa, const LinearArguments &args)
      : b(b), shape(shape), isa(isa), form(findKernelForm(shape.layout, isa)), args(args),
        epilogue(b, shape, args), coding(codingOf(shape.layout)), planes(coding.planes),
        steps(roundUp(shape.in, findLayout(shape.layout)->columnBlock) / (4 * planes)),
        chunk(std::min(maxChunk, shape.maxRows)), panelSteps(stepsOfPanel()),
        together(form.takesLanes && planes == 1 ? 4 : 1), lanes(form.width / 4),
        lastTouch(int64_t(ceilDiv(shape.out, blockRows)) * steps * stepBytes - touchBytes) {}

  void build();

private:
  bool hasTwoBitPlanes() const { return coding.max == maxCode; }

  bool flipsTopBit() const {
    return planes == 1 && (form.form == Form::SignedQuads || form.form == Form::Products);
  }

  int64_t vectors() const { return stepBytes / form.width; }

  bool multipliesInMemory() const { return chunk >= form.leastPanelTokens; }

  /// Unpacking once pays when there are several tiles and unpacking costs a dot product.
  bool usesPanel() const;

  /// Equal shares of the columns.
  int64_t stepsOfPanel() const;

  //===--- chunks ------------------------------------------------------------===//

  void plainChunk(mlir::Value block, mlir::Value token, mlir::Value count);

  /// Tokens from .. to - 1 of the chunk, whose int32 sums [tokens][blockRows] begin at
  /// `start` of `buffer`. `unsignedCodes`: the sums are of c, not of t or q.
  void storePlain(mlir::Value block, mlir::Value token, mlir::Value from, mlir::Value to,
                  mlir::Value buffer, mlir::Value start, bool unsignedCodes);

  void groupedChunk(mlir::Value block, mlir::Value token, mlir::Value count);

  /// `body(i, at, r)` for rows r .. r + epilogueRows - 1 of the block and each token i.
  void forRows(mlir::Value from, mlir::Value to,
               llvm::function_ref<void(mlir::Value, mlir::Value, int64_t)> body);

  /// The same without rows that lie past the last one altogether, with the first row.
  void forExistingRows(mlir::Value block, mlir::Value from, mlir::Value to,
                       llvm::function_ref<void(mlir::Value, mlir::Value, mlir::Value)> body);

  mlir::Value correction(mlir::Value token, mlir::Value group);

  //===--- tiles of tokens ---------------------------------------------------===//

  /// `finish(from, to)`: the sums of tokens from .. to - 1 of the chunk are complete.
  using Finish = llvm::function_ref<void(mlir::Value, mlir::Value)>;

  /// sums[i][row] of steps begin .. end - 1 for `count` tokens from `token`.
  void sumColumns(mlir::Value block, mlir::Value token, mlir::Value count, mlir::Value begin,
                  mlir::Value end, Finish finish);

  /// The tile for `left` tokens: all of a full one, halves of what fills less than two,
  /// and above four tokens an even number.
  static int64_t evenTile(int64_t tokens) { return tokens <= 4 ? tokens : roundUp(tokens, 2); }

  /// Calls `body(i, tokens)` for tiles that cover tokens first .. count - 1, for each size
  /// from `least` on that may occur, and `finish` behind each.
  void forTiles(mlir::Value first, mlir::Value count, int64_t least, int64_t most,
                llvm::function_ref<void(mlir::Value, int64_t)> body, Finish finish);

  /// Four activations of a token in every int32 lane of a vector of `width` bytes.
  mlir::Value quad(mlir::Value token, mlir::Value column);

  mlir::Value storedStep(mlir::Value block, mlir::Value step);

  /// Where step (i % windowPages) * pageSteps + i / windowPages of the next window is, if
  /// `at` is step i of its own.
  mlir::Value nextWindow(mlir::Value at);

  /// What is asked for into the second level cache with the step at `at`.
  mlir::Value farFrom(mlir::Value at, int64_t tokens);

  /// The bytes at `at`; asks for those at `far`, if any, and for those near ahead.
  Values loadStep(mlir::Value at, mlir::Value far, int64_t row, int64_t rows);

  /// Plane `p` of two bits of `bytes`.
  Plane unpack(llvm::ArrayRef<mlir::Value> bytes, int64_t p, Unpack how);

  /// The planes of a step, in the order of their columns.
  llvm::SmallVector<Plane> unpackStep(llvm::ArrayRef<mlir::Value> bytes, Unpack how);

  mlir::Value dot(mlir::Value acc, mlir::Value codes, mlir::Value x, int64_t max);

  mlir::Value sumsAt(mlir::Value i, int64_t t, int64_t row);

  /// [tokens][vectors of rows] sums of one tile to the buffer.
  void storeSums(llvm::ArrayRef<mlir::Value> acc, mlir::Value i, int64_t tokens, int64_t row);

  /// Vectors of sums that leave registers for a step: those of the largest tile, where
  /// there are 32.
  int64_t accumulators() const { return form.width == 64 ? form.tokens * form.rowsN / lanes : 8; }

  /// int32 lanes; all codes.
  void quadTile(mlir::Value block, mlir::Value token, mlir::Value i, int64_t tokens,
                mlir::Value begin, mlir::Value end, int64_t row, int64_t rows);

  /// The planes of `together` steps from `stored`.
  llvm::SmallVector<Plane> unpackSteps(mlir::Value stored, int64_t row, int64_t rows,
                                       int64_t tokens, Unpack how);

  /// `add(plane, n, codes, x)` for sum n = [token][vector of rows].
  void addStep(llvm::ArrayRef<Plane> unpacked, mlir::Value first, int64_t tokens,
               mlir::Value column,
               llvm::function_ref<void(const Plane &, int64_t, mlir::Value, mlir::Value)> add);

  /// int16 lanes, widened within the bound; codes of two bits.
  void pairTile(mlir::Value block, mlir::Value token, mlir::Value i, int64_t tokens,
                mlir::Value begin, mlir::Value end, int64_t row, int64_t rows);

  /// Products of single bytes in int16 lanes, widened within the bound. int32 sums have two
  /// lanes for each row until the end.
  void productTile(mlir::Value block, mlir::Value token, mlir::Value i, int64_t tokens,
                   mlir::Value begin, mlir::Value end, int64_t row, int64_t rows);

  //===--- many tokens -------------------------------------------------------===//

  /// A panel of steps at a time. The first tile unpacks it for the others: its products
  /// hide the stores.
  void panelTiles(mlir::Value block, mlir::Value token, mlir::Value count, mlir::Value begin,
                  mlir::Value end, Finish finish);

  /// The vectors of sums of a tile.
  Values loadSums(mlir::Value i, int64_t tokens);

  mlir::Value panelAt(mlir::Value quad, int64_t v) {
    return b.add(b.mul(quad, stepBytes), v * form.width);
  }

  /// As step `step` of the panel.
  void storeUnpacked(llvm::ArrayRef<Plane> unpacked, mlir::Value step);

  /// The first tokens; stores steps from .. to - 1 unpacked in the panel.
  void unpackingTile(mlir::Value block, mlir::Value token, mlir::Value from, mlir::Value to);

  /// `pace`: tokens for each quad whose rows of y are asked for, see prefetchOutput.
  void panelTile(mlir::Value block, mlir::Value token, mlir::Value i, int64_t tokens,
                 mlir::Value from, mlir::Value quads, mlir::Value pace);

  /// The rows of y that the epilogue will write, the lines of one token: of many at once
  /// the buffers of the cache would be full.
  void prefetchOutput(mlir::Value block, mlir::Value first, mlir::Value tokens16);

  //===--- many tokens, multiplied in memory -----------------------------------===//

  /// A panel of steps at a time, unpacked for all tokens. While it is multiplied, the stored
  /// bytes of the next one are asked for.
  void multiplyInMemory(mlir::Value block, mlir::Value token, mlir::Value count, mlir::Value begin,
                        mlir::Value end, Finish finish);

  /// Of `count` tokens.
  void clearSums(mlir::Value count);

  LinearBuilder &b;
  const LinearShape &shape;
  Isa isa;
  KernelForm form;
  const LinearArguments &args;
  Epilogue epilogue;
  Coding coding;
  int64_t planes;
  int64_t steps; ///< of 128 bytes in a block of rows
  int64_t chunk; ///< tokens whose sums are kept
  int64_t panelSteps;
  int64_t together;  ///< steps at once: 16 columns
  int64_t lanes;     ///< int32 lanes, rows, in a vector
  int64_t lastTouch; ///< of touchAhead
  mlir::Value sums, totals, panel;
};

} // namespace lobit

#endif // LOBIT_PASSES_LOWER_LINEAR_TILEKERNEL_H
