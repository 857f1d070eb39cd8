/// \file
/// The C API: checks arguments, translates structs, calls the classes.
#include "lobit/runtime.h"
#include "runtime/run/CApiStructs.h"
#include "runtime/run/SelfTest.h"
#include "runtime/run/Session.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace lobit;

struct lobit_model {
  std::shared_ptr<const Model> model;
};
struct lobit_code {
  std::shared_ptr<const Code> code;
};
struct lobit_session {
  std::unique_ptr<Session> session;
};

namespace {

Result<LoadOptions> loadOptions(const lobit_load_options *given) {
  lobit_load_options in = options(given);
  LoadOptions out;
  if (in.mode != LOBIT_LOAD_MAP && in.mode != LOBIT_LOAD_COPY)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the load mode is " + std::to_string(in.mode) + ", expected 0 (map) or 1 (copy)");
  out.copy = in.mode == LOBIT_LOAD_COPY;
  out.prefault = in.prefault != 0;
  switch (in.verify) {
  case LOBIT_VERIFY_DEFAULT:
    break;
  case LOBIT_VERIFY_STRUCTURE:
    out.verify = VerifyLevel::Structure;
    break;
  case LOBIT_VERIFY_CODE:
    out.verify = VerifyLevel::Code;
    break;
  case LOBIT_VERIFY_FULL:
    out.verify = VerifyLevel::Full;
    break;
  default:
    return Status(StatusCode::INVALID_ARGUMENT,
                  "the verify level is " + std::to_string(in.verify) + ", expected 0 to 3");
  }
  return out;
}

Result<CodeOptions> codeOptions(const lobit_code_options *given) {
  lobit_code_options in = options(given);
  CodeOptions out;
  if (in.isa)
    out.isa = in.isa;
  out.assumeCpuFeatures = in.assume_cpu_features;
  if (in.trust == LOBIT_TRUST_PINNED) {
    Digest digest;
    static_assert(sizeof(digest) == sizeof(in.root_digest), "SHA-256");
    memcpy(digest.data(), in.root_digest, sizeof(in.root_digest));
    out.pinnedRoot = digest;
  } else if (in.trust != LOBIT_TRUST_INTEGRITY) {
    return Status(StatusCode::INVALID_ARGUMENT, "the trust policy is " + std::to_string(in.trust) +
                                                    ", expected 0 (integrity) or 1 (pinned)");
  }
  return out;
}

lobit_status giveModel(Result<std::shared_ptr<const Model>> model, lobit_model **out,
                       lobit_error *error) {
  if (!model.ok())
    return report(error, model.status());
  lobit_model *handle = new (std::nothrow) lobit_model{std::move(model).value()};
  if (!handle)
    return report(error, Status(StatusCode::OUT_OF_MEMORY, "no memory for a model handle"));
  *out = handle;
  return LOBIT_STATUS_OK;
}

} // namespace

//===--- status ---------------------------------------------------------------===//

const char *lobit_status_text(lobit_status status) { return statusText(StatusCode(status)); }
int lobit_status_exit_code(lobit_status status) { return statusExitCode(StatusCode(status)); }

#define LOBIT_TEXT_OF(x) #x
#define LOBIT_VERSION_TEXT(major, minor, patch)                                                    \
  LOBIT_TEXT_OF(major) "." LOBIT_TEXT_OF(minor) "." LOBIT_TEXT_OF(patch)
const char *lobit_version(void) {
  return LOBIT_VERSION_TEXT(LOBIT_VERSION_MAJOR, LOBIT_VERSION_MINOR, LOBIT_VERSION_PATCH);
}

//===--- model ----------------------------------------------------------------===//

lobit_status lobit_model_open_file(const char *path, const lobit_load_options *given,
                                   lobit_model **out, lobit_error *error) {
  if (!path || !out)
    return invalid(error, "lobit_model_open_file needs a path and an out pointer");
  Result<LoadOptions> load = loadOptions(given);
  if (!load.ok())
    return report(error, load.status());
  return giveModel(Model::openFile(path, *load), out, error);
}

lobit_status lobit_model_open_memory(const void *bytes, size_t size,
                                     const lobit_load_options *given, lobit_model **out,
                                     lobit_error *error) {
  if (!bytes || !out)
    return invalid(error, "lobit_model_open_memory needs bytes and an out pointer");
  Result<LoadOptions> load = loadOptions(given);
  if (!load.ok())
    return report(error, load.status());
  return giveModel(Model::openMemory({static_cast<const uint8_t *>(bytes), size}, *load), out,
                   error);
}

