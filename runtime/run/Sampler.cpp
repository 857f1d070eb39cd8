#include "runtime/run/Sampler.h"

#include <algorithm>
#include <cstring>

namespace lobit {

float portableExp(float x) {
  if (x < -87.0f)
    return 0.0f;
  x = x > 88.0f ? 88.0f : x;
  float n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  for (float c : {1.0f / 720.0f, 1.0f / 120.0f, 1.0f / 24.0f, 1.0f / 6.0f, 0.5f, 1.0f, 1.0f})
    p = p * r + c;
  uint32_t bits = uint32_t(int32_t(n) + 127) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof(scale));
  return p * scale;
}

void Sampler::useMemory(Candidate *candidates, uint32_t *marks, uint32_t vocab) {
  candidates_ = candidates;
  marks_ = marks;
  vocab_ = vocab;
}

Status Sampler::set(const Sampling &sampling) {
  auto outside = [](const char *name, float value, const char *range) {
    return Status(StatusCode::INVALID_ARGUMENT,
                  std::string(name) + " is " + std::to_string(value) + ", expected " + range);
  };
  // Written so that NaN is refused too.
  if (!(sampling.temperature >= 0 && sampling.temperature <= 1000))
    return outside("temperature", sampling.temperature, "0 to 1000");
  if (!(sampling.topP > 0 && sampling.topP <= 1))
    return outside("top_p", sampling.topP, "more than 0, at most 1");
  if (!(sampling.minP >= 0 && sampling.minP <= 1))
    return outside("min_p", sampling.minP, "0 to 1");
  if (!(sampling.repetitionPenalty > 0 && sampling.repetitionPenalty <= 1000))
    return outside("repetition_penalty", sampling.repetitionPenalty, "more than 0, at most 1000");
  sampling_ = sampling;
  random_ = SplitMix64(sampling.seed);
  return {};
}

void Sampler::penalize(const uint32_t *history, uint64_t count) {
  if (sampling_.repetitionWindow != 0 && sampling_.repetitionWindow < count) {
    history += count - sampling_.repetitionWindow;
    count = sampling_.repetitionWindow;
  }
  if (++mark_ == 0) { // the marks of 2^32 samples ago could be taken for new ones
    std::fill(marks_, marks_ + vocab_, 0u);
    mark_ = 1;
  }
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t id = history[i];
    if (marks_[id] == mark_)
      continue;
    marks_[id] = mark_;
    float &logit = candidates_[id].logit;
    logit = logit > 0 ? logit / sampling_.repetitionPenalty : logit * sampling_.repetitionPenalty;
  }
}

/// Less likely; among equals the higher id.
static bool worse(const Sampler::Candidate &a, const Sampler::Candidate &b) {
  return a.logit != b.logit ? a.logit < b.logit : a.id > b.id;
}

/// The lowest id of the largest logit, in two passes of vectors.
static uint32_t argmax(const float *logits, uint32_t count) {
  typedef float Lanes __attribute__((vector_size(16)));
  constexpr uint32_t step = 16;
  float most = logits[0];
  uint32_t i = 0;
  if (count >= step) {
    Lanes best[4];
    memcpy(best, logits, sizeof(best));
    for (i = step; i + step <= count; i += step) {
      Lanes next[4];
      memcpy(next, logits + i, sizeof(next));
      for (unsigned lane = 0; lane < 4; ++lane)
        best[lane] = next[lane] > best[lane] ? next[lane] : best[lane];
    }
    for (const Lanes &lanes : best)
      for (unsigned lane = 0; lane < 4; ++lane)
        most = lanes[lane] > most ? lanes[lane] : most;
  }
  for (; i < count; ++i)
    most = logits[i] > most ? logits[i] : most;
  return uint32_t(std::find(logits, logits + count - 1, most) - logits);
}

uint32_t Sampler::largest() const {
  return std::max_element(candidates_, candidates_ + vocab_, worse)->id;
}

uint32_t Sampler::sample(const float *logits, const uint32_t *history, uint64_t historyCount) {
  if (sampling_.temperature == 0 && sampling_.repetitionPenalty == 1)
    return argmax(logits, vocab_);
  for (uint32_t id = 0; id < vocab_; ++id)
    candidates_[id] = {logits[id], id};
  if (sampling_.repetitionPenalty != 1)
    penalize(history, historyCount);
  if (sampling_.temperature == 0)
    return largest();

  for (uint32_t id = 0; id < vocab_; ++id)
    candidates_[id].logit /= sampling_.temperature;
  const float top = std::max_element(candidates_, candidates_ + vocab_, worse)->logit;
  // Sums run over ids in order, or over candidates in descending order: never over a
  // heap, whose order is the standard library's affair.
  double total = 0;
  const bool isLimited = sampling_.topK != 0 && sampling_.topK < vocab_;
  for (uint32_t id = 0; id < vocab_ && !isLimited; ++id)
    total += double(portableExp(candidates_[id].logit - top));
  // Every filter keeps a prefix of the candidates in descending order, so they are
  // taken from a heap one by one, as many as needed: the i-th best ends up at
  // candidates_[vocab_ - 1 - i].
  std::make_heap(candidates_, candidates_ + vocab_, worse);
  uint32_t taken = 0;
  auto weight = [&](uint32_t i) { // e^(logit - top) of the i-th best
    if (i == taken)
      std::pop_heap(candidates_, candidates_ + (vocab_ - taken++), worse);
    return portableExp(candidates_[vocab_ - 1 - i].logit - top);
  };
  uint32_t kept = vocab_;
  if (isLimited) {
    kept = sampling_.topK;
    for (uint32_t i = 0; i < kept; ++i)
      total += double(weight(i));
  }
  if (sampling_.topP < 1 || sampling_.minP > 0) {
    double wanted = sampling_.topP < 1 ? double(sampling_.topP) * total : total * 2, sum = 0;
    uint32_t i = 0;
    for (; i < kept && sum < wanted; ++i) {
      float w = weight(i);
      if (i != 0 && w < sampling_.minP)
        break;
      sum += double(w);
    }
    kept = i;
    total = sum;
  }
  double draw = double(random_.next() >> 11) * 0x1p-53 * total, sum = 0;
  for (uint32_t i = 0; i < kept; ++i) {
    sum += double(weight(i));
    if (sum > draw)
      return candidates_[vocab_ - 1 - i].id;
  }
  return candidates_[vocab_ - kept].id;
}

} // namespace lobit
