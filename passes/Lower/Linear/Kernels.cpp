#include "passes/Lower/Kernels.h"

#include "passes/Lower/Linear/ActQuantize.h"
#include "passes/Lower/Linear/LinearBuilder.h"

#include "dialects/UKernel/UKernelDialect.h"
#include "runtime/format/CheckedMath.h"
#include "runtime/format/LayoutCodec.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace lobit {

//===--- shapes --------------------------------------------------------------===//

int64_t ActShape::paddedColumns() const {
  int64_t padded = roundUp(columns, findLayout(layout)->columnBlock);
  if (!isTile(layout) && layout != Layout::I6Tile)
    return padded;
  // An odd number of cache lines: the rows of a tile then lie in different sets.
  return 64 * (ceilDiv(padded, 64) | 1);
}

/// Tiles: those of an even number of tokens read one row past the last.
int64_t ActShape::storedRows() const { return maxRows + (isTile(layout) && maxRows > 4); }

int64_t ActShape::groups() const { return ceilDiv(columns, groupSize); }

bool ActShape::operator==(const ActShape &other) const {
  return maxRows == other.maxRows && columns == other.columns && layout == other.layout &&
         groupSize == other.groupSize;
}

ActShape LinearShape::actShape() const {
  // t2_tl1 has no sums, so its activations serve every group size.
  bool grouped = granularity == Granularity::Group && layout != Layout::T2Tl1;
  return {maxRows, in, layout, grouped ? groupSize : in};
}

int64_t LinearShape::groupsPerRow() const {
  return granularity == Granularity::Group ? ceilDiv(in, groupSize) : 1;
}

int64_t LinearShape::scaleCount() const {
  if (isKept())
    return 0;
  return granularity == Granularity::Tensor ? 1 : out * groupsPerRow();
}

//===--- buffers -------------------------------------------------------------===//

static Type keptType(MLIRContext *context, Scheme scheme) {
  switch (scheme) {
  case Scheme::F16:
    return Float16Type::get(context);
  case Scheme::BF16:
    return BFloat16Type::get(context);
  default:
    return Float32Type::get(context);
  }
}

SmallVector<MemRefType> actBuffers(MLIRContext *context, const ActShape &shape) {
  Type i8 = IntegerType::get(context, 8), i32 = IntegerType::get(context, 32);
  auto scale = MemRefType::get({shape.maxRows}, Float32Type::get(context));
  if (shape.layout == Layout::T2Tl1)
    return {MemRefType::get({shape.maxRows, 16 * shape.paddedColumns()}, i8), scale};
  return {MemRefType::get({shape.storedRows(), shape.paddedColumns()}, i8), scale,
          MemRefType::get({shape.maxRows, shape.groups()}, i32)};
}

uint64_t actScratchBytes(const ActShape &shape) {
  uint64_t rows = shape.maxRows;
  uint64_t scales = roundUp(rows * 4, 64);
  if (shape.layout == Layout::T2Tl1)
    return roundUp(rows * 16 * shape.paddedColumns(), 64) + scales;
  return roundUp(shape.storedRows() * shape.paddedColumns(), 64) + scales +
         roundUp(rows * 4 * shape.groups(), 64);
}

MemRefType weightBuffer(MLIRContext *context, const LinearShape &shape) {
  if (shape.isKept())
    return MemRefType::get({shape.out * shape.in}, keptType(context, shape.scheme));
  // Sizes were checked for overflow when the weight's type was made.
  Result<uint64_t> bytes = layoutBytes(shape.layout, shape.out, shape.in, 1);
  return MemRefType::get({int64_t(*bytes)}, IntegerType::get(context, 8));
}

MemRefType scaleBuffer(MLIRContext *context, const LinearShape &shape) {
  if (shape.isKept())
    return nullptr;
  bool half = shape.scaleType == ScaleType::F16;
  return MemRefType::get({shape.scaleCount()}, keptType(context, half ? Scheme::F16 : Scheme::F32));
}

