/// \file
/// AVX512-VNNI code on a CPU with AVX-512 but without VNNI: a SIGILL handler executes
/// VPDPBUSD, the one instruction such code has beyond AVX-512 F, BW, DQ and VL. Slow and
/// exact. For tests alone.
#ifndef LOBIT_TEST_SUPPORT_VNNIEMULATOR_H
#define LOBIT_TEST_SUPPORT_VNNIEMULATOR_H

namespace lobit::test {

/// Whether avx512vnni code can run afterwards: natively, or with the handler installed.
/// False when the CPU has no AVX-512 BW, DQ and VL.
bool installVnniEmulator();

/// How many instructions the handler has executed.
unsigned long emulatedInstructions();

} // namespace lobit::test

#endif // LOBIT_TEST_SUPPORT_VNNIEMULATOR_H
