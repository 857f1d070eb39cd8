#include "passes/Lower/FunctionLowering.h"
#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/StoredTensors.h"
#include "passes/Lower/WeightChain.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace lobit {

FunctionLowering *ModuleLowering::find(StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  auto it = functions.find(function);
  return it == functions.end() ? nullptr : it->second.get();
}

LinearShape linearShape(lb::WeightType weight, lb::WeightType bias, int64_t maxRows) {
  LinearShape shape;
  shape.maxRows = maxRows;
  shape.out = weight.getRows();
  shape.in = weight.getColumns();
  shape.scheme = weight.getScheme();
  if (weight.isFloat()) {
    shape.layout = Layout::RowMajor;
    shape.granularity = Granularity::None;
    shape.scaleType = ScaleType::None;
  } else {
    shape.layout = *weight.getLayout();
    shape.granularity = weight.getGranularity();
    if (shape.granularity == Granularity::Group)
      shape.groupSize = weight.getGroupSize();
    shape.scaleType = weight.getScaleType();
  }
  if (bias)
    shape.bias = bias.getScheme();
  return shape;
}

/// Rows of a tensor, kDynamic for those of the call.
static int64_t rowCount(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(0);
}

static uint64_t bufferBytes(MemRefType type) {
  return llvm::divideCeil(type.getNumElements() * type.getElementTypeBitWidth(), 8);
}

FunctionLowering::FunctionLowering(ModuleLowering &shared, func::FuncOp source, bool isEntry)
    : shared(shared), source(source), isEntry(isEntry), b(shared.module.getContext()),
      loc(source.getLoc()) {}

//===--- buffers ------------------------------------------------------------===//

FunctionLowering::BufferId FunctionLowering::addBuffer(Buffer buffer) {
  buffers.push_back(buffer);
  return buffers.size() - 1;
}

FunctionLowering::BufferId FunctionLowering::addScratch(uint64_t bytes) {
  Buffer buffer;
  buffer.section = uk::Section::Scratch;
  buffer.bytes = bytes;
  return addBuffer(buffer);
}

uint64_t FunctionLowering::tensorBytes(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  int64_t elements = 1;
  for (auto [axis, size] : llvm::enumerate(tensor.getShape()))
    elements *= ShapedType::isDynamic(size) ? shared.maxRows : size;
  Type element = tensor.getElementType();
  return elements * (element.isIndex() ? 8 : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8));
}

FunctionLowering::BufferId FunctionLowering::resultBuffer(Value result) {
  auto it = returned.find(result);
  BufferId buffer = it != returned.end() ? it->second : addScratch(tensorBytes(result.getType()));
  tensors[result] = buffer;
  return buffer;
}

FunctionLowering::Step &FunctionLowering::addStep(ArrayRef<BufferId> reads,
                                                  ArrayRef<BufferId> writes,
                                                  std::function<void()> emit) {
  Step step;
  step.reads.assign(reads.begin(), reads.end());
  step.writes.assign(writes.begin(), writes.end());
  step.emit = std::move(emit);
  steps.push_back(std::move(step));
  return steps.back();
}

void FunctionLowering::trace(TracedOperation operation) {
  steps.back().traced = operations.size();
  operations.push_back(std::move(operation));
}

void FunctionLowering::addRowStep(Value tensor, ArrayRef<BufferId> reads, ArrayRef<BufferId> writes,
                                  std::function<void(Value)> emitRow) {
  Step &step = addStep(reads, writes, nullptr);
  step.byRow = rowCount(tensor);
  step.emitRow = std::move(emitRow);
}

std::optional<uint64_t> FunctionLowering::hiddenOffset() const {
  return hidden ? std::optional(scratchBase + buffers[*hidden].offset) : std::nullopt;
}

//===--- functions ----------------------------------------------------------===//

LogicalResult FunctionLowering::analyze() {
  if (!llvm::hasSingleElement(source.getBody()))
    return source.emitOpError("has more than one block; expected straight-line code");
  if (failed(analyzeArguments()))
    return failure();
  for (Operation &op : source.getBody().front())
    if (failed(analyzeOp(&op)))
      return failure();
  order();
  schedule();
  shareRows();
  plan();
  return success();
}

