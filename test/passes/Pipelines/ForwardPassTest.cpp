/// Whole forward passes: compiled code equals the interpreter to the bit, for every
/// instruction set, number of threads and split of the prompt.
#include "dialects/Interpreter/Interpreter.h"
#include "test/passes/Pipelines/CompiledModel.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

using namespace lobit;
using namespace lobit::test;

namespace {

/// A small decoder with shapes that are no multiple of anything.
struct Model {
  std::string name;
  std::string linear; ///< scheme of the linear layers: "f32", "bf16" or an attribute
  std::string layout; ///< of the linear layers, when they are quantized
  std::string embed;  ///< the same for the embedding and the head
  std::string embedLayout;
  std::string activation;
  std::string norm = "bf16";
  bool bias = false;

  static constexpr int64_t vocab = 53, hidden = 40, heads = 4, kvHeads = 2, headDim = 10;
  static constexpr int64_t intermediate = 37, context = 20, layers = 2;
};

void PrintTo(const Model &model, std::ostream *out) { *out << model.name; }

ElementType elementType(const std::string &scheme) {
  return scheme == "f16"    ? ElementType::F16
         : scheme == "bf16" ? ElementType::BF16
                            : ElementType::F32;
}

/// Writes the module and declares its tensors.
class ModelText {
public:
  /// `returnsHidden`: what the head reads, instead of the logits.
  ModelText(const Model &model, RandomTensors &tensors, bool returnsHidden = false)
      : model(model), tensors(tensors), returnsHidden(returnsHidden) {}

  std::string write() {
    for (int64_t layer = 0; layer < Model::layers; ++layer)
      writeBlock(layer);
    std::string logits = rows(Model::vocab), x = rows(Model::hidden);
    line("func.func @forward(%tokens: tensor<?xi32>, %position: index, %first: index) -> " +
         (returnsHidden ? x : logits) + " attributes {lobit.entry} {");
    std::string table =
        weight("embed", Model::vocab, Model::hidden, model.embed, model.embedLayout);
    line("%e = lm.embed %tokens, " + table + " : tensor<?xi32>, " + typeOf[table] + " -> " + x);
    std::string previous = "%e";
    for (int64_t layer = 0; layer < Model::layers; ++layer) {
      std::string next = "%b" + std::to_string(layer);
      line(next + " = call @block_" + std::to_string(layer) + "(" + previous + ", %position) : (" +
           x + ", index) -> " + x);
      previous = next;
    }
    std::string last = norm("norm", previous, Model::hidden);
    std::string head = weight("embed", Model::vocab, Model::hidden, model.embed, model.embedLayout);
    line("%logits = lm.head " + last + ", " + head + " from %first : " + x + ", " + typeOf[head] +
         " -> " + logits);
    line("return " + (returnsHidden ? last + " : " + x : "%logits : " + logits));
    line("}");
    return text;
  }

private:
  static std::string rows(int64_t features) {
    return "tensor<?x" + std::to_string(features) + "xf32>";
  }

  void line(const std::string &words) { text += words + "\n"; }
  std::string fresh() { return "%v" + std::to_string(values++); }

  std::string source(const std::string &name, std::vector<int64_t> shape,
                     const std::string &scheme) {
    ElementType type = elementType(scheme);
    tensors.add(name, type, shape);
    std::string value = fresh(), words = "!lobit.weight<";
    for (int64_t size : shape)
      words += std::to_string(size) + "x";
    typeOf[value] = words + (type == ElementType::F32 ? "f32" : scheme) + ">";
    line(value + " = lobit.weight \"" + name + "\" : " + typeOf[value]);
    return value;
  }

