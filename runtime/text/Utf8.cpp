#include "runtime/text/Utf8.h"

namespace lobit {

Utf8Char decodeUtf8(std::string_view text, size_t position) {
  uint8_t lead = uint8_t(text[position]);
  if (lead < 0x80)
    return {lead, 1, 0, false};
  // Number of bytes, and the range of the second one, which alone excludes overlong
  // forms, surrogates and code points above U+10FFFF.
  uint32_t size = 0;
  uint8_t low = 0x80, high = 0xBF;
  uint32_t codePoint = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
    codePoint = lead & 0x1Fu;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    codePoint = lead & 0x0Fu;
    low = lead == 0xE0 ? 0xA0 : 0x80;
    high = lead == 0xED ? 0x9F : 0xBF;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    codePoint = lead & 0x07u;
    low = lead == 0xF0 ? 0x90 : 0x80;
    high = lead == 0xF4 ? 0x8F : 0xBF;
  } else {
    return {0, 0, 1, false};
  }
  for (uint32_t i = 1; i < size; ++i) {
    if (position + i >= text.size())
      return {0, 0, i, true};
    uint8_t byte = uint8_t(text[position + i]);
    if (byte < low || byte > high)
      return {0, 0, i, false};
    codePoint = codePoint << 6 | (byte & 0x3Fu);
    low = 0x80;
    high = 0xBF;
  }
  return {codePoint, size, 0, false};
}

bool isValidUtf8(std::string_view text, size_t &position) {
  for (position = 0; position < text.size();) {
    Utf8Char c = decodeUtf8(text, position);
    if (c.size == 0)
      return false;
    position += c.size;
  }
  return true;
}

void appendUtf8(std::string &text, uint32_t c) {
  if (c < 0x80) {
    text.push_back(char(c));
  } else if (c < 0x800) {
    text.push_back(char(0xC0 | c >> 6));
    text.push_back(char(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    text.push_back(char(0xE0 | c >> 12));
    text.push_back(char(0x80 | (c >> 6 & 0x3F)));
    text.push_back(char(0x80 | (c & 0x3F)));
  } else {
    text.push_back(char(0xF0 | c >> 18));
    text.push_back(char(0x80 | (c >> 12 & 0x3F)));
    text.push_back(char(0x80 | (c >> 6 & 0x3F)));
    text.push_back(char(0x80 | (c & 0x3F)));
  }
}

} // namespace lobit
