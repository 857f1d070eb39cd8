#include "runtime/beacon/CanonicalJson.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lobit::beacon {

std::string jsonNumber(double value) {
  if (!std::isfinite(value))
    return "null";
  if (value == 0)
    return "0";
  // Shortest digits d.ddde+XX, placed as ECMAScript's Number::toString does.
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), std::fabs(value),
                                          std::chars_format::scientific);
  (void)error; // 17 digits fit
  const std::string_view text(buffer, size_t(end - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const char *from = text.data() + e + 1;
  std::from_chars(*from == '+' ? from + 1 : from, end, exponent);
  std::string digits(1, text[0]);
  if (e > 1)
    digits += text.substr(2, e - 2);
  const int k = int(digits.size()), n = exponent + 1; // 0.digits * 10^n
  std::string out = value < 0 ? "-" : "";
  if (k <= n && n <= 21)
    return out + digits + std::string(size_t(n - k), '0');
  if (0 < n && n <= 21)
    return out + digits.substr(0, size_t(n)) + "." + digits.substr(size_t(n));
  if (-6 < n && n <= 0)
    return out + "0." + std::string(size_t(-n), '0') + digits;
  out += digits.substr(0, 1);
  if (k > 1)
    out += "." + digits.substr(1);
  return out + (n > 0 ? "e+" : "e-") + std::to_string(std::abs(n - 1));
}

/// Decodes one character; false for what is not UTF-8.
static bool nextCharacter(std::string_view text, size_t &at, uint32_t &point) {
  const auto byte = [&](size_t i) { return i < text.size() ? uint8_t(text[i]) : 0u; };
  const uint32_t first = byte(at);
  const unsigned size = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (size == 0)
    return false;
  point = size == 1 ? first : first & (0x7Fu >> size);
  for (unsigned i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80)
      return false;
    point = point << 6 | (byte(at + i) & 0x3F);
  }
  if ((size == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000))) ||
      (size == 4 && (point < 0x10000 || point > 0x10FFFF)))
    return false;
  at += size;
  return true;
}

bool isUtf8(std::string_view text) {
  uint32_t point;
  for (size_t at = 0; at < text.size();)
    if (!nextCharacter(text, at, point))
      return false;
  return true;
}

static void appendUnit(std::string &out, uint32_t unit) {
  static const char digits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[unit >> shift & 15];
}

static const char *shortEscape(uint32_t point) {
  switch (point) {
  case '"':
    return "\\\"";
  case '\\':
    return "\\\\";
  case '\b':
    return "\\b";
  case '\f':
    return "\\f";
  case '\n':
    return "\\n";
  case '\r':
    return "\\r";
  case '\t':
    return "\\t";
  }
  return nullptr;
}

static std::string quoted(std::string_view utf8, bool ascii) {
  std::string out = "\"";
  for (size_t at = 0; at < utf8.size();) {
    const size_t begin = at;
    uint32_t point = 0;
    if (!nextCharacter(utf8, at, point)) { // callers check; never write what is no JSON
      point = 0xFFFD;
      ++at;
    }
    if (const char *escape = shortEscape(point)) {
      out += escape;
    } else if (point < 0x20 || (ascii && point >= 0x80 && point < 0x10000)) {
      appendUnit(out, point);
    } else if (ascii && point >= 0x10000) {
      appendUnit(out, 0xD800 + ((point - 0x10000) >> 10));
      appendUnit(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
    } else if (point == 0xFFFD) {
      out += "\xEF\xBF\xBD";
    } else {
      out += utf8.substr(begin, at - begin);
    }
  }
  return out + '"';
}

std::string jsonString(std::string_view utf8) { return quoted(utf8, false); }
std::string jsonAsciiString(std::string_view utf8) { return quoted(utf8, true); }

/// Orders strings as their UTF-16 code units do: characters above U+FFFF come before
/// U+E000 .. U+FFFF.
static int compareUtf16(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    uint32_t p = 0, q = 0;
    if (!nextCharacter(a, i, p) || !nextCharacter(b, j, q))
      break;
    if (p == q)
      continue;
    const auto unit = [](uint32_t point) {
      return point >= 0x10000 ? 0xD800 + ((point - 0x10000) >> 10) : point;
    };
    return (unit(p) != unit(q) ? unit(p) < unit(q) : p < q) ? -1 : 1;
  }
  const bool endA = i >= a.size(), endB = j >= b.size();
  return endA == endB ? 0 : endA ? -1 : 1;
}

std::string JsonObject::text() const {
  auto sorted = members_;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto &a, const auto &b) { return compareUtf16(a.first, b.first) < 0; });
  std::string out = "{";
  for (const auto &[key, value] : sorted)
    out += (out.size() == 1 ? "" : ",") + jsonString(key) + ":" + value;
  return out + "}";
}