MemRefType biasBuffer(MLIRContext *context, const LinearShape &shape) {
  if (!shape.bias)
    return nullptr;
  return MemRefType::get({shape.out}, keptType(context, *shape.bias));
}

//===--- names ---------------------------------------------------------------===//

static std::string withIsa(std::string name, Isa isa) { return name + "__" + findIsa(isa)->word; }

static std::string dims(int64_t rows, int64_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

std::string linearKernelName(const LinearShape &shape, Isa isa) {
  std::string name = "lobit_";
  switch (shape.layout) {
  case Layout::RowMajor:
    name += std::string("f32_") + schemeWord(shape.scheme);
    break;
  case Layout::T2Dot:
    name += "s8_t2";
    break;
  case Layout::T2Tl1:
    name += "s8_tl1";
    break;
  case Layout::I8Dot:
    name += "s8_i8";
    break;
  case Layout::I6Pair24:
    name += "s8_i6_pair24";
    break;
  case Layout::T2Tile:
    name += "s8_t2_tile";
    break;
  case Layout::I8Tile:
    name += "s8_i8_tile";
    break;
  case Layout::I6Tile:
    name += "s8_i6_tile";
    break;
  case Layout::I4Tile:
    name += "s8_i4_tile";
    break;
  case Layout::B3Tile:
    name += "s8_b3_tile";
    break;
  }
  name += "_linear";
  if (!shape.isKept()) {
    if (shape.granularity == Granularity::Row)
      name += "_row";
    if (shape.granularity == Granularity::Group)
      name += "_g" + std::to_string(shape.groupSize);
    if (shape.scaleType == ScaleType::F16)
      name += "_f16";
  }
  if (shape.bias)
    name += std::string("_bias_") + schemeWord(*shape.bias);
  return withIsa(name + "_" + dims(shape.out, shape.in), isa);
}

std::string actQuantizeKernelName(const ActShape &shape, Isa isa) {
  std::string name = "lobit_s8_act_quantize";
  if (shape.layout == Layout::T2Tl1)
    name += "_tl1";
  name += "_" + dims(shape.columns, shape.paddedColumns());
  if (shape.groupSize != shape.columns)
    name += "_g" + std::to_string(shape.groupSize);
  return withIsa(name, isa);
}

//===--- functions -----------------------------------------------------------===//

/// The function of this name and type, and whether its body still has to be built. Names
/// leave maxRows out, so a second value of it in one module gets a suffix.
static std::pair<func::FuncOp, bool> getOrCreate(ModuleOp module, std::string name,
                                                 ArrayRef<Type> inputs, int64_t maxRows) {
  OpBuilder builder(module.getBodyRegion());
  FunctionType type = builder.getFunctionType(inputs, {});
  auto existing = module.lookupSymbol<func::FuncOp>(name);
  if (existing && existing.getFunctionType() != type) {
    name += "_r" + std::to_string(maxRows);
    existing = module.lookupSymbol<func::FuncOp>(name);
  }
  if (existing)
    return {existing, false};
  auto function = builder.create<func::FuncOp>(module.getLoc(), name, type);
  function.setPrivate();
  // No two buffers of a kernel overlap.
  for (unsigned i = 0; i < inputs.size(); ++i)
    if (isa<MemRefType>(inputs[i]))
      function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  return {function, true};
}

/// The arguments of act_quantize before those of type index.
static SmallVector<Type> actTypes(MLIRContext *context, const ActShape &shape) {
  SmallVector<Type> types = {
      MemRefType::get({shape.maxRows, shape.columns}, Float32Type::get(context))};
  SmallVector<MemRefType> buffers = actBuffers(context, shape);
  types.append(buffers.begin(), buffers.end());
  return types;
}

func::FuncOp getOrCreateActQuantizeRow(ModuleOp module, const ActShape &shape, Isa isa) {
  MLIRContext *context = module.getContext();
  SmallVector<Type> inputs = actTypes(context, shape);
  size_t next = inputs.size();
  inputs.append(2, IndexType::get(context));
  inputs.push_back(uk::FrameType::get(context));
  auto [function, isNew] =
      getOrCreate(module, actQuantizeKernelName(shape, isa), inputs, shape.maxRows);
  if (!isNew)
    return function;
  LinearBuilder b(function);
  auto values = function.getArguments();
  ActQuantizeArguments args{values[0], Values(values.begin() + 1, values.begin() + next),
                            values[next], values[next + 1], values[next + 2]};
  buildActQuantizeKernel(b, shape, args);
  b.create<func::ReturnOp>();
  return function;
}

func::FuncOp getOrCreateActQuantize(ModuleOp module, const ActShape &shape, Isa isa) {
  MLIRContext *context = module.getContext();
  SmallVector<Type> inputs = actTypes(context, shape);
  size_t next = inputs.size();
  inputs.append(4, IndexType::get(context));
  inputs.push_back(uk::FrameType::get(context));
  auto [function, isNew] =
      getOrCreate(module, "share_of_" + actQuantizeKernelName(shape, isa), inputs, shape.maxRows);
  if (!isNew)
    return function;
  func::FuncOp rowKernel = getOrCreateActQuantizeRow(module, shape, isa);
  LinearBuilder b(function);
  auto values = function.getArguments();
  Value first = values[next], frame = values[next + 4];
  Value count = b.create<arith::SubIOp>(values[next + 1], first);
  forShare(b, count, values[next + 2], values[next + 3], [&](Value i) {
    Value row = b.add(first, i);
    Values arguments(values.begin(), values.begin() + next);
    arguments.append({row, row, frame});
    b.create<func::CallOp>(rowKernel, arguments);
  });
  b.create<func::ReturnOp>();
  return function;
}

func::FuncOp getOrCreateLinear(ModuleOp module, const LinearShape &shape, Isa isa) {
  MLIRContext *context = module.getContext();
  Type f32 = Float32Type::get(context);
  SmallVector<Type> inputs;
  if (shape.isKept()) {
    inputs.push_back(MemRefType::get({shape.maxRows, shape.in}, f32));
  } else {
    SmallVector<MemRefType> buffers = actBuffers(context, shape.actShape());
    inputs.append(buffers.begin(), buffers.end());
  }
  size_t inputCount = inputs.size();
  inputs.push_back(weightBuffer(context, shape));
  if (MemRefType scales = scaleBuffer(context, shape))
    inputs.push_back(scales);
  if (MemRefType bias = biasBuffer(context, shape))
    inputs.push_back(bias);
  inputs.push_back(MemRefType::get({shape.maxRows, shape.out}, f32));
  inputs.append(4, IndexType::get(context));
  auto [function, isNew] = getOrCreate(module, linearKernelName(shape, isa), inputs, shape.maxRows);
  if (!isNew)
    return function;

  LinearBuilder b(function);
  auto next = function.getArguments().begin();
  LinearArguments args;
  args.input.assign(next, next + inputCount);
  next += inputCount;
  args.weights = *next++;
  if (!shape.isKept())
    args.scales = *next++;
  if (shape.bias)
    args.bias = *next++;
  args.y = *next++;
  args.first = *next++;
  args.rows = *next++;
  args.thread = *next++;
  args.threads = *next++;
  KernelForm form = findKernelForm(shape.layout, isa);
  switch (form.form) {
  case Form::Pairs:
  case Form::Halves:
  case Form::Products:
  case Form::Quads:
  case Form::SignedQuads:
  case Form::Matrix:
    if (isTile(shape.layout))
      buildTileKernel(b, shape, isa, args);
    else if (shape.layout == Layout::I6Tile)
      buildSparseKernel(b, shape, form, args);
    else
      buildDotKernel(b, shape, form, args);
    break;
  case Form::Lookup:
    buildLookupKernel(b, shape, form, args);
    break;
  case Form::Walk:
    buildWalkKernel(b, shape, form, args);
    break;
  case Form::Chunks:
    buildChunkKernel(b, shape, form, args);
    break;
  case Form::Lanes:
    buildKeptKernel(b, shape, form, args);
    break;
  }
  b.create<func::ReturnOp>();
  return function;
}

} // namespace lobit
