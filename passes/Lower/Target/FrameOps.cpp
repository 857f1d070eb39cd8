// The LobitFrame as generated code sees it, with pointers as wide as the target's.
#include "passes/Lower/Target/Target.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/CodeAbi.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <cstddef>

using namespace mlir;

namespace lobit {
namespace {

/// LobitFrame with pointers of any width.
template <typename Pointer> struct FrameLayout {
  uint64_t thread, threads;
  Pointer weights, scratch, state, inputs, outputs;
  uint64_t rows, position, firstOutputRow;
  Pointer barrier, barrierContext, trace, traceContext, nonfinite;
};

struct FrameOffsets {
  size_t thread, threads, weights, scratch, state, inputs, outputs, rows, position, firstOutputRow,
      barrier, barrierContext, trace, traceContext, nonfinite, pointerBytes;
};

template <typename Frame, typename Pointer> constexpr FrameOffsets offsetsOf() {
  return {offsetof(Frame, thread),    offsetof(Frame, threads),
          offsetof(Frame, weights),   offsetof(Frame, scratch),
          offsetof(Frame, state),     offsetof(Frame, inputs),
          offsetof(Frame, outputs),   offsetof(Frame, rows),
          offsetof(Frame, position),  offsetof(Frame, firstOutputRow),
          offsetof(Frame, barrier),   offsetof(Frame, barrierContext),
          offsetof(Frame, trace),     offsetof(Frame, traceContext),
          offsetof(Frame, nonfinite), sizeof(Pointer)};
}

constexpr FrameOffsets offsets64 = offsetsOf<LobitFrame, void *>();
constexpr FrameOffsets offsets32 = offsetsOf<FrameLayout<uint32_t>, uint32_t>();
static_assert(sizeof(LobitFrame) == sizeof(FrameLayout<uint64_t>) &&
                  offsets64.nonfinite == offsetof(FrameLayout<uint64_t>, nonfinite) &&
                  offsets64.rows == offsetof(FrameLayout<uint64_t>, rows),
              "FrameLayout has the fields of LobitFrame");

class FrameBuilder : public ImplicitLocOpBuilder {
public:
  FrameBuilder(Operation *op, OpBuilder &builder, Value frame)
      : ImplicitLocOpBuilder(op->getLoc(), builder), frame(frame) {}

  Type pointer() { return LLVM::LLVMPointerType::get(getContext()); }

  Value at(Value base, int64_t offset) {
    if (offset == 0)
      return base;
    return create<LLVM::GEPOp>(pointer(), getI8Type(), base, LLVM::GEPArg(int32_t(offset)));
  }
  /// GEP constants have 32 bits; weights are larger than that.
  Value atLarge(Value base, int64_t offset) {
    if (offset == 0)
      return base;
    Value bytes = create<LLVM::ConstantOp>(getI64Type(), getI64IntegerAttr(offset));
    return create<LLVM::GEPOp>(pointer(), getI8Type(), base, LLVM::GEPArg(bytes));
  }
  Value loadField(Type type, size_t offset) {
    return create<LLVM::LoadOp>(type, at(frame, offset));
  }
  Value loadIndex(size_t offset) {
    return create<arith::IndexCastOp>(getIndexType(), loadField(getI64Type(), offset));
  }
  void callField(size_t function, size_t context, ValueRange more = {}) {
    SmallVector<Value> operands = {loadField(pointer(), function), loadField(pointer(), context)};
    operands.append(more.begin(), more.end());
    SmallVector<Type> types;
    for (Value operand : ArrayRef(operands).drop_front())
      types.push_back(operand.getType());
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(getContext()), types);
    create<LLVM::CallOp>(type, operands);
  }

private:
  Value frame;
};

template <typename Op> class FramePattern : public OpConversionPattern<Op> {
public:
  FramePattern(const TypeConverter &frameTypes, MLIRContext *context, const FrameOffsets &at)
      : OpConversionPattern<Op>(frameTypes, context), at(at) {}

protected:
  const FrameOffsets &at;
};

class FieldPattern : public FramePattern<uk::FieldOp> {
public:
  using FramePattern::FramePattern;