  std::string weight(const std::string &name, int64_t out, int64_t in, const std::string &scheme,
                     const std::string &layout) {
    std::string value = source(name, {out, in}, scheme);
    if (layout.empty())
      return value;
    std::string base = "!lobit.weight<" + std::to_string(out) + "x" + std::to_string(in) + ", ";
    std::string codes = fresh(), packed = fresh();
    std::string method = scheme.find("int8") != std::string::npos   ? "absmax"
                         : scheme.find("int6") != std::string::npos ? "magnitude"
                         : scheme.find("int4") != std::string::npos ? "search"
                                                                    : "absmean-refit";
    typeOf[codes] = base + scheme + ">";
    typeOf[packed] = base + scheme + ", " + layout + ">";
    line(codes + " = lobit.quantize \"" + method + "\" " + value + " : " + typeOf[value] + " to " +
         typeOf[codes]);
    line(packed + " = lobit.pack " + codes + " : " + typeOf[codes] + " to " + typeOf[packed]);
    return packed;
  }

  std::string norm(const std::string &name, const std::string &x, int64_t features) {
    std::string w = source(name, {features}, model.norm), y = fresh();
    line(y + " = lm.rms_norm " + x + ", " + w + " eps 1.0e-05 : " + rows(features) + ", " +
         typeOf[w]);
    return y;
  }

  std::string linear(const std::string &name, const std::string &x, int64_t out, int64_t in) {
    std::string w = weight(name, out, in, model.linear, model.layout), y = fresh();
    std::string bias, biasType;
    if (model.bias) {
      bias = source(name + ".bias", {out}, model.norm);
      biasType = ", " + typeOf[bias];
      bias = " bias " + bias;
    }
    line(y + " = lobit.linear " + x + ", " + w + bias + " {lobit.name = \"" + name +
         "\"} : " + rows(in) + ", " + typeOf[w] + biasType + " -> " + rows(out));
    return y;
  }

  std::string rope(const std::string &x, int64_t heads) {
    std::string table = source("lobit.rope_table", {Model::context, Model::headDim}, "f32");
    std::string y = fresh();
    line(y + " = lm.rope " + x + ", " + table + " at %position heads " + std::to_string(heads) +
         " : " + rows(heads * Model::headDim) + ", " + typeOf[table]);
    return y;
  }

  std::string add(const std::string &a, const std::string &b) {
    std::string y = fresh();
    line(y + " = lm.add " + a + ", " + b + " : " + rows(Model::hidden));
    return y;
  }

  void writeBlock(int64_t layer) {
    std::string number = std::to_string(layer), x = rows(Model::hidden);
    constexpr int64_t h = Model::hidden, kv = Model::kvHeads * Model::headDim;
    line("func.func private @block_" + number + "(%x: " + x + ", %position: index) -> " + x + " {");
    std::string cacheType = "!lm.cache<" + std::to_string(Model::kvHeads) + "x" +
                            std::to_string(Model::context) + "x" + std::to_string(Model::headDim) +
                            ">";
    line("%cache = lm.cache " + number + " : " + cacheType);
    std::string n = norm(number + ".norm0", "%x", h);
    std::string q = rope(linear(number + ".q", n, h, h), Model::heads);
    std::string k = rope(linear(number + ".k", n, kv, h), Model::kvHeads);
    std::string v = linear(number + ".v", n, kv, h);
    std::string a = fresh();
    line(a + " = lm.attention " + q + ", " + k + ", " + v + ", %cache at %position heads " +
         std::to_string(Model::heads) + " scale 3.162278e-01 : " + x + ", " + rows(kv) + ", " +
         cacheType);
    std::string y = add("%x", linear(number + ".o", a, h, h));
    std::string m = norm(number + ".norm1", y, h);
    std::string gate = linear(number + ".gate", m, Model::intermediate, h);
    std::string up = linear(number + ".up", m, Model::intermediate, h);
    std::string g = fresh();
    line(g + " = lm.gated_activation " + model.activation + " " + gate + ", " + up + " : " +
         rows(Model::intermediate));
    std::string z = add(y, linear(number + ".down", g, h, Model::intermediate));
    line("return " + z + " : " + x);
    line("}");
  }

  const Model &model;
  RandomTensors &tensors;
  bool returnsHidden;
  std::string text;
  std::map<std::string, std::string> typeOf;
  unsigned values = 0;
};

/// What one conversation computes: logits and hidden state of each position, and the caches.
struct Outcome {
  std::vector<float> logits, hidden;
  std::vector<float> state;
};

bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
}

