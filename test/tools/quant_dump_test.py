"""Every flag and every error of quant-dump, on the small artifact of the format tests."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

BIN, WRITE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]


def dump(*args):
    return subprocess.run([BIN / "quant-dump", *map(str, args)], capture_output=True, text=True)


class Dump(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "small.lobit"
        subprocess.run([WRITE, self.path], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def shown(self, *args):
        result = dump(self.path, *args)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_overview(self):
        text = self.shown()
        for word in ("lobit test", "hidden 8", "known_answers", "i32 rows"):
            self.assertIn(word, text)

    def test_sections(self):
        lines = self.shown("--sections").splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         ["section", "metadata", "tensors", "tokenizer", "report", "code", "code",
                          "kernels", "known_answers", "weights"])
        self.assertIn("avx2", lines[6])

    def test_tensors(self):
        text = self.shown("--tensors")
        self.assertRegex(text, r"layers\.0\.q_proj +5x40 +ternary +t2_tl1 +group=32 f16 +0 +320 +20")
        self.assertRegex(text, r"lm_head +3x8 +the bytes of embed")

    def test_annotate_covers_every_byte(self):
        """Offsets and sizes of the lines follow each other without a gap."""
        offsets = [int(line[:8], 16) for line in self.shown("--annotate").splitlines()
                   if line[:1] not in "#"]
        self.assertEqual(offsets[0], 0)
        self.assertEqual(offsets, sorted(set(offsets)))
        self.assertLess(offsets[-1], self.path.stat().st_size)
        self.assertEqual(self.shown("--annotate"),
                         (ROOT / "docs" / "format-example.txt").read_text())

    def test_json(self):
        value = json.loads(self.shown("--json"))
        self.assertEqual(value["file_bytes"], self.path.stat().st_size)
        self.assertEqual(value["metadata"]["vocab"], 16)
        self.assertEqual(value["tensors"][2]["alias_of"], "embed")
        self.assertEqual(len(value["sections"]), 9)

    def test_verify(self):
        self.assertIn(": ok, ", self.shown("--verify"))
        data = self.path.read_bytes()
        for bit in random.Random(1).sample(range(8 * len(data)), 50):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            self.path.write_bytes(flipped)
            result = dump(self.path, "--verify")
            self.assertIn(result.returncode, (3, 5, 6), result.stderr)
            self.assertIn("expected", result.stderr)
            self.assertEqual(result.stdout, "")

    def test_errors(self):
        data = self.path.read_bytes()

        def refused(content, code, message):
            self.path.write_bytes(content)
            result = dump(self.path)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertIn(message, result.stderr)
            self.assertIn("small.lobit", result.stderr)

        refused(b"", 3, "at least 4096 bytes")
        refused(b"GGUF" + data[4:], 3, "magic")
        refused(data[:-1], 3, "the file is truncated or was extended")
        refused(data + b"\0", 3, "the file is truncated or was extended")
        refused(data[:8] + b"\2" + data[9:], 5, "major version: expected 1, found 2")
        result = dump(self.path.parent / "none")
        self.assertEqual(result.returncode, 4)
        self.assertIn("none", result.stderr)

    def test_usage(self):
        self.assertEqual(dump().returncode, 2)
        self.assertEqual(dump(self.path, "--bogus").returncode, 2)
        text = dump("--help").stdout
        for flag in ("--sections", "--tensors", "--annotate", "--verify", "--json", "Exit codes"):
            self.assertIn(flag, text)
        self.assertIn("quant-dump 0.", dump("--version").stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
