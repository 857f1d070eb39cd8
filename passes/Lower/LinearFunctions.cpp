#include "passes/Lower/LinearFunctions.h"

#include "passes/Lower/Generic/FloatKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace lobit {

namespace {

/// inputs = {x, weights, scales, bias}, outputs = {y}.
uint64_t emitLinearFunction(ModuleLowering &shared, unsigned number, lb::WeightType weight,
                            lb::WeightType bias) {
  MLIRContext *context = shared.module.getContext();
  OpBuilder b(context);
  Location loc = shared.module.getLoc();
  b.setInsertionPointToEnd(shared.module.getBody());
  auto function = b.create<func::FuncOp>(loc, "lobit_linear_" + std::to_string(number),
                                         b.getFunctionType({uk::FrameType::get(context)}, {}));
  function->setAttr(linearWeightAttr, TypeAttr::get(weight));
  if (bias)
    function->setAttr(linearBiasAttr, TypeAttr::get(bias));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  Value frame = body->getArgument(0);
  auto field = [&](uk::Field which) -> Value {
    return b.create<uk::FieldOp>(loc, b.getIndexType(), which, frame);
  };
  auto view = [&](uk::Section section, MemRefType type, uint64_t argument,
                  uint64_t offset = 0) -> Value {
    return b.create<uk::BufferOp>(loc, type, section, frame, argument, offset);
  };
  LinearShape shape = linearShape(weight, bias, shared.maxRows);
  Value first = b.create<arith::ConstantIndexOp>(loc, 0);
  Value rows = field(uk::Field::Rows), thread = field(uk::Field::Thread),
        threads = field(uk::Field::Threads);
  Value x = view(uk::Section::Input, rowBuffer(context, shared.maxRows, shape.in), 0);
  uint64_t scratch = 0;
  SmallVector<Value> arguments;
  if (shape.isKept()) {
    arguments.push_back(x);
  } else {
    ActShape act = shape.actShape();
    for (MemRefType type : actBuffers(context, act)) {
      arguments.push_back(view(uk::Section::Scratch, type, 0, scratch));
      uint64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
      scratch += llvm::alignTo(bits / 8, 64);
    }
    SmallVector<Value> quantize = {x};
    llvm::append_range(quantize, arguments);
    quantize.append({first, rows, thread, threads, frame});
    b.create<func::CallOp>(loc, getOrCreateActQuantize(shared.module, act, shared.isa), quantize);
    b.create<uk::BarrierOp>(loc, frame);
  }
  arguments.push_back(view(uk::Section::Input, weightDataBuffer(weight), 1));
  if (!weight.isFloat())
    arguments.push_back(view(uk::Section::Input, weightScaleBuffer(weight), 2));
  if (bias)
    arguments.push_back(view(uk::Section::Input, weightDataBuffer(bias), 3));
  arguments.push_back(view(uk::Section::Output, rowBuffer(context, shared.maxRows, shape.out), 0));
  arguments.append({first, rows, thread, threads});
  b.create<func::CallOp>(loc, getOrCreateLinear(shared.module, shape, shared.isa), arguments);
  b.create<func::ReturnOp>(loc);
  return scratch;
}

} // namespace

uint64_t emitLinearFunctions(ModuleLowering &shared) {
  uint64_t scratch = 0;
  for (auto [index, types] : llvm::enumerate(shared.linears))
    scratch = std::max(scratch, emitLinearFunction(shared, index + 1, types.first, types.second));
  return scratch;
}

std::vector<LinearFunction> linearFunctions(ModuleOp module) {
  std::vector<LinearFunction> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto weight = function->getAttrOfType<TypeAttr>(linearWeightAttr);
    if (!weight)
      continue;
    auto bias = function->getAttrOfType<TypeAttr>(linearBiasAttr);
    functions.push_back({function.getName().str(), cast<lb::WeightType>(weight.getValue()),
                         bias ? cast<lb::WeightType>(bias.getValue()) : lb::WeightType()});
  }
  return functions;
}

} // namespace lobit