lobit_status lobit_model_open_embedded(const lobit_embedded *given,
                                       const lobit_load_options *loadGiven, lobit_model **out,
                                       lobit_error *error) {
  lobit_embedded embedded = options(given);
  if (!embedded.bytes || !embedded.code || embedded.code_count == 0 || !out)
    return invalid(error, "lobit_model_open_embedded needs bytes, code and an out pointer");
  Result<LoadOptions> load = loadOptions(loadGiven);
  if (!load.ok())
    return report(error, load.status());
  std::vector<EmbeddedCode> code;
  for (size_t i = 0; i < embedded.code_count; ++i) {
    const lobit_embedded_code &entry = embedded.code[i];
    const IsaInfo *isa = entry.isa ? findIsa(std::string_view(entry.isa)) : nullptr;
    if (!isa || !entry.query)
      return report(error,
                    Status(StatusCode::INVALID_ARGUMENT, "embedded code " + std::to_string(i) +
                                                             " has no function or an unknown ISA"));
    code.push_back({isa, entry.query});
  }
  return giveModel(Model::openMemory({static_cast<const uint8_t *>(embedded.bytes), embedded.size},
                                     *load, std::move(code)),
                   out, error);
}

void lobit_model_release(lobit_model *model) { delete model; }

static lobit_status getInfo(const Model &m, lobit_model_info *info) {
  const Metadata &metadata = m.metadata();
  lobit_model_info value = {};
  value.kind = int32_t(metadata.kind);
  value.bos = metadata.bos;
  value.vocab = metadata.vocab;
  value.hidden = metadata.hidden;
  value.layers = metadata.layers;
  value.heads = metadata.heads;
  value.kv_heads = metadata.kvHeads;
  value.head_dim = metadata.headDim;
  value.intermediate = metadata.intermediate;
  value.max_context = metadata.maxContext;
  value.rows_per_call = metadata.maxRows;
  value.scratch_bytes = metadata.scratchBytes;
  value.state_bytes = metadata.stateBytes;
  value.weight_bytes = m.artifact().weights().size;
  value.file_bytes = m.artifact().header().fileBytes;
  value.producer = metadata.producer.c_str();
  value.family = metadata.family.c_str();
  value.has_tokenizer = m.tokenizer() != nullptr;
  value.variant_count = uint32_t(codeVariants(m).size());
  value.input_count = uint32_t(metadata.inputs.size());
  value.output_count = uint32_t(metadata.outputs.size());
  memcpy(value.root_digest, m.artifact().header().rootDigest.data(), sizeof(value.root_digest));
  value.verified = m.verified() == VerifyLevel::Full   ? LOBIT_VERIFY_FULL
                   : m.verified() == VerifyLevel::Code ? LOBIT_VERIFY_CODE
                                                       : LOBIT_VERIFY_STRUCTURE;
  return fill(info, value);
}
lobit_status lobit_model_get_info(const lobit_model *model, lobit_model_info *info) {
  return model ? getInfo(*model->model, info) : LOBIT_STATUS_INVALID_ARGUMENT;
}
lobit_status lobit_session_get_model_info(const lobit_session *session, lobit_model_info *info) {
  return session ? getInfo(session->session->model(), info) : LOBIT_STATUS_INVALID_ARGUMENT;
}

lobit_status lobit_model_get_calibration(const lobit_model *model, const void **bytes,
                                         size_t *size) {
  if (!model || !bytes || !size)
    return LOBIT_STATUS_INVALID_ARGUMENT;
  const ByteView calibration = model->model->artifact().calibration();
  if (calibration.size == 0)
    return LOBIT_STATUS_MISSING;
  *bytes = calibration.data;
  *size = calibration.size;
  return LOBIT_STATUS_OK;
}

lobit_status lobit_model_get_variant(const lobit_model *model, uint32_t index,
                                     lobit_variant_info *info) {
  if (!model)
    return LOBIT_STATUS_INVALID_ARGUMENT;
  std::vector<CodeVariant> variants = codeVariants(*model->model);
  if (index >= variants.size())
    return LOBIT_STATUS_INVALID_ARGUMENT;
  const CodeVariant &variant = variants[index];
  lobit_variant_info value = {};
  value.isa = variant.isa->word;
  value.runnable = isRunnable(variant, 0);
  value.cpu_features = variant.cpuFeatures;
  value.code_bytes = variant.codeBytes;
  return fill(info, value);
}

