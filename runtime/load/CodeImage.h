/// \file
/// Machine code made callable: checked, copied where nobody can change it, mapped, relocated.
#ifndef LOBIT_LOAD_CODE_IMAGE_H
#define LOBIT_LOAD_CODE_IMAGE_H

#include "runtime/format/CodeAbi.h"
#include "runtime/format/Sha256.h"
#include "runtime/format/Tables.h"
#include "runtime/platform/Memory.h"

#include <optional>

namespace lobit {

class CodeImage {
public:
  /// `bytes` is a shared object as lintElf accepts it. Checked and mapped is a sealed copy,
  /// never `bytes`; DIGEST_MISMATCH when the copy's tree digest is not `digest`.
  static Result<CodeImage> map(ByteView bytes, Arch arch, const char *name,
                               const std::optional<Digest> &digest);

  LobitCodeQuery query() const { return query_; }

private:
  platform::CodeMemory memory_;
  LobitCodeQuery query_ = nullptr;
};

} // namespace lobit

#endif // LOBIT_LOAD_CODE_IMAGE_H
