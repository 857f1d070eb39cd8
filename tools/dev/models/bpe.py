# SPDX-License-Identifier: Apache-2.0
"""Byte-level BPE in the Hugging Face `tokenizer.json` form (Llama-3 kind).

Text is split into pieces by the Llama-3 pattern, every piece is written with
one printable symbol per byte, and pairs of symbols are merged in rank order.
The splitter is written by hand because Python's `re` has no \\p{L} and \\p{N};
letters and numbers are the Unicode general categories L* and N*.
"""
import collections
import json
import unicodedata

BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
           r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# White_Space of Unicode, which is what \s means in the pattern.
SPACES = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004"
                   "\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
                   "\u205f\u3000")
# (?i:...) of the pattern also folds U+017F (long s) to s.
FOLD = str.maketrans({"\u017f": "s"})


def byte_symbols():
    """Return the list of 256 printable symbols, index = byte value.

    Bytes 33..126, 161..172 and 174..255 stand for themselves; the others get
    the code points from 256 upwards in byte order (the GPT-2 table).
    """
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in own}
    others = [b for b in range(256) if b not in table]
    table.update({b: chr(256 + i) for i, b in enumerate(others)})
    return [table[b] for b in range(256)]


def is_letter(char):
    """Tell whether char is in the Unicode general category L*."""
    return unicodedata.category(char)[0] == "L"


def is_number(char):
    """Tell whether char is in the Unicode general category N*."""
    return unicodedata.category(char)[0] == "N"


def _match(text, i):
    """Return the end of the piece that starts at text[i] (first rule wins)."""
    n = len(text)

    def run(j, test, limit=n):
        while j < n and j - i < limit and test(text[j]):
            j += 1
        return j

    def is_mark(c):
        return not (c in SPACES or is_letter(c) or is_number(c))

    char = text[i]
    if char == "'":                                  # rule 1: contractions
        tail = text[i + 1:i + 3].translate(FOLD).lower()
        if tail[:1] in ("s", "t", "m", "d") and tail:
            # two-letter forms start with other letters, so no conflict
            return i + 2
        if tail in ("re", "ve", "ll"):
            return i + 3
    if is_letter(char):                              # rule 2: words
        return run(i, is_letter)
    if (char not in "\r\n" and not is_number(char)
            and i + 1 < n and is_letter(text[i + 1])):
        return run(i + 1, is_letter)
    if is_number(char):                              # rule 3: 1 to 3 digits
        return run(i, is_number, 3)
    start = i + 1 if char == " " else i              # rule 4: marks
    if start < n and is_mark(text[start]):
        return run(run(start, is_mark), lambda c: c in "\r\n")
    end = run(i, lambda c: c in SPACES)              # rules 5 to 7: spaces
    for j in range(end - 1, i - 1, -1):
        if text[j] in "\r\n":
            return j + 1
    if end < n and end - i > 1:
        return end - 1
    return end


def split(text):
    """Return the pieces of text in order; their concatenation is text."""
    pieces, i = [], 0
    while i < len(text):
        end = _match(text, i)
        pieces.append(text[i:end])
        i = end
    return pieces


def train(text, vocab_size):
    """Return merges [(left, right), ...] learned from text.

    vocab_size counts the 256 byte symbols, the merges and the two special
    tokens.  In each round the most frequent pair is merged; ties go to the
    pair that is smaller in code point order, so the result is a function of
    the text alone.
    """
    symbols = byte_symbols()
    counts = collections.Counter(split(text))
    words = [[symbols[b] for b in piece.encode()] for piece in counts]
    weight = list(counts.values())
    pairs = collections.Counter()
    where = collections.defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weight[index]
            where[pair].add(index)
    merges = []
    while len(merges) < vocab_size - 256 - 2:
        best = min(pairs, key=lambda p: (-pairs[p], p))
        if pairs[best] < 2:
            raise SystemExit("the text is too small for this vocabulary")
        merges.append(best)
        for index in sorted(where[best]):
            for pair in zip(words[index], words[index][1:]):
                pairs[pair] -= weight[index]
            words[index] = merge(words[index], best)
            for pair in zip(words[index], words[index][1:]):
                pairs[pair] += weight[index]
                where[pair].add(index)
        del pairs[best], where[best]
    return merges


