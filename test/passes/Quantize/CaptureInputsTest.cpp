#include "passes/Quantize/CaptureInputs.h"
#include "dialects/LM/LMDialect.h"
#include "dialects/Lobit/LobitOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace lobit;

// @block is called twice and @entry has a layer of its own.
static const char *const text = R"(
func.func private @block(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = lobit.weight "a.weight" : !lobit.weight<2x2xf32>
  %v = lobit.weight "b.weight" : !lobit.weight<2x2xf32>
  %y = lobit.linear %x, %w : tensor<?x2xf32>, !lobit.weight<2x2xf32> -> tensor<?x2xf32>
  %z = lobit.linear %y, %v : tensor<?x2xf32>, !lobit.weight<2x2xf32> -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}
func.func @entry(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %y = func.call @block(%x) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %z = func.call @block(%y) : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %w = lobit.weight "c.weight" : !lobit.weight<2x2xf32>
  %r = lobit.linear %z, %w : tensor<?x2xf32>, !lobit.weight<2x2xf32> -> tensor<?x2xf32>
  return %r : tensor<?x2xf32>
}
func.func private @unused(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = lobit.weight "d.weight" : !lobit.weight<2x2xf32>
  %y = lobit.linear %x, %w : tensor<?x2xf32>, !lobit.weight<2x2xf32> -> tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
)";

TEST(CaptureInputs, ReachTheEntryThroughAllCalls) {
  mlir::MLIRContext context;
  context.loadDialect<lb::LobitDialect, lm::LMDialect, mlir::func::FuncDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  ASSERT_TRUE(module);
  Result<std::vector<Layer>> layers = findLayers(*module);
  ASSERT_TRUE(layers.ok());
  std::vector<mlir::Value> values;
  for (const Layer &layer : *layers) {
    ASSERT_EQ(multipliedInputs(layer).size(), 1u);
    values.push_back(multipliedInputs(layer)[0]);
  }
  auto entry = module->lookupSymbol<mlir::func::FuncOp>("entry");
  const std::vector<std::vector<unsigned>> results = captureValues(*module, entry, values);
  ASSERT_TRUE(succeeded(mlir::verify(*module)));
  // a, b, c, d: two results each for the layers of @block, none for @unused.
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].size(), 2u);
  EXPECT_EQ(results[1].size(), 2u);
  EXPECT_EQ(results[2].size(), 1u);
  EXPECT_TRUE(results[3].empty());
  EXPECT_EQ(entry.getNumResults(), 6u);
  mlir::Operation *end = entry.getBody().front().getTerminator();
  // The input of a in the first call is the block's argument, handed through.
  auto first = end->getOperand(results[0][0]).getDefiningOp<mlir::func::CallOp>();
  auto second = end->getOperand(results[0][1]).getDefiningOp<mlir::func::CallOp>();
  EXPECT_EQ(first.getOperand(0), entry.getArgument(0));
  EXPECT_EQ(second.getOperand(0), first.getResult(0));
  EXPECT_EQ(end->getOperand(results[2][0]), second.getResult(0));
}
