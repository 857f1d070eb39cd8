#include "tools/quant-compile/Compile.h"
#include "passes/Emit/AtomicFile.h"
#include "passes/Emit/LinearAnswers.h"
#include "passes/Emit/StaticLibrary.h"
#include "passes/Emit/StoreWeights.h"
#include "passes/Import/Import.h"
#include "passes/Pipelines/Pipelines.h"
#include "passes/Quantize/Gate.h"
#include "passes/Quantize/QuantizeModule.h"
#include "runtime/cpu/Cpu.h"
#include "tools/quant-compile/Answers.h"
#include "tools/quant-compile/Calibration.h"
#include "tools/quant-compile/Code.h"
#include "tools/quant-compile/Describe.h"
#include "tools/quant-compile/Diagnostics.h"
#include "tools/quant-compile/Export.h"
#include "tools/quant-compile/Forecast.h"
#include "tools/quant-compile/InterpretedAnswer.h"
#include "tools/quant-compile/Progress.h"
#include "tools/quant-compile/ReferenceBeacons.h"
#include "tools/quant-compile/Summary.h"
#include "tools/quant-compile/Targets.h"
#include "tools/quant-compile/Tune.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cstdio>
#include <thread>

using namespace mlir;

namespace lobit {
namespace {

/// The small code model reaches 2 GiB.
constexpr uint64_t kMaxEmbeddedBytes = 1ull << 31;

/// Of packed weights that are kept from quantizing to storing; others are made twice.
constexpr uint64_t kMaxKeptBytes = 1ull << 30;

enum class Product {
  Artifact,
  Mlir,
  Llvm,
  Assembly,
  Object,
  StaticLibrary,
  CHeader,
  Int6Checkpoint
};

Result<Product> productOf(const CompileOptions &options, Stage last) {
  const std::string &word = options.emit;
  const Product product = word == "mlir"                       ? Product::Mlir
                          : word == "llvm"                     ? Product::Llvm
                          : word == "asm"                      ? Product::Assembly
                          : word == "obj"                      ? Product::Object
                          : word == "static-lib"               ? Product::StaticLibrary
                          : word == "c-header"                 ? Product::CHeader
                          : word == "int6-safetensors"         ? Product::Int6Checkpoint
                          : word.empty() && last < Stage::Emit ? Product::Mlir
                                                               : Product::Artifact;
  if (last < Stage::Emit && product != Product::Mlir)
    return Status(StatusCode::INVALID_ARGUMENT, "--stop-after=" + options.stopAfter +
                                                    " prints a module and excludes --emit=" + word);
  return product;
}

bool isInterpretable(const PlannedWeights &plan) {
  uint64_t weights = 0;
  for (const TensorInfo &tensor : plan.tensors)
    weights += tensor.aliasOf == kNotAnAlias ? tensor.rows() * tensor.columns() : 0;
  return weights <= kMaxInterpretedWeights;
}

class Compiler {
public:
  explicit Compiler(const CompileOptions &options) : options_(options) {
    context_.disableMultithreading(); // code generation forks
    threads_ =
        options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  }
  Status run();

private:
  Status checkOptions();
  /// Schemes that need a calibration text have one.
  Status checkCalibration();
  Status import();
  /// Makes options_.kernel the form that is the fastest here.
  Status tune();
  Status quantize();
  Result<std::unique_ptr<Calibration>> calibrate();
  Status runPasses(const char *stage, void (*add)(OpPassManager &, const CompileOptions &));
  /// generateCode; when it crashes, the module it was given is kept beside the output.
  Result<std::vector<TargetCode>> makeCode(CodeProduct product, bool suffixQuery = false);
  Status writeText(const std::string &text);
  Status writeModule();
  Status writeCode();
  Status writeArtifactFile();
  Status writeStaticLibrary();
  Status writeInt6Directory();
  /// Computes the known answers of the linear layers, and of a small model.
  Status answer(ArtifactContent &content, const PlannedWeights &plan);
  /// Reserves the place of the calibration beacons; they are made when all else is complete.
  Status reserveReferenceBeacons(ArtifactContent &content, bool withHidden);
  /// Makes the file and starts what can be done beside quantizing.
  Status beginArtifact();
  /// Everything into the file; it is complete, but not committed.
  Status fillArtifact();
  std::string outputPath(const char *fallback) const {
    return options_.output.empty() ? fallback : options_.output;
  }

