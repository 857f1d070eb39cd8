#include "runtime/run/SelfTest.h"
#include "runtime/format/CheckedMath.h"

#include <cstring>

namespace lobit {

namespace {

const char *patternWord(AnswerPattern pattern) {
  switch (pattern) {
  case AnswerPattern::Positive:
    return "positive";
  case AnswerPattern::Negative:
    return "negative";
  case AnswerPattern::Alternating:
    return "alternating";
  case AnswerPattern::Random:
    return "random";
  }
  return "unknown";
}

Status difference() {
  return Status(StatusCode::CHECK_FAILED, "the result differs from the known answer");
}

/// A copy with the alignment that generated code expects of weights.
Result<platform::Memory> aligned(const std::vector<uint8_t> &bytes) {
  Result<platform::Memory> memory = platform::Memory::allocate(bytes.size(), "a known answer");
  if (memory.ok() && !bytes.empty())
    memcpy(memory->data(), bytes.data(), bytes.size());
  return memory;
}

Status checkLinear(Session &session, const LinearAnswer &answer) {
  const Metadata &metadata = session.model().metadata();
  if (answer.function == 0 || answer.function > metadata.linears.size() || answer.rows == 0 ||
      answer.rows > metadata.maxRows)
    return Status(StatusCode::MALFORMED, "the known answer names function " +
                                             std::to_string(answer.function) + " with " +
                                             std::to_string(answer.rows) + " rows");
  const LinearInfo &linear = metadata.linears[answer.function - 1];
  Result<LinearOperands> operands = makeLinearOperands(linear, answer);
  if (!operands.ok())
    return std::move(operands).status();
  Result<EncodedLinear> encoded = encodeLinearOperands(linear, *operands);
  if (!encoded.ok())
    return std::move(encoded).status();
  Result<platform::Memory> weights = aligned(encoded->weights), scales = aligned(encoded->scales),
                           bias = aligned(encoded->bias);
  uint64_t outputs = 0;
  if (!checkedMul(answer.rows, linear.out, outputs) || outputs > kMaxElements)
    return Status(StatusCode::RESOURCE_LIMIT, "the known answer has too many outputs");
  Result<platform::Memory> y = platform::Memory::allocate(4 * outputs, "a known answer");
  for (Result<platform::Memory> *memory : {&weights, &scales, &bias, &y})
    if (!memory->ok())
      return std::move(*memory).status();
  const void *inputs[] = {operands->x.data(), weights->data(), scales->data(), bias->data()};
  void *outs[] = {y->data()};
  if (Status status = session.callRaw(answer.function, inputs, outs, answer.rows); !status.ok())
    return status;
  bool same = outputDigest(reinterpret_cast<float *>(y->data()), outputs) == answer.digest;
  return same ? Status() : difference();
}

Status checkLanguageModel(Session &session, const ModelAnswer &answer) {
  uint64_t count = answer.tokens.size(), values = 0;
  if (!checkedMul(count, session.model().metadata().vocab, values) || values > kMaxElements)
    return Status(StatusCode::RESOURCE_LIMIT, "the known answer has too many logits");
  Result<platform::Memory> logits = platform::Memory::allocate(4 * values, "a known answer");
  if (!logits.ok())
    return std::move(logits).status();
  float *out = reinterpret_cast<float *>(logits->data());
  if (Status status = session.rewind(0); !status.ok())
    return status;
  if (Status status = session.eval(answer.tokens.data(), count, out); !status.ok())
    return status;
  return outputDigest(out, values) == answer.digest ? Status() : difference();
}

Status checkFunction(Session &session, const ModelAnswer &answer) {
  const Metadata &metadata = session.model().metadata();
  Result<std::vector<std::vector<uint8_t>>> inputs = makeFunctionInputs(metadata, answer.seed);
  if (!inputs.ok())
    return std::move(inputs).status();
  std::vector<float> all;
  std::vector<Session::Tensor> in, out;
  std::vector<uint64_t> offsets;
  auto shape = [](const ValueInfo &value) {
    std::vector<uint64_t> dims = value.dims;
    for (uint64_t &dim : dims)
      dim = dim == kDynamicDim ? 1 : dim;
    return dims;
  };
  for (size_t i = 0; i < metadata.inputs.size(); ++i)
    in.push_back({nullptr, metadata.inputs[i].type, shape(metadata.inputs[i]), (*inputs)[i].data(),
                  (*inputs)[i].size()});
  uint64_t total = 0;
  for (const ValueInfo &value : metadata.outputs) {
    uint64_t count = 1;
    for (uint64_t dim : shape(value))
      if (!checkedMul(count, dim, count) || count > kMaxElements)
        return Status(StatusCode::RESOURCE_LIMIT, "the known answer has too many outputs");
    out.push_back({nullptr, value.type, shape(value), nullptr, 4 * count});
    offsets.push_back(total);
    total += count;
  }
  Result<platform::Memory> memory = platform::Memory::allocate(4 * total, "a known answer");
  if (!memory.ok())
    return std::move(memory).status();
  float *values = reinterpret_cast<float *>(memory->data());
  for (size_t i = 0; i < out.size(); ++i)
    out[i].data = values + offsets[i];
  if (Status status = session.callFunction(in, out); !status.ok())
    return status;
  return outputDigest(values, total) == answer.digest ? Status() : difference();
}

} // namespace

Status selfTest(const std::shared_ptr<const Model> &model, const CodeOptions &options,
                unsigned threads, SelfTestReport report, void *user) {
  const KnownAnswers &answers = model->artifact().knownAnswers();
  if (answers.linears.empty() && answers.models.empty())
    return Status(StatusCode::MISSING, "the artifact has no known answers");
  Status first;
  bool any = false;
  for (const CodeVariant &variant : codeVariants(*model)) {
    const char *isa = variant.isa->word;
    bool wanted =
        options.isa.empty() ? isRunnable(variant, options.assumeCpuFeatures) : options.isa == isa;
    if (!wanted)
      continue;
    any = true;
    CodeOptions forced = options;
    forced.isa = isa;
    Result<std::shared_ptr<const Code>> code = Code::bind(model, forced);
    if (!code.ok())
      return std::move(code).status();
    Result<std::unique_ptr<Session>> session = Session::create(*code, threads);
    if (!session.ok())
      return std::move(session).status();
    auto record = [&](const std::string &check, Status status) {
      if (report)
        report(user, isa, check.c_str(), status.code());
      if (!status.ok() && first.ok())
        first = std::move(status).withContext(check + " on " + isa);
    };
    for (const LinearAnswer &answer : answers.linears)
      record("linear " + std::to_string(answer.function) + " " + patternWord(answer.pattern),
             checkLinear(**session, answer));
    for (size_t i = 0; i < answers.models.size(); ++i)
      record("model " + std::to_string(i), model->metadata().kind == ModelKind::LanguageModel
                                               ? checkLanguageModel(**session, answers.models[i])
                                               : checkFunction(**session, answers.models[i]));
  }
  if (!any) // binding says why
    return Code::bind(model, options).status();
  return first;
}

} // namespace lobit
