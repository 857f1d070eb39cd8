#include "passes/Lower/Linear/LinearBuilder.h"

#include "dialects/UKernel/UKernelOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {

namespace {
struct FormKey {
  Layout layout;
  Isa isa;
};
constexpr FormKey formKeys[] = {
#define LOBIT_KERNEL_FORM(LAYOUT, ISA, FORM, width, rows1, rowsN, tokens)                          \
  {Layout::LAYOUT, Isa::ISA},
#include "passes/Lower/Linear/KernelForms.inc"
};
constexpr Layout everyLayout[] = {
#define LOBIT_LAYOUT(EnumName, id, word, rowBlock, columnBlock, definition) Layout::EnumName,
#include "runtime/format/Layouts.inc"
};
constexpr Isa everyIsa[] = {
#define LOBIT_ISA(EnumName, id, word, arch, rank, features, triple, cpu, attrs) Isa::EnumName,
#include "runtime/format/Isas.inc"
};
/// Layouts without any row are not executed.
constexpr bool everyFormIsThere() {
  for (Layout layout : everyLayout) {
    int all = 0;
    for (const FormKey &key : formKeys)
      all += key.layout == layout;
    for (Isa isa : everyIsa) {
      int rows = 0;
      for (const FormKey &key : formKeys)
        rows += key.layout == layout && key.isa == isa;
      if (rows > 1 || (all > 0 && rows == 0))
        return false;
    }
  }
  return true;
}
static_assert(everyFormIsThere(), "KernelForms.inc has one row for each layout and ISA");
} // namespace

static int64_t leastPanelTokens(Layout layout, Isa isa) {
#define LOBIT_PANEL_FORM(LAYOUT, ISA, leastTokens)                                                 \
  if (layout == Layout::LAYOUT && isa == Isa::ISA)                                                 \
    return leastTokens;
#include "passes/Lower/Linear/KernelForms.inc"
  return std::numeric_limits<int64_t>::max();
}

KernelForm findKernelForm(Layout layout, Isa isa) {
  Arch arch = findIsa(isa)->arch;
#define LOBIT_KERNEL_FORM(LAYOUT, ISA, FORM, width, rows1, rowsN, tokens)                          \
  if (layout == Layout::LAYOUT && isa == Isa::ISA)                                                 \
    return {Form::FORM,                                                                            \
            width,                                                                                 \
            rows1,                                                                                 \
            rowsN,                                                                                 \
            tokens,                                                                                \
            /*isRolled=*/arch == Arch::Wasm32,                                                     \
            /*touches=*/arch == Arch::Wasm32,                                                      \
            /*takesLanes=*/arch == Arch::AArch64,                                                  \
            leastPanelTokens(layout, isa)};
#include "passes/Lower/Linear/KernelForms.inc"
  llvm_unreachable("KernelForms.inc has a row for each layout and ISA");
}

LinearBuilder::LinearBuilder(func::FuncOp function)
    : ImplicitLocOpBuilder(function.getLoc(), function.getContext()) {
  setInsertionPointToStart(function.addEntryBlock());
}

Value LinearBuilder::index(int64_t value) { return create<arith::ConstantIndexOp>(value); }

Value LinearBuilder::f32(float value) { return create<arith::ConstantOp>(getF32FloatAttr(value)); }

Value LinearBuilder::splatInt(int64_t value, unsigned width, int64_t lanes) {
  Type element = getIntegerType(width);
  return create<arith::ConstantOp>(DenseElementsAttr::get(VectorType::get({lanes}, element),
                                                          APInt(width, value, /*isSigned=*/true)));
}

Value LinearBuilder::zero(VectorType type) { return create<arith::ConstantOp>(getZeroAttr(type)); }

Value LinearBuilder::splat(Value scalar, int64_t lanes) {
  return create<vector::BroadcastOp>(vectorOf(scalar.getType(), lanes), scalar);
}

Value LinearBuilder::add(Value a, Value b) { return create<arith::AddIOp>(a, b); }
Value LinearBuilder::add(Value a, int64_t b) { return b == 0 ? a : add(a, index(b)); }
Value LinearBuilder::mul(Value a, int64_t b) {
  return b == 1 ? a : create<arith::MulIOp>(a, index(b)).getResult();
}
Value LinearBuilder::min(Value a, Value b) { return create<arith::MinUIOp>(a, b); }
Value LinearBuilder::less(Value a, Value b) {
  return create<arith::CmpIOp>(arith::CmpIPredicate::ult, a, b);
}

