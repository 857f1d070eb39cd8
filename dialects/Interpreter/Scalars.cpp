#include "dialects/Interpreter/Scalars.h"

#include "dialects/Interpreter/Arithmetic/Functions.h"
#include "dialects/Interpreter/Arithmetic/Idioms.h"
#include "dialects/Interpreter/Evaluation.h"
#include "dialects/Lobit/Weights/FloatFormats.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace lobit {

//===--- numbers ------------------------------------------------------------===//

static unsigned widthOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
}

static int64_t signExtend(uint64_t value, unsigned width) {
  return width == 64 ? int64_t(value) : int64_t(value << (64 - width)) >> (64 - width);
}

static uint64_t zeroExtend(int64_t value, unsigned width) {
  return width == 64 ? uint64_t(value) : uint64_t(value) & ((uint64_t(1) << width) - 1);
}

/// IEEE maximum and minimum: NaN wins, -0 is below +0.
static float maximum(float a, float b) {
  if (std::isnan(a) || std::isnan(b))
    return std::isnan(a) ? a : b;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
static float minimum(float a, float b) { return -maximum(-a, -b); }

static bool compare(arith::CmpFPredicate predicate, float a, float b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::OEQ:
    return a == b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::ONE:
    return !unordered && a != b;
  case P::ORD:
    return !unordered;
  case P::UEQ:
    return unordered || a == b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UNE:
    return a != b;
  case P::UNO:
    return unordered;
  case P::AlwaysTrue:
    return true;
  }
  return false;
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b, unsigned width) {
  using P = arith::CmpIPredicate;
  uint64_t ua = zeroExtend(a, width), ub = zeroExtend(b, width);
  switch (predicate) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
    return a < b;
  case P::sle:
    return a <= b;
  case P::sgt:
    return a > b;
  case P::sge:
    return a >= b;
  case P::ult:
    return ua < ub;
  case P::ule:
    return ua <= ub;
  case P::ugt:
    return ua > ub;
  case P::uge:
    return ua >= ub;
  }
  return false;
}

//===--- ops ----------------------------------------------------------------===//

static std::optional<float> evaluateFloat(Operation *op, ArrayRef<Scalar> in) {
  using Optional = std::optional<float>;
  float a = in[0].f, b = in.size() > 1 ? in[1].f : 0;
  return llvm::TypeSwitch<Operation *, Optional>(op)
      .Case([&](arith::AddFOp) { return Optional(a + b); })
      .Case([&](arith::SubFOp) { return Optional(a - b); })
      .Case([&](arith::MulFOp) { return Optional(a * b); })
      .Case([&](arith::DivFOp) { return Optional(a / b); })
      .Case([&](arith::NegFOp) { return Optional(-a); })
      .Case([&](arith::MaximumFOp) { return Optional(maximum(a, b)); })
      .Case([&](arith::MinimumFOp) { return Optional(minimum(a, b)); })
      .Case([&](arith::MaxNumFOp) {
        return Optional(std::isnan(a) ? b : std::isnan(b) ? a : maximum(a, b));
      })
      .Case([&](arith::MinNumFOp) {
        return Optional(std::isnan(a) ? b : std::isnan(b) ? a : minimum(a, b));
      })
      .Case([&](arith::SIToFPOp) { return Optional(float(in[0].i)); })
      .Case([&](arith::UIToFPOp cast) {
        return Optional(float(zeroExtend(in[0].i, widthOf(cast.getIn().getType()))));
      })
      .Case([&](arith::ExtFOp) { return Optional(a); })
      .Case([&](arith::TruncFOp cast) {
        bool isF16 = getElementTypeOrSelf(cast.getType()).isF16();
        return Optional(isF16 ? reference::widenF16(floatToF16(a))
                              : reference::widenBF16(floatToBf16(a)));
      })
      .Case([&](math::SqrtOp) { return Optional(std::sqrt(a)); })
      .Case([&](math::AbsFOp) { return Optional(std::fabs(a)); })
      .Case([&](math::ExpOp) { return Optional(reference::exponential(a)); })
      .Default([](Operation *) { return Optional(); });
}

