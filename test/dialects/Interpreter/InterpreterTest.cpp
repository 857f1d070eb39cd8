// The C++ interface of the interpreter: what arguments it takes, and what a session keeps.
#include "dialects/Interpreter/Interpreter.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace lobit;

namespace {

constexpr const char *source = R"(
func.func @forward(%q: tensor<?x2xf32>, %kv: tensor<?x2xf32>, %position: index) -> tensor<?x2xf32> {
  %cache = lm.cache 0 : !lm.cache<1x4x2>
  %y = lm.attention %q, %kv, %kv, %cache at %position heads 1 scale 1.0
         : tensor<?x2xf32>, tensor<?x2xf32>, !lm.cache<1x4x2>
  return %y : tensor<?x2xf32>
}
)";

class InterpreterTest : public testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<lm::LMDialect, lb::LobitDialect, mlir::func::FuncDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    ASSERT_TRUE(module);
  }

  std::string messageOf(llvm::StringRef function, llvm::ArrayRef<TensorValue> arguments) {
    return Interpreter(*module, nullptr).call(function, arguments).status().message();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  TensorValue one = TensorValue::ofFloats({1, 2}, {1.0f, 2.0f});
  TensorValue other = TensorValue::ofFloats({1, 2}, {-3.0f, 1.0f});
};

TEST_F(InterpreterTest, CountsArguments) {
  EXPECT_EQ(messageOf("forward", {one, one}), "forward: expected 3 arguments, found 2");
}

TEST_F(InterpreterTest, ChecksTheShapeOfArguments) {
  TensorValue wide = TensorValue::ofFloats({1, 3}, {1.0f, 2.0f, 3.0f});
  EXPECT_EQ(messageOf("forward", {one, wide, TensorValue::ofIndex(0)}),
            "forward: expected argument 1 of type tensor<?x2xf32>, found shape [1, 3] with 3 "
            "floats");
}

TEST_F(InterpreterTest, ChecksTheElementsOfArguments) {
  TensorValue integers = TensorValue::ofIntegers({1, 2}, {1, 2});
  EXPECT_EQ(messageOf("forward", {integers, one, TensorValue::ofIndex(0)}),
            "forward: expected argument 0 of type tensor<?x2xf32>, found shape [1, 2] with 0 "
            "floats");
}

TEST_F(InterpreterTest, NamesAMissingFunction) {
  EXPECT_EQ(messageOf("backward", {}), "the module has no function with a body called backward");
}

TEST_F(InterpreterTest, ASessionKeepsTheCacheAndAFreshOneStartsEmpty) {
  Interpreter interpreter(*module, nullptr);
  InterpreterSession session;
  ASSERT_TRUE(interpreter.call("forward", {one, one, TensorValue::ofIndex(0)}, session).ok());
  auto kept = interpreter.call("forward", {one, other, TensorValue::ofIndex(1)}, session);
  auto fresh = interpreter.call("forward", {one, other, TensorValue::ofIndex(1)});
  ASSERT_TRUE(kept.ok() && fresh.ok());
  EXPECT_EQ(session.caches[0].keys, (std::vector<float>{1, 2, -3, 1, 0, 0, 0, 0}));
  EXPECT_NE((*kept)[0].floats, (*fresh)[0].floats);
}

// Attributes that no text can spell are refused when they are built.
TEST(Attributes, AreCheckedWhenBuilt) {
  mlir::MLIRContext context;
  context.loadDialect<lb::LobitDialect>();
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message = diagnostic.str();
    return mlir::success();
  });
  auto makeError = [&] { return mlir::emitError(mlir::UnknownLoc::get(&context)); };
  llvm::function_ref<mlir::InFlightDiagnostic()> emit = makeError;
  EXPECT_FALSE(
      lb::TernaryAttr::getChecked(emit, &context, Granularity::Row, int64_t(32), ScaleType::F32));
  EXPECT_EQ(message, "expected group size 0 for tensor and row granularity, found 32");
  EXPECT_FALSE(
      lb::TernaryAttr::getChecked(emit, &context, Granularity::None, int64_t(0), ScaleType::F32));
  EXPECT_EQ(message, "expected granularity tensor, row or group, found none");
  EXPECT_FALSE(lb::Int8Attr::getChecked(emit, &context, ScaleType::None));
  EXPECT_EQ(message, "expected scale type f32 or f16, found id 0");
}

} // namespace