Value LinearBuilder::load(VectorType type, Value buffer, ValueRange at) {
  return create<vector::LoadOp>(type, buffer, at);
}

void LinearBuilder::store(Value vector, Value buffer, ValueRange at) {
  create<vector::StoreOp>(vector, buffer, at);
}

void LinearBuilder::prefetch(Value buffer, Value at, int64_t ahead, int64_t locality) {
  create<memref::PrefetchOp>(buffer, ValueRange{add(at, ahead)}, /*isWrite=*/false, locality,
                             /*isDataCache=*/true);
}

void LinearBuilder::touchAhead(Value buffer, Value at, Value step, int64_t last) {
  constexpr int64_t steps = touchBytes / 128;
  Value rest = create<arith::AndIOp>(step, index(steps - 1));
  when(create<arith::CmpIOp>(arith::CmpIPredicate::eq, rest, index(0)), [&] {
    Value next = min(add(at, touchBytes), index(last));
    for (int64_t line = 0; line < touchBytes; line += 64)
      create<uk::TouchOp>(buffer, add(next, line));
  });
}

Value LinearBuilder::quadOf(Value bytes, int64_t quad, int64_t lanes) {
  SmallVector<int64_t> indices;
  for (int64_t i = 0; i < lanes; ++i)
    indices.push_back(4 * quad + i % 4);
  return shuffle(bytes, bytes, indices);
}

Value LinearBuilder::addAdjacent(Value v) {
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < cast<VectorType>(v.getType()).getDimSize(0); i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  return add(shuffle(v, v, even), shuffle(v, v, odd));
}

Value LinearBuilder::shuffle(Value a, Value b, ArrayRef<int64_t> lanes) {
  return create<vector::ShuffleOp>(a, b, lanes);
}

Value LinearBuilder::widen(Value vector) {
  auto type = cast<VectorType>(vector.getType());
  if (type.getElementType().isF32())
    return vector;
  return create<uk::WidenFloatOp>(f32s(type.getDimSize(0)), vector);
}

Value LinearBuilder::loadRest(Value buffer, ValueRange at, int64_t columns, int64_t count) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  Values indices(at.begin(), at.end());
  Value start = indices.back();
  if (columns >= 16) {
    // The last 16 elements of the row end with the wanted ones.
    indices.back() = add(start, columns - 16);
    Value last = widen(load(vectorOf(element, 16), buffer, indices));
    SmallVector<int64_t> lanes;
    for (int64_t i = 0; i < 16; ++i)
      lanes.push_back(i < count ? 16 - count + i : 16);
    return shuffle(last, zero(f32s(16)), lanes);
  }
  Value result = zero(f32s(16));
  for (int64_t i = 0; i < count; ++i) {
    indices.back() = add(start, columns - count + i);
    Value one = widen(load(vectorOf(element, 1), buffer, indices));
    Value scalar = create<vector::ExtractOp>(one, ArrayRef<int64_t>{0});
    result = create<vector::InsertOp>(scalar, result, ArrayRef<int64_t>{i});
  }
  return result;
}

Value LinearBuilder::reduce4(ArrayRef<Value> vectors) {
  bool isFloat = isa<FloatType>(cast<VectorType>(vectors[0].getType()).getElementType());
  auto plus = [&](Value a, Value b) -> Value {
    return isFloat ? create<arith::AddFOp>(a, b).getResult()
                   : create<arith::AddIOp>(a, b).getResult();
  };
  Values fours;
  for (Value v : vectors) {
    for (int64_t lanes = cast<VectorType>(v.getType()).getDimSize(0); lanes > 4; lanes /= 2) {
      SmallVector<int64_t> low(lanes / 2), high(lanes / 2);
      for (int64_t i = 0; i < lanes / 2; ++i) {
        low[i] = i;
        high[i] = i + lanes / 2;
      }
      v = plus(shuffle(v, v, low), shuffle(v, v, high));
    }
    fours.push_back(v);
  }
  auto half = [&](Value a, Value b) {
    return plus(shuffle(a, b, {0, 1, 4, 5}), shuffle(a, b, {2, 3, 6, 7}));
  };
  Value ab = half(fours[0], fours[1]), cd = half(fours[2], fours[3]);
  return plus(shuffle(ab, cd, {0, 2, 4, 6}), shuffle(ab, cd, {1, 3, 5, 7}));
}