def merge(word, pair):
    """Return word (list of symbols) with each `pair` joined, left to right."""
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and (word[i], word[i + 1]) == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return out


def tokenizer_json(merges):
    """Return the `tokenizer.json` object for these merges."""
    vocab = {}
    for symbol in sorted(byte_symbols()) + [a + b for a, b in merges]:
        vocab[symbol] = len(vocab)
    bos, eos = len(vocab), len(vocab) + 1

    def special(ident, content):
        return {"id": ident, "content": content, "single_word": False,
                "lstrip": False, "rstrip": False, "normalized": False,
                "special": True}

    def bos_item(type_id):
        return {"SpecialToken": {"id": BOS, "type_id": type_id}}

    def sequence(name, type_id):
        return {"Sequence": {"id": name, "type_id": type_id}}

    byte_level = {"type": "ByteLevel", "add_prefix_space": False,
                  "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [special(bos, BOS), special(eos, EOS)],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": PATTERN},
             "behavior": "Isolated", "invert": False}, byte_level]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos_item(0), sequence("A", 0)],
            "pair": [bos_item(0), sequence("A", 0),
                     bos_item(1), sequence("B", 1)],
            "special_tokens": {BOS: {"id": BOS, "ids": [bos],
                                     "tokens": [BOS]}}},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True,
                    "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False,
                  "byte_fallback": False, "ignore_merges": True,
                  "vocab": vocab, "merges": [f"{a} {b}" for a, b in merges]},
    }


class Tokenizer:
    """Encoder and decoder for a `tokenizer.json` written by this module."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        model = data["model"]
        self.vocab = model["vocab"]
        self.ignore_merges = model["ignore_merges"]
        self.special = {t["content"]: t["id"] for t in data["added_tokens"]}
        self.bos, self.eos = self.special[BOS], self.special[EOS]
        self.size = len(self.vocab) + len(self.special)
        self.ranks = {tuple(m.split(" ")): i
                      for i, m in enumerate(model["merges"])}
        self.symbols = byte_symbols()
        byte_of = {s: b for b, s in enumerate(self.symbols)}
        self.bytes = {i: bytes(byte_of[c] for c in s)
                      for s, i in self.vocab.items()}
        self.bytes.update({i: s.encode() for s, i in self.special.items()})
        self.cache = {}

    def encode_piece(self, piece):
        """Return the ids of one piece of split()."""
        if piece not in self.cache:
            word = [self.symbols[b] for b in piece.encode()]
            whole = self.vocab.get("".join(word))
            if self.ignore_merges and whole is not None:
                self.cache[piece] = [whole]
                return [whole]
            while len(word) > 1:
                pair = min(zip(word, word[1:]),
                           key=lambda p: self.ranks.get(p, len(self.ranks)))
                if pair not in self.ranks:
                    break
                word = merge(word, pair)
            self.cache[piece] = [self.vocab[s] for s in word]
        return self.cache[piece]

    def encode(self, text, bos=False, parse_special=True):
        """Return the ids of text; special tokens spelled in it are parsed."""
        ids = [self.bos] if bos else []
        while text:
            found = [(text.find(s), s) for s in self.special if s in text]
            at, name = min(found) if found and parse_special else (len(text),
                                                                   "")
            for piece in split(text[:at]):
                ids += self.encode_piece(piece)
            if name:
                ids.append(self.special[name])
            text = text[at + len(name):]
        return ids

    def decode(self, ids):
        """Return the text of ids (invalid UTF-8 becomes U+FFFD)."""
        return b"".join(self.bytes[i] for i in ids).decode(errors="replace")
