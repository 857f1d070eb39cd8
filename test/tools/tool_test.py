"""What the tests of quant-run and quant-eval share: artifacts around hand-written code,
and that code's logits computed again in Python."""
import array
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

BIN, MAKE = pathlib.Path(sys.argv[1]), sys.argv[2]
EMULATOR = os.environ.get("LOBIT_TEST_EMULATOR", "").split()  # of a cross build
VOCAB, CONTEXT, SALT, BOS, EOS = 300, 64, 0x5A, 256, 257


def mix(h, v):
    h = ((h ^ v) * 0x9E3779B1) & 0xFFFFFFFF
    return h ^ h >> 15


def token_hash(tokens):
    h = SALT
    for token in tokens:
        h = mix(h, token)
    return h


def logits(tokens):
    h = token_hash(tokens)
    return [(mix(h, v) & 0xFFFF) / 1024 - 32 for v in range(VOCAB)]


def hidden(tokens):
    return [token_hash(tokens) >> 4 * i & 15 for i in range(8)]


def greedy(tokens, count):
    tokens = list(tokens)
    for _ in range(count):
        row = logits(tokens)
        tokens.append(row.index(max(row)))
    return tokens[-count:]


def write_npy(path, code, dims, values):
    shape = "(" + "".join(f"{d}," for d in dims) + ")"
    header = f"{{'descr': '{'<f4' if code == 'f' else '<i4'}', 'fortran_order': False, 'shape': {shape}, }}\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + array.array(code, values).tobytes())


def read_npy(path):
    data = path.read_bytes()
    size = struct.unpack("<H", data[8:10])[0]
    header = eval(data[10:10 + size])
    code = "f" if header["descr"] == "<f4" else "i"
    return header["shape"], list(array.array(code, data[10 + size:]))


class ToolTest(unittest.TestCase):
    tool = ""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        subprocess.run([*EMULATOR, MAKE, cls.dir], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_tool(self, *arguments, code=0, **kwargs):
        result = subprocess.run([*EMULATOR, BIN / self.tool, *map(str, arguments)], capture_output=True, **kwargs)
        self.assertEqual(result.returncode, code, result.stderr.decode(errors="replace"))
        return result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")

    def refuse(self, exit_code, message, *arguments, **kwargs):
        out, err = self.run_tool(*arguments, code=exit_code, **kwargs)
        self.assertIn(message, err)
        self.assertTrue(err.startswith(f"{self.tool}: error: "), err)
        self.assertEqual(err.count("\n"), 1, err)


def main():
    unittest.main(argv=sys.argv[:1])
