/// \file
/// A JSON document as values, for the files of a checkpoint.
#ifndef LOBIT_PASSES_IMPORT_JSON_H
#define LOBIT_PASSES_IMPORT_JSON_H

#include "runtime/format/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lobit {

struct JsonValue {
  /// Unsigned: an integer literal without sign. Negative: one with a sign.
  enum class Kind { Null, Bool, Unsigned, Negative, Float, String, Array, Object };

  Kind kind = Kind::Null;
  bool boolean = false;
  uint64_t natural = 0; ///< Unsigned
  int64_t negative = 0; ///< Negative
  double real = 0;      ///< Unsigned, Negative, Float
  std::string string;
  std::vector<JsonValue> array;
  std::vector<std::pair<std::string, JsonValue>> object; ///< in the order of the file

  bool isNull() const { return kind == Kind::Null; }
  bool isString() const { return kind == Kind::String; }
  bool isArray() const { return kind == Kind::Array; }
  bool isObject() const { return kind == Kind::Object; }
  bool isNumber() const {
    return kind == Kind::Unsigned || kind == Kind::Negative || kind == Kind::Float;
  }
  /// The member of an object, or null. Linear in the number of members.
  const JsonValue *find(std::string_view key) const;
  /// "an object", "a string", ... for messages.
  const char *kindText() const;
};

enum class DuplicateKeys { Refuse, LastWins };

/// Parses a whole document: UTF-8, at most 32 levels deep. `what` names the file in
/// messages.
Result<JsonValue> parseJson(std::string_view text, DuplicateKeys duplicates,
                            const std::string &what);

} // namespace lobit

#endif // LOBIT_PASSES_IMPORT_JSON_H
