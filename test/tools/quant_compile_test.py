"""Every flag and every error of quant-compile, on one small layer."""
import json
import os
import pathlib
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

BIN, RUNTIME, CXX = (pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(),
                     sys.argv[3])
ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYER = ROOT / "test" / "docs" / "Inputs" / "layer.mlir"


def run(tool, *args, **kwargs):
    return subprocess.run([BIN / tool, *map(str, args)], capture_output=True, **kwargs)


TARGETS = json.loads(run("quant-compile", "--list-targets", "--json").stdout)


class Compile(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.out = self.path / "layer.lobit"

    def tearDown(self):
        self.folder.cleanup()

    def compile(self, *args, code=0):
        result = run("quant-compile", LAYER, *args)
        self.assertEqual(result.returncode, code, result.stderr.decode())
        return result

    def text(self, *args):
        return self.compile(*args).stdout.decode()

    def refused(self, code, message, *args, model=LAYER):
        result = run("quant-compile", model, "-o", self.out, *args)
        self.assertEqual(result.returncode, code, result.stderr.decode())
        self.assertIn(message, result.stderr.decode())
        self.assertEqual(result.stderr.decode().count("\n"), 1)
        self.assertEqual(list(self.path.iterdir()), [])

    def test_artifact(self):
        text = self.text("-o", self.out, "--target=x86", "--quantize=ternary:absmean")
        self.assertIn("code: x86-64-v1", text)
        self.assertEqual([p.name for p in self.path.iterdir()], ["layer.lobit"])
        self.assertEqual(run("quant-dump", self.out, "--verify").returncode, 0)
        test = run("quant-run", self.out, "--self-test")
        self.assertEqual(test.returncode, 0, test.stderr.decode())
        self.assertIn(b"known answers reproduced", test.stdout + test.stderr)

    def test_default_output(self):
        result = run("quant-compile", LAYER, cwd=self.path)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertEqual([p.name for p in self.path.iterdir()], ["model.lobit"])

    def test_standard_output_and_reproducibility(self):
        self.compile("-o", self.out, "-j", 1)
        self.assertEqual(self.compile("-o", "-", "-j", 2).stdout, self.out.read_bytes())

    def code(self):
        """The targets of the code sections."""
        dump = json.loads(run("quant-dump", self.out, "--json").stdout)
        return [s["isa"] for s in dump["sections"] if s["type"] == "code"]

    def test_baseline_is_always_there(self):
        self.compile("-o", self.out, "--target=avx2")
        self.assertEqual(self.code(), ["x86-64-v1", "avx2"])

    def test_list_targets(self):
        table = run("quant-compile", "--list-targets").stdout.decode()
        for target in TARGETS:
            self.assertIn(target["target"], table)
        self.assertEqual(TARGETS[0], {"target": "x86-64-v1", "id": 1, "architecture": "x86_64",
                                      "rank": 0, "needs": "", "triple": "x86_64-unknown-linux-gnu"})

    def test_every_architecture_has_a_baseline(self):
        for family, architecture in (("x86", "x86_64"), ("arm", "aarch64")):
            isas = [t["target"] for t in TARGETS if t["architecture"] == architecture]
            self.compile("-o", self.out, f"--target={family}")
            self.assertEqual(self.code(), isas)
            self.compile("-o", self.out, f"--target={isas[-1]}")
            self.assertEqual(self.code(), [isas[0], isas[-1]])
        self.compile("-o", self.out, "--target=x86,arm")
        self.assertEqual(self.code(), [t["target"] for t in TARGETS
                                       if t["architecture"] in ("x86_64", "aarch64")])

    def test_code_for_another_machine_only(self):
        other = "arm" if platform.machine() == "x86_64" else "x86"
        self.compile("-o", self.out, f"--target={other}")
        result = run("quant-run", self.out, "--self-test")
        self.assertEqual(result.returncode, 5)
        self.assertIn("none of which is for this machine", result.stderr.decode())

    def test_stages(self):
        args = ("--target=avx2", "--quantize=ternary:absmean")
        self.assertIn("lobit.linear", self.text("--stop-after=import", *args))
        self.assertIn("lobit.quantize \"absmean\"", self.text("--stop-after=quantize", *args))
        self.assertIn("t2_tile", self.text("--stop-after=pack", *args))
        self.assertIn("t2_dot", self.text("--stop-after=pack", "--kernel=dot", *args))
        self.assertIn("t2_tl1", self.text("--stop-after=pack", "--kernel=tl1", *args))
        self.assertIn("llvm.func", self.text("--stop-after=lower", *args))
        self.assertIn("llvm.func", self.text("--emit=mlir", *args))

    def test_tune(self):
        args = ("--target=host", "--quantize=ternary:absmean", "--tune", "--stop-after=pack")
        done = self.compile(*args, "-o", "-")
        note = done.stderr.decode()
        self.assertIn("note: tuned on ", note)
        fastest = note.split(": ")[-1].split()[0]
        layout = {"tile": "t2_tile", "base3": "b3_tile", "dot": "t2_dot"}[fastest]
        self.assertIn(layout, done.stdout.decode())
        self.refused(2, "--tune: expected --kernel=auto, which it chooses, found --kernel=dot",
                     "--tune", "--kernel=dot")

    def test_schemes(self):
        self.assertIn("int8", self.text("--stop-after=pack", "--quantize=int8"))
        self.assertNotIn("lobit.pack", self.text("--stop-after=pack", "--quantize=keep"))
        self.assertIn("ternary", self.text("--stop-after=pack", "--quantize=keep",
                                           "--layer", "dense_0=ternary"))

    def test_every_scheme_and_kernel_reproduces_its_answers(self):
        for args in (["--quantize=keep"], ["--quantize=int8"], ["--quantize=int8:f16"],
                     ["--quantize=ternary:absmean", "--kernel=dot"],
                     ["--quantize=ternary:absmean", "--kernel=tl1"],
                     ["--quantize=ternary:optimal:group=32:f16", "--kernel=dot"],
                     ["--quantize=ternary:optimal:row", "--kernel=tl1"]):
            self.compile("-o", self.out, "--target=x86", *args)
            test = run("quant-run", self.out, "--self-test")
            self.assertEqual(test.returncode, 0, (args, test.stderr.decode()))

    def test_code_forms(self):
        self.assertIn("define", self.text("--emit=llvm", "--target=avx2"))
        self.assertIn("lobit_code_query:", self.text("--emit=asm", "--target=avx2"))
        self.assertEqual(self.compile("--emit=obj", "--target=avx2").stdout[:4], b"\x7fELF")

    def test_report_and_dry_run(self):
        report = self.path / "report.json"
        table = self.text("--dry-run", "--report", report)
        self.assertIn("dense_0", table)
        self.assertEqual([p.name for p in self.path.iterdir()], ["report.json"])
        self.assertIn("dense_0", report.read_text())
        self.assertEqual(json.loads(self.text("--dry-run", "--json")),
                         json.loads(report.read_text()))

    def test_gate(self):
        """Both ways; the report is written, the model only below the gate."""
        report = self.path / "report.json"
        args = ("--quantize=ternary", "--report", report)
        result = self.compile("-o", self.out, "--gate=0.001", *args, code=7)
        self.assertIn("the relative error of 1 of 1 quantized layers is above the gate of 0.001: "
                      "dense_0 0.0", result.stderr.decode())
        self.assertIn("(of its weights); quantize them finer", result.stderr.decode())
        self.assertEqual([p.name for p in self.path.iterdir()], ["report.json"])
        self.assertEqual(json.loads(report.read_text())["gate"], 0.001)
        self.compile("-o", self.out, "--gate=0.5", *args)
        self.assertTrue(self.out.exists())
        table = self.compile("--dry-run", "--gate=0", "--quantize=int8", code=7).stdout.decode()
        self.assertIn("dense_0", table)
        self.compile("--dry-run", "--gate=0", "--quantize=keep")

    def test_json(self):
        summary = json.loads(self.text("-o", self.out, "--json", "--target=x86-64-v1"))
        self.assertEqual(summary["file_bytes"], self.out.stat().st_size)
        self.assertEqual([c["isa"] for c in summary["code"]], ["x86-64-v1"])

    def test_static_library(self):
        """A program with the model inside computes what quant-run computes."""
        library, header = self.path / "layer.a", self.path / "layer.h"
        self.compile("-o", library, "--emit=static-lib", "--target=x86", "--quantize=ternary")
        self.compile("-o", header, "--emit=c-header")
        values = [0.5, -1, 2, 0, 1, 1, -3, 0.25, 1, 2, 3, 4, 5, 6, 7, 8]
        main = self.path / "main.cpp"
        main.write_text("""
#include "layer.h"
#include <cstdio>
int main() {
  lobit_error error = {};
  error.struct_size = sizeof error;
  lobit_model *model = nullptr;
  lobit_code *code = nullptr;
  lobit_session *session = nullptr;
  float x[16] = {%s}, y[8] = {};
  lobit_tensor input = {nullptr, LOBIT_TYPE_F32, 2, {2, 8}, x, sizeof x};
  lobit_tensor output = {nullptr, LOBIT_TYPE_F32, 2, {2, 4}, y, sizeof y};
  if (lobit_model_open_embedded(&lobit_model_layer, nullptr, &model, &error) ||
      lobit_code_bind(model, nullptr, &code, &error) ||
      lobit_session_create(code, nullptr, &session, &error) ||
      lobit_function_call(session, &input, 1, &output, 1, &error)) {
    std::puts(error.message);
    return 1;
  }
  std::fwrite(y, sizeof y, 1, stdout);
}
""" % ", ".join(map(str, values)))
        program = self.path / "program"
        subprocess.run([CXX, "-I", ROOT / "runtime" / "include", main, library, RUNTIME,
                        "-lpthread", "-o", program], check=True)
        x, y = self.path / "x.npy", self.path / "y.npy"
        shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 8), }\n"
        x.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(shape)) + shape.encode()
                      + struct.pack("<16f", *values))
        self.compile("-o", self.out, "--target=x86", "--quantize=ternary")
        called = run("quant-run", self.out, "--input", x, "--output", y)
        self.assertEqual(called.returncode, 0, called.stderr.decode())
        embedded = subprocess.run([program], capture_output=True, check=True).stdout
        self.assertEqual(embedded, y.read_bytes()[-32:])

    def test_help_and_version(self):
        text = run("quant-compile", "--help").stdout.decode()
        for flag in ("--target", "--quantize", "--layer", "--kernel", "--max-context", "--kv",
                     "--stop-after", "--emit", "--report", "--dry-run", "--weight-scale",
                     "--calibration", "--calibration-tokens", "--gate",
                     "--nonfinite", "-j", "=auto", "=host", "Exit codes"):
            self.assertIn(flag, text)
        self.assertIn("quant-compile 0.", run("quant-compile", "--version").stdout.decode())

    def test_wasm_needs_its_runtime(self):
        # A copy without lib/lobit beside it.
        program = self.path / "bin" / "quant-compile"
        program.parent.mkdir()
        shutil.copy(BIN / "quant-compile", program)
        result = subprocess.run([program, LAYER, "--target=wasm-simd128", "-o", self.path / "m.lobit"],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 5, result.stderr)
        self.assertIn("runtime-wasm32.o, which wasm code is linked with", result.stderr)
        self.assertFalse((self.path / "m.lobit").exists())

    def test_wrong_use(self):
        for args in (["--emit=gguf"], ["--stop-after=run"], ["--kernel=fast"], ["--bogus"],
                     ["--gate=-1"], ["--gate=x"], ["--calibration-tokens=0"],
                     ["--weight-scale=twice"], ["--nonfinite=ignore"], ["--max-context=-1"],
                     ["--kv=f64"]):
            self.assertEqual(run("quant-compile", LAYER, *args, cwd=self.path).returncode, 2, args)
        self.assertEqual(run("quant-compile").returncode, 2)
        self.assertEqual(list(self.path.iterdir()), [])

    def test_errors(self):
        words = ", ".join(t["target"] for t in TARGETS)
        self.refused(2, f'expected host, x86, arm, wasm, {words}, found "sse9"', "--target=sse9")
        self.refused(2, "expected targets of one architecture for a static library",
                     "--emit=static-lib", "--target=avx2,neon")
        self.refused(2, "expected one target for this output", "--emit=asm", "--target=x86")
        self.refused(2, "prints a module and excludes --emit=asm", "--stop-after=pack",
                     "--emit=asm")
        self.refused(2, "int5", "--quantize=int5")
        self.refused(2, "int6:obs needs what the layers read from a text; give it with "
                     "--calibration, or use int6:magnitude", "--quantize=int6:obs")
        self.refused(2, "int6:weighted needs", "--layer", "dense_0=int6:weighted")
        self.refused(5, "expected a language model with a tokenizer", "--calibration", LAYER)
        self.refused(2, "nosuchlayer", "--layer", "nosuchlayer=keep")
        self.refused(2, "there is no such file or directory", model=self.path / "none")
        broken = self.path.parent / (self.path.name + ".mlir")
        broken.write_text("func.func @f(")
        self.refused(3, broken.name, model=broken)
        broken.write_text("func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
                          "  %y = math.tan %x : tensor<2xf32>\n  return %y : tensor<2xf32>\n}\n")
        self.refused(5, "math.tan", model=broken)
        broken.unlink()

    def test_outputs_that_cannot_be_written(self):
        for path, message in (("/dev/full", "No space left on device"),
                              (self.path / "none" / "x.lobit", "No such file or directory"),
                              (self.path, "Is a directory")):
            result = run("quant-compile", LAYER, "-o", path)
            self.assertEqual(result.returncode, 4)
            self.assertIn(message, result.stderr.decode())
            self.assertIn("was not written", result.stderr.decode())
        self.assertEqual(list(self.path.iterdir()), [])

    def children(self, process):
        try:
            return [int(word) for word in pathlib.Path(
                f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        except OSError:
            return []

    def test_crash_of_code_generation(self):
        """A child that dies is an internal error with a reproducer, not half a file."""
        for _ in range(5):
            process = subprocess.Popen([BIN / "quant-compile", LAYER, "-o", self.out],
                                       stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            killed = False
            while process.poll() is None and not killed:
                for child in self.children(process):
                    try:
                        os.kill(child, signal.SIGKILL)
                        killed = True
                    except OSError:
                        pass
            message = process.communicate()[1].decode()
            if process.returncode == 0:
                continue  # the child was faster than we were
            self.assertEqual(process.returncode, 70, message)
            self.assertIn("crashed with signal 9", message)
            reproducer = self.path / "layer.lobit.reproducer.mlir"
            self.assertIn(str(reproducer), message)
            self.assertEqual(list(self.path.iterdir()), [reproducer])
            again = run("quant-compile", reproducer, "-o", self.out)
            self.assertEqual(again.returncode, 0, again.stderr.decode())
            return
        self.fail("no child was met")

    def test_killed_compiler_leaves_nothing_that_stays(self):
        for step in range(10):
            process = subprocess.Popen([BIN / "quant-compile", LAYER, "-o", self.out],
                                       stdout=subprocess.DEVNULL)
            time.sleep(0.03 * step)
            process.kill()
            process.wait()
            if self.out.exists():
                self.assertEqual(run("quant-dump", self.out, "--verify").returncode, 0)
        self.compile("-o", self.out)
        self.assertEqual([p.name for p in self.path.iterdir()], ["layer.lobit"])

    def test_file_size_limit(self):
        """A write that fails half-way leaves the old file."""
        self.out.write_text("old")
        script = f"ulimit -f 8; trap '' XFSZ; exec {BIN}/quant-compile {LAYER} -o {self.out}"
        result = subprocess.run(["bash", "-c", script], capture_output=True)
        self.assertEqual(result.returncode, 4, result.stderr.decode())
        self.assertEqual(self.out.read_text(), "old")
        self.assertEqual([p.name for p in self.path.iterdir()], ["layer.lobit"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
