/// \file
/// Sections and tensors of an artifact as text, and everything as JSON.
#ifndef LOBIT_TOOLS_QUANT_DUMP_TABLES_H
#define LOBIT_TOOLS_QUANT_DUMP_TABLES_H

#include "runtime/format/Artifact.h"

#include <string>

namespace lobit {

std::string modelText(const ArtifactView &artifact);
std::string sectionText(const ArtifactView &artifact);
std::string tensorText(const ArtifactView &artifact);
std::string artifactJson(const ArtifactView &artifact);

} // namespace lobit

#endif // LOBIT_TOOLS_QUANT_DUMP_TABLES_H
