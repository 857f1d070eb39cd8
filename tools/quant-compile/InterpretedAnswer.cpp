#include "tools/quant-compile/InterpretedAnswer.h"
#include "dialects/Interpreter/Interpreter.h"
#include "dialects/Lobit/LobitDialect.h"
#include "runtime/format/KnownAnswers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstring>

using namespace mlir;

namespace lobit {
namespace {

/// The inputs of functions[0] as the module's entry takes them.
Result<std::vector<TensorValue>> entryArguments(const Metadata &metadata,
                                                const ModelAnswer &answer) {
  std::vector<TensorValue> arguments;
  if (metadata.kind == ModelKind::LanguageModel) {
    std::vector<int64_t> tokens(answer.tokens.begin(), answer.tokens.end());
    const int64_t count = int64_t(tokens.size());
    arguments.push_back(TensorValue::ofIntegers({count}, std::move(tokens)));
    arguments.push_back(TensorValue::ofIndex(0)); // position
    arguments.push_back(TensorValue::ofIndex(0)); // first row of logits
    return arguments;
  }
  Result<std::vector<std::vector<uint8_t>>> inputs = makeFunctionInputs(metadata, answer.seed);
  if (!inputs.ok())
    return std::move(inputs).status();
  for (size_t i = 0; i < metadata.inputs.size(); ++i) {
    std::vector<int64_t> shape;
    for (uint64_t dim : metadata.inputs[i].dims)
      shape.push_back(dim == kDynamicDim ? 1 : int64_t(dim));
    const std::vector<uint8_t> &bytes = (*inputs)[i];
    std::vector<float> floats;
    std::vector<int64_t> integers;
    for (size_t at = 0; at < bytes.size(); at += 4) {
      const uint32_t bits = loadU32(bytes.data() + at);
      float value;
      std::memcpy(&value, &bits, 4);
      if (metadata.inputs[i].type == DataType::F32)
        floats.push_back(value);
      else
        integers.push_back(int32_t(bits));
    }
    arguments.push_back(metadata.inputs[i].type == DataType::F32
                            ? TensorValue::ofFloats(shape, std::move(floats))
                            : TensorValue::ofIntegers(shape, std::move(integers)));
  }
  return arguments;
}

/// All outputs as little-endian 32-bit values.
Digest digestOf(const std::vector<TensorValue> &outputs) {
  Sha256 hash;
  auto add = [&](uint32_t bits) {
    uint8_t bytes[4];
    storeU32(bytes, bits);
    hash.update(bytes, 4);
  };
  for (const TensorValue &output : outputs) {
    for (float value : output.floats) {
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      add(bits);
    }
    for (int64_t value : output.integers)
      add(uint32_t(value));
  }
  return hash.finish();
}

} // namespace

Status answerWithInterpreter(ModuleOp planned, TensorSource *source, const Metadata &metadata,
                             ModelAnswer &answer) {
  std::string entry;
  for (auto function : planned.getOps<func::FuncOp>())
    if (function->hasAttr(lb::entryAttr))
      entry = function.getName().str();
  Result<std::vector<TensorValue>> arguments = entryArguments(metadata, answer);
  if (!arguments.ok())
    return std::move(arguments).status();
  Interpreter interpreter(planned, source);
  Result<std::vector<TensorValue>> outputs = interpreter.call(entry, *arguments);
  if (!outputs.ok())
    return std::move(outputs).status().withContext("known answer");
  answer.source = AnswerSource::Interpreter;
  answer.digest = digestOf(*outputs);
  return Status();
}

} // namespace lobit