  CompileOptions options_;
  MLIRContext context_;
  unsigned threads_ = 1;
  Stage last_ = Stage::Emit;
  Product product_ = Product::Artifact;
  std::vector<Isa> isas_;
  QuantizePolicy policy_;
  ImportedModel model_;
  QuantizeReport report_;
  /// Of Product::Artifact, and of Product::StaticLibrary, which never commits it.
  std::unique_ptr<AtomicFile> file_;
  std::unique_ptr<Forecast> forecast_; ///< may be null
  std::unique_ptr<KeptWeights> kept_;
  Summary summary_;
  Progress progress_;
};

Status Compiler::checkOptions() {
  last_ = *findStage(options_.stopAfter);
  Result<Product> product = productOf(options_, last_);
  if (!product.ok())
    return std::move(product).status();
  product_ = *product;
  Result<std::vector<Isa>> isas = parseTargets(options_.target);
  if (!isas.ok())
    return std::move(isas).status();
  isas_ = *isas;
  const bool oneTarget = product_ == Product::Llvm || product_ == Product::Assembly ||
                         product_ == Product::Object ||
                         (product_ == Product::Mlir && last_ >= Stage::Lower);
  if (oneTarget && isas_.size() != 1)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--target: expected one target for this output, found \"" + options_.target +
                      "\"");
  if (product_ == Product::StaticLibrary)
    for (Isa isa : isas_)
      if (findIsa(isa)->arch != findIsa(isas_[0])->arch)
        return Status(StatusCode::INVALID_ARGUMENT,
                      "--target: expected targets of one architecture for a static library, found "
                      "\"" +
                          options_.target + "\"");
  Result<QuantizePolicy> policy = parseQuantizePolicy(options_.quantize, options_.layers);
  if (!policy.ok())
    return std::move(policy).status();
  policy_ = *policy;
  policy_.threads = threads_;
  if (Status status = checkCalibration(); !status.ok())
    return status;
  policy_.kernel = *parseKernelForm(options_.kernel);
  if (options_.tune && policy_.kernel != KernelForm::Auto)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--tune: expected --kernel=auto, which it chooses, found --kernel=" +
                      options_.kernel);
  (void)parseNonFinitePolicy(options_.nonFinite, policy_.nonFinite);
  return Status();
}

Status Compiler::checkCalibration() {
  if (!options_.calibration.empty())
    return Status();
  std::vector<SchemeChoice> choices = {policy_.linear, policy_.embedAndHead};
  for (const LayerRule &rule : policy_.rules)
    choices.push_back(rule.choice);
  for (const SchemeChoice &choice : choices)
    if (choice.needsInputs())
      return Status(StatusCode::INVALID_ARGUMENT,
                    choice.text() + " needs what the layers read from a text; give it with "
                                    "--calibration, or use int6:magnitude");
  return Status();
}

Status Compiler::import() {
  progress_.show("importing " + options_.model);
  ImportOptions options;
  options.maxContext = options_.maxContext;
  options.threads = threads_;
  options.cache = *parseCacheElement(options_.kv);
  if (!options_.weightScale.empty())
    options.weightScale = parseScaleDirection(options_.weightScale);
  if (options_.nonFinite != "error")
    options.nonFinite = *parseNonFinite(options_.nonFinite);
  Result<ImportedModel> model = importModel(context_, options_.model, options);
  if (!model.ok())
    return std::move(model).status();
  model_ = std::move(model).value();
  progress_.show("");
  for (const std::string &note : model_.notes)
    std::fprintf(stderr, "note: %s\n", note.c_str());
  return Status();
}

Result<std::unique_ptr<Calibration>> Compiler::calibrate() {
  Calibration::Options options;
  options.textPath = options_.calibration;
  options.maxTokens = options_.calibrationTokens;
  options.outputPath = outputPath("model.lobit");
  options.threads = threads_;
  options.progress = [&](size_t done, size_t total) {
    progress_.show("reading", done, total, options_.calibration);
  };
  return Calibration::create(model_, options);
}

