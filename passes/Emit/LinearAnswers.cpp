#include "passes/Emit/LinearAnswers.h"
#include "dialects/Interpreter/Arithmetic/Linear.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <algorithm>
#include <atomic>

namespace lobit {

Result<std::vector<float>> linearOutputs(const LinearInfo &linear, const LinearAnswer &answer) {
  Result<LinearOperands> operands = makeLinearOperands(linear, answer);
  if (!operands.ok())
    return std::move(operands).status();
  reference::Matrix weight;
  weight.rows = int64_t(linear.out);
  weight.columns = int64_t(linear.in);
  if (operands->codes.empty())
    weight.kept = operands->values.data();
  else
    weight.codes = operands->codes.data();
  weight.scales = operands->scales.data();
  weight.granularity = linear.granularity;
  weight.groupSize = linear.groupSize ? linear.groupSize : int64_t(linear.in);
  std::vector<float> outputs(answer.rows * linear.out);
  for (uint64_t row = 0; row < answer.rows; ++row)
    if (!reference::linear(weight, linear.bias ? operands->bias.data() : nullptr,
                           operands->x.data() + row * linear.in, outputs.data() + row * linear.out))
      return Status(StatusCode::INTERNAL, "a known answer is not finite");
  return outputs;
}

Result<std::vector<LinearAnswer>> linearAnswers(const Metadata &metadata, unsigned threads) {
  std::vector<LinearAnswer> answers;
  for (size_t i = 0; i < metadata.linears.size(); ++i) {
    const LinearInfo &linear = metadata.linears[i];
    LinearAnswer answer;
    answer.function = uint32_t(i + 1);
    const uint64_t weights = linear.out * linear.in;
    if (weights > kMaxAnswerWeights)
      continue;
    auto add = [&](AnswerPattern pattern, uint64_t seed, uint64_t rows) {
      answer.pattern = pattern;
      answer.seed = seed;
      answer.rows = std::min<uint64_t>(rows, metadata.maxRows);
      answers.push_back(answer);
    };
    if (weights <= 1ull << 24) {
      add(AnswerPattern::Positive, 0, 1);
      add(AnswerPattern::Negative, 0, 1);
      add(AnswerPattern::Random, 2 * i + 1, 5);
    }
    add(AnswerPattern::Alternating, 0, 1);
    add(AnswerPattern::Random, 2 * i + 2, 1);
  }
  std::vector<Status> failures(answers.size());
  // From the back, where the head is, the largest.
  std::atomic<int64_t> left{int64_t(answers.size())};
  parallelFor(threads, threads, [&](int64_t, int64_t) {
    for (int64_t i; (i = --left) >= 0;) {
      LinearAnswer &answer = answers[size_t(i)];
      Result<std::vector<float>> outputs =
          linearOutputs(metadata.linears[answer.function - 1], answer);
      if (outputs.ok())
        answer.digest = outputDigest(outputs->data(), outputs->size());
      else
        failures[size_t(i)] = std::move(outputs).status();
    }
  });
  for (Status &failure : failures)
    if (!failure.ok())
      return std::move(failure);
  return answers;
}

} // namespace lobit