  LogicalResult matchAndRewrite(uk::FieldOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    rewriter.replaceOp(op, b.loadIndex(offsetOf(op.getField())));
    return success();
  }

private:
  size_t offsetOf(uk::Field field) const {
    switch (field) {
    case uk::Field::Thread:
      return at.thread;
    case uk::Field::Threads:
      return at.threads;
    case uk::Field::Rows:
      return at.rows;
    case uk::Field::Position:
      return at.position;
    case uk::Field::FirstOutputRow:
      return at.firstOutputRow;
    }
    llvm_unreachable("unknown field");
  }
};

class BufferPattern : public FramePattern<uk::BufferOp> {
public:
  BufferPattern(const TypeConverter &frameTypes, MLIRContext *context, const FrameOffsets &at,
                const LLVMTypeConverter &llvmTypes)
      : FramePattern(frameTypes, context, at), llvmTypes(llvmTypes) {}

  LogicalResult matchAndRewrite(uk::BufferOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    Value base = b.loadField(b.pointer(), offsetOf(op.getSection()));
    if (op.getSection() == uk::Section::Input || op.getSection() == uk::Section::Output)
      base =
          b.create<LLVM::LoadOp>(b.pointer(), b.atLarge(base, op.getArgument() * at.pointerBytes));
    auto type = cast<MemRefType>(op.getResult().getType());
    Value descriptor = MemRefDescriptor::fromStaticShape(rewriter, op.getLoc(), llvmTypes, type,
                                                         b.atLarge(base, op.getOffset()));
    rewriter.replaceOpWithNewOp<UnrealizedConversionCastOp>(op, type, descriptor);
    return success();
  }

private:
  size_t offsetOf(uk::Section section) const {
    switch (section) {
    case uk::Section::Weights:
      return at.weights;
    case uk::Section::Scratch:
      return at.scratch;
    case uk::Section::State:
      return at.state;
    case uk::Section::Input:
      return at.inputs;
    case uk::Section::Output:
      return at.outputs;
    }
    llvm_unreachable("unknown section");
  }

  const LLVMTypeConverter &llvmTypes;
};

class BarrierPattern : public FramePattern<uk::BarrierOp> {
public:
  using FramePattern::FramePattern;

  LogicalResult matchAndRewrite(uk::BarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    b.callField(at.barrier, at.barrierContext);
    rewriter.eraseOp(op);
    return success();
  }
};

class TracePattern : public FramePattern<uk::TraceOp> {
public:
  using FramePattern::FramePattern;

  LogicalResult matchAndRewrite(uk::TraceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    Value thread = b.loadField(b.getI64Type(), at.thread);
    Value isFirst = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, thread,
                                            b.create<arith::ConstantIntOp>(0, 64));
    Value function = b.loadField(b.pointer(), at.trace);
    Value wanted = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::ne, function,
                                          b.create<LLVM::ZeroOp>(b.pointer()));
    Value both = b.create<arith::AndIOp>(isFirst, wanted);
    auto ifOp = b.create<scf::IfOp>(both, /*withElseRegion=*/false);
    b.setInsertionPointToStart(ifOp.thenBlock());
    Value index = b.create<arith::IndexCastOp>(b.getI64Type(), adaptor.getIndex());
    b.callField(at.trace, at.traceContext, index);
    rewriter.eraseOp(op);
    return success();
  }
};

class ReportNonfinitePattern : public FramePattern<uk::ReportNonfiniteOp> {
public:
  using FramePattern::FramePattern;

  LogicalResult matchAndRewrite(uk::ReportNonfiniteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    auto ifOp = b.create<scf::IfOp>(adaptor.getCondition(), /*withElseRegion=*/false);
    b.setInsertionPointToStart(ifOp.thenBlock());
    Value flag = b.loadField(b.pointer(), at.nonfinite);
    // Several threads may store the same 1.
    b.create<LLVM::StoreOp>(b.create<LLVM::ConstantOp>(b.getI32Type(), b.getI32IntegerAttr(1)),
                            flag, /*alignment=*/4, /*isVolatile=*/false, /*isNonTemporal=*/false,
                            LLVM::AtomicOrdering::monotonic);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void populateFramePatterns(RewritePatternSet &patterns, const TypeConverter &frameTypes,
                           const LLVMTypeConverter &llvmTypes) {
  MLIRContext *context = patterns.getContext();
  const FrameOffsets &at = llvmTypes.getIndexTypeBitwidth() == 32 ? offsets32 : offsets64;
  patterns.add<FieldPattern, BarrierPattern, TracePattern, ReportNonfinitePattern>(frameTypes,
                                                                                   context, at);
  patterns.add<BufferPattern>(frameTypes, context, at, llvmTypes);
}

} // namespace lobit