Status Compiler::tune() {
  const uint64_t features = detectCpuFeatures();
  const IsaInfo *best = nullptr;
  for (Isa isa : withBaselines(isas_)) {
    const IsaInfo *info = findIsa(isa);
    if (info->arch == hostArch() && !(info->requiredCpuFeatures & ~features) &&
        (!best || info->rank > best->rank))
      best = info;
  }
  if (!best)
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--tune: expected a target that this machine runs, found \"" + options_.target +
                      "\"");
  progress_.show("tuning");
  Result<Tuning> tuning = tuneKernel(*model_.module, best->isa);
  if (!tuning.ok())
    return std::move(tuning).status();
  progress_.show("");
  std::fprintf(stderr, "note: %s", tuningText(*tuning).c_str());
  options_.kernel = tuning->forms[0].kernel;
  policy_.kernel = *parseKernelForm(options_.kernel);
  return Status();
}

Status Compiler::beginArtifact() {
  Result<std::unique_ptr<AtomicFile>> file =
      AtomicFile::create(outputPath(product_ == Product::Artifact ? "model.lobit" : "model.a"));
  if (!file.ok())
    return std::move(file).status();
  file_ = std::move(file).value();
  kept_ = std::make_unique<KeptWeights>(kMaxKeptBytes, threads_);
  isas_ = withBaselines(isas_);
  if (options_.calibration.empty())
    forecast_ = Forecast::create(*model_.module, policy_, {options_.kernel, isas_, threads_});
  return Status();
}

Status Compiler::quantize() {
  policy_.trainedTernary = model_.isQat;
  policy_.trainedFloat = model_.notConverted;
  std::unique_ptr<Calibration> calibration;
  LayerInputs inputs;
  if (!options_.calibration.empty()) {
    Result<std::unique_ptr<Calibration>> made = calibrate();
    if (!made.ok())
      return std::move(made).status();
    calibration = std::move(made).value();
    auto coded = std::make_shared<CodedTensors>(model_.source);
    model_.source = coded;
    inputs.statistics = calibration.get();
    inputs.coded = coded.get();
  }
  if (!options_.dryRun && (product_ == Product::Artifact || product_ == Product::StaticLibrary)) {
    if (Status status = beginArtifact(); !status.ok())
      return status;
    inputs.packed = kept_.get();
  }
  Result<QuantizeReport> report = quantizeModule(
      *model_.module, model_.source.get(), policy_,
      [&](const std::vector<LayerReport> &done, size_t total, const std::string &name) {
        progress_.show("quantizing", done.size(), total, name);
        if (forecast_)
          forecast_->advance(done, model_.tokenizer, *file_, *kept_);
        if (kept_ && kept_->isWriting())
          file_->startWriting();
      },
      inputs);
  if (!report.ok())
    return std::move(report).status();
  report_ = std::move(report).value();
  report_.gate = options_.gate;
  if (calibration) {
    Result<CalibrationReport> compared = calibration->compare(*model_.module, model_.source.get());
    if (!compared.ok())
      return std::move(compared).status();
    report_.calibration = std::move(compared).value();
  }
  progress_.show("");
  if (!options_.report.empty()) {
    const std::string json = reportJson(report_) + "\n";
    if (Status status = writeFile(options_.report, json.data(), json.size()); !status.ok())
      return status;
  }
  if (options_.dryRun) {
    const std::string text = options_.json ? reportJson(report_) + "\n" : reportTable(report_);
    if (Status status = writeText(text); !status.ok())
      return status;
  }
  return checkGate(report_);
}

Status Compiler::runPasses(const char *stage,
                           void (*add)(OpPassManager &, const CompileOptions &)) {
  Diagnostics diagnostics(&context_);
  PassManager manager(&context_, ModuleOp::getOperationName());
  add(manager, options_);
  if (failed(manager.run(*model_.module)))
    return diagnostics.status(StatusCode::UNSUPPORTED, stage);
  return Status();
}

Result<std::vector<TargetCode>> Compiler::makeCode(CodeProduct product, bool suffixQuery) {
  progress_.show("generating code");
  std::optional<Result<std::vector<TargetCode>>> made;
  if (product == CodeProduct::Image && forecast_)
    made = forecast_->codeFor(*model_.module);
  if (!made) {
    if (kept_)
      kept_->wait(); // processes start where there is one thread
    CodeOptions options;
    options.product = product;
    options.processes = threads_;
    options.suffixQuery = suffixQuery;
    made = generateCode(*model_.module, isas_, options);
  }
  Result<std::vector<TargetCode>> codes = std::move(*made);
  if (codes.ok() || codes.status().code() != StatusCode::INTERNAL)
    return codes;
  std::string text;
  llvm::raw_string_ostream stream(text);
  model_.module->print(stream);
  const std::string path =
      (options_.output.empty() || options_.output == "-" ? "model" : options_.output) +
      ".reproducer.mlir";
  if (Status status = writeFile(path, stream.str().data(), stream.str().size()); !status.ok())
    return codes;
  return Status(StatusCode::INTERNAL, codes.status().message() +
                                          "; this is a defect of quant-compile, please report it "
                                          "with " +
                                          path);
}

