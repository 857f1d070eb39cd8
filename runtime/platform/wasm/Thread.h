/// \file
/// Threads of a wasm module: workers that the host has started before and that wait in
/// shared memory for something to run.
#ifndef LOBIT_PLATFORM_WASM_THREAD_H
#define LOBIT_PLATFORM_WASM_THREAD_H

#include <cstdint>

namespace lobit::platform {

constexpr uint32_t kMaxWorkers = 63;

/// Says how many workers wait.
void setWorkerCount(uint32_t count);
/// The life of worker `index`; returns after stopWorkers().
void serveAsWorker(uint32_t index);
void stopWorkers();

} // namespace lobit::platform

#endif // LOBIT_PLATFORM_WASM_THREAD_H
