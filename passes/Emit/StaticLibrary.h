/// \file
/// A model as a static library: artifact, code and the table that joins them, without
/// file system and loader.
#ifndef LOBIT_PASSES_EMIT_STATICLIBRARY_H
#define LOBIT_PASSES_EMIT_STATICLIBRARY_H

#include "runtime/format/Status.h"
#include "runtime/format/Tables.h"

#include <string>
#include <vector>

namespace lobit {

struct EmbeddedObject {
  Isa isa = Isa::X86V1;
  std::string query;  ///< the exported function of the object
  std::string object; ///< relocatable ELF
};

/// An ar archive with the objects and one more that holds the bytes of the file
/// `artifactPath` and the constant `symbol`, a lobit_embedded of lobit/runtime.h. There is
/// an object, and all are of one architecture.
Result<std::string> makeStaticLibrary(const std::string &artifactPath, const std::string &symbol,
                                      const std::vector<EmbeddedObject> &objects);

/// The C header that declares `symbol`; `model` is for the comment.
std::string embeddedHeader(const std::string &symbol, const std::string &model);

/// A C identifier from a file name: "models/kjv-bitnet/" gives "lobit_model_kjv_bitnet".
std::string embeddedSymbol(const std::string &modelPath);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_STATICLIBRARY_H