Status Compiler::writeText(const std::string &text) {
  return writeFile(outputPath("-"), text.data(), text.size());
}

Status Compiler::writeModule() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  model_.module->print(stream);
  stream << "\n";
  return writeText(stream.str());
}

Status Compiler::writeCode() {
  const CodeProduct product = product_ == Product::Mlir       ? CodeProduct::Mlir
                              : product_ == Product::Llvm     ? CodeProduct::Llvm
                              : product_ == Product::Assembly ? CodeProduct::Assembly
                                                              : CodeProduct::Object;
  Result<std::vector<TargetCode>> codes = makeCode(product);
  if (!codes.ok())
    return std::move(codes).status();
  return writeText((*codes)[0].bytes);
}

Status Compiler::answer(ArtifactContent &content, const PlannedWeights &plan) {
  progress_.show("computing known answers");
  if (Status status = answerLinears(content.metadata, content.knownAnswers.linears, threads_);
      !status.ok())
    return status;
  // Larger models are answered when the artifact is complete.
  if (!isInterpretable(plan))
    return Status();
  return answerWithInterpreter(*model_.module, model_.source.get(), content.metadata,
                               content.knownAnswers.models[0]);
}

/// Whether the code for every target tells where its final hidden state is.
bool tellsHidden(const std::vector<TargetCode> &codes) {
  return std::all_of(codes.begin(), codes.end(),
                     [](const TargetCode &code) { return code.hiddenOffset.has_value(); });
}

Status Compiler::reserveReferenceBeacons(ArtifactContent &content, bool withHidden) {
  if (options_.calibration.empty())
    return Status();
  if (!makesReferenceBeacons()) {
    std::fprintf(stderr, "note: this compiler is built without beacons (LOBIT_BUILD_BEACON); the "
                         "artifact gets no calibration beacon\n");
    return Status();
  }
  if (std::none_of(isas_.begin(), isas_.end(), [](Isa isa) {
        const IsaInfo *info = findIsa(isa);
        return info && info->arch == hostArch();
      })) {
    std::fprintf(stderr, "note: this machine runs none of the targets; the artifact gets no "
                         "calibration beacon\n");
    return Status();
  }
  Result<std::vector<uint8_t>> beacons = emptyReferenceBeacons(content.metadata, withHidden);
  if (!beacons.ok())
    return std::move(beacons).status();
  content.calibration = std::move(beacons).value();
  return Status();
}

Status Compiler::fillArtifact() {
  Result<std::vector<TargetCode>> codes = makeCode(CodeProduct::Image);
  if (!codes.ok())
    return std::move(codes).status();
  const PlannedWeights plan = planWeights(*model_.module);
  if (!isInterpretable(plan) && std::none_of(isas_.begin(), isas_.end(), [](Isa isa) {
        return findIsa(isa)->arch == hostArch();
      }))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "--target: the known answer of a model of more than " +
                      std::to_string(kMaxInterpretedWeights) +
                      " weights is computed by its code; expected a target that this machine "
                      "runs beside the others, found \"" +
                      options_.target + "\"; add " + findIsa(baselineOf(hostArch()))->word);
  Result<ArtifactContent> content =
      describeArtifact(*model_.module, *codes, report_, model_.tokenizer);
  if (!content.ok())
    return std::move(content).status();
  if (Status status = answer(*content, plan); !status.ok())
    return status;
  const bool withHidden = tellsHidden(*codes);
  if (Status status = reserveReferenceBeacons(*content, withHidden); !status.ok())
    return status;
  const bool calibrated = !content->calibration.empty();
  const Metadata metadata = content->metadata;
  KnownAnswers answers = content->knownAnswers;
  summary_ = summarize(*content);

  ArtifactWriter writer(*file_);
  StoreOptions store;
  store.threads = threads_;
  store.kept = kept_.get();
  store.progress = [&](size_t done, size_t total, const std::string &name) {
    progress_.show("packing", done, total, name);
  };
  Status status = storeArtifact(writer, *file_, std::move(content).value(), plan.weights,
                                model_.source.get(), store);
  if (!status.ok())
    return status;
  if (!isInterpretable(plan)) {
    file_->startWriting();
    progress_.show("computing known answers");
    status = answerWithBaselineCode(file_->temporaryPath(), metadata, threads_, answers.models[0]);
    if (status.ok())
      status = writer.replaceKnownAnswers(answers);
  }
  if (status.ok() && calibrated) {
    progress_.show("reading " + options_.calibration);
    Result<std::vector<uint8_t>> beacons =
        makeReferenceBeacons(file_->temporaryPath(), options_.calibration,
                             options_.calibrationTokens, threads_, withHidden);
    status = beacons.ok() ? writer.replaceCalibration(*beacons) : std::move(beacons).status();
  }
  summary_.fileBytes = writer.fileBytes();
  progress_.show("");
  return status;
}

