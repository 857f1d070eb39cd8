/// \file
/// How well logits predict a text, in f64.
#ifndef LOBIT_TOOLS_SUPPORT_METRICS_H
#define LOBIT_TOOLS_SUPPORT_METRICS_H

#include <cstdint>

namespace lobit {

/// log(sum of e^logits).
double logSumExp(const float *logits, uint64_t vocab);
/// -log p(token) in nats.
double negativeLogLikelihood(const float *logits, uint64_t vocab, uint32_t token);
/// KL(reference || model) in nats.
double klDivergence(const float *reference, const float *model, uint64_t vocab);
/// The largest logit, the lowest id among equals.
uint32_t argmax(const float *logits, uint64_t vocab);

/// Mean and standard error of independent values, by Welford's recurrence.
class Mean {
public:
  void add(double value);
  uint64_t count() const { return count_; }
  double mean() const { return mean_; }
  /// sqrt(variance / count), variance with count - 1; 0 for fewer than two values.
  double error() const;

private:
  uint64_t count_ = 0;
  double mean_ = 0, squares_ = 0;
};

} // namespace lobit

#endif // LOBIT_TOOLS_SUPPORT_METRICS_H
