/// \file
/// What this CPU can run, and whether the operating system saves its registers.
#ifndef LOBIT_CPU_CPU_H
#define LOBIT_CPU_CPU_H

#include "runtime/format/Tables.h"

#include <string>

namespace lobit {

/// The architecture this build runs on.
Arch hostArch();

/// Bits of CpuFeatures.inc that can be used: by CPUID and XGETBV, on AArch64 as the
/// system says.
uint64_t detectCpuFeatures();

/// "avx512f, avx512_vnni"; a bit without a name appears as "feature 17".
std::string cpuFeatureWords(uint64_t features);

} // namespace lobit

#endif // LOBIT_CPU_CPU_H
