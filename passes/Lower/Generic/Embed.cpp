#include "passes/Lower/Generic/FloatKernels.h"
#include "passes/Lower/Generic/KernelBuilder.h"

#include "dialects/UKernel/UKernelOps.h"
#include "runtime/format/I6Tile.h"
#include "runtime/format/Pair24.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lobit {

static Type keptElementType(lb::WeightType type) {
  return cast<TypeAttr>(type.getSchemeAttr()).getValue();
}

MemRefType weightDataBuffer(lb::WeightType type) {
  if (type.isFloat())
    return MemRefType::get({type.getElementCount()}, keptElementType(type));
  return MemRefType::get({type.getDataBytes()}, IntegerType::get(type.getContext(), 8));
}

MemRefType weightScaleBuffer(lb::WeightType type) {
  if (type.isFloat())
    return {};
  Type element = type.getScaleType() == ScaleType::F16 ? Type(Float16Type::get(type.getContext()))
                                                       : Type(Float32Type::get(type.getContext()));
  return MemRefType::get({type.getScaleCount()}, element);
}

namespace {

/// Reads one row of a table; `column` is a multiple of 16.
class TableReader {
public:
  TableReader(KernelBuilder &k, lb::WeightType type, Value data, Value scales)
      : k(k), type(type), data(data), scales(scales) {}

  Value read(Value row, Value column, int64_t width) {
    if (type.isFloat())
      return k.loadFloat(data, {k.addIndex(k.mulIndex(row, type.getColumns()), column)}, width);
    return k.b.create<arith::MulFOp>(scale(row, column), codes(row, column));
  }

private:
  /// The scale of 16 columns; groups are at least 32 wide.
  Value scale(Value row, Value column) {
    switch (type.getGranularity()) {
    case Granularity::Row:
      return k.loadSplat(scales, row);
    case Granularity::Group:
      return k.loadSplat(scales, k.addIndex(k.mulIndex(row, type.getGroupsPerRow()),
                                            k.divIndex(column, k.index(type.getGroupSize()))));
    default:
      return k.loadSplat(scales, k.index(0));
    }
  }

  /// 16 codes as f32. Padding of the layouts makes all 16 readable.
  Value codes(Value row, Value column) {
    switch (*type.getLayout()) {
    case Layout::I8Dot:
      return toFloat(k.load(data, {dotByte(row, column, 64, column)}, KernelBuilder::lanes), 128);
    case Layout::T2Dot:
      return t2DotCodes(row, column);
    case Layout::T2Tl1:
      return t2Tl1Codes(row, column);
    case Layout::I6Pair24:
      return i6Pair24Codes(row, column);
    case Layout::T2Tile:
      return t2TileCodes(row, column);
    case Layout::I4Tile:
      return i4TileCodes(row, column);
    case Layout::I8Tile:
      return i8TileCodes(row, column);
    case Layout::I6Tile:
      return i6TileCodes(row, column);
    case Layout::B3Tile:
      return b3TileCodes(row, column);
    case Layout::RowMajor:
      break;
    }
    llvm_unreachable("a quantized table has a layout of its scheme");
  }

  /// Byte of i8_dot and t2_dot: [group of 4 rows][block of columns][row in group][64 bytes],
  /// where `inBlock` modulo 64 is the byte in the block.
  Value dotByte(Value row, Value column, int64_t blockColumns, Value inBlock) {
    int64_t blocks = llvm::divideCeil(type.getColumns(), blockColumns);
    Value group = k.divIndex(row, k.index(4));
    Value block = k.divIndex(column, k.index(blockColumns));
    Value line = k.addIndex(k.mulIndex(k.addIndex(k.mulIndex(group, blocks), block), 4),
                            k.remIndex(row, k.index(4)));
    return k.addIndex(k.mulIndex(line, 64), k.remIndex(inBlock, k.index(64)));
  }

  /// f32 of u8 - offset.
  Value toFloat(Value bytes, int32_t offset) {
    auto intType = VectorType::get({KernelBuilder::lanes}, k.b.getI32Type());
    Value wide = k.b.create<arith::ExtUIOp>(intType, bytes);
    Value code = k.b.create<arith::SubIOp>(wide, i32(offset));
    return k.b.create<arith::SIToFPOp>(VectorType::get({KernelBuilder::lanes}, k.b.getF32Type()),
                                       code);
  }

