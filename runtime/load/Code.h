/// \file
/// Chooses one of a model's code variants and makes it callable.
#ifndef LOBIT_LOAD_CODE_H
#define LOBIT_LOAD_CODE_H

#include "runtime/load/CodeImage.h"
#include "runtime/load/Model.h"

namespace lobit {

struct CodeOptions {
  std::string isa; ///< empty: the best this CPU can run
  std::optional<Digest> pinnedRoot;
  uint64_t assumeCpuFeatures = 0;
};

/// A compiled form of the model, in the file or linked into the program.
struct CodeVariant {
  const IsaInfo *isa;
  Arch arch;
  uint64_t cpuFeatures;
  uint64_t codeBytes;
  const SectionInfo *section; ///< null when linked in
  LobitCodeQuery query;       ///< null when in the file
};
/// By ascending rank.
std::vector<CodeVariant> codeVariants(const Model &model);
/// Whether this CPU has what the variant needs, with `assumed` added to what it has.
bool isRunnable(const CodeVariant &variant, uint64_t assumed);

/// Mapped code. Immutable, shared; keeps the model alive.
class Code {
public:
  /// UNSUPPORTED_CPU names the missing features, UNSUPPORTED the variants there are.
  static Result<std::shared_ptr<const Code>> bind(std::shared_ptr<const Model> model,
                                                  const CodeOptions &options);

  const Model &model() const { return *model_; }
  const IsaInfo &isa() const { return *isa_; }
  const LobitCodeTable &table() const { return *table_; }
  /// Null when the artifact does not describe this variant's operations.
  const KernelVariant *kernels() const { return kernels_; }

private:
  Status load(const CodeVariant &variant);
  Status check() const;

  std::shared_ptr<const Model> model_;
  const IsaInfo *isa_ = nullptr;
  const LobitCodeTable *table_ = nullptr;
  const KernelVariant *kernels_ = nullptr;
  CodeImage image_;
};

} // namespace lobit

#endif // LOBIT_LOAD_CODE_H
