/// \file
/// The emulator for a whole program, by LD_PRELOAD:
///   LD_PRELOAD=libvnni-preload.so quant-run --assume-cpu-features avx512_vnni ...
#include "test/support/VnniEmulator.h"

__attribute__((constructor)) static void install() { lobit::test::installVnniEmulator(); }
