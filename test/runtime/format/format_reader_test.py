"""The C++ reader and the one written from docs/format.md accept and refuse the same files.

usage: format_reader_test.py VERIFY_MANY WRITE_SMALL_ARTIFACT [COUNT]
"""
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

from format_reader import Refused, check, reseal

VERIFY, WRITE = sys.argv[1], sys.argv[2]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 3000
VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 31, 32, 33, 63, 64, 65, 128, 255, 256, 4096, 1 << 31,
          (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 48, (1 << 63) - 1, (1 << 64) - 1]


def mutant(good, rng):
    """One to three numbers changed, digests made right."""
    data = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        size = rng.choice((1, 4, 8))
        # Everything but the reserved part of the header.
        place = rng.randrange(0, len(data) - 8)
        if 96 <= place < 4096:
            place = rng.randrange(4096, 7500)
        place -= place % size
        value = rng.choice(VALUES) if rng.random() < 0.7 else rng.getrandbits(8 * size)
        if rng.random() < 0.2:
            value = int.from_bytes(data[place:place + size], "little") + rng.choice((-1, 1))
        data[place:place + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
    reseal(data)
    return bytes(data)


def accepts(data):
    try:
        check(data)
        return True
    except Refused:
        return False


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "small.lobit"
        subprocess.run([WRITE, path], check=True)
        good = path.read_bytes()
    rng = random.Random(1)
    files = [good] + [mutant(good, rng) for _ in range(COUNT)]
    stream = b"".join(struct.pack("<Q", len(data)) + data for data in files)
    answers = subprocess.run([VERIFY], input=stream, check=True, capture_output=True).stdout
    lines = answers.decode().splitlines()
    assert len(lines) == len(files), (len(lines), len(files))
    accepted = 0
    for i, (data, line) in enumerate(zip(files, lines)):
        mine, theirs = accepts(data), line == "ok"
        accepted += mine
        if mine != theirs:
            try:
                check(data)
                reason = "accepted"
            except Refused as refused:
                reason = f"refused: {refused}"
            sys.exit(f"file {i}: the page's reader {reason}, the C++ reader says {line}")
    assert accepts(good)
    assert 1 < accepted < len(files), accepted
    print(f"{len(files)} files, {accepted} accepted by both, none by one alone")


main()