LogicalResult FunctionLowering::analyzeArguments() {
  for (ArrayRef<Type> types :
       {source.getFunctionType().getInputs(), source.getFunctionType().getResults()})
    for (Type type : types) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (isa<RankedTensorType>(type) &&
          llvm::any_of(tensor.getShape().drop_front(tensor.getRank() > 0), ShapedType::isDynamic))
        return source.emitOpError("has an argument or result of type ")
               << type << "; expected that only the first dimension is dynamic";
      if (!isa<RankedTensorType, IndexType, lb::WeightType, lm::CacheType>(type))
        return source.emitOpError("has an argument or result of type ")
               << type << "; expected tensors, weights, caches and index";
    }

  MLIRContext *context = b.getContext();
  uint64_t inputs = 0, indices = 0;
  auto addArgument = [&](MemRefType type) {
    Buffer buffer;
    buffer.argument = argumentTypes.size();
    buffer.bytes = bufferBytes(type);
    argumentTypes.push_back(type);
    return addBuffer(buffer);
  };
  auto rowType = [&](RankedTensorType type) {
    SmallVector<int64_t> shape(type.getShape());
    for (int64_t &size : shape)
      if (ShapedType::isDynamic(size))
        size = shared.maxRows;
    return MemRefType::get(shape, type.getElementType());
  };

  for (BlockArgument argument : source.getArguments()) {
    Type type = argument.getType();
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      if (isEntry) {
        Buffer buffer;
        buffer.section = uk::Section::Input;
        buffer.argument = inputs++;
        buffer.bytes = tensorBytes(type);
        tensors[argument] = addBuffer(buffer);
      } else {
        tensors[argument] = addArgument(rowType(tensor));
      }
    } else if (isa<IndexType>(type)) {
      if (isEntry && indices == 2)
        return source.emitOpError("has more than two index arguments; expected the position "
                                  "and the first output row");
      indexArguments[argument] = isEntry ? indices : argumentTypes.size();
      ++indices;
      if (!isEntry)
        argumentTypes.push_back(type);
    } else if (isEntry) {
      return source.emitOpError("is the entry and has an argument of type ")
             << type << "; expected tensors and index";
    } else if (auto weight = dyn_cast<lb::WeightType>(type)) {
      Weight value{weight};
      value.data = addArgument(weightDataBuffer(weight));
      if (MemRefType scales = weightScaleBuffer(weight))
        value.scales = addArgument(scales);
      weights[argument] = value;
    } else {
      for (MemRefType buffer : cacheBuffers(cast<lm::CacheType>(type)))
        caches[argument].push_back(addArgument(buffer));
    }
  }

  for (auto [index, type] : llvm::enumerate(source.getFunctionType().getResults())) {
    if (isEntry) {
      Buffer buffer;
      buffer.section = uk::Section::Output;
      buffer.argument = index;
      buffer.bytes = tensorBytes(type);
      resultBuffers.push_back(addBuffer(buffer));
    } else {
      resultBuffers.push_back(addArgument(rowType(cast<RankedTensorType>(type))));
    }
  }
  argumentTypes.push_back(uk::FrameType::get(context));
  if (!isEntry)
    argumentTypes.push_back(IndexType::get(context));

  // A value that is returned once is written where the caller wants it.
  Operation *end = source.getBody().front().getTerminator();
  for (auto [value, buffer] : llvm::zip(end->getOperands(), resultBuffers)) {
    Operation *producer = value.getDefiningOp();
    if (producer && (isTracedOp(producer) || isa<func::CallOp>(producer)) &&
        llvm::count(end->getOperands(), value) == 1)
      returned[value] = buffer;
  }
  return success();
}

LogicalResult FunctionLowering::analyzeReturn(func::ReturnOp op) {
  for (auto [value, buffer] : llvm::zip(op.getOperands(), resultBuffers))
    if (!returned.contains(value))
      addCopy(value, buffer);
  return success();
}

