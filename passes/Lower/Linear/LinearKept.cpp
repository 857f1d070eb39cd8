// Kept weights: f32 in 16 fixed lanes, lane j sums columns k = j mod 16 ascending with a
// separate multiplication and addition. Identical for any tile, because tiles differ only
// in which rows and tokens share a loop.
#include "passes/Lower/Linear/LinearBuilder.h"

#include "runtime/format/CheckedMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lobit {
namespace {

constexpr int64_t lanes = 16, rowGroup = 4;

class KeptKernel {
public:
  KeptKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
             const LinearArguments &args)
      : b(b), shape(shape), form(form), args(args), epilogue(b, shape, args) {}

  void build() {
    Value tiles = b.index(ceilDiv(shape.out, rowGroup));
    forShare(b, tiles, args.thread, args.threads, [&](Value tile) {
      forTokenTiles(b, shape, args, form.tokens, [&](Value token, int64_t tokens) {
        int64_t rows = tokens == 1 ? form.rows1 : form.rowsN;
        Value row = b.mul(tile, rowGroup);
        Values sums;
        for (int64_t r0 = 0; r0 < rowGroup; r0 += rows)
          sums.append(dots(b.add(row, r0), rows, token, tokens));
        for (int64_t t = 0; t < tokens; ++t) {
          Values four;
          for (int64_t r = 0; r < rowGroup; ++r)
            four.push_back(sums[r * tokens + t]);
          epilogue.storePlain(b.reduce4(four), row, b.add(token, t));
        }
      });
    });
  }

private:
  /// The 16 lanes of [rows][tokens]; rows past the last are the last.
  Values dots(Value row, int64_t rows, Value token, int64_t tokens) {
    Values starts;
    for (int64_t r = 0; r < rows; ++r) {
      Value at = b.add(row, r);
      if (shape.out % rowGroup != 0)
        at = b.min(at, b.index(shape.out - 1));
      starts.push_back(b.mul(at, shape.in));
    }
    auto addProducts = [&](Values &acc, auto loadX, auto loadW) {
      Values x;
      for (int64_t t = 0; t < tokens; ++t)
        x.push_back(loadX(b.add(token, t)));
      for (int64_t r = 0; r < rows; ++r) {
        Value w = loadW(starts[r]);
        for (int64_t t = 0; t < tokens; ++t)
          acc[r * tokens + t] =
              b.create<arith::AddFOp>(acc[r * tokens + t], b.create<arith::MulFOp>(x[t], w));
      }
    };
    Type element = cast<MemRefType>(args.weights.getType()).getElementType();
    Values acc(rows * tokens, b.zero(b.f32s(lanes)));
    int64_t rest = shape.in % lanes;
    acc =
        b.loop(b.index(0), b.index(shape.in - rest), lanes, acc, [&](Value k, ValueRange carried) {
          Values next(carried.begin(), carried.end());
          addProducts(
              next, [&](Value t) { return b.load(b.f32s(lanes), args.input[0], {t, k}); },
              [&](Value start) {
                Value at = b.add(start, k);
                b.prefetch(args.weights, at, 1024);
                return b.widen(b.load(VectorType::get({lanes}, element), args.weights, at));
              });
          return next;
        });
    // Lanes past the row add +0 * +0 to a sum that is never -0.
    if (rest != 0)
      addProducts(
          acc, [&](Value t) { return b.loadRest(args.input[0], {t, b.index(0)}, shape.in, rest); },
          [&](Value start) { return b.loadRest(args.weights, start, shape.in, rest); });
    return acc;
  }

  LinearBuilder &b;
  const LinearShape &shape;
  const KernelForm &form;
  const LinearArguments &args;
  Epilogue epilogue;
};

} // namespace

void buildKeptKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                     const LinearArguments &args) {
  KeptKernel(b, shape, form, args).build();
}

} // namespace lobit
