// i6_pair24: one row and one chunk of 8 columns at a time, in plain integer arithmetic.
#include "passes/Lower/Linear/LinearBuilder.h"

#include "runtime/format/CheckedMath.h"
#include "runtime/format/Pair24.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace lobit {

void buildChunkKernel(LinearBuilder &b, const LinearShape &shape, const KernelForm &form,
                      const LinearArguments &args) {
  Epilogue epilogue(b, shape, args);
  Type i32 = b.getI32Type();
  const int64_t blocks = ceilDiv(uint64_t(shape.in), kPair24Columns);
  const int64_t rowBytes = blocks * int64_t(kPair24Payload + kPair24Metadata);
  auto constant = [&](int64_t value) -> Value { return b.create<arith::ConstantIntOp>(value, 32); };
  auto byteAt = [&](Value at) -> Value {
    return b.create<arith::ExtUIOp>(i32, b.create<memref::LoadOp>(args.weights, at));
  };
  auto indexOf = [&](Value value) -> Value {
    return b.create<arith::IndexCastUIOp>(b.getIndexType(), value);
  };

  // |code| <= 32 and |q| <= 128: int32 holds the sum of 2^19 columns and more.
  auto dot = [&](Value row, Value token) -> Value {
    Value payload = b.mul(row, rowBytes);
    Value metadata = b.add(payload, blocks * int64_t(kPair24Payload));
    Values init = {constant(0)};
    return b.loop(b.index(0), b.index(8 * blocks), 1, init,
                  [&](Value chunk, ValueRange carried) -> Values {
                    Value at = b.add(payload, b.mul(chunk, 3));
                    Value word = byteAt(at);
                    for (int64_t i = 1; i < 3; ++i)
                      word = b.create<arith::OrIOp>(
                          word, b.create<arith::ShLIOp>(byteAt(b.add(at, i)), constant(8 * i)));
                    Value half = b.create<arith::DivUIOp>(chunk, b.index(2));
                    Value odd = b.create<arith::IndexCastUIOp>(
                        i32, b.mul(b.create<arith::RemUIOp>(chunk, b.index(2)), 4));
                    Value nibble = b.create<arith::ShRUIOp>(byteAt(b.add(metadata, half)), odd);
                    Value sum = carried[0];
                    for (int64_t i = 0; i < 4; ++i) {
                      Value pair = b.create<arith::AndIOp>(
                          b.create<arith::ShRUIOp>(nibble, constant(i < 2 ? 0 : 2)), constant(3));
                      Value column = b.add(b.add(b.mul(chunk, 8), b.mul(indexOf(pair), 2)), i % 2);
                      Value q = b.create<arith::ExtSIOp>(
                          i32, b.create<memref::LoadOp>(args.input[0], ValueRange{token, column}));
                      Value code = b.create<arith::ShRSIOp>(
                          b.create<arith::ShLIOp>(word, constant(26 - 6 * i)), constant(26));
                      sum = b.add(sum, b.create<arith::MulIOp>(code, q));
                    }
                    return {sum};
                  })[0];
  };

  forShare(b, b.index(shape.out), args.thread, args.threads, [&](Value row) {
    forTokenTiles(b, shape, args, form.tokens, [&](Value token, int64_t) {
      epilogue.storeScaled(b.splat(dot(row, token), 1), row, token);
    });
  });
}

} // namespace lobit
