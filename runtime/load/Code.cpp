#include "runtime/load/Code.h"
#include "runtime/cpu/Cpu.h"

#include <algorithm>

namespace lobit {

std::vector<CodeVariant> codeVariants(const Model &model) {
  std::vector<CodeVariant> variants;
  for (const EmbeddedCode &code : model.embedded())
    variants.push_back(
        {code.isa, code.isa->arch, code.isa->requiredCpuFeatures, 0, nullptr, code.query});
  if (variants.empty())
    for (const SectionInfo *section : model.artifact().codeSections())
      if (const IsaInfo *isa = findIsa(section->isa))
        variants.push_back(
            {isa, section->arch, section->cpuFeatures, section->size, section, nullptr});
  std::sort(variants.begin(), variants.end(),
            [](const CodeVariant &a, const CodeVariant &b) { return a.isa->rank < b.isa->rank; });
  return variants;
}

static uint64_t missingFeatures(const CodeVariant &variant, uint64_t assumed) {
  return variant.cpuFeatures & ~(detectCpuFeatures() | assumed);
}

bool isRunnable(const CodeVariant &variant, uint64_t assumed) {
  return variant.arch == hostArch() && missingFeatures(variant, assumed) == 0;
}

static std::string variantWords(const std::vector<CodeVariant> &variants) {
  std::string words;
  for (const CodeVariant &variant : variants)
    words += (words.empty() ? "" : ", ") + std::string(variant.isa->word);
  return words.empty() ? "none" : words;
}

static Status cannotRun(const CodeVariant &variant, uint64_t assumed) {
  if (variant.arch != hostArch())
    return Status(StatusCode::UNSUPPORTED_CPU,
                  std::string("code for ") + variant.isa->word + " is for another architecture");
  return Status(StatusCode::UNSUPPORTED_CPU,
                std::string("code for ") + variant.isa->word + " needs " +
                    cpuFeatureWords(missingFeatures(variant, assumed)) +
                    ", which this CPU or operating system does not offer");
}

static Result<CodeVariant> choose(const Model &model, const CodeOptions &options) {
  std::vector<CodeVariant> variants = codeVariants(model);
  if (options.isa.empty()) {
    for (size_t i = variants.size(); i-- > 0;)
      if (isRunnable(variants[i], options.assumeCpuFeatures))
        return variants[i];
    for (const CodeVariant &variant : variants)
      if (variant.arch == hostArch())
        return cannotRun(variant, options.assumeCpuFeatures);
    if (!variants.empty())
      return Status(StatusCode::UNSUPPORTED_CPU,
                    "the artifact has code for " + variantWords(variants) +
                        ", none of which is for this machine (" + archWord(hostArch()) +
                        "); compile the model for it too");
    return Status(StatusCode::UNSUPPORTED, "the artifact has no code this build knows");
  }
  if (!findIsa(options.isa))
    return Status(StatusCode::INVALID_ARGUMENT,
                  "there is no ISA named '" + options.isa + "'; known are " + isaWords());
  for (const CodeVariant &variant : variants)
    if (options.isa == variant.isa->word) {
      if (!isRunnable(variant, options.assumeCpuFeatures))
        return cannotRun(variant, options.assumeCpuFeatures);
      return variant;
    }
  return Status(StatusCode::UNSUPPORTED, "the artifact has no code for " + options.isa +
                                             "; it has " + variantWords(variants));
}

Result<std::shared_ptr<const Code>> Code::bind(std::shared_ptr<const Model> model,
                                               const CodeOptions &options) {
  const ArtifactHeader &header = model->artifact().header();
  if (options.pinnedRoot && *options.pinnedRoot != header.rootDigest)
    return Status(StatusCode::DIGEST_MISMATCH,
                  "the artifact's root digest is not the pinned one; its code is not run");
  if (header.codeAbi != LOBIT_CODE_ABI)
    return Status(StatusCode::UNSUPPORTED_VERSION,
                  "the artifact's code speaks ABI " + std::to_string(header.codeAbi) +
                      ", this runtime " + std::to_string(LOBIT_CODE_ABI) +
                      "; compile the model again");
  Result<CodeVariant> variant = choose(*model, options);
  if (!variant.ok())
    return std::move(variant).status();
  auto code = std::make_shared<Code>();
  code->model_ = std::move(model);
  code->isa_ = variant->isa;
  for (const KernelVariant &kernels : code->model_->artifact().kernels())
    if (kernels.isa == variant->isa->isa)
      code->kernels_ = &kernels;
  if (Status status = code->load(*variant); !status.ok())
    return std::move(status).withContext(std::string("code for ") + variant->isa->word);
  return std::shared_ptr<const Code>(std::move(code));
}

Status Code::load(const CodeVariant &variant) {
  LobitCodeQuery query = variant.query;
  if (!query) {
    Result<CodeImage> image =
        CodeImage::map(model_->artifact().content(*variant.section), variant.arch,
                       variant.isa->word, variant.section->digest);
    if (!image.ok())
      return std::move(image).status();
    image_ = std::move(image).value();
    query = image_.query();
  }
  table_ = static_cast<const LobitCodeTable *>(query(LOBIT_CODE_ABI));
  return check();
}

Status Code::check() const {
  if (!table_ || table_->abi != LOBIT_CODE_ABI)
    return Status(StatusCode::UNSUPPORTED_VERSION, "it does not speak ABI " +
                                                       std::to_string(LOBIT_CODE_ABI) +
                                                       "; compile the model again");
  uint64_t expected = 1 + model_->metadata().linears.size();
  if (table_->functionCount != expected || !table_->functions)
    return Status(StatusCode::MISMATCH, "it has " + std::to_string(table_->functionCount) +
                                            " functions, the metadata describes " +
                                            std::to_string(expected));
  for (uint32_t i = 0; i < table_->functionCount; ++i)
    if (!table_->functions[i])
      return Status(StatusCode::MISMATCH, "its function " + std::to_string(i) + " is empty");
  return {};
}

} // namespace lobit
