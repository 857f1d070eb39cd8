/// \file
/// Which layer gets which scheme: what `--quantize` and `--layer` say.
#ifndef LOBIT_PASSES_QUANTIZE_POLICY_H
#define LOBIT_PASSES_QUANTIZE_POLICY_H

#include "dialects/Lobit/Weights/ExecutionLayout.h"
#include "dialects/Lobit/Weights/Int6.h"
#include "dialects/Lobit/Weights/Ternary.h"

#include <optional>
#include <string>
#include <vector>

namespace lobit {

/// One scheme as a word:
///   keep
///   int8[:f32|:f16]
///   int4[:f32|:f16]
///   int6[:METHOD]
///   ternary[:METHOD][:tensor|:row|:group=32|:group=64|:group=128|:group=256][:f32|:f16]
/// Parts after the first may come in any order, each at most once. `ternary` alone
/// is ternary:optimal, `int6` alone int6:magnitude. Granularity: the method's own unless given.
/// Scales: f32.
struct SchemeChoice {
  enum class Kind { Auto, Keep, Int8, Int6, Int4, Ternary };
  Kind kind = Kind::Auto;
  TernaryMethod method = TernaryMethod::Optimal;
  Int6Method int6Method = Int6Method::Magnitude;
  /// Granularity::None: the method's own.
  Granularity granularity = Granularity::None;
  int64_t groupSize = 0;
  ScaleType scaleType = ScaleType::F32;

  /// The method looks at what the layer reads.
  bool needsInputs() const { return kind == Kind::Int6 && int6MethodInfo(int6Method).needsInputs; }
  /// The word again, without what is default.
  std::string text() const;
};

/// INVALID_ARGUMENT with the words that are known.
Result<SchemeChoice> parseScheme(std::string_view text);

/// `pattern` is a POSIX extended regular expression that is searched in the layer's
/// name.
struct LayerRule {
  std::string pattern;
  SchemeChoice choice;
};

/// "regex=scheme"; the regex ends at the last '=' that a scheme follows.
Result<LayerRule> parseLayerRule(std::string_view text);

struct QuantizePolicy {
  /// Linear layers that no rule matches. Auto: stored ternary codes and weights that
  /// are ternary already stay so; weights trained to be ternary become
  /// ternary:absmean; others int8.
  SchemeChoice linear;
  /// Embedding and head when no rule matches; one decision when they are tied.
  SchemeChoice embedAndHead;
  /// The last rule that matches decides. A rule that matches no layer is an error.
  std::vector<LayerRule> rules;
  /// The model says that its float weights were trained to be ternary; counts for auto.
  bool trainedTernary = false;
  /// Parts of the names of layers that trainedTernary does not speak of: the model says
  /// that they stayed floats.
  std::vector<std::string> trainedFloat;
  NonFinitePolicy nonFinite = NonFinitePolicy::Error;
  /// For the sizes in the report.
  KernelForm kernel = KernelForm::Auto;
  unsigned threads = 1;
};

/// `quantize`: auto or a scheme; `layers`: rules in their order. Embedding and head
/// are kept under keep and int8 otherwise.
Result<QuantizePolicy> parseQuantizePolicy(std::string_view quantize,
                                           const std::vector<std::string> &layers);

} // namespace lobit

#endif // LOBIT_PASSES_QUANTIZE_POLICY_H
