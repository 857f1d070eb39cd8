#include "tools/quant-bench/BenchCode.h"
#include "dialects/Lobit/LobitDialect.h"
#include "dialects/UKernel/UKernelOps.h"
#include "passes/Emit/Link.h"
#include "passes/Emit/ObjectCode.h"
#include "passes/Lower/Linear/LinearBuilder.h"
#include "passes/Lower/LinearFunctions.h"
#include "passes/Lower/ModuleFacts.h"
#include "passes/Lower/X86/Amx.h"
#include "passes/Lower/X86/Intrinsics.h"
#include "passes/Pipelines/Pipelines.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lobit {
namespace {

std::unique_ptr<MLIRContext> createContext() {
  auto context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->loadDialect<lb::LobitDialect, uk::UKernelDialect, affine::AffineDialect,
                       arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                       LLVM::LLVMDialect, memref::MemRefDialect, scf::SCFDialect,
                       vector::VectorDialect>();
  return context;
}

/// The chain of ops that gives %wN: kept values, or codes in a layout.
std::string weightText(const LinearCase &c, const std::string &number, std::string &type) {
  const std::string shape = std::to_string(c.out) + "x" + std::to_string(c.in);
  auto line = [&](const std::string &name, const std::string &text) {
    return "  %" + name + number + " = " + text + "\n";
  };
  if (c.layout == Layout::RowMajor) {
    type = "!lobit.weight<" + shape + "x" + schemeWord(c.scheme) + ">";
    return line("w", "lobit.weight \"w" + number + "\" : " + type);
  }
  const std::string kept = "!lobit.weight<" + shape + "xf32>";
  const std::string scheme = std::string("#lobit.") + schemeWord(c.scheme) +
                             (c.scheme == Scheme::Ternary ? "<tensor, f32>" : "<row, f32>");
  const std::string codes = "!lobit.weight<" + shape + ", " + scheme + ">";
  type = "!lobit.weight<" + shape + ", " + scheme + ", " + findLayout(c.layout)->word + ">";
  const char *method = c.scheme == Scheme::Ternary ? "absmean"
                       : c.scheme == Scheme::Int6  ? "magnitude"
                       : c.scheme == Scheme::Int4  ? "search"
                                                   : "absmax";
  return line("k", "lobit.weight \"w" + number + "\" : " + kept) +
         line("q", std::string("lobit.quantize \"") + method + "\" %k" + number + " : " + kept +
                       " to " + codes) +
         line("w", "lobit.pack %q" + number + " : " + codes + " to " + type);
}

/// A function with one linear layer for each case.
std::string moduleText(const std::vector<LinearCase> &cases) {
  std::string arguments, results, body, names;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string number = std::to_string(i), comma = i == 0 ? "" : ", ";
    const std::string x = "tensor<?x" + std::to_string(cases[i].in) + "xf32>";
    const std::string y = "tensor<?x" + std::to_string(cases[i].out) + "xf32>";
    std::string type;
    body += weightText(cases[i], number, type);
    arguments += comma + "%x" + number + ": " + x;
    results += comma + y;
    names += comma + "%y" + number;
    body += "  %y" + number + " = lobit.linear %x" + number + ", %w" + number + " : " + x + ", " +
            type + " -> " + y + "\n";
  }
  return "func.func @main(" + arguments + ") -> (" + results + ") attributes {lobit.entry} {\n" +
         body + "  return " + names + " : " + results + "\n}\n";
}

Status failed(const std::string &what) {
  return Status(StatusCode::INTERNAL, "code to measure: " + what);
}

/// convert-ukernel-to-target and everything behind it.
Result<std::string> finish(ModuleOp module, Isa isa) {
  PassManager target(module.getContext());
  addTargetPasses(target, isa);
  if (mlir::failed(target.run(module)))
    return failed("lowering to the target failed");
  Result<std::string> object = emitCode(module, isa, CodeForm::Object);
  if (!object.ok())
    return object;
  return linkSharedObject(*object);
}

} // namespace

Result<BenchCode> generateLinears(const std::vector<LinearCase> &cases, Isa isa, uint64_t maxRows) {
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(moduleText(cases), ParserConfig(context.get()));
  if (!module)
    return failed("the module is not valid");
  PassManager kernels(context.get());
  addPlanPasses(kernels);
  addKernelPasses(kernels, isa, int64_t(maxRows));
  if (mlir::failed(kernels.run(*module)))
    return failed("lowering to kernels failed");
  BenchCode code;
  const ModuleFacts facts = moduleFacts(*module);
  code.maxRows = facts.maxRows;
  code.scratchBytes = facts.scratchBytes;
  for (const LinearFunction &function : linearFunctions(*module)) {
    lb::WeightType type = function.weight;
    code.weightBytes.push_back(uint64_t(type.getDataBytes()));
    code.scaleCounts.push_back(uint64_t(type.getScaleCount()));
  }
  Result<std::string> image = finish(*module, isa);
  if (!image.ok())
    return std::move(image).status();
  code.image = std::move(image).value();
  return code;
}