namespace {

class Checker {
public:
  Checker(std::string_view text, unsigned maxDepth) : text_(text), maxDepth_(maxDepth) {}

  JsonFault run() {
    if (peek() != '{')
      fail("is no object");
    else if (value(1) && at_ != text_.size())
      fail("something follows the object");
    return fault_;
  }

private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool fail(const char *what) {
    if (!fault_.what)
      fault_ = {what, at_};
    return false;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }

  bool value(unsigned depth) {
    switch (peek()) {
    case '{':
      return depth <= maxDepth_ ? object(depth) : fail("is nested too deeply");
    case '[':
      return depth <= maxDepth_ ? array(depth) : fail("is nested too deeply");
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
    }
  }

  bool word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word)
      return fail("is no value");
    at_ += word.size();
    return true;
  }

  /// A key is compared as it is written: two escaped keys order as their characters do,
  /// except around escapes, which this reader therefore does not allow in keys.
  bool object(unsigned depth) {
    take('{');
    if (take('}'))
      return true;
    std::string_view last;
    for (bool first = true;; first = false) {
      const size_t begin = at_;
      if (!string())
        return false;
      const std::string_view key = text_.substr(begin + 1, at_ - begin - 2);
      if (key.find('\\') != std::string_view::npos)
        return fail("a key has an escape");
      if (!first && compareUtf16(last, key) >= 0)
        return fail("the keys are not sorted, each once");
      last = key;
      if (!take(':'))
        return fail("a key is not followed by a colon");
      if (!value(depth + 1))
        return false;
      if (take('}'))
        return true;
      if (!take(','))
        return fail("an object does not end");
    }
  }

  bool array(unsigned depth) {
    take('[');
    if (take(']'))
      return true;
    while (value(depth + 1)) {
      if (take(']'))
        return true;
      if (!take(','))
        return fail("an array does not end");
    }
    return false;
  }

  bool string() {
    if (!take('"'))
      return fail("a string does not begin");
    while (at_ < text_.size()) {
      if (take('"'))
        return true;
      if (peek() == '\\') {
        if (!escape())
          return fail("an escape is not in canonical form");
        continue;
      }
      uint32_t point = 0;
      if (!nextCharacter(text_, at_, point) || point < 0x20)
        return fail("a string has a control character or is not UTF-8");
    }
    return fail("a string does not end");
  }

  bool escape() {
    static const char shorts[] = "\"\\bfnrt";
    ++at_;
    const char c = peek();
    if (c != '\0' && std::string_view(shorts).find(c) != std::string_view::npos)
      return take(c);
    // \u00xx, lower case, for control characters without a short form.
    const std::string_view unit = text_.substr(at_, 5);
    if (unit.size() < 5 || unit.substr(0, 3) != "u00" || (unit[3] != '0' && unit[3] != '1'))
      return false;
    const char low = unit[4];
    if (!((low >= '0' && low <= '9') || (low >= 'a' && low <= 'f')))
      return false;
    const uint32_t point =
        uint32_t(unit[3] - '0') * 16 + uint32_t(low <= '9' ? low - '0' : low - 'a' + 10);
    if (shortEscape(point))
      return false;
    at_ += 5;
    return true;
  }

  bool number() {
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", at_), text_.size());
    const std::string_view text = text_.substr(at_, end - at_);
    const std::optional<double> value = text.size() <= 32 ? jsonNumberValue(text) : std::nullopt;
    if (!value)
      return fail("is no value");
    if (!isCanonical(*value, text))
      return fail("a number is not in canonical form");
    at_ = end;
    return true;
  }
  static bool isCanonical(double value, std::string_view text) {
    return std::isfinite(value) && jsonNumber(value) == text;
  }

  std::string_view text_;
  unsigned maxDepth_;
  size_t at_ = 0;
  JsonFault fault_;
};

} // namespace

JsonFault checkCanonicalObject(std::string_view json, unsigned maxDepth) {
  return Checker(json, maxDepth).run();
}

size_t detail::skipJsonValue(std::string_view json, size_t at) {
  unsigned depth = 0;
  for (bool inString = false; at < json.size(); ++at) {
    const char c = json[at];
    if (inString) {
      if (c == '\\')
        ++at;
      else if (c == '"')
        inString = false;
      if (!inString && depth == 0)
        return at + 1;
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0)
        return at;
      if (--depth == 0)
        return at + 1;
    } else if ((c == ',' || c == ':') && depth == 0) {
      return at;
    }
  }
  return at;
}

std::optional<std::string_view> jsonMember(std::string_view object, std::string_view key) {
  std::optional<std::string_view> found;
  forEachMember(object, [&](std::string_view name, std::string_view value) {
    if (name == key)
      found = value;
  });
  return found;
}

std::optional<double> jsonNumberValue(std::string_view value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || value.empty() ||
      !std::isfinite(number))
    return std::nullopt;
  return number;
}

} // namespace lobit::beacon
