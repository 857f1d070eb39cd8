// Pieces of rows give the bits of the whole matrix: codes, scales, sums of errors.
#include "dialects/Lobit/Weights/QuantizePieces.h"
#include "dialects/Lobit/LobitOps.h"
#include "dialects/Lobit/Weights/ExecutionLayout.h"
#include "dialects/Lobit/Weights/WeightChain.h"
#include "test/dialects/Lobit/Weights/WeightTesting.h"

#include <cstring>
#include <gtest/gtest.h>
#include <limits>

using namespace lobit;

namespace {

class QuantizePiecesTest : public testing::Test {
protected:
  QuantizePiecesTest() { context.loadDialect<lb::LobitDialect>(); }

  lb::WeightType typeOf(int64_t rows, int64_t columns, mlir::Attribute scheme, KernelForm form) {
    auto type = lb::WeightType::get(&context, {rows, columns}, scheme, std::nullopt);
    return type.withLayout(executionLayout(type.getScheme(), type.getGranularity(), form));
  }
  mlir::Attribute ternary(Granularity granularity, int64_t group = 0) {
    return lb::TernaryAttr::get(&context, granularity, group, ScaleType::F32);
  }

  void expectSame(const FloatTensor &tensor, llvm::StringRef method, lb::WeightType packed) {
    const Result<CodedWeight> coded = quantizeWeight(tensor, method, packed, 1);
    ASSERT_TRUE(coded.ok());
    const QuantizationError error = measureError(tensor, *coded, scaleGridOf(packed), 1);
    const Result<EvaluatedWeight> whole = packWeight(*coded, packed, 1);
    ASSERT_TRUE(whole.ok());
    for (unsigned threads : {1u, 2u, 5u}) {
      std::vector<uint8_t> bytes(size_t(packed.getDataBytes()), 0xee);
      const std::optional<MeasuredScales> pieces =
          quantizePieces(tensor, method, packed, threads,
                         [&](uint64_t offset, const uint8_t *from, uint64_t size) {
                           ASSERT_LE(offset + size, bytes.size());
                           std::memcpy(bytes.data() + offset, from, size);
                         });
      ASSERT_TRUE(pieces);
      EXPECT_EQ(bytes, whole->bytes);
      EXPECT_EQ(pieces->scales, whole->scales);
      EXPECT_EQ(std::memcmp(&pieces->error, &error, sizeof(error)), 0);
    }
  }

  mlir::MLIRContext context;
};

TEST_F(QuantizePiecesTest, EqualTheWhole) {
  for (const auto &[rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {7, 300}, {32, 64}, {33, 257}, {700, 40}}) {
    const FloatTensor tensor = tensorOf(gaussian(rows * columns, uint64_t(rows)), rows, columns);
    for (KernelForm form : {KernelForm::Tile, KernelForm::Dot, KernelForm::Tl1, KernelForm::Base3})
      for (const char *method : {"optimal", "absmean", "absmean-refit"}) {
        expectSame(tensor, method, typeOf(rows, columns, ternary(Granularity::Row), form));
        expectSame(tensor, method, typeOf(rows, columns, ternary(Granularity::Group, 64), form));
      }
    for (ScaleType scales : {ScaleType::F32, ScaleType::F16}) {
      const auto int8 = lb::Int8Attr::get(&context, scales);
      const auto int4 = lb::Int4Attr::get(&context, scales);
      expectSame(tensor, "absmax", typeOf(rows, columns, int8, KernelForm::Tile));
      expectSame(tensor, "absmax", typeOf(rows, columns, int8, KernelForm::Dot));
      expectSame(tensor, "search", typeOf(rows, columns, int4, KernelForm::Tile));
    }
  }
}

TEST_F(QuantizePiecesTest, LeaveTheRestToOthers) {
  auto quantize = [&](const FloatTensor &tensor, llvm::StringRef method, mlir::Attribute scheme) {
    return quantizePieces(tensor, method,
                          typeOf(tensor.rows(), tensor.columns(), scheme, KernelForm::Tile), 2,
                          nullptr);
  };
  const mlir::Attribute rows = ternary(Granularity::Row);
  std::vector<float> values(64 * 40, 1.0f);
  EXPECT_TRUE(quantize(tensorOf(values, 64, 40), "optimal", rows));
  EXPECT_FALSE(quantize(tensorOf(values, 64, 40), "optimal", ternary(Granularity::Tensor)));
  EXPECT_FALSE(quantize(tensorOf(values, 64, 40), "absmean-block", rows));
  values[2000] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(quantize(tensorOf(values, 64, 40), "optimal", rows));
  values[2000] = -std::numeric_limits<float>::infinity();
  EXPECT_FALSE(quantize(tensorOf(values, 64, 40), "optimal", rows));
  values[2000] = 1e30f; // no scale of f16
  EXPECT_TRUE(
      quantize(tensorOf(values, 64, 40), "absmax", lb::Int8Attr::get(&context, ScaleType::F32)));
  EXPECT_FALSE(
      quantize(tensorOf(values, 64, 40), "absmax", lb::Int8Attr::get(&context, ScaleType::F16)));
}

} // namespace
