#include "passes/Import/DenseLayer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace lobit {

static bool isF32Tensor(Type type, int64_t rank) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getRank() == rank &&
         tensor.getElementType().isF32();
}

std::optional<ConstantTensor> matchConstant(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto transpose = dyn_cast_or_null<linalg::TransposeOp>(op)) {
    std::optional<ConstantTensor> inner = matchConstant(transpose.getInput());
    if (!inner || transpose.getPermutation() != ArrayRef<int64_t>({1, 0}))
      return std::nullopt;
    inner->transposed = !inner->transposed;
    return inner;
  }
  auto constant = dyn_cast_or_null<arith::ConstantOp>(op);
  if (!constant || !isa<RankedTensorType>(constant.getType()))
    return std::nullopt;
  ConstantTensor result;
  result.values = dyn_cast<ElementsAttr>(constant.getValue());
  result.op = op;
  if (!isa_and_nonnull<DenseElementsAttr, DenseResourceElementsAttr>(result.values))
    return std::nullopt;
  return result;
}

/// The values of a small constant; none for a resource without data.
static std::optional<SmallVector<float>> floatsOf(ElementsAttr values) {
  if (auto dense = dyn_cast<DenseElementsAttr>(values))
    return llvm::to_vector(dense.getValues<float>());
  auto resource = dyn_cast<DenseF32ResourceElementsAttr>(values);
  std::optional<ArrayRef<float>> data =
      resource ? resource.tryGetAsArrayRef() : std::optional<ArrayRef<float>>();
  if (!data || int64_t(data->size()) != values.getNumElements())
    return std::nullopt;
  return llvm::to_vector(*data);
}

static Bias makeBias(ArrayRef<float> values, MLIRContext *context) {
  auto type = RankedTensorType::get(int64_t(values.size()), Float32Type::get(context));
  return {DenseElementsAttr::get(type, values)};
}

/// A constant whose value at [i, j] is that of `j` alone; vectors count as one row.
static std::optional<Bias> matchConstantRows(Value value) {
  std::optional<ConstantTensor> constant = matchConstant(value);
  if (!constant || constant->transposed)
    return std::nullopt;
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.getElementType().isF32() || type.getRank() < 1 || type.getRank() > 2)
    return std::nullopt;
  std::optional<SmallVector<float>> values = floatsOf(constant->values);
  if (!values)
    return std::nullopt;
  int64_t columns = type.getDimSize(type.getRank() - 1);
  ArrayRef<float> row = ArrayRef<float>(*values).take_front(columns);
  auto bits = [](float x) { return llvm::bit_cast<uint32_t>(x); };
  for (size_t i = columns; i < values->size(); ++i)
    if (bits((*values)[i]) != bits(row[i % columns]))
      return std::nullopt;
  return makeBias(row, value.getContext());
}

/// The maps (d0, d1) -> (d1) and (d0, d1) -> (0, d1).
static bool isRowBroadcast(AffineMap map) {
  MLIRContext *context = map.getContext();
  AffineExpr column = getAffineDimExpr(1, context), zero = getAffineConstantExpr(0, context);
  return map == AffineMap::get(2, 0, {column}, context) ||
         map == AffineMap::get(2, 0, {zero, column}, context);
}

std::optional<Bias> matchBroadcastBias(Value value) {
  if (!isF32Tensor(value.getType(), 2))
    return std::nullopt;
  Operation *op = value.getDefiningOp();
  if (auto broadcast = dyn_cast_or_null<linalg::BroadcastOp>(op)) {
    if (broadcast.getDimensions() != ArrayRef<int64_t>({0}))
      return std::nullopt;
    return matchConstantRows(broadcast.getInput());
  }
  if (auto generic = dyn_cast_or_null<linalg::GenericOp>(op)) {
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    auto yield = cast<linalg::YieldOp>(generic.getBody()->getTerminator());
    if (maps.size() != 2 || !isRowBroadcast(maps[0]) || !maps[1].isIdentity() ||
        yield.getOperand(0) != generic.getBody()->getArgument(0))
      return std::nullopt;
    return matchConstantRows(generic.getDpsInputs()[0]);
  }
  return matchConstantRows(value);
}