  /// Bits 2p..2p+1 of byte j are column 256 block + 64 p + j.
  Value t2DotCodes(Value row, Value column) {
    Value bytes = k.load(data, {dotByte(row, column, 256, column)}, KernelBuilder::lanes);
    Value plane = k.divIndex(k.remIndex(column, k.index(256)), k.index(64));
    Value shift = k.splat(k.b.create<arith::IndexCastUIOp>(k.b.getI8Type(), k.mulIndex(plane, 2)));
    Value code = k.b.create<arith::AndIOp>(k.b.create<arith::ShRUIOp>(bytes, shift), i8(3));
    return toFloat(code, 1);
  }

  /// Byte r of [block of 32 rows][step of 4 columns][32] holds two pairs, 3 t0 + t1 + 4 each.
  Value t2Tl1Codes(Value row, Value column) {
    int64_t steps = llvm::divideCeil(type.getColumns(), 4);
    Value lines = k.mulIndex(k.divIndex(row, k.index(32)), steps);
    Value inBlock = k.remIndex(row, k.index(32));
    Value firstStep = k.divIndex(column, k.index(4));
    Value result = i32(0);
    Value lastStep = k.index(steps - 1);
    for (int64_t s = 0; s < KernelBuilder::lanes / 4; ++s) {
      // Past the last step the codes are not stored by the caller.
      Value step = k.b.create<arith::MinUIOp>(k.addIndex(firstStep, k.index(s)), lastStep);
      Value at = k.addIndex(k.mulIndex(k.addIndex(lines, step), 32), inBlock);
      Value byte = k.b.create<arith::ExtUIOp>(k.b.getI32Type(),
                                              k.b.create<memref::LoadOp>(data, ValueRange{at}));
      for (int64_t pair = 0; pair < 2; ++pair) {
        Value nibble = pair == 0 ? k.b.create<arith::AndIOp>(byte, scalar(15)).getResult()
                                 : k.b.create<arith::ShRUIOp>(byte, scalar(4)).getResult();
        Value codes[2] = {k.b.create<arith::DivUIOp>(nibble, scalar(3)),
                          k.b.create<arith::RemUIOp>(nibble, scalar(3))};
        for (int64_t i = 0; i < 2; ++i)
          result = k.b.create<vector::InsertOp>(codes[i], result,
                                                ArrayRef<int64_t>{4 * s + 2 * pair + i});
      }
    }
    Value code = k.b.create<arith::SubIOp>(result, i32(1));
    return k.b.create<arith::SIToFPOp>(VectorType::get({KernelBuilder::lanes}, k.b.getF32Type()),
                                       code);
  }

  /// Two chunks of 8 columns: code 2 p + i is v[i] when p is the first pair of the nibble,
  /// v[2 + i] when it is the second, else 0.
  Value i6Pair24Codes(Value row, Value column) {
    int64_t blocks = llvm::divideCeil(uint64_t(type.getColumns()), kPair24Columns);
    Value payload = k.mulIndex(row, blocks * int64_t(kPair24Payload + kPair24Metadata));
    Value metadata = k.addIndex(payload, k.index(blocks * int64_t(kPair24Payload)));
    auto byteAt = [&](Value at) -> Value {
      return k.b.create<arith::ExtUIOp>(k.b.getI32Type(),
                                        k.b.create<memref::LoadOp>(data, ValueRange{at}));
    };
    Value nibbles = byteAt(k.addIndex(metadata, k.divIndex(column, k.index(16))));
    Value first = k.addIndex(payload, k.mulIndex(k.divIndex(column, k.index(8)), 3));
    Value result = i32(0);
    for (int64_t half = 0; half < 2; ++half) {
      Value word = scalar(0);
      for (int64_t i = 0; i < 3; ++i)
        word = k.b.create<arith::OrIOp>(
            word, k.b.create<arith::ShLIOp>(byteAt(k.addIndex(first, k.index(3 * half + i))),
                                            scalar(8 * i)));
      auto pairAt = [&](int64_t bit) -> Value {
        return k.b.create<arith::AndIOp>(k.b.create<arith::ShRUIOp>(nibbles, scalar(bit)),
                                         scalar(3));
      };
      auto codeAt = [&](int64_t i) -> Value {
        return k.b.create<arith::ShRSIOp>(
            k.b.create<arith::ShLIOp>(word, scalar(int32_t(26 - 6 * i))), scalar(26));
      };
      Value pairs[2] = {pairAt(4 * half), pairAt(4 * half + 2)};
      for (int64_t i = 0; i < 8; ++i) {
        Value code = scalar(0);
        for (int64_t kept = 0; kept < 2; ++kept) {
          Value here = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, pairs[kept],
                                                 scalar(int32_t(i / 2)));
          code = k.b.create<arith::SelectOp>(here, codeAt(2 * kept + i % 2), code);
        }
        result = k.b.create<vector::InsertOp>(code, result, ArrayRef<int64_t>{8 * half + i});
      }
    }
    return k.b.create<arith::SIToFPOp>(VectorType::get({KernelBuilder::lanes}, k.b.getF32Type()),
                                       result);
  }

