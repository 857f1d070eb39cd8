// Blocks of rows, chunks and tiles of tokens: which of the kernels of TileKernel.h does what.
#include "passes/Lower/Linear/TileKernel.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lobit {

void TileKernel::build() {
  bool grouped = shape.granularity == Granularity::Group;
  std::optional<TableForm> tables = findTableForm(shape.layout, isa);
  bool usesTables = tables && !grouped && shape.maxRows >= tables->leastTokens;
  // One row more for a tile of an even number of tokens that ends after the last.
  int64_t kept = std::max<int64_t>(chunk + 1, usesTables ? tableTokens * tables->groups : 0);
  sums = b.onStack({kept * blockRows}, b.getI32Type());
  if (usesPanel() || (multipliesInMemory() && planes > 1))
    panel = b.onStack({panelSteps * planes * stepBytes}, b.getI8Type());
  if (grouped)
    totals = b.onStack({chunk * blockRows}, b.getF32Type());
  auto share = b.create<uk::ThreadRangeOp>(b.getIndexType(), b.getIndexType(),
                                           b.index(ceilDiv(shape.out, blockRows)), args.thread,
                                           args.threads);
  Value first = args.first;
  if (usesTables)
    first = buildTableTokens(b, shape, *tables, args, share.getBegin(), share.getEnd(), sums,
                             [&](Value block, Value token, Value count) {
                               storePlain(block, token, b.index(0), count, sums, b.index(0),
                                          /*unsignedCodes=*/false);
                             });
  // All rows for one chunk of tokens: its activations stay in the second level cache, and to
  // read weights again takes memory less time than their products.
  auto chunks = [&] {
    b.loop(first, args.rows, chunk, [&](Value token) {
      Value left = b.create<arith::SubIOp>(args.rows, token);
      Value count = chunk == 1 ? b.index(1) : b.min(left, b.index(chunk));
      b.loop(share.getBegin(), share.getEnd(), 1, [&](Value block) {
        if (grouped)
          groupedChunk(block, token, count);
        else
          plainChunk(block, token, count);
      });
    });
  };
  if (grouped || !hasPairTables(shape.layout, isa))
    return chunks();
  auto pairs = [&] {
    buildPairTables(b, shape, args, isa, share.getBegin(), share.getEnd(), first,
                    [&](Value block, Value totals, Value at) {
                      storePlain(block, first, b.index(0), b.index(1), totals, at,
                                 /*unsignedCodes=*/false);
                    });
  };
  Value isOne = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq,
                                        b.create<arith::SubIOp>(args.rows, first), b.index(1));
  b.when(isOne, pairs, chunks);
}

void TileKernel::plainChunk(Value block, Value token, Value count) {
  sumColumns(block, token, count, b.index(0), b.index(steps), [&](Value from, Value to) {
    storePlain(block, token, from, to, sums, b.index(0), !flipsTopBit());
  });
}

void TileKernel::storePlain(Value block, Value token, Value from, Value to, Value buffer,
                            Value start, bool unsignedCodes) {
  forExistingRows(block, from, to, [&](Value i, Value at, Value row) {
    Value d = b.load(b.i32s(epilogueRows), buffer, b.add(start, at));
    if (unsignedCodes)
      d = b.create<arith::SubIOp>(d, correction(b.add(token, i), b.index(0)));
    epilogue.storeScaled(d, row, b.add(token, i));
  });
}

void TileKernel::groupedChunk(Value block, Value token, Value count) {
  Value zero = b.index(0);
  forRows(zero, count,
          [&](Value, Value at, int64_t) { b.store(b.zero(b.f32s(epilogueRows)), totals, at); });
  int64_t perGroup = shape.groupSize / (4 * planes);
  b.loop(zero, b.index(shape.groupsPerRow()), 1, [&](Value group) {
    Value begin = b.mul(group, perGroup);
    Value end = b.min(b.add(begin, perGroup), b.index(steps));
    sumColumns(block, token, count, begin, end, nullptr);
    forExistingRows(block, zero, count, [&](Value i, Value at, Value row) {
      Value d = b.load(b.i32s(epilogueRows), sums, at);
      d = b.create<arith::SubIOp>(d, correction(b.add(token, i), group));
      Value total = b.load(b.f32s(epilogueRows), totals, at);
      b.store(epilogue.addGroup(total, d, row, group), totals, at);
    });
  });
  forExistingRows(block, zero, count, [&](Value i, Value at, Value row) {
    Value total = b.load(b.f32s(epilogueRows), totals, at);
    epilogue.storeGrouped(total, row, b.add(token, i));
  });
}