std::vector<int32_t> tokens(int64_t count) {
  std::vector<int32_t> ids(count);
  for (int64_t i = 0; i < count; ++i)
    ids[i] = (i * 17 + 5) % Model::vocab;
  return ids;
}

constexpr int64_t promptLength = 11;

Outcome interpret(mlir::ModuleOp module, TensorSource &source) {
  Interpreter interpreter(module, &source);
  InterpreterSession session;
  std::vector<int32_t> ids = tokens(promptLength);
  Result<std::vector<TensorValue>> results = interpreter.call(
      "forward",
      {TensorValue::ofIntegers({promptLength}, std::vector<int64_t>(ids.begin(), ids.end())),
       TensorValue::ofIndex(0), TensorValue::ofIndex(0)},
      session);
  EXPECT_TRUE(results.ok()) << results.status().message();
  Outcome outcome;
  if (!results.ok())
    return outcome;
  outcome.logits = results->front().floats;
  for (auto &[layer, cache] : session.caches) {
    outcome.state.insert(outcome.state.end(), cache.keys.begin(), cache.keys.end());
    outcome.state.insert(outcome.state.end(), cache.values.begin(), cache.values.end());
  }
  return outcome;
}

/// `logitsFrom`: rows before it in each call are not asked for.
Outcome run(CompiledModel &model, unsigned threads, const std::vector<int64_t> &split) {
  std::vector<int32_t> ids = tokens(promptLength);
  AlignedBytes state(model.facts().stateBytes);
  std::memset(state.data(), 0, model.facts().stateBytes);
  Outcome outcome;
  uint64_t position = 0;
  for (int64_t count : split) {
    std::vector<float> logits(count * Model::vocab);
    CallArguments arguments;
    arguments.inputs = {ids.data() + position};
    arguments.outputs = {logits.data()};
    arguments.rows = count;
    arguments.position = position;
    std::vector<uint64_t> traced = model.call(0, threads, arguments, state.data());
    std::vector<uint64_t> all(model.operations().size());
    std::iota(all.begin(), all.end(), 0);
    std::sort(traced.begin(), traced.end()); // steps are ordered by barriers
    EXPECT_EQ(traced, all);
    outcome.logits.insert(outcome.logits.end(), logits.begin(), logits.end());
    const float *hidden = model.hidden();
    outcome.hidden.insert(outcome.hidden.end(), hidden, hidden + count * Model::hidden);
    position += count;
  }
  auto *floats = reinterpret_cast<const float *>(state.data());
  outcome.state.assign(floats, floats + model.facts().stateBytes / 4);
  return outcome;
}

class ForwardPass : public testing::TestWithParam<Model> {};

TEST_P(ForwardPass, EqualsTheInterpreter) {
  RandomTensors source(7);
  auto context = createContext();
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(ModelText(GetParam(), source).write(), context.get());
  ASSERT_TRUE(module);
  Outcome expected = interpret(*module, source);
  RandomTensors same(7);
  auto toHidden = mlir::parseSourceString<mlir::ModuleOp>(
      ModelText(GetParam(), same, /*returnsHidden=*/true).write(), context.get());
  ASSERT_TRUE(toHidden);
  expected.hidden = interpret(*toHidden, same).logits;
  for (Isa isa : hostIsas()) {
    CompiledModel model(*module, source, isa, 16);
    ASSERT_EQ(model.error(), "") << findIsa(isa)->word;
    for (unsigned threads : {1u, 2u, 3u})
      for (const std::vector<int64_t> &split : {std::vector<int64_t>{promptLength},
                                                {1, promptLength - 1},
                                                {4, 1, 6},
                                                std::vector<int64_t>(promptLength, 1)}) {
        Outcome outcome = run(model, threads, split);
        EXPECT_TRUE(sameBits(outcome.logits, expected.logits))
            << findIsa(isa)->word << ", " << threads << " threads, " << split.size() << " calls";
        EXPECT_TRUE(sameBits(outcome.hidden, expected.hidden))
            << findIsa(isa)->word << ", " << threads << " threads, " << split.size() << " calls";
        EXPECT_TRUE(sameBits(outcome.state, expected.state))
            << findIsa(isa)->word << ", " << threads << " threads, " << split.size() << " calls";
      }
  }
}