LogicalResult FunctionLowering::analyzeCall(func::CallOp op) {
  FunctionLowering *callee = shared.find(op.getCallee());
  if (!callee)
    return op.emitOpError("calls @") << op.getCallee() << ", which has no body in this module";
  SmallVector<BufferId> reads, writes;
  for (Value operand : op.getOperands()) {
    if (isa<RankedTensorType>(operand.getType()))
      reads.push_back(tensors.at(operand));
    else if (auto it = caches.find(operand); it != caches.end())
      llvm::append_range(writes, it->second);
  }
  SmallVector<BufferId> results;
  for (Value result : op.getResults())
    results.push_back(resultBuffer(result));
  llvm::append_range(writes, results);

  uint64_t firstOperation = operations.size();
  llvm::append_range(operations, callee->operations);
  Step &step = addStep(reads, writes, [this, op, callee, results, firstOperation]() mutable {
    SmallVector<Value> arguments;
    ArrayRef<Type> types = callee->argumentTypes;
    auto next = [&] { return cast<MemRefType>(types[arguments.size()]); };
    for (Value operand : op.getOperands()) {
      if (auto it = weights.find(operand); it != weights.end()) {
        arguments.push_back(weightView(it->second));
        if (!it->second.type.isFloat())
          arguments.push_back(scaleView(it->second));
      } else if (auto it = caches.find(operand); it != caches.end()) {
        llvm::append_range(arguments,
                           cacheViews(it->second, cast<lm::CacheType>(operand.getType())));
      } else if (isa<IndexType>(operand.getType())) {
        arguments.push_back(number(operand));
      } else {
        arguments.push_back(view(tensors.at(operand), next()));
      }
    }
    for (BufferId result : results)
      arguments.push_back(view(result, next()));
    arguments.push_back(frame);
    Value base = constant(firstOperation);
    if (operationBase)
      base = b.create<arith::AddIOp>(loc, operationBase, base);
    arguments.push_back(base);
    b.create<func::CallOp>(loc, callee->source.getName(), TypeRange(), arguments);
  });
  step.isCall = true;
  return success();
}

//===--- ops ----------------------------------------------------------------===//

LogicalResult FunctionLowering::analyzeOp(Operation *op) {
  if (isWeightChainOp(op))
    return analyzeWeight(op);
  if (auto cache = dyn_cast<lm::CacheOp>(op))
    return analyzeCache(cache);
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return analyzeConstant(constant);
  if (auto embed = dyn_cast<lm::EmbedOp>(op))
    return analyzeEmbed(embed);
  if (auto norm = dyn_cast<lm::RmsNormOp>(op))
    return analyzeRmsNorm(norm);
  if (auto rope = dyn_cast<lm::RopeOp>(op))
    return analyzeRope(rope);
  if (auto attention = dyn_cast<lm::AttentionOp>(op))
    return analyzeAttention(attention);
  if (auto gated = dyn_cast<lm::GatedActivationOp>(op))
    return analyzeGatedActivation(gated);
  if (auto add = dyn_cast<lm::AddOp>(op))
    return analyzeAdd(add);
  if (auto linear = dyn_cast<lb::LinearOp>(op))
    return analyzeLinear(op, linear.getInput(), linear.getWeight(), linear.getBias(), Value());
  if (auto head = dyn_cast<lm::HeadOp>(op)) {
    if (!llvm::all_of(op->getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); }))
      return op->emitOpError("has a result with fewer rows than the call; expected that it is "
                             "returned and not used otherwise");
    if (const BufferId input = tensors.at(head.getInput());
        isEntry && buffers[input].section == uk::Section::Scratch)
      hidden = input;
    return analyzeLinear(op, head.getInput(), head.getWeight(), Value(), head.getFirst());
  }
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return analyzeLinalg(linalgOp);
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    tensors[empty.getResult()] = addScratch(tensorBytes(empty.getType()));
    return success();
  }
  if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
    tensors[op->getResult(0)] = tensors.at(op->getOperand(0));
    return success();
  }
  if (auto call = dyn_cast<func::CallOp>(op))
    return analyzeCall(call);
  if (auto end = dyn_cast<func::ReturnOp>(op))
    return analyzeReturn(end);
  return op->emitOpError("is not supported by convert-lobit-to-ukernel; expected lm, lobit and "
                         "linalg ops on tensors, tensor.empty, tensor.collapse_shape, "
                         "tensor.expand_shape and constants");
}

static InFlightDiagnostic noPlace(Operation *op) {
  return op->emitOpError("has no place in the weights section; run lobit-assign-offsets first");
}