Status Compiler::writeArtifactFile() {
  const std::string path = outputPath("model.lobit");
  if (Status status = fillArtifact(); !status.ok())
    return status;
  if (Status status = file_->commit(); !status.ok())
    return status;
  if (options_.json)
    std::printf("%s\n", summaryJson(summary_, path).c_str());
  else if (path != "-")
    std::printf("%s", summaryText(summary_, path).c_str());
  return Status();
}

Status Compiler::writeStaticLibrary() {
  const std::string path = outputPath("model.a");
  if (Status status = fillArtifact(); !status.ok())
    return status;
  if (summary_.fileBytes > kMaxEmbeddedBytes)
    return Status(StatusCode::RESOURCE_LIMIT,
                  "--emit=static-lib: expected an artifact of at most " +
                      std::to_string(kMaxEmbeddedBytes) + " bytes, found " +
                      std::to_string(summary_.fileBytes) + "; use --emit=artifact");
  Result<std::vector<TargetCode>> codes = makeCode(CodeProduct::Object, true);
  if (!codes.ok())
    return std::move(codes).status();
  std::vector<EmbeddedObject> objects;
  for (TargetCode &code : *codes)
    objects.push_back({code.isa, suffixedQuery(code.isa), std::move(code.bytes)});
  Result<std::string> library =
      makeStaticLibrary(file_->temporaryPath(), embeddedSymbol(options_.model), objects);
  if (!library.ok())
    return std::move(library).status();
  file_.reset(); // its temporary file has the name that writeFile wants
  return writeFile(path, library->data(), library->size());
}

Status Compiler::writeInt6Directory() {
  EvaluateOptions evaluate;
  evaluate.threads = threads_;
  Status status = exportInt6(model_, options_.model, outputPath("model-int6"), evaluate,
                             [&](size_t done, size_t total, const std::string &name) {
                               progress_.show("exporting", done, total, name);
                             });
  progress_.show("");
  return status;
}

Status Compiler::run() {
  if (Status status = checkOptions(); !status.ok())
    return status;
  if (Status status = import(); !status.ok())
    return status;
  if (last_ == Stage::Import)
    return writeModule();
  if (product_ == Product::CHeader)
    return writeText(embeddedHeader(embeddedSymbol(options_.model), options_.model));
  if (options_.tune)
    if (Status status = tune(); !status.ok())
      return status;
  if (Status status = quantize(); !status.ok() || options_.dryRun)
    return status;
  if (last_ == Stage::Quantize)
    return writeModule();
  if (product_ == Product::Int6Checkpoint)
    return writeInt6Directory();
  if (Status status = runPasses("pack",
                                [](OpPassManager &manager, const CompileOptions &options) {
                                  addPackPasses(manager, options.kernel);
                                });
      !status.ok())
    return status;
  if (last_ == Stage::Pack)
    return writeModule();
  if (Status status = runPasses(
          "lower", [](OpPassManager &manager, const CompileOptions &) { addPlanPasses(manager); });
      !status.ok())
    return status;
  switch (product_) {
  case Product::Mlir:
  case Product::Llvm:
  case Product::Assembly:
  case Product::Object:
    return writeCode();
  case Product::Artifact:
    return writeArtifactFile();
  case Product::StaticLibrary:
    return writeStaticLibrary();
  case Product::CHeader:
  case Product::Int6Checkpoint:
    break; // written before anything is compiled
  }
  return Status();
}

} // namespace

Status compile(const CompileOptions &options) { return Compiler(options).run(); }

} // namespace lobit
