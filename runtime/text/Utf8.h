/// \file
/// Strict UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF.
#ifndef LOBIT_TEXT_UTF8_H
#define LOBIT_TEXT_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lobit {

struct Utf8Char {
  uint32_t codePoint;
  /// Bytes of the character; 0 when the text is not valid here.
  uint32_t size;
  /// When size is 0: the bytes that begin a character and can not be continued as they
  /// are (at least 1; the "maximal subpart" of the Unicode standard).
  uint32_t invalidSize;
  /// When size is 0: the text ends inside a character that could still become valid.
  bool truncated;
};

/// The character at `position` < text.size().
Utf8Char decodeUtf8(std::string_view text, size_t position);

/// Whether all of `text` is valid; else `position` receives the first bad byte.
bool isValidUtf8(std::string_view text, size_t &position);

void appendUtf8(std::string &text, uint32_t codePoint);

} // namespace lobit

#endif // LOBIT_TEXT_UTF8_H
