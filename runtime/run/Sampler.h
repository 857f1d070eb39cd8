/// \file
/// Chooses a token from logits. The order of the steps is documented in runtime.h.
#ifndef LOBIT_RUN_SAMPLER_H
#define LOBIT_RUN_SAMPLER_H

#include "runtime/format/KnownAnswers.h"

namespace lobit {

/// e^x as docs/numerics.md fixes it: the same bits on every machine.
float portableExp(float x);

struct Sampling {
  float temperature = 0;
  uint32_t topK = 0;
  float topP = 1;
  float minP = 0;
  float repetitionPenalty = 1;
  uint32_t repetitionWindow = 0;
  uint64_t seed = 0;
};

class Sampler {
public:
  struct Candidate {
    float logit;
    uint32_t id;
  };

  /// Memory for `vocab` candidates and marks (zeroed), owned by the caller.
  void useMemory(Candidate *candidates, uint32_t *marks, uint32_t vocab);
  /// Restarts the random numbers. INVALID_ARGUMENT names the value out of range.
  Status set(const Sampling &sampling);
  /// `history` is what the repetition penalty looks at, the newest last.
  uint32_t sample(const float *logits, const uint32_t *history, uint64_t historyCount);

private:
  void penalize(const uint32_t *history, uint64_t count);
  uint32_t largest() const;

  Candidate *candidates_ = nullptr;
  uint32_t *marks_ = nullptr;
  uint32_t mark_ = 0;
  uint32_t vocab_ = 0;
  Sampling sampling_;
  SplitMix64 random_{0};
};

} // namespace lobit

#endif // LOBIT_RUN_SAMPLER_H