/// The loop of generatePeak, `count` times; returns the multiplications of one time.
static uint64_t buildVectorPeak(LinearBuilder &b, Isa isa, Value frame, Value count) {
  // A ternary dot product sums pairs where that is quicker than quads; an int8 one cannot.
  const KernelForm form = findKernelForm(Layout::T2Dot, isa);
  const bool pairs = form.form == Form::Pairs;
  const int64_t rows = 4, tokens = pairs ? 2 : 4;
  constexpr int64_t maxCode = 2, additions = 63;
  auto buffer = [&](uk::Section section, uint64_t argument, int64_t bytes) -> Value {
    return b.create<uk::BufferOp>(MemRefType::get({bytes}, b.getI8Type()), section, frame, argument,
                                  0);
  };
  Value lhs = buffer(uk::Section::Input, 0, 4096), rhs = buffer(uk::Section::Input, 1, 4096);
  VectorType sums = pairs ? b.i16s(form.width / 2) : b.i32s(form.width / 4);
  Values accumulators(size_t(rows * tokens), b.zero(sums));
  accumulators = b.loop(b.index(0), count, 1, accumulators, [&](Value i, ValueRange carried) {
    // Sixteen places of 64 bytes: a load cannot be moved out of the loop.
    Value at = b.mul(b.create<arith::AndIOp>(i, b.index(15)), 64);
    Values codes, activations, next;
    for (int64_t r = 0; r < rows; ++r)
      codes.push_back(b.load(b.i8s(form.width), lhs, b.add(at, r * form.width)));
    for (int64_t t = 0; t < tokens; ++t)
      activations.push_back(b.load(b.i8s(form.width), rhs, b.add(at, t * form.width)));
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t t = 0; t < tokens; ++t) {
        Value acc = carried[size_t(r * tokens + t)];
        Value code = codes[size_t(r)], x = activations[size_t(t)];
        next.push_back(
            pairs ? b.create<uk::DotI8PairsOp>(sums, acc, code, x, maxCode, additions).getResult()
                  : b.create<uk::DotI8Op>(sums, acc, code, x, maxCode).getResult());
      }
    return next;
  });
  Value total = accumulators[0];
  for (Value sum : llvm::drop_begin(accumulators))
    total = b.create<arith::AddIOp>(total, sum);
  Value bytes = b.create<vector::BitCastOp>(b.i8s(form.width), total);
  b.store(bytes, buffer(uk::Section::Output, 0, 64), b.index(0));
  return uint64_t(rows * tokens * form.width);
}

/// The same in tile registers.
static uint64_t buildTilePeak(LinearBuilder &b, const IsaInfo &isa, Value count) {
  constexpr int64_t rows = amxTileRows, bytes = amxRowBytes, tiles = 8;
  auto call = [&](X86Idiom idiom, ValueRange operands) {
    callX86(b, *findX86Intrinsic(idiom, amxTileBytes, isa), TypeRange{}, operands);
  };
  auto tile = [&](int64_t number) -> Value { return b.create<arith::ConstantIntOp>(number, 8); };
  SmallVector<int8_t> config(AmxConfig::bytes, 0); // all tiles of full size
  config[0] = 1;
  for (int64_t i = 0; i < tiles; ++i) {
    config[AmxConfig::rowBytesAt + 2 * i] = bytes;
    config[AmxConfig::rowsAt + i] = rows;
  }
  Value memory = b.onStack({AmxConfig::bytes}, b.getI8Type());
  b.store(b.create<arith::ConstantOp>(
              DenseElementsAttr::get(b.i8s(AmxConfig::bytes), ArrayRef(config))),
          memory, b.index(0));
  Value address = b.create<memref::ExtractAlignedPointerAsIndexOp>(memory);
  address = b.create<arith::IndexCastOp>(b.getI64Type(), address);
  call(X86Idiom::TileConfigure,
       b.create<LLVM::IntToPtrOp>(LLVM::LLVMPointerType::get(b.getContext()), address).getResult());
  b.loop(b.index(0), count, 1, [&](Value) {
    for (int64_t sums = 0; sums < 4; ++sums)
      call(X86Idiom::TileDot, {tile(sums), tile(4 + sums % 2), tile(6 + sums / 2)});
  });
  call(X86Idiom::TileRelease, {});
  return 4 * rows * rows * bytes;
}

Result<PeakCode> generatePeak(Isa isa) {
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(context.get()));
  OpBuilder builder(module->getBodyRegion());
  auto function =
      builder.create<func::FuncOp>(module->getLoc(), modelSymbol,
                                   builder.getFunctionType(uk::FrameType::get(context.get()), {}));
  LinearBuilder b(function);
  Value frame = function.getArgument(0);
  Value count = b.create<uk::FieldOp>(b.getIndexType(), uk::Field::Rows, frame);
  const IsaInfo &info = *findIsa(isa);
  const uint64_t macs = hasX86Features(info, CpuAmxInt8) ? buildTilePeak(b, info, count)
                                                         : buildVectorPeak(b, isa, frame, count);
  b.create<func::ReturnOp>();
  (*module)->setAttr(codeTableAttr,
                     builder.getArrayAttr({FlatSymbolRefAttr::get(context.get(), modelSymbol)}));
  Result<std::string> image = finish(*module, isa);
  if (!image.ok())
    return std::move(image).status();
  return PeakCode{std::move(image).value(), macs};
}

} // namespace lobit
