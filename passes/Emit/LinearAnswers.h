/// \file
/// Known answers of single linear layers, from the arithmetic of the interpreter.
#ifndef LOBIT_PASSES_EMIT_LINEARANSWERS_H
#define LOBIT_PASSES_EMIT_LINEARANSWERS_H

#include "runtime/format/KnownAnswers.h"

namespace lobit {

/// What is asked of each layer, without digests: sign-coherent extremes and random values, with
/// one and several rows; less for layers of more than 2^24 weights.
std::vector<LinearAnswer> linearQuestions(const Metadata &metadata);

/// Fills the digests. `threads` does not change them.
Status answerLinears(const Metadata &metadata, std::vector<LinearAnswer> &answers,
                     unsigned threads);

/// The outputs [rows, out] of one layer. Threads share the rows of the weight.
Result<std::vector<float>> linearOutputs(const LinearInfo &linear, const LinearAnswer &answer,
                                         unsigned threads);

} // namespace lobit

#endif // LOBIT_PASSES_EMIT_LINEARANSWERS_H
