#!/usr/bin/env python3
"""Writes what docs/format-bit.md takes from runtime/beacon/Format.h and from bit-beacon.

usage: gen_bit_docs.py [--check] BIT_BEACON

The text between `<!-- begin NAME -->` and `<!-- end NAME -->` is generated: the tables of
records, flags and kinds, and the annotated worked example. --check writes nothing and
exits with 1 when the page differs.
"""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "format-bit.md"


def rows(macro):
    """The arguments of every X(...) in the list `macro`."""
    text = (ROOT / "runtime" / "beacon" / "Format.h").read_text()
    body = re.search(rf"#define {macro}\(X\)((?:.*\\\n)*.*\n)", text).group(1)
    return [[part.strip().strip('"') for part in match.split(",")]
            for match in re.findall(r"\bX\(([^)]*)\)", body)]


def table(header, lines):
    out = "| " + " | ".join(header) + " |\n|" + "---|" * len(header) + "\n"
    return out + "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("bit_beacon")
    arguments = parser.parse_args()
    example = ROOT / "test" / "fuzz" / "corpus" / "beacon" / "signed.bit"
    shown = subprocess.run([arguments.bit_beacon, "inspect", example], check=True, capture_output=True, text=True)
    parts = {
        "records": table(["type", "record"], [(f"{int(t, 0):02x}", f"`{name}`")
                                              for _, t, name in rows("LOBIT_BEACON_RECORDS")]),
        "flags": table(["bit", "meaning"], [(bit, text) for _, bit, text in rows("LOBIT_BEACON_FLAGS")]),
        "kinds": table(["number", "Sigma"], [(n, word) for _, n, word in rows("LOBIT_BEACON_SIGMA_KINDS")]),
        "example": "```\n" + shown.stdout + "```\n",
    }
    old = new = PAGE.read_text()
    for name, text in parts.items():
        new, count = re.subn(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)",
                             lambda m: m.group(1) + text + m.group(2), new, flags=re.S)
        if count != 1:
            sys.exit(f"{PAGE}: expected one place for {name}, found {count}")
    if arguments.check:
        if old != new:
            sys.exit(f"{PAGE} differs from Format.h or bit-beacon; run tools/dev/gen_bit_docs.py {arguments.bit_beacon}")
    else:
        PAGE.write_text(new)


if __name__ == "__main__":
    main()