static lobit_status getValue(const std::vector<ValueInfo> &values, uint32_t index,
                             lobit_value_info *info) {
  if (index >= values.size())
    return LOBIT_STATUS_INVALID_ARGUMENT;
  lobit_value_info value = {};
  value.name = values[index].name.c_str();
  value.type = int32_t(values[index].type);
  value.rank = uint32_t(values[index].dims.size());
  for (uint32_t i = 0; i < value.rank; ++i)
    value.dims[i] = values[index].dims[i];
  return fill(info, value);
}
lobit_status lobit_model_get_input(const lobit_model *model, uint32_t index,
                                   lobit_value_info *info) {
  return model ? getValue(model->model->metadata().inputs, index, info)
               : LOBIT_STATUS_INVALID_ARGUMENT;
}
lobit_status lobit_model_get_output(const lobit_model *model, uint32_t index,
                                    lobit_value_info *info) {
  return model ? getValue(model->model->metadata().outputs, index, info)
               : LOBIT_STATUS_INVALID_ARGUMENT;
}

//===--- text -----------------------------------------------------------------===//

static Status tokenize(const Model &model, const char *text, size_t size, uint32_t flags,
                       std::vector<uint32_t> &ids) {
  const Tokenizer *tokenizer = model.tokenizer();
  if (!tokenizer)
    return Status(StatusCode::UNSUPPORTED, "the artifact has no tokenizer; pass token ids");
  if (flags & ~uint32_t(LOBIT_TEXT_ADD_BOS | LOBIT_TEXT_AUTO_BOS | LOBIT_TEXT_PARSE_SPECIAL))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "text flags " + std::to_string(flags) + " are not all known");
  Tokenizer::Options options;
  options.addBos =
      (flags & LOBIT_TEXT_ADD_BOS) || ((flags & LOBIT_TEXT_AUTO_BOS) && tokenizer->view().addBos());
  options.parseSpecial = flags & LOBIT_TEXT_PARSE_SPECIAL;
  return tokenizer->encode({text, size}, options, ids);
}

lobit_status lobit_model_tokenize(const lobit_model *model, const char *text, size_t size,
                                  uint32_t flags, uint32_t *tokens, size_t capacity, size_t *count,
                                  lobit_error *error) {
  if (!model || (!text && size != 0) || (!tokens && capacity != 0) || !count)
    return invalid(error, "lobit_model_tokenize needs a model, text, room for tokens and a count");
  std::vector<uint32_t> ids;
  if (Status status = tokenize(*model->model, text ? text : "", size, flags, ids); !status.ok())
    return report(error, status);
  *count = ids.size();
  std::copy_n(ids.begin(), std::min(capacity, ids.size()), tokens);
  return LOBIT_STATUS_OK;
}

lobit_status lobit_model_token_bytes(const lobit_model *model, uint32_t token, const char **bytes,
                                     size_t *size) {
  if (!model || !bytes || !size || !model->model->tokenizer())
    return LOBIT_STATUS_INVALID_ARGUMENT;
  std::string_view text = model->model->tokenizer()->textBytes(token);
  *bytes = text.data();
  *size = text.size();
  return LOBIT_STATUS_OK;
}

int lobit_model_is_end(const lobit_model *model, uint32_t token) {
  return model && model->model->isEndOfSequence(token);
}

//===--- code -----------------------------------------------------------------===//

lobit_status lobit_code_bind(lobit_model *model, const lobit_code_options *given, lobit_code **out,
                             lobit_error *error) {
  if (!model || !out)
    return invalid(error, "lobit_code_bind needs a model and an out pointer");
  Result<CodeOptions> bind = codeOptions(given);
  if (!bind.ok())
    return report(error, bind.status());
  Result<std::shared_ptr<const Code>> code = Code::bind(model->model, *bind);
  if (!code.ok())
    return report(error, code.status());
  lobit_code *handle = new (std::nothrow) lobit_code{std::move(code).value()};
  if (!handle)
    return report(error, Status(StatusCode::OUT_OF_MEMORY, "no memory for a code handle"));
  *out = handle;
  return LOBIT_STATUS_OK;
}

void lobit_code_release(lobit_code *code) { delete code; }

const char *lobit_code_isa(const lobit_code *code) { return code ? code->code->isa().word : ""; }

lobit_status lobit_self_test(lobit_model *model, const lobit_code_options *given, uint32_t threads,
                             lobit_self_test_report callback, void *user, lobit_error *error) {
  if (!model)
    return invalid(error, "lobit_self_test needs a model");
  Result<CodeOptions> bind = codeOptions(given);
  if (!bind.ok())
    return report(error, bind.status());
  struct Context {
    lobit_self_test_report callback;
    void *user;
  } context = {callback, user};
  SelfTestReport forward = [](void *pointer, const char *isa, const char *check,
                              StatusCode status) {
    Context &context = *static_cast<Context *>(pointer);
    if (context.callback)
      context.callback(context.user, isa, check, lobit_status(status));
  };
  return report(error, selfTest(model->model, *bind, threads, forward, &context));
}

