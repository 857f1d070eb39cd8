/// \file
/// Which layout the codes of a scheme are packed in.
#ifndef LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H
#define LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H

#include "runtime/format/Tables.h"

#include <optional>
#include <string_view>

namespace lobit {

/// What multiplies quantized weights: tiles of 32 rows along the lanes, table lookups of
/// pairs (ternary alone), or dot products along the columns. Auto is the fastest on every
/// current target: tiles (docs/kernels.md). Base3 are tiles of 1.6 bits a weight.
enum class KernelForm { Auto, Tl1, Dot, Tile, Base3 };

/// The words auto, tl1, dot, tile and base3.
constexpr std::optional<KernelForm> parseKernelForm(std::string_view word) {
  if (word == "auto")
    return KernelForm::Auto;
  if (word == "tl1")
    return KernelForm::Tl1;
  if (word == "dot")
    return KernelForm::Dot;
  if (word == "tile")
    return KernelForm::Tile;
  if (word == "base3")
    return KernelForm::Base3;
  return std::nullopt;
}

constexpr Layout executionLayout(Scheme scheme, Granularity granularity, KernelForm form) {
  if (scheme == Scheme::Int8)
    return form == KernelForm::Dot ? Layout::I8Dot : Layout::I8Tile;
  if (scheme == Scheme::Int6)
    return Layout::I6Tile;
  if (scheme == Scheme::Int4)
    return Layout::I4Tile;
  if (scheme != Scheme::Ternary)
    return Layout::RowMajor;
  switch (form) {
  case KernelForm::Tl1:
    return Layout::T2Tl1;
  case KernelForm::Dot:
    return Layout::T2Dot;
  case KernelForm::Base3:
    // Its bytes cross groups.
    return granularity == Granularity::Group ? Layout::T2Tile : Layout::B3Tile;
  case KernelForm::Auto:
  case KernelForm::Tile:
    break;
  }
  return Layout::T2Tile;
}

} // namespace lobit

#endif // LOBIT_DIALECTS_LOBIT_WEIGHTS_EXECUTIONLAYOUT_H
