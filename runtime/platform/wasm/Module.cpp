// What the host calls besides the C API. Offsets that runtime/js/lobit/layout.js repeats are
// checked here.
#include "lobit/runtime.h"
#include "runtime/format/CodeAbi.h"
#include "runtime/platform/wasm/Heap.h"
#include "runtime/platform/wasm/Thread.h"

#include <cstddef>

using namespace lobit::platform;

#define AT(type, field, offset) static_assert(offsetof(type, field) == offset, "layout.js")
static_assert(sizeof(lobit_error) == 1032 && sizeof(lobit_load_options) == 16 &&
                  sizeof(lobit_session_options) == 8 && sizeof(lobit_model_info) == 184 &&
                  sizeof(lobit_value_info) == 80 && sizeof(lobit_sampling) == 40 &&
                  sizeof(lobit_tensor) == 88,
              "layout.js");
AT(lobit_error, status, 4);
AT(lobit_error, message, 8);
AT(lobit_load_options, verify, 8);
AT(lobit_session_options, threads, 4);
AT(lobit_model_info, kind, 4);
AT(lobit_model_info, bos, 8);
AT(lobit_model_info, vocab, 16);
AT(lobit_model_info, hidden, 24);
AT(lobit_model_info, layers, 32);
AT(lobit_model_info, heads, 40);
AT(lobit_model_info, kv_heads, 48);
AT(lobit_model_info, head_dim, 56);
AT(lobit_model_info, intermediate, 64);
AT(lobit_model_info, max_context, 72);
AT(lobit_model_info, rows_per_call, 80);
AT(lobit_model_info, scratch_bytes, 88);
AT(lobit_model_info, state_bytes, 96);
AT(lobit_model_info, weight_bytes, 104);
AT(lobit_model_info, file_bytes, 112);
AT(lobit_model_info, producer, 120);
AT(lobit_model_info, family, 124);
AT(lobit_model_info, has_tokenizer, 128);
AT(lobit_model_info, input_count, 136);
AT(lobit_model_info, output_count, 140);
AT(lobit_model_info, root_digest, 144);
AT(lobit_model_info, verified, 176);
AT(lobit_value_info, name, 4);
AT(lobit_value_info, type, 8);
AT(lobit_value_info, rank, 12);
AT(lobit_value_info, dims, 16);
AT(lobit_sampling, temperature, 4);
AT(lobit_sampling, top_k, 8);
AT(lobit_sampling, top_p, 12);
AT(lobit_sampling, min_p, 16);
AT(lobit_sampling, repetition_penalty, 20);
AT(lobit_sampling, repetition_window, 24);
AT(lobit_sampling, seed, 32);
AT(lobit_tensor, name, 0);
AT(lobit_tensor, type, 4);
AT(lobit_tensor, rank, 8);
AT(lobit_tensor, dims, 16);
AT(lobit_tensor, data, 80);
AT(lobit_tensor, data_bytes, 84);
#undef AT

extern "C" {

void __wasm_call_ctors();
/// Of the generated code that is linked in.
const void *lobit_code_query(uint32_t abi);

/// First, once for each memory.
void lobit_wasm_start(uint32_t workers) {
  __wasm_call_ctors();
  setWorkerCount(workers);
}

/// Null when the memory cannot grow.
void *lobit_wasm_allocate(size_t size) { return heapAllocate(size, 64); }
void lobit_wasm_free(void *pointer) { heapFree(pointer); }

/// The life of worker `index`, on its own instance and stack.
void lobit_wasm_work(uint32_t index) { serveAsWorker(index); }
void lobit_wasm_stop_workers() { stopWorkers(); }

/// Opens the artifact in `bytes`, which stay borrowed, with the code of this module, which
/// is for `isa`.
lobit_status lobit_wasm_open(const void *bytes, size_t size, const char *isa,
                             const lobit_load_options *options, lobit_model **out,
                             lobit_error *error) {
  const lobit_embedded_code code = {isa, lobit_code_query};
  const lobit_embedded embedded = {sizeof(lobit_embedded), bytes, size, &code, 1};
  return lobit_model_open_embedded(&embedded, options, out, error);
}
}