static std::optional<int64_t> evaluateInteger(Operation *op, ArrayRef<Scalar> in) {
  using Optional = std::optional<int64_t>;
  int64_t a = in[0].i, b = in.size() > 1 ? in[1].i : 0;
  unsigned width = widthOf(op->getOperand(0).getType());
  // Shifting by the width or more is undefined; here it shifts everything out.
  uint64_t ua = zeroExtend(a, width), ub = zeroExtend(b, width);
  return llvm::TypeSwitch<Operation *, Optional>(op)
      .Case([&](arith::AddIOp) { return Optional(uint64_t(a) + uint64_t(b)); })
      .Case([&](arith::SubIOp) { return Optional(uint64_t(a) - uint64_t(b)); })
      .Case([&](arith::MulIOp) { return Optional(uint64_t(a) * uint64_t(b)); })
      .Case([&](arith::AndIOp) { return Optional(a & b); })
      .Case([&](arith::OrIOp) { return Optional(a | b); })
      .Case([&](arith::XOrIOp) { return Optional(a ^ b); })
      .Case([&](arith::ShLIOp) { return Optional(ub < width ? ua << ub : 0); })
      .Case([&](arith::ShRUIOp) { return Optional(ub < width ? ua >> ub : 0); })
      .Case([&](arith::ShRSIOp) { return Optional(a >> std::min<uint64_t>(ub, 63)); })
      .Case([&](arith::MaxSIOp) { return Optional(std::max(a, b)); })
      .Case([&](arith::MinSIOp) { return Optional(std::min(a, b)); })
      .Case<arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp>([&](auto) { return Optional(a); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { return Optional(ua); })
      .Case([&](arith::CmpIOp cmp) {
        return Optional(compare(cmp.getPredicate(), a, b, width) ? -1 : 0);
      })
      .Case([&](arith::CmpFOp cmp) {
        return Optional(compare(cmp.getPredicate(), in[0].f, in[1].f) ? -1 : 0);
      })
      .Default([](Operation *) { return Optional(); });
}

bool isScalarOp(Operation *op) {
  return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::NegFOp,
             arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp,
             arith::SIToFPOp, arith::UIToFPOp, arith::ExtFOp, arith::TruncFOp, math::SqrtOp,
             math::AbsFOp, math::ExpOp, arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::AndIOp,
             arith::OrIOp, arith::XOrIOp, arith::ShLIOp, arith::ShRUIOp, arith::ShRSIOp,
             arith::MaxSIOp, arith::MinSIOp, arith::ExtSIOp, arith::TruncIOp, arith::IndexCastOp,
             arith::ExtUIOp, arith::IndexCastUIOp, arith::CmpIOp, arith::CmpFOp, arith::SelectOp,
             arith::FPToSIOp>(op);
}

Result<Scalar> evaluateScalar(Operation *op, ArrayRef<Scalar> in) {
  if (isa<arith::SelectOp>(op))
    return in[0].i ? in[1] : in[2];
  if (isa<arith::FPToSIOp>(op)) {
    unsigned width = widthOf(op->getResult(0).getType());
    double limit = std::ldexp(1.0, int(width) - 1);
    if (!(in[0].f > -limit - 1 && in[0].f < limit))
      return Status(StatusCode::INVALID_ARGUMENT,
                    describe(op) + ": expected a value that fits into " + std::to_string(width) +
                        " bits, found " + std::to_string(in[0].f));
    return Scalar{0, int64_t(in[0].f)};
  }
  if (std::optional<float> value = evaluateFloat(op, in))
    return Scalar{*value, 0};
  return Scalar{0, signExtend(*evaluateInteger(op, in), widthOf(op->getResult(0).getType()))};
}

//===--- elementwise on whole values ----------------------------------------===//

std::optional<Status> evaluateElementwise(Operation *op, CallFrame &frame) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    Result<TensorValue> value = tensorOfAttribute(constant.getValue());
    if (!value.ok())
      return std::move(value).status().withContext(describe(op));
    frame.set(constant.getResult(), std::move(*value));
    return Status();
  }
  if (!isScalarOp(op))
    return std::nullopt;
  std::vector<const TensorValue *> operands;
  for (Value operand : op->getOperands())
    operands.push_back(&frame.tensor(operand));
  TensorValue result;
  result.shape = operands.back()->shape;
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  SmallVector<Scalar, 3> scalars(operands.size());
  for (int64_t i = 0; i < result.size(); ++i) {
    for (auto [scalar, operand] : llvm::zip(scalars, operands)) {
      if (operand->shape.size() != result.shape.size()) { // the scalar condition of a select
        scalar.i = operand->integers[0];
        continue;
      }
      if (operand->shape != result.shape)
        return Status(StatusCode::INVALID_ARGUMENT,
                      describe(op) + ": expected operands of one shape");
      if (operand->floats.empty())
        scalar.i = operand->integers[i];
      else
        scalar.f = operand->floats[i];
    }
    Result<Scalar> scalar = evaluateScalar(op, scalars);
    if (!scalar.ok())
      return std::move(scalar).status();
    if (isFloat)
      result.floats.push_back(scalar->f);
    else
      result.integers.push_back(scalar->i);
  }
  frame.set(op->getResult(0), std::move(result));
  return Status();
}

} // namespace lobit