//===--- session --------------------------------------------------------------===//

lobit_status lobit_session_create(lobit_code *code, const lobit_session_options *given,
                                  lobit_session **out, lobit_error *error) {
  if (!code || !out)
    return invalid(error, "lobit_session_create needs code and an out pointer");
  Result<std::unique_ptr<Session>> session = Session::create(code->code, options(given).threads);
  if (!session.ok())
    return report(error, session.status());
  lobit_session *handle = new (std::nothrow) lobit_session{std::move(session).value()};
  if (!handle)
    return report(error, Status(StatusCode::OUT_OF_MEMORY, "no memory for a session handle"));
  *out = handle;
  return LOBIT_STATUS_OK;
}

void lobit_session_release(lobit_session *session) { delete session; }

uint64_t lobit_session_position(const lobit_session *session) {
  return session ? session->session->position() : 0;
}

lobit_status lobit_session_rewind(lobit_session *session, uint64_t position, lobit_error *error) {
  if (!session)
    return invalid(error, "lobit_session_rewind needs a session");
  return report(error, session->session->rewind(position));
}

lobit_status lobit_session_eval(lobit_session *session, const uint32_t *tokens, size_t count,
                                float *allLogits, lobit_error *error) {
  if (!session || (!tokens && count != 0))
    return invalid(error, "lobit_session_eval needs a session and tokens");
  return report(error, session->session->eval(tokens, count, allLogits));
}

lobit_status lobit_session_eval_text(lobit_session *session, const char *text, size_t size,
                                     uint32_t flags, lobit_error *error) {
  if (!session || (!text && size != 0))
    return invalid(error, "lobit_session_eval_text needs a session and text");
  std::vector<uint32_t> ids;
  if (Status status = tokenize(session->session->model(), text ? text : "", size, flags, ids);
      !status.ok())
    return report(error, status);
  return report(error, session->session->eval(ids.data(), ids.size(), nullptr));
}

const float *lobit_session_logits(const lobit_session *session) {
  return session ? session->session->logits() : nullptr;
}

const float *lobit_session_hidden(const lobit_session *session) {
  return session ? session->session->hidden() : nullptr;
}

lobit_status lobit_session_set_observer(lobit_session *session, lobit_logits_observer callback,
                                        void *user, lobit_error *error) {
  if (!session)
    return invalid(error, "lobit_session_set_observer needs a session");
  return report(error, session->session->setObserver(callback, user));
}

lobit_status lobit_session_set_hidden_observer(lobit_session *session,
                                               lobit_hidden_observer callback, void *user,
                                               lobit_error *error) {
  if (!session)
    return invalid(error, "lobit_session_set_hidden_observer needs a session");
  return report(error, session->session->setHiddenObserver(callback, user));
}

lobit_status lobit_session_set_sampling(lobit_session *session, const lobit_sampling *given,
                                        lobit_error *error) {
  if (!session)
    return invalid(error, "lobit_session_set_sampling needs a session");
  lobit_sampling in = options(given);
  Sampling sampling;
  sampling.temperature = in.temperature;
  sampling.topK = in.top_k;
  sampling.topP = in.top_p == 0 ? 1 : in.top_p;
  sampling.minP = in.min_p;
  sampling.repetitionPenalty = in.repetition_penalty == 0 ? 1 : in.repetition_penalty;
  sampling.repetitionWindow = in.repetition_window;
  sampling.seed = in.seed;
  return report(error, session->session->setSampling(sampling));
}

lobit_status lobit_session_sample(lobit_session *session, uint32_t *token, lobit_error *error) {
  if (!session || !token)
    return invalid(error, "lobit_session_sample needs a session and a token to fill");
  Result<uint32_t> sampled = session->session->sample();
  if (!sampled.ok())
    return report(error, sampled.status());
  *token = *sampled;
  return LOBIT_STATUS_OK;
}

