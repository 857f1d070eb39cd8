#include "dialects/Interpreter/Arithmetic/Activations.h"
#include "dialects/Interpreter/Arithmetic/Functions.h"
#include "dialects/Interpreter/Arithmetic/Idioms.h"
#include "dialects/Interpreter/Arithmetic/Lanes.h"
#include "dialects/Interpreter/Evaluation.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "dialects/UKernel/UKernelOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lobit {

template <typename T> static std::vector<T> lanes(Value value, CallFrame &frame) {
  const std::vector<int64_t> &integers = frame.tensor(value).integers;
  return std::vector<T>(integers.begin(), integers.end());
}

template <typename T> static TensorValue vectorOf(const std::vector<T> &lanes) {
  return TensorValue::ofIntegers({int64_t(lanes.size())},
                                 std::vector<int64_t>(lanes.begin(), lanes.end()));
}

static TensorValue evaluate(uk::TableLookupOp op, CallFrame &frame) {
  auto indices = lanes<int8_t>(op.getIndices(), frame);
  std::vector<int8_t> out(indices.size());
  reference::tableLookup(lanes<int8_t>(op.getTable(), frame).data(), indices.data(), indices.size(),
                         out.data());
  return vectorOf(out);
}

static TensorValue evaluate(uk::DotI8Op op, CallFrame &frame) {
  auto acc = lanes<int32_t>(op.getAcc(), frame);
  reference::dotI8(lanes<int8_t>(op.getLhs(), frame).data(),
                   lanes<int8_t>(op.getRhs(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::DotS8Op op, CallFrame &frame) {
  auto acc = lanes<int32_t>(op.getAcc(), frame);
  reference::dotS8(lanes<int8_t>(op.getLhs(), frame).data(),
                   lanes<int8_t>(op.getRhs(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::MatmulI8Op op, CallFrame &frame) {
  auto acc = lanes<int32_t>(op.getAcc(), frame);
  reference::matmulI8(lanes<int8_t>(op.getLhs(), frame).data(),
                      lanes<int8_t>(op.getRhs(), frame).data(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::DotI8PairsOp op, CallFrame &frame) {
  auto acc = lanes<int16_t>(op.getAcc(), frame);
  reference::dotI8Pairs(lanes<int8_t>(op.getLhs(), frame).data(),
                        lanes<int8_t>(op.getRhs(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::DotS8HalvesOp op, CallFrame &frame) {
  auto acc = lanes<int16_t>(op.getAcc(), frame);
  reference::dotS8Halves(lanes<int8_t>(op.getLhs(), frame).data(),
                         lanes<int8_t>(op.getRhs(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::MultiplyAddS8Op op, CallFrame &frame) {
  auto acc = lanes<int16_t>(op.getAcc(), frame);
  reference::multiplyAddS8(lanes<int8_t>(op.getLhs(), frame).data(),
                           lanes<int8_t>(op.getRhs(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::WidenAddOp op, CallFrame &frame) {
  auto acc = lanes<int32_t>(op.getAcc(), frame);
  reference::widenAdd(lanes<int16_t>(op.getInput(), frame).data(), acc.size(), acc.data());
  return vectorOf(acc);
}

static TensorValue evaluate(uk::UnpackOp op, CallFrame &frame) {
  auto bytes = lanes<int8_t>(op.getInput(), frame);
  for (int8_t &byte : bytes)
    byte = reference::unpackPlane(byte, op.getPlane(), op.getInPlace());
  return vectorOf(bytes);
}

static TensorValue evaluate(uk::UnpackNibbleOp op, CallFrame &frame) {
  auto bytes = lanes<int8_t>(op.getInput(), frame);
  for (int8_t &byte : bytes)
    byte = int8_t(uint8_t(byte) >> 4 * op.getHalf() & 15);
  return vectorOf(bytes);
}

static TensorValue evaluate(uk::UnpackI6Op op, CallFrame &frame) {
  auto first = lanes<int8_t>(op.getFirst(), frame), second = lanes<int8_t>(op.getSecond(), frame),
       third = lanes<int8_t>(op.getThird(), frame);
  for (size_t i = 0; i < first.size(); ++i)
    first[i] = reference::unpackI6(first[i], second[i], third[i], op.getPlane(), op.getInPlace());
  return vectorOf(first);
}

/// Bits 4 nibble .. 4 nibble + 3 of each lane.
static std::vector<unsigned> nibbles(Value masks, int64_t nibble, CallFrame &frame) {
  std::vector<unsigned> result;
  for (int32_t mask : lanes<int32_t>(masks, frame))
    result.push_back(uint32_t(mask) >> (4 * nibble) & 15);
  return result;
}

static TensorValue evaluate(uk::SelectPairsOp op, CallFrame &frame) {
  auto x = lanes<int8_t>(op.getX(), frame);
  std::vector<int8_t> out;
  for (unsigned mask : nibbles(op.getMasks(), op.getNibble(), frame)) {
    out.resize(out.size() + 4);
    reference::selectPairs(x.data(), mask, op.getBiased(), &out[out.size() - 4]);
  }
  return vectorOf(out);
}

static TensorValue evaluate(uk::ExpandPairsOp op, CallFrame &frame) {
  auto values = lanes<int8_t>(op.getValues(), frame);
  std::vector<int8_t> out(values.size());
  auto masks = nibbles(op.getMasks(), op.getNibble(), frame);
  for (size_t i = 0; i < masks.size(); ++i)
    reference::expandPairs(&values[4 * i], masks[i], op.getHalf(), &out[4 * i]);
  return vectorOf(out);
}

static void evaluate(uk::UnpackBase3Op op, CallFrame &frame) {
  auto low = lanes<int8_t>(op.getInput(), frame), high = low;
  for (size_t i = 0; i < low.size(); ++i)
    reference::unpackBase3(uint8_t(low[i]), low[i], high[i]);
  frame.set(op.getLow(), vectorOf(low));
  frame.set(op.getHigh(), vectorOf(high));
}

static TensorValue evaluate(uk::ActQuantizeOp op, CallFrame &frame) {
  float factor = frame.tensor(op.getFactor()).floats[0];
  std::vector<int8_t> codes;
  for (float x : frame.tensor(op.getInput()).floats)
    codes.push_back(reference::quantizeActivation(x, factor));
  return vectorOf(codes);
}

static TensorValue evaluate(uk::ReduceAddOp op, CallFrame &frame) {
  return TensorValue::ofFloats({},
                               {reference::reduceLanes(frame.tensor(op.getInput()).floats.data())});
}

static TensorValue evaluate(uk::ExpOp op, CallFrame &frame) {
  TensorValue value = frame.tensor(op.getInput());
  for (float &x : value.floats)
    x = reference::exponential(x);
  return value;
}

// The interpreter holds f16 and bf16 values widened already.
static TensorValue evaluate(uk::WidenFloatOp op, CallFrame &frame) {
  return frame.tensor(op.getInput());
}

static TensorValue evaluate(uk::NarrowFloatOp op, CallFrame &frame) {
  TensorValue result = frame.tensor(op.getInput());
  for (float &value : result.floats)
    value = f16ToFloat(floatToF16(value));
  return result;
}

static void evaluateThreadRange(uk::ThreadRangeOp op, CallFrame &frame) {
  int64_t count = frame.integer(op.getCount()), thread = frame.integer(op.getThread());
  int64_t threads = frame.integer(op.getThreads());
  frame.set(op.getBegin(), TensorValue::ofIndex(reference::shareBegin(count, thread, threads)));
  frame.set(op.getEnd(), TensorValue::ofIndex(reference::shareBegin(count, thread + 1, threads)));
}

std::optional<Status> evaluateUKernel(Operation *op, CallFrame &frame) {
  if (auto range = dyn_cast<uk::ThreadRangeOp>(op)) {
    evaluateThreadRange(range, frame);
    return Status();
  }
  return llvm::TypeSwitch<Operation *, std::optional<Status>>(op)
      .Case<uk::TableLookupOp, uk::DotI8Op, uk::DotS8Op, uk::MatmulI8Op, uk::DotI8PairsOp,
            uk::DotS8HalvesOp, uk::MultiplyAddS8Op, uk::WidenAddOp, uk::UnpackOp,
            uk::UnpackNibbleOp, uk::UnpackI6Op, uk::SelectPairsOp, uk::ExpandPairsOp,
            uk::ActQuantizeOp, uk::ReduceAddOp, uk::ExpOp, uk::WidenFloatOp, uk::NarrowFloatOp>(
          [&](auto typed) {
            frame.set(typed.getResult(), evaluate(typed, frame));
            return Status();
          })
      .Case<uk::UnpackBase3Op>([&](auto typed) {
        evaluate(typed, frame);
        return Status();
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace lobit