TEST_P(ForwardPass, ComputesTheLastRowsAlone) {
  RandomTensors source(7);
  auto context = createContext();
  auto module =
      mlir::parseSourceString<mlir::ModuleOp>(ModelText(GetParam(), source).write(), context.get());
  ASSERT_TRUE(module);
  CompiledModel model(*module, source, Isa::X86V1, 16);
  ASSERT_EQ(model.error(), "");
  Outcome all = run(model, 1, {promptLength});
  std::vector<int32_t> ids = tokens(promptLength);
  AlignedBytes state(model.facts().stateBytes);
  std::vector<float> logits(2 * Model::vocab);
  CallArguments arguments;
  arguments.inputs = {ids.data()};
  arguments.outputs = {logits.data()};
  arguments.rows = promptLength;
  arguments.firstOutputRow = promptLength - 2;
  model.call(0, 2, arguments, state.data());
  EXPECT_TRUE(sameBits(logits, {all.logits.end() - 2 * Model::vocab, all.logits.end()}));
  EXPECT_TRUE(
      sameBits({model.hidden(), model.hidden() + promptLength * Model::hidden}, all.hidden));
}

INSTANTIATE_TEST_SUITE_P(
    Models, ForwardPass,
    testing::Values(Model{"kept_f32", "f32", "", "f32", "", "silu"},
                    Model{"kept_bf16_bias", "bf16", "", "bf16", "", "relu2", "f16", true},
                    Model{"kept_f16", "f16", "", "f16", "", "silu", "f32"},
                    Model{"ternary_dot", "#lobit.ternary<tensor, f32>", "t2_dot",
                          "#lobit.int8<row, f32>", "i8_dot", "relu2"},
                    Model{"ternary_tl1", "#lobit.ternary<tensor, f32>", "t2_tl1",
                          "#lobit.int8<row, f16>", "i8_tile", "relu2"},
                    Model{"ternary_row_bias", "#lobit.ternary<row, f16>", "t2_tile",
                          "#lobit.ternary<row, f16>", "t2_tile", "silu", "f32", true},
                    Model{"ternary_base3", "#lobit.ternary<tensor, f32>", "b3_tile",
                          "#lobit.ternary<row, f16>", "b3_tile", "relu2"},
                    Model{"ternary_group_tile", "#lobit.ternary<group = 32, f16>", "t2_tile",
                          "#lobit.ternary<group = 32, f32>", "t2_tile", "silu"},
                    Model{"ternary_group", "#lobit.ternary<group = 32, f16>", "t2_tl1",
                          "#lobit.ternary<group = 32, f32>", "t2_tl1", "silu"},
                    Model{"int6_bias", "#lobit.int6<row, f32>", "i6_pair24",
                          "#lobit.int6<row, f32>", "i6_pair24", "silu", "f16", true},
                    Model{"int6_tile", "#lobit.int6<row, f32>", "i6_tile", "#lobit.int6<row, f32>",
                          "i6_tile", "relu2", "bf16", true},
                    Model{"int4", "#lobit.int4<row, f16>", "i4_tile", "#lobit.int4<row, f32>",
                          "i4_tile", "silu"},
                    Model{"int8", "#lobit.int8<row, f32>", "i8_tile", "#lobit.ternary<tensor, f32>",
                          "t2_tile", "silu"}),
    [](const testing::TestParamInfo<Model> &info) { return info.param.name; });

//===--- static modules -----------------------------------------------------===//

