#include "tools/support/Metrics.h"

#include <algorithm>
#include <cmath>

namespace lobit {

double logSumExp(const float *logits, uint64_t vocab) {
  double top = *std::max_element(logits, logits + vocab), sum = 0;
  for (uint64_t i = 0; i < vocab; ++i)
    sum += std::exp(logits[i] - top);
  return top + std::log(sum);
}

double negativeLogLikelihood(const float *logits, uint64_t vocab, uint32_t token) {
  return logSumExp(logits, vocab) - logits[token];
}

double klDivergence(const float *reference, const float *model, uint64_t vocab) {
  double r = logSumExp(reference, vocab), m = logSumExp(model, vocab), sum = 0;
  for (uint64_t i = 0; i < vocab; ++i)
    sum += std::exp(reference[i] - r) * ((reference[i] - r) - (model[i] - m));
  return std::max(sum, 0.0); // rounding can leave a tiny negative sum
}

uint32_t argmax(const float *logits, uint64_t vocab) {
  return uint32_t(std::max_element(logits, logits + vocab) - logits);
}

void Mean::add(double value) {
  ++count_;
  double delta = value - mean_;
  mean_ += delta / double(count_);
  squares_ += delta * (value - mean_);
}

double Mean::error() const {
  return count_ < 2 ? 0 : std::sqrt(squares_ / double(count_ - 1) / double(count_));
}

} // namespace lobit
