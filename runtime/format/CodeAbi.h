/// \file
/// The contract between the runtime and generated code. Read by the compiler, the
/// runtime and (as byte offsets) by the code itself: plain C, no includes but
/// <stdint.h>. A field's meaning never changes; a change of shape raises
/// LOBIT_CODE_ABI.
///
/// Generated code is a freestanding shared object: no libc, no imports, no
/// constructors. It exports one symbol, LOBIT_CODE_SYMBOL, a function of type
/// LobitCodeQuery. It runs SPMD: all `threads` threads call the same function with
/// their own frame (differing in `thread` alone) and meet at `barrier`.
#ifndef LOBIT_FORMAT_CODE_ABI_H
#define LOBIT_FORMAT_CODE_ABI_H

#include <stdint.h>

#define LOBIT_CODE_ABI 1u
#define LOBIT_CODE_SYMBOL "lobit_code_query"

/// One call, as one thread sees it. All pointers are 64-byte aligned except
/// inputs and outputs, which need their element's alignment.
typedef struct LobitFrame {
  uint64_t thread;           ///< 0 .. threads - 1
  uint64_t threads;          ///< >= 1
  const uint8_t *weights;    ///< start of the weights section
  uint8_t *scratch;          ///< scratchBytes of the artifact's metadata, shared; afterwards
                             ///< the final hidden state is in it, where the artifact says
  uint8_t *state;            ///< stateBytes: the KV cache; kept between calls
  const void *const *inputs; ///< in the order of the function's signature
  void *const *outputs;
  uint64_t rows;                  ///< tokens in this call, 1 .. maxRows of the metadata
  uint64_t position;              ///< position of the first token in the context
  uint64_t firstOutputRow;        ///< logits are written for rows >= this one, the first
                                  ///< at outputs[0]
  void (*barrier)(void *context); ///< returns when all threads have called it
  void *barrierContext;
  /// Null, or called by thread 0 after each operation with its index.
  void (*trace)(void *context, uint64_t operation);
  void *traceContext;
  uint32_t *nonfinite; ///< set to 1 by any thread that meets NaN or infinity
} LobitFrame;

typedef void (*LobitFunction)(LobitFrame *frame);

/// functions[0] is the model (its signature is in the metadata), the others are
/// single linear layers, one per distinct shape, for the known answers:
/// inputs = {x f32 [rows, in], packed weights, scales, bias or null},
/// outputs = {y f32 [rows, out]}.
typedef struct LobitCodeTable {
  uint32_t abi; ///< LOBIT_CODE_ABI
  uint32_t functionCount;
  const LobitFunction *functions;
} LobitCodeTable;

/// Returns a LobitCodeTable, or null when the code does not speak `abi`. The type is
/// opaque because the public C API hands such functions on without this header.
typedef const void *(*LobitCodeQuery)(uint32_t abi);

#endif // LOBIT_FORMAT_CODE_ABI_H
