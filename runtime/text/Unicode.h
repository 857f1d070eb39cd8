/// \file
/// The facts of Unicode that tokenizers need, from generated tables
/// (tools/dev/gen_unicode_tables.py).
#ifndef LOBIT_TEXT_UNICODE_H
#define LOBIT_TEXT_UNICODE_H

#include <cstdint>
#include <string>
#include <string_view>

namespace lobit {

/// \p{L}, \p{N}, \s and the rest.
enum class CharClass : uint8_t { Other = 0, Letter = 1, Number = 2, Space = 3 };

/// `codePoint` <= 0x10FFFF.
CharClass charClass(uint32_t codePoint);

/// Normalization form C of valid UTF-8.
std::string normalizeNfc(std::string_view text);

} // namespace lobit

#endif // LOBIT_TEXT_UNICODE_H
