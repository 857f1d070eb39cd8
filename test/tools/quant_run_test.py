"""Every flag and every error of quant-run. usage: quant_run_test.py BIN MAKE"""
import json
import os
import subprocess

from tool_test import *


class QuantRun(ToolTest):
    tool = "quant-run"

    def setUp(self):
        self.model, self.function = self.dir / "model.lobit", self.dir / "function.lobit"
        variants = self.json(self.model, "-p", "a", "-n", 1)["variants"]
        self.base, self.middle, self.best = [v["isa"] for v in variants]

    def json(self, *arguments):
        return json.loads(self.run_tool(*arguments, "--json")[0])

    def test_help_and_version(self):
        out, _ = self.run_tool("--help")
        for flag in ("-p", "--prompt-file", "--tokens", "-n", "-t", "--temperature", "--top-k", "--top-p",
                     "--seed", "--isa", "--logits", "--self-test", "--explain", "--json", "--input", "--output"):
            self.assertIn(flag, out)
        self.assertNotIn("assume", out)
        self.assertIn("Exit codes", out)
        self.assertIn("quant-run 0.1.0", self.run_tool("--version")[0])

    def test_greedy_tokens(self):
        want = greedy([20, 21, 22], 6)
        for threads in (1, 2, 3):
            out = self.json(self.model, "--tokens", "20,21,22", "-n", 6, "--temperature", 0, "-t", threads)
            self.assertEqual(out["tokens"], want)
            self.assertEqual(out["prompt_tokens"], [20, 21, 22])
            self.assertEqual(out["threads"], threads)
            self.assertEqual(out["stop"], "limit")

    def test_text_streams_after_the_prompt(self):
        ids = greedy([BOS, 258, 101], 8)
        out, err = self.run_tool(self.model, "-p", "the", "-n", 8, "--temperature", 0)
        self.assertTrue(out.startswith("the"))
        self.assertIn("3 prompt tokens", err)
        self.assertIn("8 generated", err)
        both = self.json(self.model, "-p", "the", "-n", 8, "--temperature", 0)
        self.assertEqual(both["tokens"], ids)
        self.assertEqual("the" + both["text"] + "\n", out)
        prompt = self.dir / "prompt.txt"
        prompt.write_text("the")
        self.assertEqual(self.run_tool(self.model, "--prompt-file", prompt, "-n", 8, "--temperature", 0)[0], out)

    def test_seed_and_sampling(self):
        base = (self.model, "-p", "the", "-n", 6, "--top-k", 30, "--temperature", 1.5)
        one, again, other = (self.json(*base, "--seed", s)["tokens"] for s in (1, 1, 2))
        self.assertEqual(one, again)
        self.assertNotEqual(one, other)
        self.refuse(2, "temperature is -1", self.model, "-p", "x", "--temperature", -1)

    def test_logits(self):
        tokens = [20 + i for i in range(19)]
        path = self.dir / "logits.npy"
        self.run_tool(self.model, "--tokens", ",".join(map(str, tokens)), "--logits", path)
        shape, values = read_npy(path)
        self.assertEqual(shape, (19, VOCAB))
        for i in range(19):
            self.assertEqual(values[i * VOCAB:(i + 1) * VOCAB], logits(tokens[:i + 1]))

    def test_isa(self):
        out = self.json(self.model, "-p", "a", "-n", 1, "--isa", self.base)
        self.assertEqual(out["isa"], self.base)
        self.assertIn([v["isa"] for v in out["variants"]],
                      [["x86-64-v1", "avx2", "avx512vnni"], ["neon", "neon-dotprod", "neon-i8mm"]])
        self.refuse(2, "there is no ISA named 'sse9'; known are x86-64-v1", self.model, "-p", "a", "--isa", "sse9")
        self.refuse(5, f"has no code for {self.middle}; it has {self.base}", self.function, "--isa", self.middle)
        if not [v for v in out["variants"] if v["isa"] == self.best][0]["runnable"]:
            needs = {"avx512vnni": "avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512_vnni",
                     "neon-i8mm": "dotprod,i8mm"}[self.best]
            self.refuse(5, needs.split(",")[-1], self.model, "-p", "a", "--isa", self.best)
            out = self.json(self.model, "-p", "a", "-n", 1, "--isa", self.best, "--assume-cpu-features", needs)
            self.assertEqual(out["isa"], self.best)

    def test_list_isas(self):
        isas = json.loads(self.run_tool("--list-isas", "--json")[0])
        table = self.run_tool("--list-isas")[0].splitlines()
        self.assertEqual(len(table), len(isas))
        for isa, line in zip(isas, table):
            self.assertEqual(line.split()[:2], [isa["isa"], isa["architecture"]])
            self.assertIn("runs here" if isa["runs"] else "does not run: " + isa["reason"], line)
            self.assertEqual(isa["runs"], not isa["reason"])
        here = [isa for isa in isas if isa["runs"]]
        self.assertIn(0, [isa["rank"] for isa in here])
        self.assertEqual(len({isa["architecture"] for isa in here}), 1)
        self.run_tool(code=2)

    def test_self_test(self):
        out, _ = self.run_tool(self.model, "--self-test")
        self.assertIn(f"{self.base}: 3 of 3 known answers reproduced", out)
        checks = self.json(self.model, "--self-test", "--isa", self.base)
        self.assertTrue(checks["ok"])
        self.assertEqual(len(checks["checks"]), 3)
        out, err = self.run_tool(self.dir / "broken.lobit", "--self-test", "--isa", self.base, code=1)
        self.assertIn(f"{self.base}: 2 of 3 known answers reproduced", out)
        self.assertIn(f"model 0 on {self.base}: the result differs from the known answer", err)
        self.run_tool(self.function, "--self-test")

    def test_explain(self):
        out, _ = self.run_tool(self.model, "-p", "the", "-n", 5, "--explain")
        self.assertIn("Decoding, 5 tokens", out)
        for word in ("operation", "kernel", "isa", "layout", "bytes read", "GB/s", "of read", "time", "lm_head", "i8_dot", "total"):
            self.assertIn(word, out)
        self.assertRegex(out, r"This machine reads [0-9.]+ GB/s")
        rows = self.json(self.model, "-p", "the", "-n", 5, "--explain")["operations"]
        self.assertEqual([r["calls"] for r in rows], [5, 5])

    def test_function(self):
        a, k, y, c = (self.dir / n for n in ("a.npy", "k.npy", "y.npy", "c.npy"))
        write_npy(a, "f", (3, 4), range(12))
        write_npy(k, "i", (1,), [5])
        self.run_tool(self.function, "--input", f"k={k}", "--input", f"a={a}", "--output", y,
                      "--output", f"count={c}")
        self.assertEqual(read_npy(y), ((3, 4), [5.0 * i for i in range(12)]))
        self.assertEqual(read_npy(c), ((1,), [3.0]))
        self.run_tool("--input", a, "--input", k, self.function, "--output", y)
        self.refuse(2, "give --input", self.function)
        self.refuse(2, "the artifact is a function", self.function, "-p", "a")
        self.refuse(2, "there is no output for z=", self.function, "--input", a, "--input", k, "--output", f"z={y}")
        write_npy(a, "f", (3, 5), range(15))
        self.refuse(3, "input a is f32 [3, 5], expected f32 [rows, 4]", self.function,
                    "--input", a, "--input", k, "--output", y)
        a.write_bytes(a.read_bytes()[:-1])
        self.refuse(3, "the shape needs 60 bytes of data, the file has 59", self.function,
                    "--input", a, "--input", k)

    def test_usage_errors(self):
        self.run_tool(code=2)
        self.run_tool(self.model, "--no-such-flag", code=2)
        self.run_tool(self.model, "-p", "a", "--tokens", "1", code=2)
        self.refuse(2, "give a prompt", self.model)
        self.refuse(2, "'x' is no token id", self.model, "--tokens", "1,x")
        self.refuse(2, "'' is no token id", self.model, "--tokens", "1,,2")
        self.refuse(2, "token 0 is 300, the vocabulary has 300", self.model, "--tokens", "300")
        self.refuse(2, "the artifact is a language model", self.model, "-p", "a", "--input", "x.npy")
        self.refuse(2, "there is no CPU feature named 'mmx'", self.model, "--assume-cpu-features", "mmx")
        self.refuse(2, "1000 threads", self.model, "-p", "a", "-t", 1000)

    def test_prompt_longer_than_the_context(self):
        self.refuse(2, "the prompt has 101 tokens, the context 64", self.model, "-p", "x" * 100)
        out = self.json(self.model, "--tokens", ",".join(["30"] * 62), "-n", 50, "--temperature", 0)
        self.assertIn(out["stop"], ("context", "end"))

    def test_invalid_text(self):
        self.refuse(2, "the text is not valid UTF-8 at byte 2", self.model, "-p", b"ab\xff".decode(errors="surrogateescape"))

    def test_nonfinite(self):
        self.refuse(1, "an activation became NaN or infinite at position 0", self.model, "--tokens", "7")

    def test_files(self):
        self.refuse(4, "cannot be opened: No such file", "/nonexistent.lobit", "-p", "a")
        self.refuse(4, "cannot be opened", self.model, "--prompt-file", "/nonexistent.txt")
        self.refuse(4, "cannot be opened", self.function, "--input", "/nonexistent.npy")
        self.refuse(4, "cannot be written", self.model, "-p", "a", "--logits", "/nonexistent/l.npy")
        cut = self.dir / "cut.lobit"
        data = self.model.read_bytes()
        for size in (0, 100, 5000, len(data) - 1):
            cut.write_bytes(data[:size])
            self.refuse(3, str(cut), cut, "-p", "a")
        flipped = bytearray(data)
        flipped[len(data) // 2] ^= 1
        cut.write_bytes(flipped)
        self.refuse(3, str(cut), cut, "-p", "a")

    def test_full_disk_and_closed_pipe(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([*EMULATOR, BIN / "quant-run", self.model, "-p", "a", "-n", "3", "--json"],
                                    stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 4)
        self.assertIn(b"standard output cannot be written", result.stderr)
        read, write = os.pipe()
        os.close(read)
        result = subprocess.run([*EMULATOR, BIN / "quant-run", self.model, "-p", "a", "-n", "30"], stdout=write,
                                stderr=subprocess.PIPE)
        os.close(write)
        self.assertEqual(result.returncode, 4)

    def test_nothing_half_written(self):
        folder = self.dir / "out"
        folder.mkdir()
        self.run_tool(self.model, "--tokens", "20,7", "--logits", folder / "l.npy", code=1)
        self.assertEqual(list(folder.iterdir()), [])


main()
