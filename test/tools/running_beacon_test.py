"""The --beacon-* options of quant-run and quant-eval. usage: running_beacon_test.py BIN MAKE"""
import json
import struct

import beacon_reader
from tool_test import *

KEY = bytes(range(1, 33))


class RunningBeacon(ToolTest):
    tool = "quant-run"

    def setUp(self):
        self.model, self.function = self.dir / "model.lobit", self.dir / "function.lobit"
        self.out, self.key, self.text = self.dir / "out.bit", self.dir / "key", self.dir / "text.txt"
        self.key.touch(0o600)
        self.key.write_text(KEY.hex())
        self.text.write_text("abc def" * 20)

    def run_model(self, *arguments, code=0):
        return self.run_tool(self.model, "--tokens", "11,12,13,14,15,16,17,18,19,20", "-n", 6, "--temperature", 0,
                             "--beacon-out", self.out, *arguments, code=code)

    def read(self, path=None):
        return beacon_reader.read((path or self.out).read_bytes())

    def expected_mean(self, rows):
        tokens = list(range(11, 21))
        tokens += greedy(tokens, 6)
        all_rows = [logits(tokens[:i + 1]) for i in range(len(tokens))][rows]
        return [sum(column) / len(all_rows) for column in zip(*all_rows)]

    def test_mean_of_all_logits(self):
        out, err = self.run_model("--beacon-hmac-key-file", self.key)
        self.assertIn(f"beacon {self.out}: 16 rows, ", err)
        self.assertIn("authenticated, SDS ", err)
        read = beacon_reader.read(self.out.read_bytes(), KEY)
        for ours, want in zip(read["calib"]["mu"], self.expected_mean(slice(None))):
            self.assertEqual(ours, struct.unpack("f", struct.pack("f", want))[0])
        info = json.loads(self.run_in("quant-dump", self.model, "--json"))
        self.assertEqual(read["artifact"], (info["root_digest"], "logits"))
        self.assertEqual(read["results"]["ref"], "split-half")
        space = ["--space", "logits", "--model", "bitnet", "--pi", "id"]
        self.run_in("bit-beacon", "verify", self.out, "--hmac-key-file", self.key, *space)

    def test_hidden(self):
        self.run_model("--beacon-tensor", "hidden")
        read = self.read()
        tokens = list(range(11, 21))
        tokens += greedy(tokens, 6)
        rows = [hidden(tokens[:i + 1]) for i in range(len(tokens))]
        self.assertEqual(read["calib"]["mu"], tuple(sum(column) / 16 for column in zip(*rows)))
        self.assertEqual(read["artifact"][1], "hidden")
        space = ["--space", "hidden", "--model", "bitnet", "--pi", "id"]
        self.run_in("bit-beacon", "verify", self.out, *space)

    def run_in(self, tool, *arguments):
        return subprocess.run([BIN / tool, *map(str, arguments)], check=True, capture_output=True).stdout

    def test_windows(self):
        for window, rows in (("last", slice(-5, None)), ("first", slice(0, 5))):
            self.run_model("--beacon-max", 5, "--beacon-window", window, "--beacon-delta-q16", "auto")
            read = self.read()
            step = read["delta_q16"] / 65536
            for ours, want in zip(read["mu"], self.expected_mean(rows)):
                self.assertAlmostEqual(ours, want, delta=step / 2 + 1e-9)
            self.assertEqual(read["calib"]["W"], 5)

    def test_json(self):
        out, _ = self.run_model("--json", "--beacon-sds-w-trS", 0)
        answer = json.loads(out)["beacon"]
        self.assertEqual(answer["rows"], 16)
        self.assertEqual(answer["SDS"], answer["norm_dmu"])

    def test_reference_threshold_and_chain(self):
        ref = self.dir / "ref.bit"
        self.run_model("--beacon-sequence", 1, "--beacon-issued", 5)
        self.out.rename(ref)
        _, err = self.run_model("--beacon-ref", ref, "--beacon-threshold", "norm_dmu=1e-3",
                                "--beacon-previous", ref)
        self.assertEqual(int.from_bytes(self.read()["records"][0x31][12:20], "big"), 2)
        self.assertLess(self.read()["results"]["norm_dmu"], 1e-3)
        out, err = self.run_tool(self.model, "--tokens", "100,200", "-n", 1, "--beacon-out", self.out,
                                 "--beacon-ref", ref, "--beacon-threshold", "norm_dmu=1", code=8)
        self.assertIn("quant-run: error: drift: norm_dmu is ", err)
        self.assertTrue(out)
        self.assertEqual(self.read()["flags"] >> 5 & 1, 1)
        self.refuse(3, "the artifact has no calibration", self.model, "-p", "x", "--beacon-out", self.out,
                    "--beacon-ref", "builtin")

    def test_sigma_and_projection(self):
        self.run_model("--beacon-sigma", "diagonal")
        self.assertEqual(self.read()["results"]["sigma"], "diagonal")
        self.run_model("--beacon-pi", "rp:9:16")
        read = self.read()
        self.assertEqual((read["dim"], read["calib"]["sigma_kind"]), (16, 3))

    def test_function(self):
        import numpy as np
        a, k = self.dir / "a.npy", self.dir / "k.npy"
        rows = np.arange(20, dtype=np.float32).reshape(5, 4)
        np.save(a, rows)
        np.save(k, np.array([3], np.int32))
        call = (self.function, "--input", a, "--input", k, "--output", self.dir / "y.npy", "--beacon-out", self.out)
        self.run_tool(*call)
        read = self.read()
        self.assertEqual(read["calib"]["mu"], tuple(3 * rows.mean(axis=0)))
        self.assertEqual(read["artifact"][1], "sum")
        self.assertIn("beacon", json.loads(self.run_tool(*call, "--beacon-tensor", "sum", "--json")[0]))
        self.refuse(2, "there is no f32 output 'other'", *call, "--beacon-tensor", "other")

    def test_errors(self):
        model = (self.model, "-p", "x", "-n", 1)
        self.refuse(2, "--beacon-max needs --beacon-out", *model, "--beacon-max", 5)
        self.refuse(2, "--beacon-hmac-key-file needs --beacon-out", *model, "--beacon-hmac-key-file", self.key)
        out = (*model, "--beacon-out", self.out)
        self.refuse(2, "a language model gives logits or hidden, not 'x'", *out, "--beacon-tensor", "x")
        self.refuse(5, "does not tell where its hidden state is", self.dir / "old.lobit", "-p", "x", "-n", 1,
                    "--beacon-out", self.out, "--beacon-tensor", "hidden")
        self.refuse(6, "keeps at most 4096 rows", *out, "--beacon-max", 5000)
        self.refuse(2, "expected auto, none", *out, "--beacon-sigma", "x")
        self.refuse(2, "expected auto or a whole", *out, "--beacon-delta-q16", "x")
        self.refuse(2, "no NAME=NUMBER", *out, "--beacon-threshold", "x")
        self.refuse(4, "cannot be opened", *out, "--beacon-ref", self.dir / "none.bit")
        self.refuse(4, "cannot be opened", *out, "--beacon-hmac-key-file", self.dir / "none")
        self.refuse(4, "cannot be written", *model, "--beacon-out", self.dir / "none" / "x")
        self.run_tool(*out, "--beacon-window", "middle", code=2)

    def test_key_in_arguments(self):
        _, err = self.run_model("--beacon-hmac-key-hex", KEY.hex())
        self.assertIn("warning: other processes can read a key", err)
        self.assertNotIn(KEY.hex(), err)
        beacon_reader.read(self.out.read_bytes(), KEY)

    def test_eval(self):
        command = [BIN / "quant-eval", self.model, "--text", self.text, "--beacon-out", self.out, "--beacon-max", "40"]
        shown = subprocess.run(command, check=True, capture_output=True).stdout.decode()
        self.assertIn(f"beacon          {self.out}: 40 rows", shown)
        answer = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True).stdout)
        self.assertEqual(answer["beacon"]["rows"], 40)
        self.assertEqual(answer["beacon"]["SDS"], self.read()["results"]["SDS"])
        drift = subprocess.run([*command, "--beacon-threshold", "SDS=0"], capture_output=True)
        self.assertEqual(drift.returncode, 8, drift.stderr)
        self.assertIn(b"quant-eval: error: drift: SDS", drift.stderr)
        wrong = subprocess.run([*command, "--beacon-tensor", "x"], capture_output=True)
        self.assertEqual(wrong.returncode, 2)
        wrong = subprocess.run([*command[:4], "--beacon-max", "2"], capture_output=True)
        self.assertEqual(wrong.returncode, 2)


if __name__ == "__main__":
    main()