  /// Four bytes of the row in [block of 32 rows][quad][128 bytes] as one i32; `quads` are
  /// stored for each row.
  Value tileQuad(Value row, Value quad, int64_t quads) {
    Value block = k.mulIndex(k.divIndex(row, k.index(32)), quads);
    Value at = k.addIndex(k.mulIndex(k.addIndex(block, quad), 128),
                          k.mulIndex(k.remIndex(row, k.index(32)), 4));
    Value four =
        k.b.create<vector::LoadOp>(VectorType::get({4}, k.b.getI8Type()), data, ValueRange{at});
    Value word = k.b.create<vector::BitCastOp>(VectorType::get({1}, k.b.getI32Type()), four);
    return k.b.create<vector::ExtractOp>(word, ArrayRef<int64_t>{0});
  }

  Value fromWords(Value words, int32_t offset) {
    auto bytes = VectorType::get({KernelBuilder::lanes}, k.b.getI8Type());
    return toFloat(k.b.create<vector::BitCastOp>(bytes, words), offset);
  }

  /// Bits 2p..2p+1 of the four bytes are columns 4p .. 4p + 3 of the 16.
  Value t2TileCodes(Value row, Value column) {
    int64_t steps = llvm::divideCeil(type.getColumns(), 16);
    auto words = VectorType::get({4}, k.b.getI32Type());
    Value quad = tileQuad(row, k.divIndex(column, k.index(16)), steps);
    Value all = k.b.create<vector::BroadcastOp>(words, quad);
    auto constant = [&](ArrayRef<int32_t> values) -> Value {
      return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(words, values));
    };
    Value shifted = k.b.create<arith::ShRUIOp>(all, constant({0, 2, 4, 6}));
    return fromWords(k.b.create<arith::AndIOp>(shifted, constant({0x03030303})), 1);
  }

  /// The halves of the four bytes are columns 4p .. 4p + 3 of the 8.
  Value i4TileCodes(Value row, Value column) {
    int64_t steps = llvm::divideCeil(type.getColumns(), 16) * 2;
    auto words = VectorType::get({4}, k.b.getI32Type());
    auto constant = [&](ArrayRef<int32_t> values) -> Value {
      return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(words, values));
    };
    Value first = k.divIndex(column, k.index(8));
    Value quads = constant({0});
    for (int64_t q = 0; q < 4; ++q)
      quads = k.b.create<vector::InsertOp>(tileQuad(row, k.addIndex(first, k.index(q / 2)), steps),
                                           quads, ArrayRef<int64_t>{q});
    Value shifted = k.b.create<arith::ShRUIOp>(quads, constant({0, 4, 0, 4}));
    return fromWords(k.b.create<arith::AndIOp>(shifted, constant({0x0f0f0f0f})), 8);
  }

  /// Columns 4 q .. 4 q + 3 are code q mod 5 of the four bytes of quad q / 5.
  Value b3TileCodes(Value row, Value column) {
    int64_t quads = llvm::divideCeil(type.getColumns(), 80) * 4;
    auto words = VectorType::get({4}, k.b.getI32Type());
    auto constant = [&](int32_t value) -> Value {
      return k.b.create<arith::ConstantOp>(DenseElementsAttr::get(words, value));
    };
    auto divide = [&](Value n, int32_t by) -> Value {
      return k.b.create<arith::DivUIOp>(n, constant(by));
    };
    auto modulo = [&](Value n, int32_t by) -> Value {
      return k.b.create<arith::RemUIOp>(n, constant(by));
    };
    Value result;
    for (int64_t q = 0; q < 4; ++q) {
      Value four = k.addIndex(k.divIndex(column, k.index(4)), k.index(q));
      Value word = tileQuad(row, k.divIndex(four, k.index(5)), quads);
      Value bytes = k.b.create<vector::BitCastOp>(
          VectorType::get({4}, k.b.getI8Type()),
          k.b.create<vector::BroadcastOp>(VectorType::get({1}, k.b.getI32Type()), word));
      Value byte = k.b.create<arith::ExtUIOp>(words, bytes);
      Value t = modulo(byte, 64), pair = divide(t, 7);
      Value w = k.b.create<arith::AddIOp>(k.b.create<arith::MulIOp>(modulo(t, 7), constant(4)),
                                          divide(byte, 64));
      Value codes[5] = {modulo(w, 3), modulo(divide(w, 3), 3), divide(w, 9), modulo(pair, 3),
                        divide(pair, 3)};
      Value plane = k.remIndex(four, k.index(5)), code = codes[0];
      for (int64_t p = 1; p < 5; ++p) {
        Value is = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, plane, k.index(p));
        code = k.b.create<arith::SelectOp>(is, codes[p], code);
      }
      SmallVector<int64_t> side;
      for (int64_t i = 0; i < 4 * (q + 1); ++i)
        side.push_back(i);
      if (q == 0) {
        result = code;
        continue;
      }
      // Vectors of 4 and 4 q lanes side by side: the shorter one is widened first.
      SmallVector<int64_t> widened;
      for (int64_t i = 0; i < 4 * q; ++i)
        widened.push_back(i % 4);
      result = k.b.create<vector::ShuffleOp>(
          result, k.b.create<vector::ShuffleOp>(code, code, widened), side);
    }
    Value t = k.b.create<arith::SubIOp>(result, i32(1));
    return k.b.create<arith::SIToFPOp>(VectorType::get({KernelBuilder::lanes}, k.b.getF32Type()),
                                       t);
  }

  Value i8TileCodes(Value row, Value column) {
    int64_t quads = llvm::divideCeil(type.getColumns(), 16) * 4;
    Value first = k.divIndex(column, k.index(4));
    Value words = k.b.create<arith::ConstantOp>(
        DenseElementsAttr::get(VectorType::get({4}, k.b.getI32Type()), int32_t(0)));
    for (int64_t q = 0; q < 4; ++q)
      words = k.b.create<vector::InsertOp>(tileQuad(row, k.addIndex(first, k.index(q)), quads),
                                           words, ArrayRef<int64_t>{q});
    return fromWords(words, 128);
  }

  /// Two chunks of 8 columns, expanded as in the kernels.
  Value i6TileCodes(Value row, Value column) {
    uint64_t blocks = llvm::divideCeil(uint64_t(type.getColumns()), kI6TileColumns);
    Value block = k.divIndex(row, k.index(kI6TileRows)),
          inBlock = k.remIndex(row, k.index(kI6TileRows));
    Value at = k.mulIndex(block, kI6TileSums + blocks * kI6TileBytes);
    at = k.addIndex(
        at, k.addIndex(k.index(kI6TileSums),
                       k.mulIndex(k.divIndex(column, k.index(kI6TileColumns)), kI6TileBytes)));
    Value step = k.divIndex(k.remIndex(column, k.index(kI6TileColumns)), k.index(16));
    Value maskAt =
        k.addIndex(k.addIndex(at, k.index(4 * 192)), k.addIndex(k.mulIndex(inBlock, 4), step));
    Value masks = k.b.create<arith::ExtUIOp>(k.b.getI32Type(),
                                             k.b.create<memref::LoadOp>(data, ValueRange{maskAt}));
    masks = k.b.create<vector::BroadcastOp>(VectorType::get({1}, k.b.getI32Type()), masks);
    Value first = k.addIndex(k.addIndex(at, k.mulIndex(step, 192)),
                             k.mulIndex(k.remIndex(inBlock, k.index(16)), 4));
    Value parts[3];
    auto bytes = [&](int64_t count) { return VectorType::get({count}, k.b.getI8Type()); };
    for (int64_t p = 0; p < 3; ++p)
      parts[p] = k.b.create<vector::LoadOp>(bytes(4), data,
                                            ValueRange{k.addIndex(first, k.index(64 * p))});
    Value isUpper = k.b.create<arith::CmpIOp>(arith::CmpIPredicate::uge, inBlock, k.index(16));
    Value all = k.b.create<arith::ConstantOp>(k.b.getZeroAttr(bytes(KernelBuilder::lanes)));
    for (int64_t chunk = 0; chunk < 2; ++chunk) {
      auto plane = [&](int64_t p) -> Value {
        return k.b.create<uk::UnpackI6Op>(bytes(4), parts[0], parts[1], parts[2], p, false);
      };
      Value values = k.b.create<arith::SelectOp>(isUpper, plane(2 * chunk + 1), plane(2 * chunk));
      for (int64_t half = 0; half < 2; ++half) {
        Value dense = k.b.create<uk::ExpandPairsOp>(bytes(4), values, masks, chunk, half);
        for (int64_t i = 0; i < 4; ++i)
          all = k.b.create<vector::InsertOp>(
              k.b.create<vector::ExtractOp>(dense, ArrayRef<int64_t>{i}), all,
              ArrayRef<int64_t>{8 * chunk + 4 * half + i});
      }
    }
    Value wide =
        k.b.create<arith::ExtSIOp>(VectorType::get({KernelBuilder::lanes}, k.b.getI32Type()), all);
    return k.b.create<arith::SIToFPOp>(VectorType::get({KernelBuilder::lanes}, k.b.getF32Type()),
                                       wide);
  }

  Value scalar(int32_t value) {
    return k.b.create<arith::ConstantOp>(k.b.getI32IntegerAttr(value));
  }
  Value i32(int32_t value) { return k.splat(scalar(value)); }
  Value i8(int8_t value) {
    return k.splat(k.b.create<arith::ConstantOp>(k.b.getI8IntegerAttr(value)));
  }

  KernelBuilder &k;
  lb::WeightType type;
  Value data, scales;
};