LogicalResult FunctionLowering::analyzeWeight(Operation *op) {
  if (llvm::all_of(op->getUsers(), isWeightChainOp))
    return success();
  auto offset = op->getAttrOfType<IntegerAttr>(offsetAttr);
  if (!offset)
    return noPlace(op);
  auto section = [&](IntegerAttr at, MemRefType type) {
    Buffer buffer;
    buffer.section = uk::Section::Weights;
    buffer.offset = at.getInt();
    buffer.bytes = bufferBytes(type);
    return addBuffer(buffer);
  };
  Weight value{cast<lb::WeightType>(op->getResult(0).getType())};
  value.data = section(offset, weightDataBuffer(value.type));
  if (MemRefType scales = weightScaleBuffer(value.type)) {
    auto scaleOffset = op->getAttrOfType<IntegerAttr>(scaleOffsetAttr);
    if (!scaleOffset)
      return noPlace(op);
    value.scales = section(scaleOffset, scales);
  }
  weights[op->getResult(0)] = value;
  return success();
}

LogicalResult FunctionLowering::analyzeCache(lm::CacheOp op) {
  lm::CacheType type = op.getType();
  int64_t layer = op.getLayer();
  auto [it, isNew] = shared.caches.try_emplace(layer, type, shared.stateBytes);
  if (!isNew && it->second.first != type)
    return op.emitOpError("of layer ")
           << layer << " has the type " << type << ", but another one of this layer has the type "
           << it->second.first;
  Buffer buffer;
  buffer.section = uk::Section::State;
  buffer.offset = it->second.second;
  for (MemRefType memory : cacheBuffers(type)) {
    buffer.bytes = llvm::alignTo(bufferBytes(memory), 64);
    caches[op.getResult()].push_back(addBuffer(buffer));
    buffer.offset += buffer.bytes;
  }
  if (isNew)
    shared.stateBytes = buffer.offset;
  return success();
}

LogicalResult FunctionLowering::analyzeConstant(arith::ConstantOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!type)
    return success(); // a number: copied when the function is written
  auto values = cast<ElementsAttr>(op.getValue());
  if (values.isSplat()) {
    BufferId buffer = addScratch(tensorBytes(type));
    tensors[op.getResult()] = buffer;
    Step &step = addStep({}, {buffer}, [this, buffer, type, values] {
      Value to = view(buffer, MemRefType::get(type.getShape(), type.getElementType()));
      emitSerial([&] {
        auto value = cast<TypedAttr>(values.getSplatValue<Attribute>());
        Value number = b.create<arith::ConstantOp>(loc, value);
        b.create<linalg::FillOp>(loc, ValueRange{number}, ValueRange{to});
      });
    });
    step.isSerial = true;
    return success();
  }
  auto offset = op->getAttrOfType<IntegerAttr>(offsetAttr);
  if (!offset)
    return type.getElementType().isF32()
               ? LogicalResult(noPlace(op))
               : op.emitOpError("has the type ")
                     << type << "; expected f32 elements in a constant that is not a splat";
  Buffer buffer;
  buffer.section = uk::Section::Weights;
  buffer.offset = offset.getInt();
  buffer.bytes = tensorBytes(type);
  tensors[op.getResult()] = addBuffer(buffer);
  return success();
}

LogicalResult FunctionLowering::analyzeEmbed(lm::EmbedOp op) {
  Weight table = weights.at(op.getTable());
  BufferId tokens = tensors.at(op.getTokens());
  BufferId y = resultBuffer(op.getResult());
  func::FuncOp kernel = getOrCreateEmbed(shared.module, shared.maxRows, table.type, shared.isa);
  addRowStep(op.getResult(), {tokens}, {y}, [this, table, tokens, y, kernel](Value row) {
    SmallVector<Value> arguments = {view(tokens, MemRefType::get({shared.maxRows}, b.getI32Type())),
                                    weightView(table)};
    if (!table.type.isFloat())
      arguments.push_back(scaleView(table));
    arguments.append({rowView(y, table.type.getColumns()), row, rowIn(y, row)});
    call(kernel, arguments);
  });
  // One row of the table for each token.
  uint64_t rowBytes = table.type.getDataBytes() / table.type.getRows();
  trace({"", kernel.getName().str(), "", rowBytes, 0});
  return success();
}

