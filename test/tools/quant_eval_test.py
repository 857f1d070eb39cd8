"""Every flag and every error of quant-eval. usage: quant_eval_test.py BIN MAKE"""
import json
import math

from tool_test import *


def nll(row, token):
    top = max(row)
    return top + math.log(sum(math.exp(x - top) for x in row)) - row[token]


class QuantEval(ToolTest):
    tool = "quant-eval"

    def setUp(self):
        self.model = self.dir / "model.lobit"
        self.text = self.dir / "text.txt"
        self.text.write_text("abc def" * 20)  # 140 tokens
        self.tokens = list(self.text.read_bytes())

    def json(self, *arguments):
        return json.loads(self.run_tool(self.model, *arguments, "--json")[0])

    def expected(self, context):
        """Mean nats by the rule of --help."""
        room, losses, scored, begin = context - 1, [], 0, 0
        while scored < len(self.tokens):
            end = min(begin + room, len(self.tokens))
            for i in range(scored, end):
                losses.append(nll(logits([BOS] + self.tokens[begin:i]), self.tokens[i]))
            scored, begin = max(scored, end), begin + room // 2
        self.assertEqual(len(losses), len(self.tokens))
        return sum(losses) / len(losses)

    def test_windows(self):
        for context in (64, 17, 4):
            out = self.json("--text", self.text, "--context", context, "-t", 1)
            mean = self.expected(context)
            self.assertAlmostEqual(out["nats_per_token"], mean, places=9)
            self.assertAlmostEqual(out["perplexity"] / math.exp(mean), 1, places=9)
            self.assertEqual(out["tokens"], 140)
            self.assertEqual(out["bytes"], 140)
            self.assertAlmostEqual(out["bits_per_byte"], mean / math.log(2), places=9)
            self.assertGreater(out["perplexity_error"], 0)

    def test_table(self):
        out, _ = self.run_tool(self.model, "--text", self.text)
        for word in ("tokens", "perplexity", "+-", "bits per byte"):
            self.assertIn(word, out)
        self.assertNotIn("KL", out)

    def test_against_itself(self):
        out = self.json("--text", self.text, "--against", self.model)
        self.assertEqual(out["top1_agreement"], 1)
        self.assertEqual(out["kl_divergence"], 0)

    def test_against_logits(self):
        self.text.write_text("hello world")
        ids = [BOS] + list(b"hello world")
        rows = [logits(ids[:i + 1]) for i in range(len(ids))]
        rows[3] = list(reversed(rows[3]))
        path = self.dir / "other.npy"
        write_npy(path, "f", (len(ids), VOCAB), [x for row in rows for x in row])
        out = self.json("--text", self.text, "--against", path)
        self.assertAlmostEqual(out["top1_agreement"], 10 / 11)
        self.assertGreater(out["kl_divergence"], 0)
        write_npy(path, "f", (2, VOCAB), [0] * (2 * VOCAB))
        self.refuse(3, f"expected f32 logits [{len(ids)}, {VOCAB}]", self.model, "--text", self.text,
                    "--against", path)

    def test_errors(self):
        self.run_tool(code=2)
        self.run_tool(self.model, code=2)
        self.refuse(4, "cannot be opened", self.model, "--text", "/nonexistent.txt")
        self.refuse(5, "is a function", self.dir / "function.lobit", "--text", self.text)
        self.refuse(2, "--context is 65, the artifact's is 64", self.model, "--text", self.text, "--context", 65)
        empty = self.dir / "empty.txt"
        empty.write_text("")
        self.refuse(2, "there is no token to predict", self.model, "--text", empty)
        empty.write_bytes(b"ab\xc0")
        self.refuse(2, "the text is not valid UTF-8 at byte 2", self.model, "--text", empty)
        self.assertIn("Exit codes", self.run_tool("--help")[0])
        self.assertIn("quant-eval 0.1.0", self.run_tool("--version")[0])


main()
