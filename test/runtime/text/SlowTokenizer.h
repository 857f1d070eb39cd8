/// \file
/// An independent, slow tokenizer: a backtracking matcher that reads the regular
/// expressions themselves, and merging by repeated search. For tests.
#ifndef LOBIT_TEST_SLOW_TOKENIZER_H
#define LOBIT_TEST_SLOW_TOKENIZER_H

#include "runtime/format/TokenizerFormat.h"
#include "runtime/text/Unicode.h"

#include <functional>
#include <map>
#include <memory>

namespace lobit::test {

/// The subset of regular expressions that occurs in PreTokenizers.inc: alternatives,
/// (?i:...), (?!\S), classes with ^ \s \p{L} \p{N} \r \n, literals, ? * + {a,b}.
class SlowRegex {
public:
  explicit SlowRegex(const char *source) : at_(source) { root_ = alternatives(false); }

  /// The end of the match at `begin` (indices of code points), or -1.
  long match(const std::u32string &text, size_t begin) const {
    long end = -1;
    root_(text, begin, [&](size_t position) {
      end = long(position);
      return true;
    });
    return end;
  }

private:
  using Next = std::function<bool(size_t)>;
  using Node = std::function<bool(const std::u32string &, size_t, const Next &)>;
  using Set = std::function<bool(char32_t)>;

  Node alternatives(bool fold) {
    std::vector<Node> all = {sequence(fold)};
    while (*at_ == '|') {
      ++at_;
      all.push_back(sequence(fold));
    }
    return [all](const std::u32string &text, size_t i, const Next &next) {
      for (const Node &node : all)
        if (node(text, i, next))
          return true;
      return false;
    };
  }

  Node sequence(bool fold) {
    std::vector<Node> parts;
    while (*at_ != 0 && *at_ != '|' && *at_ != ')')
      parts.push_back(term(fold));
    auto run = std::make_shared<
        std::function<bool(const std::u32string &, size_t, size_t, const Next &)>>();
    auto *self = run.get();
    *run = [parts, self](const std::u32string &text, size_t part, size_t i, const Next &next) {
      if (part == parts.size())
        return next(i);
      return parts[part](text, i, [&](size_t j) { return (*self)(text, part + 1, j, next); });
    };
    return [run](const std::u32string &text, size_t i, const Next &next) {
      return (*run)(text, 0, i, next);
    };
  }

  Node term(bool fold) {
    if (startsWith("(?i:")) {
      Node inner = alternatives(true);
      ++at_;
      return inner;
    }
    if (startsWith("(?!\\S)"))
      return [](const std::u32string &text, size_t i, const Next &next) {
        return (i == text.size() || charClass(text[i]) == CharClass::Space) && next(i);
      };
    Set set = *at_ == '[' ? bracket() : single(fold);
    size_t low = 1, high = 1;
    if (*at_ == '?' || *at_ == '*' || *at_ == '+') {
      low = *at_ == '+';
      high = *at_ == '?' ? 1 : SIZE_MAX;
      ++at_;
    } else if (*at_ == '{') {
      low = size_t(at_[1] - '0');
      high = size_t(at_[3] - '0');
      at_ += 5;
    }
    return [set, low, high](const std::u32string &text, size_t i, const Next &next) {
      size_t count = 0;
      while (count < high && i + count < text.size() && set(text[i + count]))
        ++count;
      for (;; --count) {
        if (count < low)
          return false;
        if (next(i + count))
          return true;
        if (count == 0)
          return false;
      }
    };
  }

  Set bracket() {
    ++at_;
    bool negated = *at_ == '^';
    at_ += negated;
    std::vector<Set> sets;
    while (*at_ != ']')
      sets.push_back(single(false));
    ++at_;
    return [sets, negated](char32_t c) {
      bool any = false;
      for (const Set &set : sets)
        any |= set(c);
      return any != negated;
    };
  }

  Set single(bool fold) {
    if (startsWith("\\p{L}"))
      return [](char32_t c) { return charClass(c) == CharClass::Letter; };
    if (startsWith("\\p{N}"))
      return [](char32_t c) { return charClass(c) == CharClass::Number; };
    if (startsWith("\\s"))
      return [](char32_t c) { return charClass(c) == CharClass::Space; };
    if (startsWith("\\r"))
      return [](char32_t c) { return c == '\r'; };
    if (startsWith("\\n"))
      return [](char32_t c) { return c == '\n'; };
    char32_t want = char32_t(*at_++);
    return [want, fold](char32_t c) {
      return c == want || (fold && ((c < 128 && char32_t(tolower(int(c))) == want) ||
                                    (c == 0x17F && want == 's')));
    };
  }

  bool startsWith(std::string_view word) {
    if (std::string_view(at_).substr(0, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }

  const char *at_;
  Node root_;
};

/// Merges by searching the lowest rank again and again.
inline std::vector<uint32_t> slowMerge(const TokenizerData &data, const std::string &piece) {
  if (data.ignoreMerges)
    for (uint32_t id = 0; id < data.tokens.size(); ++id)
      if (data.tokens[id] == piece)
        return {id};
  std::vector<uint32_t> ids;
  for (char byte : piece)
    for (uint32_t id = 0; id < data.tokens.size(); ++id)
      if (data.tokens[id] == std::string(1, byte)) {
        ids.push_back(id);
        break;
      }
  std::map<std::pair<uint32_t, uint32_t>, size_t> ranks;
  for (size_t rank = 0; rank < data.merges.size(); ++rank)
    ranks[{data.merges[rank].left, data.merges[rank].right}] = rank;
  for (;;) {
    size_t best = SIZE_MAX, where = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i)
      if (auto found = ranks.find({ids[i], ids[i + 1]});
          found != ranks.end() && found->second < best) {
        best = found->second;
        where = i;
      }
    if (best == SIZE_MAX)
      return ids;
    ids[where] = data.merges[best].result;
    ids.erase(ids.begin() + long(where) + 1);
  }
}

} // namespace lobit::test

#endif // LOBIT_TEST_SLOW_TOKENIZER_H
