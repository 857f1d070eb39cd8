/* sum [rows, 4] = a [rows, 4] * k [1], count [1] = rows. */
#include "runtime/format/CodeAbi.h"

static void function(LobitFrame *frame) {
  const float *a = (const float *)frame->inputs[0];
  const int32_t *k = (const int32_t *)frame->inputs[1];
  float *sum = (float *)frame->outputs[0];
  for (uint64_t i = frame->thread; i < frame->rows * 4; i += frame->threads)
    sum[i] = a[i] * (float)k[0];
  if (frame->thread == 0)
    *(float *)frame->outputs[1] = (float)frame->rows;
}

static const LobitFunction kFunctions[] = {function};
static const LobitCodeTable kTable = {LOBIT_CODE_ABI, 1, kFunctions};

__attribute__((visibility("default"))) const LobitCodeTable *lobit_code_query(uint32_t abi) {
  return abi == LOBIT_CODE_ABI ? &kTable : 0;
}
