#include "tools/quant-compile/Answers.h"
#include "lobit/runtime.h"
#include "runtime/cpu/Cpu.h"
#include "runtime/format/KnownAnswers.h"
#include "tools/quant-compile/Targets.h"

#include <algorithm>
#include <memory>

namespace lobit {

namespace {

template <typename T> T sized() {
  T value = {};
  value.struct_size = sizeof(T);
  return value;
}

template <auto release> struct Release {
  template <typename T> void operator()(T *object) const { release(object); }
};
using ModelPointer = std::unique_ptr<lobit_model, Release<lobit_model_release>>;
using CodePointer = std::unique_ptr<lobit_code, Release<lobit_code_release>>;
using SessionPointer = std::unique_ptr<lobit_session, Release<lobit_session_release>>;

Status asStatus(lobit_status status, const lobit_error &error) {
  return status == LOBIT_STATUS_OK
             ? Status()
             : Status(StatusCode(status), std::string("known answer: ") + error.message);
}

struct Opened {
  ModelPointer model;
  CodePointer code;
  SessionPointer session;
};

Status openBaseline(const std::string &path, unsigned threads, Opened &opened) {
  lobit_error error = sized<lobit_error>();
  lobit_load_options load = sized<lobit_load_options>();
  load.verify = LOBIT_VERIFY_STRUCTURE;
  lobit_model *model = nullptr;
  if (lobit_status status = lobit_model_open_file(path.c_str(), &load, &model, &error))
    return asStatus(status, error);
  opened.model.reset(model);
  lobit_code_options options = sized<lobit_code_options>();
  const std::string baseline = findIsa(baselineOf(hostArch()))->word;
  options.isa = baseline.c_str();
  lobit_code *code = nullptr;
  if (lobit_status status = lobit_code_bind(model, &options, &code, &error))
    return asStatus(status, error);
  opened.code.reset(code);
  lobit_session_options sessionOptions = sized<lobit_session_options>();
  sessionOptions.threads = threads;
  lobit_session *session = nullptr;
  if (lobit_status status = lobit_session_create(code, &sessionOptions, &session, &error))
    return asStatus(status, error);
  opened.session.reset(session);
  return Status();
}

Status answerModel(lobit_session *session, const Metadata &metadata, ModelAnswer &answer) {
  lobit_error error = sized<lobit_error>();
  std::vector<float> logits(answer.tokens.size() * metadata.vocab);
  if (lobit_status status = lobit_session_eval(session, answer.tokens.data(), answer.tokens.size(),
                                               logits.data(), &error))
    return asStatus(status, error);
  answer.digest = outputDigest(logits.data(), logits.size());
  return Status();
}

lobit_tensor tensorOf(const ValueInfo &value, std::vector<uint8_t> &bytes) {
  lobit_tensor tensor = {};
  tensor.name = value.name.c_str();
  tensor.type = value.type == DataType::I32 ? LOBIT_TYPE_I32 : LOBIT_TYPE_F32;
  tensor.rank = uint32_t(value.dims.size());
  uint64_t elements = 1;
  for (size_t i = 0; i < value.dims.size(); ++i) {
    tensor.dims[i] = value.dims[i] == kDynamicDim ? 1 : value.dims[i];
    elements *= tensor.dims[i];
  }
  bytes.resize(4 * elements);
  tensor.data = bytes.data();
  tensor.data_bytes = bytes.size();
  return tensor;
}

Status answerFunction(lobit_session *session, const Metadata &metadata, ModelAnswer &answer) {
  Result<std::vector<std::vector<uint8_t>>> inputs = makeFunctionInputs(metadata, answer.seed);
  if (!inputs.ok())
    return std::move(inputs).status();
  std::vector<std::vector<uint8_t>> outputs(metadata.outputs.size());
  std::vector<lobit_tensor> in, out;
  for (size_t i = 0; i < metadata.inputs.size(); ++i)
    in.push_back(tensorOf(metadata.inputs[i], (*inputs)[i]));
  for (size_t i = 0; i < metadata.outputs.size(); ++i)
    out.push_back(tensorOf(metadata.outputs[i], outputs[i]));
  lobit_error error = sized<lobit_error>();
  if (lobit_status status =
          lobit_function_call(session, in.data(), in.size(), out.data(), out.size(), &error))
    return asStatus(status, error);
  Sha256 hash;
  for (const std::vector<uint8_t> &bytes : outputs)
    hash.update(bytes.data(), bytes.size());
  answer.digest = hash.finish();
  return Status();
}

} // namespace

Status answerWithBaselineCode(const std::string &artifactPath, const Metadata &metadata,
                              unsigned threads, ModelAnswer &answer) {
  Opened opened;
  if (Status status = openBaseline(artifactPath, threads, opened); !status.ok())
    return status;
  answer.source = AnswerSource::BaselineCode;
  return metadata.kind == ModelKind::Function
             ? answerFunction(opened.session.get(), metadata, answer)
             : answerModel(opened.session.get(), metadata, answer);
}

} // namespace lobit
