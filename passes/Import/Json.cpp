#include "passes/Import/Json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lobit {

const JsonValue *JsonValue::find(std::string_view key) const {
  for (const auto &[name, value] : object)
    if (name == key)
      return &value;
  return nullptr;
}

const char *JsonValue::kindText() const {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::Bool:
    return boolean ? "true" : "false";
  case Kind::Unsigned:
  case Kind::Negative:
    return "an integer";
  case Kind::Float:
    return "a fraction";
  case Kind::String:
    return "a string";
  case Kind::Array:
    return "an array";
  case Kind::Object:
    return "an object";
  }
  return "";
}

namespace {

constexpr size_t kMaxDepth = 32;

/// Builds a JsonValue from the events of nlohmann's parser; every function returns
/// whether parsing goes on.
class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
  Builder(DuplicateKeys duplicates) : duplicates_(duplicates) {}

  JsonValue root;
  std::string error;

  bool null() override { return put(JsonValue()); }
  bool boolean(bool value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::Bool;
    v.boolean = value;
    return put(std::move(v));
  }
  bool number_integer(number_integer_t value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::Negative;
    v.negative = value;
    v.real = double(value);
    return put(std::move(v));
  }
  bool number_unsigned(number_unsigned_t value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::Unsigned;
    v.natural = value;
    v.real = double(value);
    return put(std::move(v));
  }
  bool number_float(number_float_t value, const string_t &) override {
    JsonValue v;
    v.kind = JsonValue::Kind::Float;
    v.real = value;
    return put(std::move(v));
  }
  bool string(string_t &value) override {
    JsonValue v;
    v.kind = JsonValue::Kind::String;
    v.string = std::move(value);
    return put(std::move(v));
  }
  bool binary(binary_t &) override { return false; }
  bool key(string_t &value) override {
    key_ = std::move(value);
    return true;
  }
  bool start_object(std::size_t) override { return start(JsonValue::Kind::Object); }
  bool start_array(std::size_t) override { return start(JsonValue::Kind::Array); }
  bool end_object() override {
    return resolveDuplicates(*open_.back()) && (open_.pop_back(), true);
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string &,
                   const nlohmann::detail::exception &) override {
    error = "is not valid JSON at byte " + std::to_string(position);
    return false;
  }

private:
  bool put(JsonValue value) { return place(std::move(value)) != nullptr; }

  JsonValue *place(JsonValue value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    JsonValue &parent = *open_.back();
    if (parent.isArray()) {
      parent.array.push_back(std::move(value));
      return &parent.array.back();
    }
    parent.object.emplace_back(std::move(key_), std::move(value));
    return &parent.object.back().second;
  }

  /// Pointers in open_ stay valid: only the innermost container grows.
  bool start(JsonValue::Kind kind) {
    if (open_.size() == kMaxDepth) {
      error = "is nested deeper than " + std::to_string(kMaxDepth) + " levels";
      return false;
    }
    JsonValue value;
    value.kind = kind;
    open_.push_back(place(std::move(value)));
    return true;
  }

  bool resolveDuplicates(JsonValue &object) {
    auto &members = object.object;
    std::vector<uint32_t> order(members.size());
    for (uint32_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      int compared = members[a].first.compare(members[b].first);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<bool> dropped(members.size(), false);
    bool any = false;
    for (size_t i = 1; i < order.size(); ++i) {
      if (members[order[i - 1]].first != members[order[i]].first)
        continue;
      if (duplicates_ == DuplicateKeys::Refuse) {
        error = "has the key \"" + members[order[i]].first + "\" twice";
        return false;
      }
      dropped[order[i - 1]] = any = true;
    }
    if (!any)
      return true;
    std::vector<std::pair<std::string, JsonValue>> kept;
    for (size_t i = 0; i < members.size(); ++i)
      if (!dropped[i])
        kept.push_back(std::move(members[i]));
    members = std::move(kept);
    return true;
  }

  DuplicateKeys duplicates_;
  std::vector<JsonValue *> open_;
  std::string key_;
};

} // namespace

Result<JsonValue> parseJson(std::string_view text, DuplicateKeys duplicates,
                            const std::string &what) {
  Builder builder(duplicates);
  bool ok = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (!ok)
    return Status(StatusCode::MALFORMED, what + " " + builder.error);
  return std::move(builder.root);
}

} // namespace lobit
