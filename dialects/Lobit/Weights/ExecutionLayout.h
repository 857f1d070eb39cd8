/// \file
/// Which layout the codes of a scheme are packed in.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H

#include "runtime/format/Tables.h"

#include <optional>
#include <string_view>

namespace lobit {

/// What multiplies ternary weights: table lookups or multiply-add. Auto is the
/// faster one on every current target: multiply-add. Table lookups took 20 % (weights in
/// cache) to 50 % (weights in memory) longer on x86 with AVX2, and more with VNNI.
enum class KernelForm { Auto, Tl1, Dot };

/// The words auto, tl1 and dot.
constexpr std::optional<KernelForm> parseKernelForm(std::string_view word) {
  if (word == "auto")
    return KernelForm::Auto;
  if (word == "tl1")
    return KernelForm::Tl1;
  if (word == "dot")
    return KernelForm::Dot;
  return std::nullopt;
}

constexpr Layout executionLayout(Scheme scheme, KernelForm form) {
  if (scheme == Scheme::Int8)
    return Layout::I8Dot;
  if (scheme == Scheme::Ternary)
    return form == KernelForm::Tl1 ? Layout::T2Tl1 : Layout::T2Dot;
  if (scheme == Scheme::Int6)
    return Layout::I6Tile;
  return Layout::RowMajor;
}

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H