LogicalResult FunctionLowering::analyzeRmsNorm(lm::RmsNormOp op) {
  Weight weight = weights.at(op.getWeight());
  BufferId x = tensors.at(op.getInput());
  BufferId y = resultBuffer(op.getResult());
  func::FuncOp kernel = getOrCreateRmsNorm(shared.module, shared.maxRows, weight.type,
                                           op.getEps().convertToFloat(), shared.isa);
  addRowStep(op.getInput(), {x}, {y}, [this, weight, x, y, kernel](Value row) {
    int64_t features = weight.type.getColumns();
    call(kernel, {rowView(x, features), weightView(weight), rowView(y, features), rowIn(x, row),
                  rowIn(y, row)});
  });
  trace({"", kernel.getName().str(), "", static_cast<uint64_t>(weight.type.getDataBytes()), 0});
  return success();
}

LogicalResult FunctionLowering::analyzeRope(lm::RopeOp op) {
  Weight table = weights.at(op.getTable());
  BufferId x = tensors.at(op.getInput());
  BufferId y = resultBuffer(op.getResult());
  func::FuncOp kernel =
      getOrCreateRope(shared.module, shared.maxRows, table.type, op.getHeads(), shared.isa);
  addRowStep(op.getInput(), {x}, {y}, [this, op, table, x, y, kernel](Value row) mutable {
    int64_t features = op.getHeads() * table.type.getColumns();
    call(kernel, {rowView(x, features), weightView(table), rowView(y, features),
                  positionOf(op.getPosition(), row), rowIn(x, row), rowIn(y, row)});
  });
  trace({"", kernel.getName().str(), "", 0, 0});
  return success();
}

LogicalResult FunctionLowering::analyzeAttention(lm::AttentionOp op) {
  Cache cache = caches.at(op.getCache());
  lm::CacheType type = op.getCache().getType();
  BufferId q = tensors.at(op.getQuery());
  BufferId k = tensors.at(op.getKey());
  BufferId v = tensors.at(op.getValue());

  func::FuncOp append = getOrCreateCacheAppend(shared.module, shared.maxRows, type, shared.isa);
  addRowStep(op.getKey(), {k, v}, cache, [this, op, type, cache, k, v, append](Value row) mutable {
    int64_t features = type.getKvHeads() * type.getHeadDim();
    SmallVector<Value> arguments = {rowView(k, features), rowView(v, features)};
    llvm::append_range(arguments, cacheViews(cache, type));
    arguments.append({positionOf(op.getPosition(), row), rowIn(k, row), rowIn(v, row), frame});
    call(append, arguments);
  });

  AttentionShape shape{shared.maxRows, type, static_cast<int64_t>(op.getHeads()),
                       op.getScale().convertToFloat()};
  SmallVector<MemRefType> types = {attentionScoreBuffer(shape), attentionKeyBuffer(shape),
                                   attentionSumBuffer(shape), attentionFactBuffer(shape)};
  SmallVector<BufferId> memory;
  for (MemRefType buffer : types)
    memory.push_back(addScratch(bufferBytes(buffer)));
  SmallVector<BufferId> reads = {q};
  llvm::append_range(reads, cache);
  int64_t features = shape.heads * type.getHeadDim();
  func::FuncOp blocks = getOrCreateAttentionBlocks(shared.module, shape, shared.isa);
  addStep(reads, memory, [this, op, type, cache, q, types, memory, features, blocks]() mutable {
    SmallVector<Value> arguments = {rowView(q, features)};
    llvm::append_range(arguments, cacheViews(cache, type));
    for (auto [id, buffer] : llvm::zip(memory, types))
      arguments.push_back(view(id, buffer));
    arguments.append({number(op.getPosition()), rowsOf(op.getQuery()), thread, threads});
    call(blocks, arguments);
  });

  BufferId y = resultBuffer(op.getResult());
  func::FuncOp combine = getOrCreateAttentionCombine(shared.module, shape, shared.isa);
  // It turns the facts into the weights of the blocks.
  addRowStep(op.getQuery(), {memory[2]}, {memory[3], y},
             [this, op, types, memory, y, features, combine](Value row) mutable {
               call(combine,
                    {view(memory[2], types[2]), view(memory[3], types[3]), rowView(y, features),
                     positionOf(op.getPosition(), row), row, rowIn(y, row)});
             });
  trace({"", blocks.getName().str(), "", 0, 0});
  return success();
}