void TileKernel::forRows(Value from, Value to,
                         llvm::function_ref<void(Value, Value, int64_t)> body) {
  b.loop(from, to, 1, [&](Value i) {
    for (int64_t r = 0; r < blockRows; r += epilogueRows)
      body(i, b.add(b.mul(i, blockRows), r), r);
  });
}

void TileKernel::forExistingRows(Value block, Value from, Value to,
                                 llvm::function_ref<void(Value, Value, Value)> body) {
  int64_t inLastBlock = shape.out % blockRows;
  forRows(from, to, [&](Value i, Value at, int64_t r) {
    Value row = b.add(b.mul(block, blockRows), r);
    if (inLastBlock == 0 || r < inLastBlock)
      body(i, at, row);
    else
      b.when(b.less(row, b.index(shape.out)), [&] { body(i, at, row); });
  });
}

Value TileKernel::correction(Value token, Value group) {
  Value sum = b.create<memref::LoadOp>(args.input[2], ValueRange{token, group});
  if (coding.zero != 1)
    sum = b.create<arith::MulIOp>(sum, b.create<arith::ConstantIntOp>(coding.zero, 32));
  return b.splat(sum, epilogueRows);
}

void TileKernel::sumColumns(Value block, Value token, Value count, Value begin, Value end,
                            Finish finish) {
  auto fused = [&] {
    auto tile = [&](Value i, int64_t tokens) {
      int64_t rows = tokens == 1 ? form.rows1 : form.rowsN;
      for (int64_t r = 0; r < blockRows; r += rows)
        if (form.form == Form::Pairs)
          pairTile(block, token, i, tokens, begin, end, r, rows);
        else if (form.form == Form::Products)
          productTile(block, token, i, tokens, begin, end, r, rows);
        else
          quadTile(block, token, i, tokens, begin, end, r, rows);
    };
    forTiles(b.index(0), count, 1, evenTile(std::min(form.tokens, chunk)), tile, finish);
  };
  if (multipliesInMemory())
    return b.when(
        b.less(b.index(form.leastPanelTokens - 1), count),
        [&] { multiplyInMemory(block, token, count, begin, end, finish); }, fused);
  if (!usesPanel())
    return fused();
  b.when(
      b.less(b.index(form.tokens), count),
      [&] { panelTiles(block, token, count, begin, end, finish); }, fused);
}

void TileKernel::forTiles(Value first, Value count, int64_t least, int64_t most,
                          llvm::function_ref<void(Value, int64_t)> body, Finish finish) {
  if (most == 1) {
    b.loop(first, count, 1, [&](Value i) {
      body(i, 1);
      if (finish)
        finish(i, b.add(i, 1));
    });
    return;
  }
  SmallVector<int64_t> sizes;
  for (int64_t size = least; size <= most; ++size)
    if (sizes.empty() || evenTile(size) != sizes.back())
      sizes.push_back(evenTile(size));
  auto loop = b.create<scf::WhileOp>(TypeRange{b.getIndexType()}, ValueRange{first});
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, b.getIndexType(), b.getLoc());
  b.create<scf::ConditionOp>(b.less(before->getArgument(0), count), before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, b.getIndexType(), b.getLoc());
  Value i = after->getArgument(0);
  Value left = b.create<arith::SubIOp>(count, i);
  auto select = [&](Value condition, Value a, Value c) -> Value {
    return b.create<arith::SelectOp>(condition, a, c);
  };
  Value half = b.create<arith::ShRUIOp>(b.add(left, 1), b.index(1));
  Value size = select(b.less(b.index(most), left), half, left);
  Value even = b.create<arith::AndIOp>(b.add(size, 1), b.index(-2));
  size = select(b.less(b.index(4), size), even, size);
  size = b.min(size, b.index(most));
  b.choose(size, sizes, [&](int64_t tokens) { body(i, tokens); });
  Value next = b.add(i, size);
  if (finish)
    finish(i, b.min(next, count));
  b.create<scf::YieldOp>(ValueRange{next});
}

void buildTileKernel(LinearBuilder &b, const LinearShape &shape, Isa isa,
                     const LinearArguments &args) {
  TileKernel(b, shape, isa, args).build();
}

} // namespace lobit