/// "1024x256_ternary_t2_dot_row_f16": everything the code depends on.
std::string tableWord(lb::WeightType type) {
  std::string word =
      (Twine(type.getRows()) + "x" + Twine(type.getColumns()) + "_" + schemeWord(type.getScheme()))
          .str();
  if (type.isFloat())
    return word;
  word += std::string("_") + findLayout(*type.getLayout())->word;
  if (type.getGranularity() == Granularity::Group)
    word += "_g" + std::to_string(type.getGroupSize());
  else
    word += type.getGranularity() == Granularity::Row ? "_row" : "_tensor";
  return word + (type.getScaleType() == ScaleType::F16 ? "_f16" : "_f32");
}

} // namespace

func::FuncOp getOrCreateEmbed(ModuleOp module, int64_t maxRows, lb::WeightType table, Isa isa) {
  std::string name = floatKernelName("embed_" + tableWord(table), isa);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;

  MLIRContext *context = module.getContext();
  Type index = IndexType::get(context);
  int64_t features = table.getColumns();
  SmallVector<Type> types = {MemRefType::get({maxRows}, IntegerType::get(context, 32)),
                             weightDataBuffer(table)};
  if (MemRefType scales = weightScaleBuffer(table))
    types.push_back(scales);
  types.push_back(rowBuffer(context, maxRows, features));
  unsigned y = types.size() - 1;
  types.append(2, index);
  KernelBuilder k(module, name, types);
  TableReader reader(k, table, k.argument(1), table.isFloat() ? Value() : k.argument(2));
  Value token = k.b.create<memref::LoadOp>(k.argument(0), ValueRange{k.argument(y + 1)});
  Value row = k.b.create<arith::IndexCastUIOp>(index, token);
  k.columns(features, [&](Value column, int64_t width) {
    k.store(reader.read(row, column, width), k.argument(y), {k.argument(y + 2), column}, width);
  });
  return k.finish();
}

} // namespace lobit
