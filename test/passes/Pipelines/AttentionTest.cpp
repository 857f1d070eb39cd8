// Attention over several blocks of positions, in every form of the cache, bit for bit
// against the interpreter for any number of threads and any split.
#include "dialects/Interpreter/Interpreter.h"
#include "test/passes/Pipelines/CompiledModel.h"

#include "mlir/Parser/Parser.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace lobit;
using namespace lobit::test;

namespace {

constexpr int64_t positions = 530, context = 600, maxRows = 32;

struct Case {
  std::string name, element;
  int64_t heads, kvHeads, headDim;
};

std::string moduleText(const Case &c) {
  auto rows = [](int64_t columns) { return "tensor<?x" + std::to_string(columns) + "xf32>"; };
  std::string q = rows(c.heads * c.headDim), k = rows(c.kvHeads * c.headDim);
  std::string cache = "!lm.cache<" + std::to_string(c.kvHeads) + "x" + std::to_string(context) +
                      "x" + std::to_string(c.headDim) + c.element + ">";
  return "func.func @forward(%q: " + q + ", %k: " + k + ", %v: " + k + ", %position: index) -> " +
         q + " attributes {lobit.entry} {\n%c = lm.cache 0 : " + cache +
         "\n%y = lm.attention %q, %k, %v, %c at %position heads " + std::to_string(c.heads) +
         " scale 4.0e-01 : " + q + ", " + k + ", " + cache + "\nreturn %y : " + q + "\n}\n";
}

std::vector<float> randomFloats(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float &value : values) // some far below the normal f16
    value = std::ldexp(float(int(random() % 4001) - 2000) / 1000.0f, -int(random() % 20));
  return values;
}

class Attention : public testing::TestWithParam<Case> {};

TEST_P(Attention, EqualsTheInterpreter) {
  const Case &c = GetParam();
  const int64_t columns = c.heads * c.headDim, kvColumns = c.kvHeads * c.headDim;
  std::vector<float> q = randomFloats(positions * columns, 1);
  std::vector<float> k = randomFloats(positions * kvColumns, 2);
  std::vector<float> v = randomFloats(positions * kvColumns, 3);
  RandomTensors source(1);
  auto contextOfModule = createContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleText(c), contextOfModule.get());
  ASSERT_TRUE(module);
  Interpreter interpreter(*module, &source);
  InterpreterSession session;
  Result<std::vector<TensorValue>> expected =
      interpreter.call("forward",
                       {TensorValue::ofFloats({positions, columns}, q),
                        TensorValue::ofFloats({positions, kvColumns}, k),
                        TensorValue::ofFloats({positions, kvColumns}, v), TensorValue::ofIndex(0)},
                       session);
  ASSERT_TRUE(expected.ok()) << expected.status().message();

  for (Isa isa : hostIsas()) {
    CompiledModel model(*module, source, isa, maxRows);
    ASSERT_EQ(model.error(), "") << findIsa(isa)->word;
    for (unsigned threads : {1u, 3u}) {
      AlignedBytes state(model.facts().stateBytes);
      std::vector<float> y(positions * columns);
      for (int64_t at = 0; at < positions;) {
        // Single tokens over the end of a block, whole calls elsewhere.
        int64_t rows = at >= 248 && at < 264 ? 1 : std::min(maxRows, positions - at);
        rows = at < 248 ? std::min(rows, 248 - at) : rows;
        CallArguments arguments;
        arguments.inputs = {&q[at * columns], &k[at * kvColumns], &v[at * kvColumns]};
        arguments.outputs = {&y[at * columns]};
        arguments.rows = rows;
        arguments.position = at;
        model.call(0, threads, arguments, state.data());
        at += rows;
      }
      EXPECT_EQ(std::memcmp(y.data(), expected->front().floats.data(), y.size() * 4), 0)
          << findIsa(isa)->word << ", " << threads << " threads";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, Attention,
                         testing::Values(Case{"f32", "", 6, 2, 10}, Case{"f32_wide", "", 1, 1, 80},
                                         Case{"f16", ", f16", 8, 2, 32},
                                         Case{"f16_group_of_3", ", f16", 3, 1, 21},
                                         Case{"int8", ", i8", 5, 1, 32},
                                         Case{"int8_single", ", i8", 2, 2, 20}),
                         [](const auto &info) { return info.param.name; });

/// Whether one key of `value` sets the flag.
bool refuses(const std::string &element, float value) {
  Case c{"", element, 1, 1, 4};
  RandomTensors source(1);
  auto contextOfModule = createContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleText(c), contextOfModule.get());
  CompiledModel model(*module, source, Isa::X86V1, maxRows);
  EXPECT_EQ(model.error(), "");
  AlignedBytes state(model.facts().stateBytes);
  std::vector<float> q(4, 0.0f), k = {1, value, 0, 0}, v(4, 1.0f), y(4);
  CallArguments arguments;
  arguments.inputs = {q.data(), k.data(), v.data()};
  arguments.outputs = {y.data()};
  arguments.rows = 1;
  model.call(0, 1, arguments, state.data());
  Interpreter interpreter(*module, &source);
  InterpreterSession session;
  Result<std::vector<TensorValue>> result =
      interpreter.call("forward",
                       {TensorValue::ofFloats({1, 4}, q), TensorValue::ofFloats({1, 4}, k),
                        TensorValue::ofFloats({1, 4}, v), TensorValue::ofIndex(0)},
                       session);
  EXPECT_EQ(result.ok(), !model.nonfinite());
  return model.nonfinite();
}

TEST(CacheRange, WhatDoesNotFitIsReported) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(refuses(", f16", 65519.0f));
  EXPECT_TRUE(refuses(", f16", 65520.0f));
  EXPECT_TRUE(refuses(", f16", -70000.0f));
  EXPECT_TRUE(refuses(", f16", std::numeric_limits<float>::quiet_NaN()));
  EXPECT_FALSE(refuses(", i8", -1e30f));
  EXPECT_TRUE(refuses(", i8", infinity));
}

} // namespace
