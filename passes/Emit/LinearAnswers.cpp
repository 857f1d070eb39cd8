#include "passes/Emit/LinearAnswers.h"
#include "dialects/Interpreter/Arithmetic/Linear.h"
#include "dialects/Lobit/Weights/Parallel.h"

#include <algorithm>

namespace lobit {

/// Rows [begin, end) of the weight.
static Status addOutputs(const LinearInfo &linear, const LinearAnswer &answer, uint64_t begin,
                         uint64_t end, std::vector<float> &outputs) {
  Result<LinearOperands> operands = makeLinearRows(linear, answer, begin, end - begin);
  if (!operands.ok())
    return std::move(operands).status();
  reference::Matrix weight;
  weight.rows = int64_t(end - begin);
  weight.columns = int64_t(linear.in);
  if (operands->codes.empty())
    weight.kept = operands->values.data();
  else
    weight.codes = operands->codes.data();
  weight.scales = operands->scales.data();
  weight.granularity = linear.granularity;
  weight.groupSize = linear.groupSize ? linear.groupSize : int64_t(linear.in);
  for (uint64_t row = 0; row < answer.rows; ++row)
    if (!reference::linear(weight, linear.bias ? operands->bias.data() : nullptr,
                           operands->x.data() + row * linear.in,
                           outputs.data() + row * linear.out + begin))
      return Status(StatusCode::INTERNAL, "a known answer is not finite");
  return Status();
}

Result<std::vector<float>> linearOutputs(const LinearInfo &linear, const LinearAnswer &answer,
                                         unsigned threads) {
  constexpr uint64_t pieceWeights = 1 << 20;
  const uint64_t rows = std::max<uint64_t>(1, pieceWeights / std::max<uint64_t>(1, linear.in));
  const uint64_t pieces = (linear.out + rows - 1) / rows;
  std::vector<float> outputs(answer.rows * linear.out);
  std::vector<Status> failures(pieces);
  parallelFor(int64_t(pieces), threads, [&](int64_t begin, int64_t end) {
    for (uint64_t piece = uint64_t(begin); piece < uint64_t(end); ++piece)
      failures[piece] = addOutputs(linear, answer, piece * rows,
                                   std::min(linear.out, (piece + 1) * rows), outputs);
  });
  for (Status &failure : failures)
    if (!failure.ok())
      return std::move(failure);
  return outputs;
}

std::vector<LinearAnswer> linearQuestions(const Metadata &metadata) {
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
  return answers;
}

Status answerLinears(const Metadata &metadata, std::vector<LinearAnswer> &answers,
                     unsigned threads) {
  for (LinearAnswer &answer : answers) {
    Result<std::vector<float>> outputs =
        linearOutputs(metadata.linears[answer.function - 1], answer, threads);
    if (!outputs.ok())
      return std::move(outputs).status();
    answer.digest = outputDigest(outputs->data(), outputs->size());
  }
  return Status();
}

} // namespace lobit
