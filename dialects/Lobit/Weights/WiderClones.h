/// \file
/// Functions that are compiled for wider vectors too. Results are the same bits: no
/// variant has fused multiply-add, and lanes do not depend on each other.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_WIDERCLONES_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_WIDERCLONES_H

#include <cstdlib> // defines __GLIBC__, whose dynamic linker makes the choice

#if defined(__x86_64__) && defined(__GLIBC__)
/// Before a function definition: the system chooses a variant when the program starts.
#define LOBIT_WIDER_CLONES __attribute__((target_clones("avx2", "default")))
/// For what fills vectors of 512 bits, too.
#define LOBIT_WIDEST_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define LOBIT_WIDER_CLONES
#define LOBIT_WIDEST_CLONES
#endif

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_WIDERCLONES_H
