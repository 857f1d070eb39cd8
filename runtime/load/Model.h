/// \file
/// An opened artifact: its bytes, checked, with the tokenizer. Immutable, shared.
#ifndef LOBIT_LOAD_MODEL_H
#define LOBIT_LOAD_MODEL_H

#include "runtime/format/Artifact.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/load/WeightCheck.h"
#include "runtime/platform/File.h"
#include "runtime/platform/Memory.h"
#include "runtime/text/Tokenizer.h"

#include <memory>

namespace lobit {

struct LoadOptions {
  bool copy = false;
  bool prefault = false;
  /// What is checked before the model is there. Default: the code, and before the first
  /// result the weights (Model::weightCheck).
  std::optional<VerifyLevel> verify;
};

/// Code that is linked into the program.
struct EmbeddedCode {
  const IsaInfo *isa;
  LobitCodeQuery query;
};

class Model {
public:
  static Result<std::shared_ptr<const Model>> openFile(const char *path,
                                                       const LoadOptions &options);
  /// Without options.copy the bytes are borrowed and must be 64-byte aligned.
  static Result<std::shared_ptr<const Model>> openMemory(ByteView bytes, const LoadOptions &options,
                                                         std::vector<EmbeddedCode> embedded = {});

  const ArtifactView &artifact() const { return view_; }
  const Metadata &metadata() const { return view_.metadata(); }
  const Tokenizer *tokenizer() const { return hasTokenizer_ ? &tokenizer_ : nullptr; }
  /// What has been checked so far.
  VerifyLevel verified() const {
    return check_ && check_->passed() ? VerifyLevel::Full : verified_;
  }
  /// What has to pass before anything is computed from the weights; null when the caller
  /// has chosen a level.
  WeightCheck *weightCheck() const { return check_.get(); }
  const std::vector<EmbeddedCode> &embedded() const { return embedded_; }
  bool isEndOfSequence(uint32_t token) const;

private:
  Status openBytes(ByteView bytes, const LoadOptions &options, std::string name,
                   WeightCheck::Bring bringWeights);

  platform::Mapping mapping_;
  platform::Memory copy_;
  ArtifactView view_;
  Tokenizer tokenizer_;
  bool hasTokenizer_ = false;
  VerifyLevel verified_ = VerifyLevel::Structure;
  std::unique_ptr<WeightCheck> check_;
  std::vector<EmbeddedCode> embedded_;
};

} // namespace lobit

#endif // LOBIT_LOAD_MODEL_H
