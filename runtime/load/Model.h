/// \file
/// An opened artifact: its bytes, checked, with the tokenizer. Immutable, shared.
#ifndef LOBIT_LOAD_MODEL_H
#define LOBIT_LOAD_MODEL_H

#include "runtime/format/Artifact.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/platform/File.h"
#include "runtime/platform/Memory.h"
#include "runtime/text/Tokenizer.h"

#include <memory>

namespace lobit {

struct LoadOptions {
  bool copy = false;
  bool prefault = false;
  std::optional<VerifyLevel> verify; ///< default: full up to kFullVerifyBytes
};
constexpr uint64_t kFullVerifyBytes = 1ull << 30;

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
  VerifyLevel verified() const { return verified_; }
  const std::vector<EmbeddedCode> &embedded() const { return embedded_; }
  bool isEndOfSequence(uint32_t token) const;

private:
  Status openBytes(ByteView bytes, const LoadOptions &options);

  platform::Mapping mapping_;
  platform::Memory copy_;
  ArtifactView view_;
  Tokenizer tokenizer_;
  bool hasTokenizer_ = false;
  VerifyLevel verified_ = VerifyLevel::Structure;
  std::vector<EmbeddedCode> embedded_;
};

} // namespace lobit

#endif // LOBIT_LOAD_MODEL_H