Values LinearBuilder::loop(Value begin, Value end, int64_t step, ValueRange init,
                           llvm::function_ref<Values(Value, ValueRange)> body) {
  auto forOp = create<scf::ForOp>(begin, end, index(step), init);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(forOp.getBody());
  Values results = body(forOp.getInductionVar(), forOp.getRegionIterArgs());
  if (!init.empty()) {
    setInsertionPointToEnd(forOp.getBody());
    create<scf::YieldOp>(results);
  }
  return Values(forOp.getResults());
}

void LinearBuilder::loop(Value begin, Value end, int64_t step,
                         llvm::function_ref<void(Value)> body) {
  loop(begin, end, step, {}, [&](Value i, ValueRange) -> Values {
    body(i);
    return {};
  });
}

void LinearBuilder::when(Value condition, llvm::function_ref<void()> then,
                         llvm::function_ref<void()> otherwise) {
  auto ifOp = create<scf::IfOp>(condition, /*withElseRegion=*/static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(ifOp.thenBlock());
  then();
  if (otherwise) {
    setInsertionPointToStart(ifOp.elseBlock());
    otherwise();
  }
}

void LinearBuilder::choose(Value value, ArrayRef<int64_t> values,
                           llvm::function_ref<void(int64_t)> body) {
  // The last one needs no test.
  if (values.size() == 1)
    return body(values[0]);
  auto op = create<scf::IndexSwitchOp>(TypeRange{}, value, values.drop_back(), values.size() - 1);
  OpBuilder::InsertionGuard guard(*this);
  for (size_t i = 0; i < values.size(); ++i) {
    Region &region = i + 1 < values.size() ? op.getCaseRegions()[i] : op.getDefaultRegion();
    setInsertionPointToStart(&region.emplaceBlock());
    body(values[i]);
    create<scf::YieldOp>();
  }
}

Value LinearBuilder::onStack(ArrayRef<int64_t> shape, Type element) {
  OpBuilder::InsertionGuard guard(*this);
  auto function = getBlock()->getParent()->getParentOfType<func::FuncOp>();
  setInsertionPointToStart(&function.front());
  return create<memref::AllocaOp>(MemRefType::get(shape, element), getI64IntegerAttr(64));
}

void forShare(LinearBuilder &b, Value count, Value thread, Value threads,
              llvm::function_ref<void(Value)> body) {
  auto range =
      b.create<uk::ThreadRangeOp>(b.getIndexType(), b.getIndexType(), count, thread, threads);
  b.loop(range.getBegin(), range.getEnd(), 1, body);
}

void forTokenTiles(LinearBuilder &b, const LinearShape &shape, const LinearArguments &args,
                   int64_t tileTokens, llvm::function_ref<void(Value, int64_t)> body) {
  if (tileTokens == 1 || shape.maxRows < tileTokens) {
    b.loop(args.first, args.rows, 1, [&](Value t) { body(t, 1); });
    return;
  }
  Value count = b.create<arith::SubIOp>(args.rows, args.first);
  Value rest = b.create<arith::RemUIOp>(count, b.index(tileTokens));
  Value tiled = b.create<arith::SubIOp>(args.rows, rest);
  b.loop(args.first, tiled, tileTokens, [&](Value t) { body(t, tileTokens); });
  b.loop(tiled, args.rows, 1, [&](Value t) { body(t, 1); });
}

//===--- Epilogue ------------------------------------------------------------===//

bool Epilogue::hasAllRows(int64_t lanes) const {
  // Lanes in the padding of the last block of rows are computed, too.
  int64_t block = std::max<int64_t>(lanes, findLayout(shape.layout)->rowBlock);
  return lanes == 1 || shape.out % block == 0;
}

void Epilogue::withRows(int64_t lanes, Value row, llvm::function_ref<void(bool)> body) {
  if (hasAllRows(lanes)) {
    body(true);
    return;
  }
  b.when(
      b.less(b.add(row, lanes - 1), b.index(shape.out)), [&] { body(true); }, [&] { body(false); });
}

Value Epilogue::loadRows(Value buffer, Value row, int64_t lanes, int64_t stride, Value offset,
                         bool all) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  auto loadAt = [&](Value at, int64_t count) {
    return b.load(VectorType::get({count}, element), buffer, at);
  };
  if (all && stride == 1)
    return b.widen(loadAt(row, lanes));
  // Elements are moved as integers: f16 has no cheap moves on every target.
  bool isF32 = element.isF32();
  Type bits = b.getIntegerType(isF32 ? 32 : 16);
  Value result = b.zero(VectorType::get({lanes}, bits));
  for (int64_t i = 0; i < lanes; ++i) {
    Value at = b.add(row, i);
    if (!all)
      at = b.min(at, b.index(shape.out - 1));
    at = b.mul(at, stride);
    if (offset)
      at = b.add(at, offset);
    Value one = b.create<memref::LoadOp>(buffer, at);
    result = b.create<vector::InsertOp>(b.create<arith::BitcastOp>(bits, one), result,
                                        ArrayRef<int64_t>{i});
  }
  return b.widen(b.create<vector::BitCastOp>(VectorType::get({lanes}, element), result));
}

