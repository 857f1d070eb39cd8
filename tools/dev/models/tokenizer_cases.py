#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write [{"text": ..., "ids": [...]}, ...] to test another tokenizer with.

The ids hold no begin token.  The texts contain no special tokens.
"""
import argparse
import json
import pathlib
import random

import bpe

FIXED = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", " \n ",
    "a", " a", "  a", "   a", "a ", "a  ", "a\n", "a\n\nb", "a \n b", "a\tb",
    "a\t\tb", "a \t b", " \n\n  x", "x\r\ny", "x \r\n y", "\n \n \n",
    "\u00a0a", "a\u00a0\u00a0b", "\u3000\u3000x", "\u2003\n\u2003y",
    "a\u200bb", "a\u0085b", "a\x0b\x0cb",
    "In the beginning God created the heaven and the earth.",
    "And it came to pass, that the LORD said unto Moses,\n",
    "Ruth 1\nNow it came to pass in the days when the judges ruled.\n\n",
    "1 Samuel 31\n", "1", "12", "123", "1234", "12345678", "a1b22c333d4444",
    "3.14159", "1,000,000", "2026-11-21", "\u0661\u0662\u0663\u0664",
    "x\u00b2 + y\u00b3", "\u2167 \u2460\u2461\u2462\u2463", "\u00bd\u00bc",
    "don't won't I'll they've we're I'm he'd it's", "DON'T WE'LL I'VE",
    "'s", "''s", " 's", "x's", "x 's", "'sabc", "'rest", "'lls", "'l", "'",
    "''", "God's people's gods'", "\u2019s", "rock'n'roll", "'T'S",
    "!", "!!", " !!", "  !!", "!\n", "!!\n\n", " !\r\nx", "(a)", "( a )",
    "[x]", "a-b", "a--b", "--", "...", "....\n", "a.b.c", "a_b", "_a", "__",
    "#tag", "$5", "50%", "@x", "a/b/c", "http://x.org/?q=1&r=2",
    "<|begin", "<|>", "<|", "|>", "{\"k\": [1, 2, null]}",
    "for (int i = 0; i < n; ++i) {\n    x[i] = 0;\n}\n",
    "    if x:\n        return  y\n", "\tint x;\n\t\treturn;\n",
    "caf\u00e9", "cafe\u0301", "na\u00efve", "Stra\u00dfe",
    "\u00c5ngstr\u00f6m",
    "\u0130stanbul", "\u01c5", "\u02b0", "\u00aa\u00ba",
    "\u05d1\u05e8\u05d0\u05e9\u05d9\u05ea",
    "\u05d1\u05bc\u05b0\u05e8\u05b5\u05d0\u05e9\u05c1\u05b4\u05d9\u05ea",
    "\u1f18\u03bd \u1f00\u03c1\u03c7\u1fc7 \u1f26\u03bd "
    "\u1f41 \u03bb\u03cc\u03b3\u03bf\u03c2",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u592a\u521d\u6709\u9053",
    "\u306f\u3058\u3081\u306b\u8a00\u8449\u304c\u3042\u3063\u305f\u3002",
    "\ud55c\uad6d\uc5b4 \ud14d\uc2a4\ud2b8",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\u0928\u092e\u0938\u094d\u0924\u0947", "\U0001f600",
    "a\U0001f600b \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001d400\U0001d7d9", "\U00020000\U0002a6df", "\ufeffx", "\u0000",
    "a\u0000b",
    "\x01\x1f\x7f", "\x1c\x1d", "\u2028\u2029", "\ue000", "\ufffd\uffff",
    "\U0010ffff", "\u202eabc", "\u00ad\u00b7\u00d7\u00f7",
]
ALPHABET = list("abcAZtheLORD  \n\r\t'’.,;:!?-()\"0123459") + [
    "'s", "'ll", "'T", " the", "\u00e9", "\u0301", "\u05d0", "\u4e00",
    "\u0663", "\u00b2", "\U0001f600", "\u00a0", "\u3000", "\u2028", "\u00df",
    "\u0130", "\u200d", "\u0000"]


def texts(heldout, seed):
    """Return the case texts: fixed, from the held-out text, random."""
    rng = random.Random(seed)
    out = list(FIXED)
    for _ in range(12):
        begin = rng.randrange(len(heldout) - 200)
        out.append(heldout[begin:begin + rng.randrange(20, 200)])
    for length in range(1, 61):
        out.append("".join(rng.choice(ALPHABET) for _ in range(length)))
    return out


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True,
                        help="tokenizer.json")
    parser.add_argument("--text", type=pathlib.Path, required=True,
                        help="held-out text")
    parser.add_argument("--seed", type=int, default=1611)
    parser.add_argument("--out", type=pathlib.Path, required=True,
                        help="file to write")
    args = parser.parse_args()
    tokenizer = bpe.Tokenizer(args.tokenizer)
    cases = []
    for text in texts(args.text.read_text(encoding="utf-8"), args.seed):
        ids = tokenizer.encode(text)
        assert tokenizer.decode(ids) == text, text
        cases.append({"text": text, "ids": ids})
    lines = ",\n".join(json.dumps(case) for case in cases)
    args.out.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
