// The LobitFrame as generated code sees it. All offsets come from the C struct.
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

class FieldPattern : public OpConversionPattern<uk::FieldOp> {
public:
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(uk::FieldOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    rewriter.replaceOp(op, b.loadIndex(offsetOf(op.getField())));
    return success();
  }

private:
  static size_t offsetOf(uk::Field field) {
    switch (field) {
    case uk::Field::Thread:
      return offsetof(LobitFrame, thread);
    case uk::Field::Threads:
      return offsetof(LobitFrame, threads);
    case uk::Field::Rows:
      return offsetof(LobitFrame, rows);
    case uk::Field::Position:
      return offsetof(LobitFrame, position);
    case uk::Field::FirstOutputRow:
      return offsetof(LobitFrame, firstOutputRow);
    }
    llvm_unreachable("unknown field");
  }
};

class BufferPattern : public OpConversionPattern<uk::BufferOp> {
public:
  BufferPattern(const TypeConverter &frameTypes, MLIRContext *context,
                const LLVMTypeConverter &llvmTypes)
      : OpConversionPattern(frameTypes, context), llvmTypes(llvmTypes) {}

  LogicalResult matchAndRewrite(uk::BufferOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    Value base = b.loadField(b.pointer(), offsetOf(op.getSection()));
    if (op.getSection() == uk::Section::Input || op.getSection() == uk::Section::Output)
      base =
          b.create<LLVM::LoadOp>(b.pointer(), b.atLarge(base, op.getArgument() * sizeof(void *)));
    auto type = cast<MemRefType>(op.getResult().getType());
    Value descriptor = MemRefDescriptor::fromStaticShape(rewriter, op.getLoc(), llvmTypes, type,
                                                         b.atLarge(base, op.getOffset()));
    rewriter.replaceOpWithNewOp<UnrealizedConversionCastOp>(op, type, descriptor);
    return success();
  }

private:
  static size_t offsetOf(uk::Section section) {
    switch (section) {
    case uk::Section::Weights:
      return offsetof(LobitFrame, weights);
    case uk::Section::Scratch:
      return offsetof(LobitFrame, scratch);
    case uk::Section::State:
      return offsetof(LobitFrame, state);
    case uk::Section::Input:
      return offsetof(LobitFrame, inputs);
    case uk::Section::Output:
      return offsetof(LobitFrame, outputs);
    }
    llvm_unreachable("unknown section");
  }

  const LLVMTypeConverter &llvmTypes;
};

class BarrierPattern : public OpConversionPattern<uk::BarrierOp> {
public:
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(uk::BarrierOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    b.callField(offsetof(LobitFrame, barrier), offsetof(LobitFrame, barrierContext));
    rewriter.eraseOp(op);
    return success();
  }
};

class TracePattern : public OpConversionPattern<uk::TraceOp> {
public:
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(uk::TraceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    Value thread = b.loadField(b.getI64Type(), offsetof(LobitFrame, thread));
    Value isFirst = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, thread,
                                            b.create<arith::ConstantIntOp>(0, 64));
    Value function = b.loadField(b.pointer(), offsetof(LobitFrame, trace));
    Value wanted = b.create<LLVM::ICmpOp>(LLVM::ICmpPredicate::ne, function,
                                          b.create<LLVM::ZeroOp>(b.pointer()));
    Value both = b.create<arith::AndIOp>(isFirst, wanted);
    auto ifOp = b.create<scf::IfOp>(both, /*withElseRegion=*/false);
    b.setInsertionPointToStart(ifOp.thenBlock());
    Value index = b.create<arith::IndexCastOp>(b.getI64Type(), adaptor.getIndex());
    b.callField(offsetof(LobitFrame, trace), offsetof(LobitFrame, traceContext), index);
    rewriter.eraseOp(op);
    return success();
  }
};

class ReportNonfinitePattern : public OpConversionPattern<uk::ReportNonfiniteOp> {
public:
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(uk::ReportNonfiniteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    FrameBuilder b(op, rewriter, adaptor.getFrame());
    auto ifOp = b.create<scf::IfOp>(adaptor.getCondition(), /*withElseRegion=*/false);
    b.setInsertionPointToStart(ifOp.thenBlock());
    Value flag = b.loadField(b.pointer(), offsetof(LobitFrame, nonfinite));
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
  patterns.add<FieldPattern, BarrierPattern, TracePattern, ReportNonfinitePattern>(frameTypes,
                                                                                   context);
  patterns.add<BufferPattern>(frameTypes, context, llvmTypes);
}

} // namespace lobit