lobit_status lobit_session_generate(lobit_session *session, const lobit_generate_options *given,
                                    uint64_t *generated, int32_t *reason, lobit_error *error) {
  if (!session || !given)
    return invalid(error, "lobit_session_generate needs a session and options");
  lobit_generate_options in = options(given);
  Session::GenerateOptions generate;
  generate.maxTokens = in.max_tokens;
  generate.ignoreEnd = in.ignore_end != 0;
  if (in.callback)
    generate.callback = [](void *user, uint32_t token, std::string_view text) {
      const lobit_generate_options &in = *static_cast<lobit_generate_options *>(user);
      lobit_piece piece = {sizeof(lobit_piece), token, text.data(), text.size()};
      return in.callback(in.user, &piece) != 0;
    };
  generate.user = &in;
  uint64_t count = 0;
  Result<Session::Stop> stop = session->session->generate(generate, count);
  if (generated)
    *generated = count;
  if (!stop.ok())
    return report(error, stop.status());
  if (reason)
    *reason = int32_t(*stop);
  return LOBIT_STATUS_OK;
}

lobit_status lobit_session_get_statistics(const lobit_session *session, lobit_statistics *out) {
  if (!session)
    return LOBIT_STATUS_INVALID_ARGUMENT;
  const Session &s = *session->session;
  lobit_statistics value = {};
  value.threads = s.threads();
  value.prompt_tokens = s.promptTime().count;
  value.prompt_seconds = double(s.promptTime().nanoseconds) * 1e-9;
  value.generated_tokens = s.generationTime().count;
  value.generation_seconds = double(s.generationTime().nanoseconds) * 1e-9;
  if (value.prompt_seconds > 0)
    value.prompt_tokens_per_second = double(value.prompt_tokens) / value.prompt_seconds;
  if (value.generation_seconds > 0)
    value.generation_tokens_per_second = double(value.generated_tokens) / value.generation_seconds;
  value.session_bytes = s.memoryBytes();
  return fill(out, value);
}

//===--- functions --------------------------------------------------------------===//

static Status takeTensors(const lobit_tensor *tensors, size_t count,
                          std::vector<Session::Tensor> &out) {
  for (size_t i = 0; i < count; ++i) {
    const lobit_tensor &tensor = tensors[i];
    if (tensor.rank > LOBIT_MAX_RANK ||
        (tensor.type != LOBIT_TYPE_I32 && tensor.type != LOBIT_TYPE_F32))
      return Status(StatusCode::INVALID_ARGUMENT,
                    "tensor " + std::to_string(i) + " has rank " + std::to_string(tensor.rank) +
                        " and type " + std::to_string(tensor.type) +
                        ", expected a rank up to 8 and type 1 (i32) or 2 (f32)");
    out.push_back({tensor.name, DataType(tensor.type),
                   std::vector<uint64_t>(tensor.dims, tensor.dims + tensor.rank), tensor.data,
                   tensor.data_bytes});
  }
  return {};
}

lobit_status lobit_function_call(lobit_session *session, const lobit_tensor *inputs,
                                 size_t inputCount, const lobit_tensor *outputs, size_t outputCount,
                                 lobit_error *error) {
  if (!session || (!inputs && inputCount != 0) || (!outputs && outputCount != 0))
    return invalid(error, "lobit_function_call needs a session, inputs and outputs");
  std::vector<Session::Tensor> in, out;
  if (Status status = takeTensors(inputs, inputCount, in); !status.ok())
    return report(error, status);
  if (Status status = takeTensors(outputs, outputCount, out); !status.ok())
    return report(error, status);
  return report(error, session->session->callFunction(in, out));
}

//===--- explain ------------------------------------------------------------------===//

lobit_status lobit_session_set_tracing(lobit_session *session, int32_t on) {
  if (!session)
    return LOBIT_STATUS_INVALID_ARGUMENT;
  session->session->setTracing(on != 0);
  return LOBIT_STATUS_OK;
}

uint32_t lobit_session_operation_count(const lobit_session *session) {
  return session ? uint32_t(session->session->operationTimes().size()) : 0;
}

lobit_status lobit_session_get_operation(const lobit_session *session, uint32_t index,
                                         lobit_operation_info *info) {
  if (index >= lobit_session_operation_count(session))
    return LOBIT_STATUS_INVALID_ARGUMENT;
  const Session &s = *session->session;
  const OperationInfo &operation = s.code().kernels()->operations[index];
  lobit_operation_info value = {};
  value.label = operation.label.c_str();
  value.kernel = operation.kernel.c_str();
  const LayoutInfo *layout = operation.layout ? findLayout(*operation.layout) : nullptr;
  value.layout = layout ? layout->word : "";
  value.weight_bytes = operation.weightBytes;
  value.flops = operation.flops;
  value.calls = s.operationTimes()[index].count;
  value.seconds = double(s.operationTimes()[index].nanoseconds) * 1e-9;
  return fill(info, value);
}
