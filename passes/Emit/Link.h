/// \file
/// In-process linking of generated code.
#ifndef LOBIT_PASSES_EMIT_LINK_H
#define LOBIT_PASSES_EMIT_LINK_H

#include "runtime/format/Status.h"

#include <string>
#include <string_view>

namespace lobit {

/// Links one ELF object into a freestanding shared object that needs no library, imports
/// no symbol and has no constructors. The same object gives the same bytes.
Result<std::string> linkSharedObject(std::string_view object);

/// Links one wasm object with the runtime's, the file `runtimeObject`, into a module that
/// imports its memory (shared, up to 4 GiB) and the two functions of
/// runtime/platform/wasm/Host.h.
Result<std::string> linkWasmModule(std::string_view object, const std::string &runtimeObject);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_LINK_H