Value Epilogue::activationScale(Value token) {
  return b.create<memref::LoadOp>(args.input[1], token);
}

void Epilogue::finish(Value value, Value row, Value token, bool all) {
  int64_t lanes = cast<VectorType>(value.getType()).getDimSize(0);
  if (args.bias)
    value = b.create<arith::AddFOp>(value, loadRows(args.bias, row, lanes, 1, {}, all));
  Value to = b.create<arith::SubIOp>(token, args.first);
  if (all) {
    b.store(value, args.y, {to, row});
    return;
  }
  for (int64_t i = 0; i < lanes; ++i) {
    Value at = b.add(row, i);
    b.when(b.less(at, b.index(shape.out)), [&] {
      Value one = b.create<vector::ExtractOp>(value, ArrayRef<int64_t>{i});
      b.create<memref::StoreOp>(one, args.y, ValueRange{to, at});
    });
  }
}

void Epilogue::storeScaled(Value sums, Value row, Value token) {
  int64_t lanes = cast<VectorType>(sums.getType()).getDimSize(0);
  withRows(lanes, row, [&](bool all) {
    Value factor;
    Value sx = activationScale(token);
    if (shape.granularity == Granularity::Tensor) {
      Value sw = b.widen(
          b.load(VectorType::get({1}, cast<MemRefType>(args.scales.getType()).getElementType()),
                 args.scales, b.index(0)));
      Value one = b.create<vector::ExtractOp>(sw, ArrayRef<int64_t>{0});
      factor = b.splat(b.create<arith::MulFOp>(one, sx), lanes);
    } else {
      Value sw = loadRows(args.scales, row, lanes, 1, {}, all);
      factor = b.create<arith::MulFOp>(sw, b.splat(sx, lanes));
    }
    Value d = b.create<arith::SIToFPOp>(b.f32s(lanes), sums);
    finish(b.create<arith::MulFOp>(d, factor), row, token, all);
  });
}

Value Epilogue::addGroup(Value acc, Value sums, Value row, Value group) {
  int64_t lanes = cast<VectorType>(sums.getType()).getDimSize(0);
  Value scale = loadRows(args.scales, row, lanes, shape.groupsPerRow(), group, hasAllRows(lanes));
  Value d = b.create<arith::SIToFPOp>(b.f32s(lanes), sums);
  return b.create<arith::AddFOp>(acc, b.create<arith::MulFOp>(scale, d));
}

void Epilogue::storeGrouped(Value acc, Value row, Value token) {
  int64_t lanes = cast<VectorType>(acc.getType()).getDimSize(0);
  withRows(lanes, row, [&](bool all) {
    Value sx = b.splat(activationScale(token), lanes);
    finish(b.create<arith::MulFOp>(sx, acc), row, token, all);
  });
}

void Epilogue::storePlain(Value value, Value row, Value token) {
  int64_t lanes = cast<VectorType>(value.getType()).getDimSize(0);
  withRows(lanes, row, [&](bool all) { finish(value, row, token, all); });
}

} // namespace lobit