LogicalResult FunctionLowering::analyzeGatedActivation(lm::GatedActivationOp op) {
  BufferId gate = tensors.at(op.getGate()), up = tensors.at(op.getUp());
  BufferId y = resultBuffer(op.getResult());
  int64_t features = op.getResult().getType().getDimSize(1);
  func::FuncOp kernel = getOrCreateGatedActivation(shared.module, shared.maxRows, features,
                                                   op.getActivation(), shared.isa);
  Step &step = addStep({gate, up}, {y}, nullptr);
  step.emitShare = [this, op, gate, up, y, features, kernel](Value part, Value parts) mutable {
    call(kernel, {rowView(gate, features), rowView(up, features), rowView(y, features),
                  rowsOf(op.getGate()), part, parts});
  };
  step.byColumn = features;
  step.followsColumns = true;
  trace({"", kernel.getName().str(), "", 0, 0});
  return success();
}

LogicalResult FunctionLowering::analyzeAdd(lm::AddOp op) {
  BufferId lhs = tensors.at(op.getLhs()), rhs = tensors.at(op.getRhs());
  BufferId y = resultBuffer(op.getResult());
  int64_t features = op.getResult().getType().getDimSize(1);
  func::FuncOp kernel = getOrCreateAdd(shared.module, shared.maxRows, features, shared.isa);
  addRowStep(op.getLhs(), {lhs, rhs}, {y}, [this, lhs, rhs, y, features, kernel](Value row) {
    call(kernel, {rowView(lhs, features), rowView(rhs, features), rowView(y, features),
                  rowIn(lhs, row), rowIn(rhs, row), rowIn(y, row)});
  });
  trace({"", kernel.getName().str(), "", 0, 0});
  return success();
}

/// The quantized form of `input`, shared by all layers that read it in the same form.
SmallVector<FunctionLowering::BufferId>
FunctionLowering::quantized(Value input, const ActShape &shape, Value first) {
  for (const Quantized &known : quantizedInputs)
    if (known.input == input && known.first == first && known.shape == shape)
      return known.buffers;
  SmallVector<MemRefType> types = actBuffers(b.getContext(), shape);
  SmallVector<BufferId> ids;
  for (MemRefType type : types)
    ids.push_back(addScratch(bufferBytes(type)));
  BufferId x = tensors.at(input);
  if (!first) {
    func::FuncOp kernel = getOrCreateActQuantizeRow(shared.module, shape, shared.isa);
    addRowStep(input, {x}, ids, [this, shape, types, ids, x, kernel](Value row) {
      SmallVector<Value> arguments = {rowView(x, shape.columns)};
      for (auto [id, type] : llvm::zip(ids, types))
        arguments.push_back(view(id, type));
      arguments.append({rowIn(x, row), row, frame});
      call(kernel, arguments);
    });
  } else {
    func::FuncOp kernel = getOrCreateActQuantize(shared.module, shape, shared.isa);
    addStep({x}, ids, [this, input, shape, first, types, ids, x, kernel] {
      SmallVector<Value> arguments = {rowView(x, shape.columns)};
      for (auto [id, type] : llvm::zip(ids, types))
        arguments.push_back(view(id, type));
      arguments.append({number(first), rowsOf(input), thread, threads, frame});
      call(kernel, arguments);
    });
  }
  quantizedInputs.push_back({input, first, shape, ids});
  return ids;
}

LogicalResult FunctionLowering::analyzeLinear(Operation *op, Value input, Value weightValue,
                                              Value biasValue, Value first) {
  Weight weight = weights.at(weightValue);
  std::optional<Weight> bias;
  if (biasValue)
    bias = weights.at(biasValue);
  lb::WeightType biasType = bias ? bias->type : lb::WeightType();
  shared.linears.insert({weight.type, biasType});
  LinearShape shape = linearShape(weight.type, biasType, shared.maxRows);

  SmallVector<BufferId> reads;
  SmallVector<MemRefType> readTypes;
  if (shape.isKept()) {
    reads = {tensors.at(input)};
    readTypes = {rowBuffer(b.getContext(), shared.maxRows, shape.in)};
  } else {
    reads = quantized(input, shape.actShape(), first);
    readTypes = actBuffers(b.getContext(), shape.actShape());
  }
  BufferId y = resultBuffer(op->getResult(0));
  func::FuncOp kernel = getOrCreateLinear(shared.module, shape, shared.isa);
  Step &step = addStep(reads, {y}, nullptr);
  step.emitShare = [this, input, weight, bias, shape, first, reads, readTypes, y,
                    kernel](Value part, Value parts) mutable {
    SmallVector<Value> arguments;
    for (auto [id, type] : llvm::zip(reads, readTypes))
      arguments.push_back(view(id, type));
    arguments.push_back(weightView(weight));
    if (!weight.type.isFloat())
      arguments.push_back(scaleView(weight));
    if (bias)
      arguments.push_back(weightView(*bias));
    arguments.push_back(rowView(y, shape.out));
    arguments.append({first ? number(first) : constant(0), rowsOf(input), part, parts});
    call(kernel, arguments);
  };
  if (isTile(shape.layout))
    step.byColumn = shape.out;
  trace({"", kernel.getName().str(), findLayout(shape.layout)->word,
         static_cast<uint64_t>(weight.type.getDataBytes() + weight.type.getScaleBytes()),
         static_cast<uint64_t>(2 * shape.out * shape.in)});
  return success();
}

