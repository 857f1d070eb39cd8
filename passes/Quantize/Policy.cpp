#include "passes/Quantize/Policy.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace llvm;
using namespace lobit;

static Status invalid(std::string message) {
  return Status(StatusCode::INVALID_ARGUMENT, std::move(message));
}

template <typename Info> static std::string methodWords(const Info *(*all)(unsigned &)) {
  unsigned count = 0;
  const Info *methods = all(count);
  std::string words;
  for (unsigned i = 0; i < count; ++i)
    words += (i ? ", " : "") + std::string(methods[i].word);
  return words;
}

// One part after the scheme word; false when it is not of this kind.
static bool parseScaleType(StringRef part, SchemeChoice &choice) {
  if (part != "f32" && part != "f16")
    return false;
  choice.scaleType = part == "f16" ? ScaleType::F16 : ScaleType::F32;
  return true;
}

static Result<bool> parseGranularity(StringRef part, SchemeChoice &choice) {
  if (part == "tensor" || part == "row") {
    choice.granularity = part == "row" ? Granularity::Row : Granularity::Tensor;
    return true;
  }
  if (!part.consume_front("group="))
    return false;
  if (part.getAsInteger(10, choice.groupSize) ||
      !is_contained({32, 64, 128, 256}, choice.groupSize))
    return invalid("expected a group size of 32, 64, 128 or 256, found '" + part.str() + "'");
  choice.granularity = Granularity::Group;
  return true;
}

static bool parseMethod(StringRef part, SchemeChoice &choice) {
  if (choice.kind == SchemeChoice::Kind::Int6) {
    const Int6MethodInfo *info = findInt6Method(std::string_view(part));
    if (info)
      choice.int6Method = info->method;
    return info != nullptr;
  }
  const TernaryMethodInfo *info = findTernaryMethod(std::string_view(part));
  if (info)
    choice.method = info->method;
  return info != nullptr;
}

// What may follow the scheme word.
static std::string knownParts(SchemeChoice::Kind kind) {
  switch (kind) {
  case SchemeChoice::Kind::Ternary:
    return "known are the methods " + methodWords(allTernaryMethods) +
           ", then tensor, row or group=N, then f32 or f16";
  case SchemeChoice::Kind::Int6:
    return "known are the methods " + methodWords(allInt6Methods);
  case SchemeChoice::Kind::Int8:
  case SchemeChoice::Kind::Int4:
    return "known are f32 and f16";
  default:
    return "nothing can";
  }
}

Result<SchemeChoice> lobit::parseScheme(std::string_view text) {
  SmallVector<StringRef> parts;
  StringRef(text).split(parts, ':');
  SchemeChoice choice;
  bool ternary = parts[0] == "ternary";
  if (ternary)
    choice.kind = SchemeChoice::Kind::Ternary;
  else if (parts[0] == "int8")
    choice.kind = SchemeChoice::Kind::Int8;
  else if (parts[0] == "int4")
    choice.kind = SchemeChoice::Kind::Int4;
  else if (parts[0] == "int6")
    choice.kind = SchemeChoice::Kind::Int6;
  else if (parts[0] == "keep")
    choice.kind = SchemeChoice::Kind::Keep;
  else
    return invalid("unknown scheme '" + parts[0].str() +
                   "'; known are ternary, int4, int6, int8 and keep");
  bool hasMethod = false, hasGranularity = false, hasScaleType = false;
  for (StringRef part : ArrayRef(parts).drop_front()) {
    bool *seen = nullptr;
    bool hasScaleTypes = ternary || choice.kind == SchemeChoice::Kind::Int8 ||
                         choice.kind == SchemeChoice::Kind::Int4;
    if (hasScaleTypes && parseScaleType(part, choice)) {
      seen = &hasScaleType;
    } else if (ternary) {
      Result<bool> granularity = parseGranularity(part, choice);
      if (!granularity.ok())
        return std::move(granularity).status();
      if (*granularity)
        seen = &hasGranularity;
      else if (parseMethod(part, choice))
        seen = &hasMethod;
    } else if (choice.kind == SchemeChoice::Kind::Int6 && parseMethod(part, choice)) {
      seen = &hasMethod;
    }
    if (!seen)
      return invalid("'" + part.str() + "' cannot follow " + parts[0].str() + "; " +
                     knownParts(choice.kind));
    if (*seen)
      return invalid("'" + std::string(text) + "' says twice what '" + part.str() + "' says");
    *seen = true;
  }
  return choice;
}

std::string SchemeChoice::text() const {
  if (kind == Kind::Auto)
    return "auto";
  if (kind == Kind::Keep)
    return "keep";
  if (kind == Kind::Int6)
    return "int6:" + std::string(int6MethodInfo(int6Method).word);
  std::string word = kind == Kind::Int8 ? "int8" : kind == Kind::Int4 ? "int4" : "ternary";
  if (kind == Kind::Ternary)
    word += ":" + std::string(ternaryMethodInfo(method).word);
  if (granularity == Granularity::Group)
    word += ":group=" + std::to_string(groupSize);
  else if (granularity != Granularity::None)
    word += granularity == Granularity::Row ? ":row" : ":tensor";
  return scaleType == ScaleType::F16 ? word + ":f16" : word;
}

Result<LayerRule> lobit::parseLayerRule(std::string_view text) {
  StringRef rest(text);
  Result<SchemeChoice> choice = invalid("expected regex=scheme");
  // The first failure from the left is the one to tell: there the scheme begins.
  Status failure = choice.status();
  size_t at = rest.find('=');
  for (size_t next = at; next != StringRef::npos; next = rest.find('=', next + 1)) {
    choice = parseScheme(std::string_view(rest.substr(next + 1)));
    if (choice.ok()) {
      at = next;
      break;
    }
    if (next == at)
      failure = choice.status();
  }
  if (!choice.ok())
    return std::move(failure).withContext("layer rule '" + std::string(text) + "'");
  LayerRule rule{rest.substr(0, at).str(), *choice};
  std::string error;
  if (rule.pattern.empty())
    error = "it is empty";
  else
    Regex(rule.pattern).isValid(error);
  if (!error.empty())
    return invalid("layer rule '" + std::string(text) + "': bad regular expression: " + error);
  return rule;
}

Result<QuantizePolicy> lobit::parseQuantizePolicy(std::string_view quantize,
                                                  const std::vector<std::string> &layers) {
  QuantizePolicy policy;
  policy.embedAndHead.kind = SchemeChoice::Kind::Int8;
  if (quantize != "auto") {
    Result<SchemeChoice> choice = parseScheme(quantize);
    if (!choice.ok())
      return std::move(choice).status();
    policy.linear = *choice;
    if (choice->kind == SchemeChoice::Kind::Keep)
      policy.embedAndHead.kind = SchemeChoice::Kind::Keep;
  }
  for (const std::string &layer : layers) {
    Result<LayerRule> rule = parseLayerRule(layer);
    if (!rule.ok())
      return std::move(rule).status();
    policy.rules.push_back(std::move(*rule));
  }
  return policy;
}
