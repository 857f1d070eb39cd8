/// \file
/// JSON in canonical form (RFC 8785): written, and read strictly. Reading allocates
/// nothing and accepts the canonical form alone.
#ifndef LOBIT_BEACON_CANONICAL_JSON_H
#define LOBIT_BEACON_CANONICAL_JSON_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lobit::beacon {

/// The number as ECMAScript writes it, shortest form that reads back the same; "null"
/// when it is not finite.
std::string jsonNumber(double value);
/// Only what must be escaped is escaped; other characters stay UTF-8.
std::string jsonString(std::string_view utf8);
/// Everything above 7 bits becomes \uXXXX, in lower case, with surrogate pairs.
std::string jsonAsciiString(std::string_view utf8);
bool isUtf8(std::string_view text);

/// Members in any order; text() sorts them by UTF-16 code units.
class JsonObject {
public:
  void add(std::string_view key, double value) { addRaw(key, jsonNumber(value)); }
  void add(std::string_view key, std::string_view value) { addRaw(key, jsonString(value)); }
  /// `json` is canonical already.
  void addRaw(std::string_view key, std::string json) {
    members_.emplace_back(key, std::move(json));
  }
  std::string text() const;

private:
  std::vector<std::pair<std::string, std::string>> members_;
};

/// What is wrong with a text that is no canonical JSON object.
struct JsonFault {
  const char *what = nullptr; ///< null: nothing
  uint64_t offset = 0;
};
/// Checks form, order of keys, numbers, nesting of at most `maxDepth`.
JsonFault checkCanonicalObject(std::string_view json, unsigned maxDepth);

/// A member of a checked object: the text of its value.
std::optional<std::string_view> jsonMember(std::string_view object, std::string_view key);
/// Calls visit(key, value) for every member of a checked object; keys are without quotes
/// and not unescaped.
template <typename Visit> void forEachMember(std::string_view object, Visit visit);
/// A number; nothing for any other value, null included.
std::optional<double> jsonNumberValue(std::string_view value);

namespace detail {
/// The end of the string or value that begins at `at` in checked JSON.
size_t skipJsonValue(std::string_view json, size_t at);
} // namespace detail

template <typename Visit> void forEachMember(std::string_view object, Visit visit) {
  for (size_t at = 1; at < object.size() && object[at] == '"';) {
    const size_t keyEnd = detail::skipJsonValue(object, at);
    const size_t valueEnd = detail::skipJsonValue(object, keyEnd + 1);
    visit(object.substr(at + 1, keyEnd - at - 2), object.substr(keyEnd + 1, valueEnd - keyEnd - 1));
    at = valueEnd + 1;
  }
}

} // namespace lobit::beacon

#endif // LOBIT_BEACON_CANONICAL_JSON_H
