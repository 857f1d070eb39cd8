#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turn the King James Bible of Debian's bible-kjv into plain training text.

Output format: one document per chapter, a heading line ("Ruth 1"), then one
line per verse without its number, then an empty line.  Chapters are held out
by a fixed rule, never by chance:

  * the whole books of Ruth, Jonah and James;
  * of the other books, each chapter whose running number in the Bible
    (Genesis 1 is 1, Revelation 22 is 1189) is divisible by 50.

The calibration text is a part of the training text: each chapter whose running
number leaves 37 when divided by 80.
"""
import argparse
import pathlib
import re
import subprocess

BOOKS = {
    "Ge": "Genesis", "Exo": "Exodus", "Lev": "Leviticus", "Num": "Numbers",
    "Deu": "Deuteronomy", "Josh": "Joshua", "Jdgs": "Judges", "Ruth": "Ruth",
    "1Sm": "1 Samuel", "2Sm": "2 Samuel", "1Ki": "1 Kings", "2Ki": "2 Kings",
    "1Chr": "1 Chronicles", "2Chr": "2 Chronicles", "Ezra": "Ezra",
    "Neh": "Nehemiah", "Est": "Esther", "Job": "Job", "Psa": "Psalm",
    "Prv": "Proverbs", "Eccl": "Ecclesiastes", "SSol": "Song of Solomon",
    "Isa": "Isaiah", "Jer": "Jeremiah", "Lam": "Lamentations",
    "Eze": "Ezekiel", "Dan": "Daniel", "Hos": "Hosea", "Joel": "Joel",
    "Amos": "Amos", "Obad": "Obadiah", "Jonah": "Jonah", "Mic": "Micah",
    "Nahum": "Nahum", "Hab": "Habakkuk", "Zep": "Zephaniah", "Hag": "Haggai",
    "Zec": "Zechariah", "Mal": "Malachi", "Mat": "Matthew", "Mark": "Mark",
    "Luke": "Luke", "John": "John", "Acts": "Acts", "Rom": "Romans",
    "1Cor": "1 Corinthians", "2Cor": "2 Corinthians", "Gal": "Galatians",
    "Eph": "Ephesians", "Phi": "Philippians", "Col": "Colossians",
    "1Th": "1 Thessalonians", "2Th": "2 Thessalonians", "1Tim": "1 Timothy",
    "2Tim": "2 Timothy", "Titus": "Titus", "Phmn": "Philemon",
    "Heb": "Hebrews", "Jas": "James", "1Pet": "1 Peter", "2Pet": "2 Peter",
    "1Jn": "1 John", "2Jn": "2 John", "3Jn": "3 John", "Jude": "Jude",
    "Rev": "Revelation",
}
HELD_OUT_BOOKS = {"Ruth", "Jonah", "James"}
HELD_OUT_EVERY = 50
CALIBRATION_EVERY, CALIBRATION_REST = 80, 37
VERSE = re.compile(r"(\d?[A-Za-z]+?)(\d+):(\d+) (.*)")


def read_bible():
    """Return the raw verses, one per line, as the `bible` tool prints them."""
    run = subprocess.run(["bible", "-f", "gen1:1-rev22:21"], check=True,
                         capture_output=True)
    return run.stdout.decode("ascii")


def chapters(raw):
    """Yield (book, text) for each chapter; text ends in an empty line."""
    current, lines = None, []
    for line in raw.splitlines():
        match = VERSE.fullmatch(line)
        if not match:
            if line.strip():
                raise SystemExit(f"not a verse: {line!r}")
            continue
        key = (BOOKS[match[1]], int(match[2]))
        if key != current:
            if current:
                yield current[0], "\n".join(lines) + "\n\n"
            current, lines = key, [f"{key[0]} {key[1]}"]
        lines.append(re.sub(" +", " ", match[4]).strip())
    yield current[0], "\n".join(lines) + "\n\n"


def main():
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True,
                        help="training text to write")
    parser.add_argument("--heldout", type=pathlib.Path, required=True,
                        help="held-out text to write")
    parser.add_argument("--calibration", type=pathlib.Path, required=True,
                        help="calibration text to write")
    args = parser.parse_args()
    train, heldout, calibration = [], [], []
    for number, (book, text) in enumerate(chapters(read_bible()), 1):
        out = book in HELD_OUT_BOOKS or number % HELD_OUT_EVERY == 0
        (heldout if out else train).append(text)
        if not out and number % CALIBRATION_EVERY == CALIBRATION_REST:
            calibration.append(text)
    for path, texts in ((args.train, train), (args.heldout, heldout),
                        (args.calibration, calibration)):
        data = "".join(texts).rstrip("\n") + "\n"
        path.write_text(data, encoding="ascii")
        print(f"{path}: {len(texts)} chapters, {len(data)} bytes")


if __name__ == "__main__":
    main()
