#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace lobit {

namespace {
struct CombiningRange {
  uint32_t first, last, combiningClass;
};
struct Decomposition {
  uint32_t codePoint, offset, count;
};
struct Composition {
  uint32_t first, second, composed;
};
#include "runtime/text/UnicodeTables.inc"

// Hangul syllables: S = kSyllable + (L * 21 + V) * 28 + T.
constexpr uint32_t kSyllable = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr uint32_t kLeads = 19, kVowels = 21, kTails = 28, kSyllables = kLeads * kVowels * kTails;
} // namespace

CharClass charClass(uint32_t c) {
  uint8_t bits = kClassBits[kClassBlock[c >> 8] * 64u + (c >> 2 & 63)];
  return CharClass(bits >> 2 * (c & 3) & 3);
}

static uint32_t combiningClass(uint32_t c) {
  const CombiningRange *range =
      std::lower_bound(std::begin(kCombining), std::end(kCombining), c,
                       [](const CombiningRange &r, uint32_t value) { return r.last < value; });
  return range != std::end(kCombining) && c >= range->first ? range->combiningClass : 0;
}

static void decompose(uint32_t c, std::vector<uint32_t> &out) {
  if (c - kSyllable < kSyllables) {
    uint32_t index = c - kSyllable;
    out.push_back(kLead + index / (kVowels * kTails));
    out.push_back(kVowel + index / kTails % kVowels);
    if (index % kTails != 0)
      out.push_back(kTail + index % kTails);
    return;
  }
  const Decomposition *entry =
      std::lower_bound(std::begin(kDecomposition), std::end(kDecomposition), c,
                       [](const Decomposition &d, uint32_t value) { return d.codePoint < value; });
  if (entry == std::end(kDecomposition) || entry->codePoint != c)
    return out.push_back(c);
  out.insert(out.end(), kDecomposed + entry->offset, kDecomposed + entry->offset + entry->count);
}

/// 0 when the two do not compose.
static uint32_t compose(uint32_t first, uint32_t second) {
  if (first - kLead < kLeads && second - kVowel < kVowels)
    return kSyllable + ((first - kLead) * kVowels + (second - kVowel)) * kTails;
  if (first - kSyllable < kSyllables && (first - kSyllable) % kTails == 0 && second > kTail &&
      second < kTail + kTails)
    return first + (second - kTail);
  const Composition *entry =
      std::lower_bound(std::begin(kComposition), std::end(kComposition),
                       std::pair<uint32_t, uint32_t>(first, second),
                       [](const Composition &c, const std::pair<uint32_t, uint32_t> &value) {
                         return std::pair<uint32_t, uint32_t>(c.first, c.second) < value;
                       });
  bool found = entry != std::end(kComposition) && entry->first == first && entry->second == second;
  return found ? entry->composed : 0;
}

std::string normalizeNfc(std::string_view text) {
  // Below U+0300 everything is composed already: lead bytes 0xCC and up start there.
  if (std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0xCC; }))
    return std::string(text);

  std::vector<uint32_t> points;
  for (size_t i = 0; i < text.size();) {
    Utf8Char c = decodeUtf8(text, i);
    decompose(c.codePoint, points);
    i += c.size;
  }
  // Canonical order: each run of combining characters sorted by class, stable.
  std::vector<uint8_t> classes(points.size());
  for (size_t i = 0; i < points.size(); ++i)
    classes[i] = uint8_t(combiningClass(points[i]));
  std::vector<std::pair<uint64_t, uint32_t>> run; // class and index, code point
  for (size_t begin = 0; begin < points.size();) {
    if (classes[begin] == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    run.clear();
    for (; end < points.size() && classes[end] != 0; ++end)
      run.emplace_back(uint64_t(classes[end]) << 32 | (end - begin), points[end]);
    std::sort(run.begin(), run.end());
    for (size_t i = 0; i < run.size(); ++i) {
      classes[begin + i] = uint8_t(run[i].first >> 32);
      points[begin + i] = run[i].second;
    }
    begin = end;
  }
  // Each character joins the last starter unless one of equal or higher class, or
  // another starter, stands between.
  size_t size = 0, starter = SIZE_MAX;
  uint8_t lastClass = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    uint8_t klass = classes[i];
    bool adjacent = starter != SIZE_MAX && starter + 1 == size;
    if (starter != SIZE_MAX && (adjacent || (lastClass != 0 && lastClass < klass)))
      if (uint32_t composed = compose(points[starter], points[i])) {
        points[starter] = composed;
        continue;
      }
    if (klass == 0)
      starter = size;
    lastClass = klass;
    points[size++] = points[i];
  }
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < size; ++i)
    appendUtf8(out, points[i]);
  return out;
}

} // namespace lobit