/// One function on static shapes, f32 in and out.
void checkStatic(const std::string &text, const std::vector<std::vector<int64_t>> &inputShapes,
                 int64_t outputSize) {
  RandomTensors source(3);
  auto context = createContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
  ASSERT_TRUE(module);
  std::vector<std::vector<float>> inputs;
  std::vector<TensorValue> values;
  for (const std::vector<int64_t> &shape : inputShapes) {
    std::vector<float> data;
    int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
    for (int64_t i = 0; i < count; ++i)
      data.push_back(static_cast<float>((i * 37 + 11) % 64 - 32) / 8.0f);
    values.push_back(TensorValue::ofFloats(shape, data));
    inputs.push_back(std::move(data));
  }
  Interpreter interpreter(*module, &source);
  Result<std::vector<TensorValue>> expected = interpreter.call("main", values);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  for (Isa isa : hostIsas()) {
    CompiledModel model(*module, source, isa, 64);
    ASSERT_EQ(model.error(), "") << findIsa(isa)->word;
    for (unsigned threads : {1u, 3u}) {
      std::vector<float> output(outputSize);
      CallArguments arguments;
      for (auto &input : inputs)
        arguments.inputs.push_back(input.data());
      arguments.outputs = {output.data()};
      model.call(0, threads, arguments, nullptr);
      EXPECT_TRUE(sameBits(output, expected->front().floats)) << findIsa(isa)->word;
    }
  }
}

TEST(StaticModule, LinearAndLinalg) {
  checkStatic(R"(
    #same = affine_map<(i, j) -> (i, j)>
    #row = affine_map<(i, j) -> (j)>
    func.func @main(%x: tensor<5x4xf32>) -> tensor<5x3xf32> attributes {lobit.entry} {
      %w = lobit.weight codes dense<[[1, -1, 0, 1], [0, 1, 1, -1], [-1, 0, 0, 1]]> : tensor<3x4xi8>
             scales dense<0.5> : tensor<1xf32> : !lobit.weight<3x4, #lobit.ternary<tensor, f32>>
      %p = lobit.pack %w : !lobit.weight<3x4, #lobit.ternary<tensor, f32>>
             to !lobit.weight<3x4, #lobit.ternary<tensor, f32>, t2_dot>
      %y = lobit.linear %x, %p : tensor<5x4xf32>, !lobit.weight<3x4, #lobit.ternary<tensor, f32>, t2_dot> -> tensor<5x3xf32>
      %b = arith.constant dense<[1.5, -0.25, 3.0]> : tensor<3xf32>
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<5x3xf32>
      %z = linalg.generic {indexing_maps = [#same, #row, #same], iterator_types = ["parallel", "parallel"]}
             ins(%y, %b : tensor<5x3xf32>, tensor<3xf32>) outs(%empty : tensor<5x3xf32>) {
        ^bb0(%a: f32, %c: f32, %unused: f32):
          %s = arith.addf %a, %c : f32
          %m = arith.maximumf %s, %zero : f32
          linalg.yield %m : f32
      } -> tensor<5x3xf32>
      return %z : tensor<5x3xf32>
    })",
              {{5, 4}}, 15);
}

/// A thread does its tiles in several parts: more than 32 tiles and 31 tokens.
TEST(StaticModule, GatedLayersInParts) {
  auto weight = [](const std::string &name, int seed) {
    std::string codes;
    for (int row = 0; row < 1085; ++row) {
      codes += row == 0 ? "[" : ", [";
      for (int column = 0; column < 4; ++column)
        codes +=
            (column ? ", " : "") + std::to_string((row * seed + row / 32 + 5 * column) % 3 - 1);
      codes += "]";
    }
    return "%" + name + " = lobit.weight codes dense<[" + codes + R"(]> : tensor<1085x4xi8>
             scales dense<0.5> : tensor<1xf32> : !lobit.weight<1085x4, #lobit.ternary<tensor, f32>>
      %)" + name +
           "p = lobit.pack %" + name +
           " : !lobit.weight<1085x4, #lobit.ternary<tensor, f32>> to !t\n";
  };
  checkStatic("!t = !lobit.weight<1085x4, #lobit.ternary<tensor, f32>, t2_tile>\n"
              "func.func @main(%x: tensor<33x4xf32>) -> tensor<33x1085xf32> "
              "attributes {lobit.entry} {\n" +
                  weight("g", 1) + weight("u", 2) + R"(
      %a = lobit.linear %x, %gp : tensor<33x4xf32>, !t -> tensor<33x1085xf32>
      %b = lobit.linear %x, %up : tensor<33x4xf32>, !t -> tensor<33x1085xf32>
      %y = lm.gated_activation relu2 %a, %b : tensor<33x1085xf32>
      return %y : tensor<33x1085xf32>
    })",
              {{33, 4}}, 33 * 1085);
}