//===--- linalg -------------------------------------------------------------===//

static MemRefType exactType(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return MemRefType::get(type.getShape(), type.getElementType());
}

void FunctionLowering::addCopy(Value from, BufferId to) {
  BufferId source = tensors.at(from);
  auto type = cast<RankedTensorType>(from.getType());
  if (type.getRank() == 2 && type.getElementType().isF32()) {
    int64_t features = type.getDimSize(1);
    func::FuncOp kernel = getOrCreateCopy(shared.module, shared.maxRows, features, shared.isa);
    addRowStep(from, {source}, {to}, [this, source, to, features, kernel](Value row) {
      call(kernel,
           {rowView(source, features), rowView(to, features), rowIn(source, row), rowIn(to, row)});
    });
    return;
  }
  Step &step = addStep({source}, {to}, [this, from, source, to] {
    Value input = view(source, exactType(from)), output = view(to, exactType(from));
    emitSerial([&] { b.create<linalg::CopyOp>(loc, ValueRange{input}, ValueRange{output}); });
  });
  step.isSerial = true;
}

LogicalResult FunctionLowering::analyzeLinalg(linalg::LinalgOp op) {
  for (Type type : op->getOperandTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type); tensor && !tensor.hasStaticShape())
      return op.emitOpError("has an operand of type ") << type << "; expected a static shape";
  Operation *unknown = nullptr;
  op.getBlock()->walk([&](Operation *inner) {
    if (!isa<linalg::YieldOp, linalg::IndexOp>(inner) &&
        !isa<arith::ArithDialect, math::MathDialect>(inner->getDialect()))
      unknown = inner;
  });
  if (unknown)
    return unknown->emitOpError("is not supported inside a linalg op; expected arith ops");

  SmallVector<BufferId> reads, writes;
  for (OpOperand *input : op.getDpsInputOperands())
    if (isa<RankedTensorType>(input->get().getType()))
      reads.push_back(tensors.at(input->get()));
  for (auto [index, init] : llvm::enumerate(op.getDpsInits())) {
    bool isRead = op.payloadUsesValueFromOperand(op.getDpsInitOperand(index)) &&
                  !init.getDefiningOp<tensor::EmptyOp>();
    BufferId result = resultBuffer(op->getResult(index));
    if (isRead)
      addCopy(init, result);
    writes.push_back(result);
  }

  Step &step = addStep(reads, writes, [this, op, writes]() mutable {
    SmallVector<Value> operands;
    for (Value input : op.getDpsInputs())
      operands.push_back(isa<RankedTensorType>(input.getType())
                             ? view(tensors.at(input), exactType(input))
                             : number(input));
    for (auto [init, buffer] : llvm::zip(op.getDpsInits(), writes))
      operands.push_back(view(buffer, exactType(init)));
    emitSerial([&] {
      Operation *onMemory = clone(b, op, TypeRange(), operands);
      onMemory->removeAttr(lb::nameAttr);
      onMemory->walk([&](Operation *inner) {
        for (OpOperand &operand : inner->getOpOperands())
          if (Value mapped = numbers.lookupOrNull(operand.get()))
            operand.set(mapped);
      });
    });
  });
  step.isSerial = true;
  trace({"", op->getName().getStringRef().str(), "", 0, 0});
  return success();
}

} // namespace lobit
