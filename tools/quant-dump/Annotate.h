/// \file
/// An artifact byte by byte: offset | bytes | field | value | note.
#ifndef LOBIT_TOOLS_QUANT_DUMP_ANNOTATE_H
#define LOBIT_TOOLS_QUANT_DUMP_ANNOTATE_H

#include "runtime/format/Artifact.h"

#include <string>

namespace lobit {

/// One line for each field of each record; long contents are shortened.
std::string annotate(const ArtifactView &artifact);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_DUMP_ANNOTATE_H