static bool isZero(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.value(), m_PosZeroFloat());
  return matchPattern(value, m_PosZeroFloat());
}

/// Whether the body of a contraction is out + a * b, in any order of the operands.
static bool isMultiplyAdd(Block &body) {
  if (body.getNumArguments() != 3)
    return false;
  auto yield = dyn_cast<linalg::YieldOp>(body.getTerminator());
  auto add = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || body.getOperations().size() != 3)
    return false;
  for (auto [first, second] :
       {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
    auto mul = second.getDefiningOp<arith::MulFOp>();
    if (!mul || first != body.getArgument(2))
      continue;
    Value a = body.getArgument(0), b = body.getArgument(1);
    return (mul.getLhs() == a && mul.getRhs() == b) || (mul.getLhs() == b && mul.getRhs() == a);
  }
  return false;
}

/// Whether `op` is a contraction over d2 with result (d0, d1), and which input is x.
static std::optional<DenseLayer> matchContraction(linalg::LinalgOp op) {
  MLIRContext *context = op.getContext();
  using utils::IteratorType;
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumLoops() != 3)
    return std::nullopt;
  if (op.getIteratorTypesArray() != SmallVector<IteratorType>{IteratorType::parallel,
                                                              IteratorType::parallel,
                                                              IteratorType::reduction})
    return std::nullopt;
  if (!isMultiplyAdd(*op.getBlock()))
    return std::nullopt;
  AffineExpr m = getAffineDimExpr(0, context), n = getAffineDimExpr(1, context),
             k = getAffineDimExpr(2, context);
  auto map = [&](AffineExpr a, AffineExpr b) { return AffineMap::get(3, 0, {a, b}, context); };
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (maps[2] != map(m, n))
    return std::nullopt;
  for (unsigned x : {0u, 1u}) {
    AffineMap weight = maps[1 - x];
    if (maps[x] != map(m, k) || (weight != map(k, n) && weight != map(n, k)))
      continue;
    DenseLayer layer;
    layer.input = op.getDpsInputs()[x];
    std::optional<ConstantTensor> constant = matchConstant(op.getDpsInputs()[1 - x]);
    if (!constant)
      return std::nullopt;
    layer.weight = *constant;
    layer.weightIsInOut = (weight == map(k, n)) != constant->transposed;
    return layer;
  }
  return std::nullopt;
}

std::optional<DenseLayer> matchDenseLayer(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) { return isF32Tensor(type, 2); }))
    return std::nullopt;
  std::optional<DenseLayer> layer = matchContraction(op);
  if (!layer)
    return std::nullopt;
  Value init = op.getDpsInits()[0];
  if (isZero(init))
    return layer;
  layer->bias = matchBroadcastBias(init);
  return layer->bias ? layer : std::nullopt;
}

std::optional<Bias> matchBiasAdd(Operation *op, Value value) {
  if (op->getNumResults() != 1 || op->getResult(0).getType() != value.getType())
    return std::nullopt;
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || linalgOp.getNumDpsInputs() != 2 || linalgOp.getNumLoops() != 2 ||
      linalgOp.getNumParallelLoops() != 2)
    return std::nullopt;
  unsigned at = linalgOp.getDpsInputs()[0] == value ? 0 : 1;
  Value other = linalgOp.getDpsInputs()[1 - at];
  if (linalgOp.getDpsInputs()[at] != value || other == value || linalgOp.getDpsInits()[0] == value)
    return std::nullopt;
  Block &body = *linalgOp.getBlock();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || body.getOperations().size() != 2)
    return std::nullopt;
  Value a = body.getArgument(0), b = body.getArgument(1);
  if (!(add.getLhs() == a && add.getRhs() == b) && !(add.getLhs() == b && add.getRhs() == a))
    return std::nullopt;
  SmallVector<AffineMap> maps = linalgOp.getIndexingMapsArray();
  if (!maps[at].isIdentity() || !maps[2].isIdentity())
    return std::nullopt;
  if (isRowBroadcast(maps[1 - at]))
    return matchConstantRows(other);
  return maps[1 - at].isIdentity() ? matchBroadcastBias(other) : std::nullopt;
}

} // namespace lobit
