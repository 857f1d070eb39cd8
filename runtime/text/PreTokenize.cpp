#include "runtime/text/PreTokenize.h"
#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

namespace lobit {

namespace {

/// A position in the text and the character there. At the end: code point 0, Other,
/// atEnd.
class Cursor {
public:
  Cursor(std::string_view text, size_t position) : text_(text), position_(position) { read(); }

  size_t position() const { return position_; }
  bool atEnd() const { return size_ == 0; }
  uint32_t codePoint() const { return codePoint_; }
  bool is(CharClass klass) const { return !atEnd() && klass_ == klass; }
  bool isNewline() const { return !atEnd() && (codePoint_ == '\r' || codePoint_ == '\n'); }

  Cursor next() const { return Cursor(text_, position_ + size_); }
  void skip(CharClass klass) {
    while (is(klass))
      *this = next();
  }

private:
  void read() {
    if (position_ >= text_.size())
      return;
    Utf8Char c = decodeUtf8(text_, position_);
    codePoint_ = c.codePoint;
    size_ = c.size;
    klass_ = charClass(c.codePoint);
  }

  std::string_view text_;
  size_t position_;
  uint32_t codePoint_ = 0;
  uint32_t size_ = 0;
  CharClass klass_ = CharClass::Other;
};

/// The expressions differ in these alone.
struct Rules {
  bool foldCase;          ///< (?i:'s|...) instead of 's|...
  bool letterPrefix;      ///< [^\r\n\p{L}\p{N}]?\p{L}+ instead of ' ?\p{L}+'
  unsigned maxDigits;     ///< \p{N}{1,n}; 0: ' ?\p{N}+'
  bool newlinesWithOther; ///< [\r\n]* after punctuation, and \s*[\r\n]+
};

Rules rulesOf(PreTokenizer kind) {
  switch (kind) {
  case PreTokenizer::Gpt2:
    return {false, false, 0, false};
  case PreTokenizer::Llama3:
    return {true, true, 3, true};
  case PreTokenizer::Qwen2:
    return {true, true, 1, true};
  }
  return {false, false, 0, false};
}

/// Lower case of the letters that can match one of 's 't 're 've 'm 'll 'd. U+017F
/// (long s) folds to s.
uint32_t folded(uint32_t c, bool foldCase) {
  if (!foldCase)
    return c;
  if (c >= 'A' && c <= 'Z')
    return c + 32;
  return c == 0x17F ? 's' : c;
}

/// The end of a contraction at `at`, or 0.
size_t contractionEnd(Cursor at, bool foldCase) {
  if (at.codePoint() != '\'')
    return 0;
  Cursor first = at.next();
  uint32_t a = folded(first.codePoint(), foldCase);
  if (a == 's' || a == 't' || a == 'm' || a == 'd')
    return first.next().position();
  Cursor second = first.next();
  uint32_t b = folded(second.codePoint(), foldCase);
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
    return second.next().position();
  return 0;
}

} // namespace

size_t pieceEnd(PreTokenizer kind, std::string_view text, size_t begin) {
  const Rules rules = rulesOf(kind);
  Cursor at(text, begin);
  if (size_t end = contractionEnd(at, rules.foldCase))
    return end;

  Cursor following = at.next();
  bool space = at.codePoint() == ' ';
  // Letters, with one character before them.
  bool prefix = rules.letterPrefix
                    ? !at.isNewline() && !at.is(CharClass::Letter) && !at.is(CharClass::Number)
                    : space;
  if (at.is(CharClass::Letter) || (prefix && following.is(CharClass::Letter))) {
    following.skip(CharClass::Letter);
    return following.position();
  }
  // Numbers.
  if (rules.maxDigits == 0) {
    if (at.is(CharClass::Number) || (space && following.is(CharClass::Number))) {
      following.skip(CharClass::Number);
      return following.position();
    }
  } else if (at.is(CharClass::Number)) {
    for (unsigned digits = 0; digits < rules.maxDigits && at.is(CharClass::Number); ++digits)
      at = at.next();
    return at.position();
  }
  // Everything that is neither letter, number nor space.
  if (at.is(CharClass::Other) || (space && following.is(CharClass::Other))) {
    following.skip(CharClass::Other);
    if (rules.newlinesWithOther)
      while (following.isNewline())
        following = following.next();
    return following.position();
  }
  // White space: up to its last newline; else all but the last character, which goes
  // with the word that follows; else all.
  size_t newlineEnd = 0, lastBegin = begin;
  Cursor end = at;
  while (end.is(CharClass::Space)) {
    lastBegin = end.position();
    bool newline = end.isNewline();
    end = end.next();
    if (newline)
      newlineEnd = end.position();
  }
  if (rules.newlinesWithOther && newlineEnd != 0)
    return newlineEnd;
  return end.atEnd() || lastBegin == begin ? end.position() : lastBegin;
}

} // namespace lobit
