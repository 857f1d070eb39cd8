/// \file
/// What a wasm module imports besides its memory.
#ifndef LOBIT_PLATFORM_WASM_HOST_H
#define LOBIT_PLATFORM_WASM_HOST_H

#include <cstddef>

extern "C" {
/// Milliseconds of a monotonic clock.
__attribute__((import_module("lobit"), import_name("now"))) double lobit_host_now();
/// Ends the program with a message; does not return.
[[noreturn]] __attribute__((import_module("lobit"), import_name("fail"))) void
lobit_host_fail(const char *message, size_t size);
}

#endif // LOBIT_PLATFORM_WASM_HOST_H
