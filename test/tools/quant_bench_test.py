"""quant-bench on small sizes, and its errors. usage: quant_bench_test.py BIN MAKE"""
import json
import xml.etree.ElementTree as xml

from tool_test import *

QUICK = ["-r", 2, "--seconds", 0.0001, "--read-mib", 1]


class QuantBench(ToolTest):
    tool = "quant-bench"

    def json(self, *arguments):
        return json.loads(self.run_tool(*arguments, *QUICK, "--json")[0])

    def check(self, out, tests):
        self.assertEqual([row["test"] for row in out["results"]], tests)
        self.assertGreaterEqual(out["machine"]["cpus"], 1)
        for limit in out["limits"]:
            self.assertGreater(limit["read_bytes_per_second"], 0)
            self.assertGreater(limit["int8_macs_per_second"], 0)
        for row in out["results"]:
            self.assertEqual(len(row["seconds"]), 2)
            self.assertAlmostEqual(row["tokens_per_second"], row["tokens"] / row["median_seconds"])

    def test_kernels(self):
        out = self.json("--shape", "40x300,8x64", "--tokens", "1,5", "--form", "t2_dot,i8_dot,row_major",
                        "--weights", "both", "-t", "1,2", "--isa", "x86-64-v1")
        shapes = ["40x300", "8x64"]
        self.check(out, [f"{shape} {memory}" for _ in range(3) for shape in shapes
                         for memory in ("cold", "hot") for _ in range(2) for _ in range(2)])
        self.assertEqual(len(out["limits"]), 2)
        row = out["results"][0]
        self.assertEqual((row["form"], row["threads"], row["tokens"]), ("t2_dot", 1, 1))
        self.assertEqual((row["macs"], row["bytes"]), (40 * 300, 40 * 512 / 4 + 4))
        for row in out["results"]:
            self.assertGreater(row["roofline"], 0)
            self.assertEqual(row["bytes"] == 0, row["test"].endswith("hot"))

    def test_every_form(self):
        out = self.json("--shape", "32x64", "--tokens", "1", "-t", "1")
        self.assertGreaterEqual({row["form"] for row in out["results"]}, {"t2_dot", "t2_tl1", "i8_dot"})

    def test_model(self):
        out = self.json(self.dir / "model.lobit", "-p", "5,8", "-n", "3", "-d", "0,4", "-t", "1")
        self.assertGreater(out["model"]["open_seconds"], 0)
        self.assertGreater(out["model"]["first_token_seconds"], 0)
        self.assertGreater(out["model"]["file_bytes"], 1000)
        self.check(out, ["pp5", "pp8", "tg3", "pp5 @ d4", "pp8 @ d4", "tg3 @ d4"])

        self.check(self.json(self.dir / "model.lobit", "--copy", "-p", 2, "-n", 0, "-t", 1), ["pp2"])

    def test_table_and_plot(self):
        plot = self.dir / "roofline.svg"
        out, _ = self.run_tool("--shape", "32x64", "--tokens", "1,2", "--form", "t2_dot", "-t", 1,
                               "--plot", plot, *QUICK)
        for word in ("cpu", "caches", "int8 GMAC/s", "dispatch us", "32x64 cold", "roofline"):
            self.assertIn(word, out)
        points = xml.parse(plot).getroot().findall("{http://www.w3.org/2000/svg}circle")
        self.assertEqual(len(points), 3)  # two results and one key

    def test_errors(self):
        self.refuse(2, '--shape: expected OUTxIN with both from 1 to 1048576, found "12"', "--shape", "12")
        self.refuse(2, '--form: expected row_major, t2_dot, ', "--form", "t2")
        self.refuse(2, '--isa: this CPU runs x86-64-v1', "--isa", "sse9")
        self.refuse(2, "is a function; expected a language model", self.dir / "function.lobit", *QUICK)
        self.refuse(2, "positions, the context has 64", self.dir / "model.lobit", "-p", 90, *QUICK)
        self.refuse(4, "missing.lobit: cannot be opened", "missing.lobit", *QUICK)


if __name__ == "__main__":
    main()