TEST(StaticModule, ReshapesInitialValuesAndConstants) {
  checkStatic(R"(
    func.func @main(%x: tensor<2x6xf32>) -> tensor<4xf32> attributes {lobit.entry} {
      %m = tensor.collapse_shape %x [[0, 1]] : tensor<2x6xf32> into tensor<12xf32>
      %e = tensor.expand_shape %m [[0, 1]] output_shape [3, 4] : tensor<12xf32> into tensor<3x4xf32>
      %init = arith.constant dense<[0.5, 1.5, 2.5, 3.5]> : tensor<4xf32>
      %ones = arith.constant dense<1.0> : tensor<3xf32>
      %y = linalg.vecmat ins(%ones, %e : tensor<3xf32>, tensor<3x4xf32>) outs(%init : tensor<4xf32>) -> tensor<4xf32>
      %empty = tensor.empty() : tensor<4xf32>
      %z = linalg.add ins(%y, %init : tensor<4xf32>, tensor<4xf32>) outs(%empty : tensor<4xf32>) -> tensor<4xf32>
      return %z : tensor<4xf32>
    })",
              {{2, 6}}, 4);
}

TEST(StaticModule, ReturnsAnArgument) {
  checkStatic("func.func @main(%x: tensor<3x5xf32>) -> tensor<3x5xf32> attributes {lobit.entry} {\n"
              "  return %x : tensor<3x5xf32>\n}",
              {{3, 5}}, 15);
}

//===--- functions of single layers ----------------------------------------===//

TEST(LinearFunction, EqualsTheModelOfOneLayer) {
  RandomTensors source(5);
  source.add("w", ElementType::F32, {21, 70});
  source.add("b", ElementType::F32, {21});
  auto context = createContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func @main(%x: tensor<?x70xf32>) -> tensor<?x21xf32> attributes {lobit.entry} {
      %b = lobit.weight "b" : !lobit.weight<21xf32>
      %w = lobit.weight "w" : !lobit.weight<21x70xf32>
      %q = lobit.quantize "absmax" %w : !lobit.weight<21x70xf32> to !lobit.weight<21x70, #lobit.int8<row, f32>>
      %p = lobit.pack %q : !lobit.weight<21x70, #lobit.int8<row, f32>> to !lobit.weight<21x70, #lobit.int8<row, f32>, i8_dot>
      %y = lobit.linear %x, %p bias %b : tensor<?x70xf32>, !lobit.weight<21x70, #lobit.int8<row, f32>, i8_dot>, !lobit.weight<21xf32> -> tensor<?x21xf32>
      return %y : tensor<?x21xf32>
    })",
                                                        context.get());
  ASSERT_TRUE(module);
  CompiledModel model(*module, source, Isa::X86V1, 16);
  ASSERT_EQ(model.error(), "");
  ASSERT_EQ(model.functionCount(), 2u);
  std::vector<float> x(3 * 70), expected(3 * 21), found(3 * 21);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>((i * 29) % 101) - 50.0f;
  CallArguments arguments;
  arguments.rows = 3;
  arguments.inputs = {x.data()};
  arguments.outputs = {expected.data()};
  model.call(0, 1, arguments, nullptr);
  // First use: the bias, the packed rows (24 x 128 bytes), the scales.
  const uint8_t *weights = model.weights();
  arguments.inputs = {x.data(), weights + 128, weights + 128 + 24 * 128, weights};
  arguments.outputs = {found.data()};
  model.call(1, 2, arguments, nullptr);
  EXPECT_TRUE(sameBits(found, expected));
}

} // namespace
