/* A model small enough to compute by hand, in the form of generated code. The state is
 * the list of tokens; the logit of token v after tokens t[0..p] is
 *   (mix(h, v) mod 2^16) / 1024 - 32,  h = mix(... mix(salt, t[0]) ..., t[p])
 * with salt the first byte of the weights. Every thread computes its share of v from
 * sums that thread 0 left in the scratch before the barrier. Token 7 is not finite.
 * Its hidden state, 8 numbers a position behind the sums, holds h in 4-bit pieces.
 * functions[1] is y = x summed over the row, for any linear layer. */
#include "runtime/format/CodeAbi.h"

static uint32_t mix(uint32_t h, uint32_t v) {
  h = (h ^ v) * 0x9E3779B1u;
  return h ^ h >> 15;
}

static void model(LobitFrame *frame) {
  const int32_t *tokens = (const int32_t *)frame->inputs[0];
  uint32_t *state = (uint32_t *)frame->state;
  uint32_t *hashes = (uint32_t *)frame->scratch;
  float *hidden = (float *)(frame->scratch + 64);
  const uint64_t vocab = 300;
  if (frame->thread == 0) {
    uint32_t h = frame->weights[0];
    for (uint64_t p = 0; p < frame->position; ++p)
      h = mix(h, state[p]);
    for (uint64_t r = 0; r < frame->rows; ++r) {
      state[frame->position + r] = (uint32_t)tokens[r];
      h = mix(h, (uint32_t)tokens[r]);
      hashes[r] = h;
      for (uint32_t i = 0; i < 8; ++i)
        hidden[r * 8 + i] = (float)(h >> 4 * i & 15);
      if (tokens[r] == 7)
        *frame->nonfinite = 1;
    }
    if (frame->trace)
      frame->trace(frame->traceContext, 0);
  }
  frame->barrier(frame->barrierContext);
  float *logits = (float *)frame->outputs[0];
  for (uint64_t r = frame->firstOutputRow; r < frame->rows; ++r)
    for (uint64_t v = frame->thread; v < vocab; v += frame->threads)
      logits[(r - frame->firstOutputRow) * vocab + v] =
          (float)(mix(hashes[r], (uint32_t)v) & 0xFFFF) / 1024.0f - 32.0f;
  frame->barrier(frame->barrierContext);
  if (frame->thread == 0 && frame->trace)
    frame->trace(frame->traceContext, 1);
}

static void linear(LobitFrame *frame) {
  const float *x = (const float *)frame->inputs[0];
  float *y = (float *)frame->outputs[0];
  for (uint64_t r = frame->thread; r < frame->rows; r += frame->threads)
    for (uint64_t o = 0; o < 5; ++o) {
      y[r * 5 + o] = 0;
      for (uint64_t i = 0; i < 7; ++i)
        y[r * 5 + o] += x[r * 7 + i];
    }
}

static const LobitFunction kFunctions[] = {model, linear};
static const LobitCodeTable kTable = {LOBIT_CODE_ABI, 2, kFunctions};

__attribute__((visibility("default"))) const LobitCodeTable *lobit_code_query(uint32_t abi) {
  return abi == LOBIT_CODE_ABI ? &kTable : 0;
}
