#include "tools/quant-compile/HostModel.h"
#include "passes/Emit/AtomicFile.h"
#include "passes/Emit/StoreWeights.h"
#include "passes/Pipelines/Pipelines.h"
#include "runtime/format/CheckedMath.h"
#include "tools/quant-compile/Code.h"
#include "tools/quant-compile/Describe.h"
#include "tools/quant-compile/Diagnostics.h"
#include "tools/quant-compile/Targets.h"

#include "mlir/IR/Builders.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lobit {
namespace {

/// What convert-lobit-to-ukernel asks of max-rows.
constexpr uint64_t kRowMultiple = 16;

Status statusOf(const rt::Error &error) {
  return Status(StatusCode(error.status()), error.message());
}

/// A function, not a conversation: its results are the logits of all rows and whatever else
/// the entry returns.
void describeAsFunction(ModuleOp module) {
  Builder builder(module.getContext());
  module->setAttr(lb::modelAttr, builder.getDictionaryAttr(builder.getNamedAttr(
                                     "kind", builder.getStringAttr("function"))));
}

Status runPasses(ModuleOp module, const std::function<void(OpPassManager &)> &add) {
  Diagnostics diagnostics(module.getContext());
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  add(manager);
  return succeeded(manager.run(module)) ? Status()
                                        : diagnostics.status(StatusCode::UNSUPPORTED, "lower");
}

Status writeArtifact(AtomicFile &file, ModuleOp planned, TensorSource *source,
                     const std::vector<TargetCode> &codes, Metadata metadata,
                     const HostModel::Options &options) {
  const PlannedWeights plan = planWeights(planned);
  ArtifactContent content;
  content.metadata = std::move(metadata);
  content.tensors = plan.tensors;
  for (const TargetCode &code : codes)
    content.code.push_back(
        {code.isa, std::vector<uint8_t>(code.bytes.begin(), code.bytes.end()), code.operations});
  ArtifactWriter writer(file);
  StoreOptions store;
  store.threads = options.threads;
  return storeArtifact(writer, file, std::move(content), plan.weights, source, store);
}

} // namespace

Result<HostModel> HostModel::create(ModuleOp module, TensorSource *source, const Options &options) {
  describeAsFunction(module);
  Status status = runPasses(module, [](OpPassManager &manager) {
    addPackPasses(manager, "auto");
    addPlanPasses(manager);
  });
  if (!status.ok())
    return status;
  Result<std::vector<Isa>> host = parseTargets("host");
  if (!host.ok())
    return std::move(host).status();
  CodeOptions code;
  code.processes = options.threads;
  code.maxRows = int64_t(roundUp(options.rows, kRowMultiple));
  Result<std::vector<TargetCode>> codes = generateCode(module, withBaselines(*host), code);
  if (!codes.ok())
    return std::move(codes).status();
  Result<Metadata> metadata = describeModel(module, *codes);
  if (!metadata.ok())
    return std::move(metadata).status();
  HostModel result;
  for (const ValueInfo &output : metadata->outputs)
    result.columns_.push_back(output.dims.back());

  // Removed at the end of this function; what is mapped stays.
  Result<std::unique_ptr<AtomicFile>> file = AtomicFile::create(options.path);
  if (!file.ok())
    return std::move(file).status();
  status = writeArtifact(**file, module, source, *codes, std::move(metadata).value(), options);
  if (!status.ok())
    return status;
  rt::Error error;
  auto load = rt::make<lobit_load_options>();
  load.verify = LOBIT_VERIFY_STRUCTURE;
  result.model_ = rt::Model::open((*file)->temporaryPath(), error, &load);
  if (!result.model_)
    return statusOf(error);
  result.code_ = rt::Code::bind(result.model_, error);
  if (!result.code_)
    return statusOf(error);
  result.session_ = rt::Session::create(result.code_, options.threads, error);
  if (!result.session_)
    return statusOf(error);
  return result;
}

Status HostModel::run(const std::vector<uint32_t> &tokens,
                      std::vector<std::vector<float>> &results) {
  auto tensorOf = [&](int32_t type, std::vector<uint64_t> dims, void *data) {
    lobit_tensor tensor = {};
    tensor.type = type;
    tensor.rank = uint32_t(dims.size());
    tensor.data_bytes = 4;
    for (size_t i = 0; i < dims.size(); ++i) {
      tensor.dims[i] = dims[i];
      tensor.data_bytes *= dims[i];
    }
    tensor.data = data;
    return tensor;
  };
  std::vector<uint32_t> ids = tokens;
  std::vector<lobit_tensor> in = {tensorOf(LOBIT_TYPE_I32, {ids.size()}, ids.data())}, out;
  results.resize(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    results[i].resize(ids.size() * columns_[i]);
    out.push_back(tensorOf(LOBIT_TYPE_F32, {ids.size(), columns_[i]}, results[i].data()));
  }
  rt::Error error;
  return session_.call(in, out, error) ? Status() : statusOf(error);
}

} // namespace lobit
