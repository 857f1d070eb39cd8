#!/usr/bin/env python3
"""Runs the shipped models in every way that exists and compares the bytes of all logits.

usage: same_logits.py BIN [--aarch64 BIN] [--preload VNNI.so] [--relaxed-node NODE] [--only WORD]

BIN holds the tools of this machine; --aarch64 names the quant-run folder of a cross build, run
under qemu. wasm code runs in node; --relaxed-node names one with relaxed SIMD, which Debian's
has not. Each model is compiled once for all targets. The reference is the interpreter:
its digest lies in the artifact as a known answer. Prints one table and exits with 1 when
a digest differs, a way takes another ISA than the best of its CPU, or one cannot be run.

A way to run is one entry of ways(); a model one entry of MODELS.
"""
import argparse
import array
import dataclasses
import hashlib
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
QEMU_AARCH64 = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", "-cpu"]

# name, what quant-compile gets
MODELS = {
    "kjv-bitnet tile": [ROOT / "models/kjv-bitnet", "--kernel=tile"],
    "kjv-bitnet base3": [ROOT / "models/kjv-bitnet", "--kernel=base3"],
    "kjv-bitnet tl1 int4": [ROOT / "models/kjv-bitnet", "--kernel=tl1", "--layer=embed=int4"],
    "kjv-dense int8": [ROOT / "models/kjv-dense", "--quantize=int8"],
    "kjv-dense int6": [ROOT / "models/kjv-dense", "--quantize=int6"],
    "mlp ternary": [ROOT / "test/e2e/Inputs/mlp.mlir", "--quantize=ternary:absmean"],
}
TARGETS = "x86,arm,wasm"
WASM_RUN = ROOT / "test/support/wasm-run.mjs"


@dataclasses.dataclass
class Way:
    name: str
    command: list  # quant-run and what starts it
    isa: str  # expected; forced where `forced`
    threads: int
    forced: bool = True
    environment: dict = dataclasses.field(default_factory=dict)
    arguments: list = dataclasses.field(default_factory=list)


def ways(options):
    """Every way to run, and the ISAs that no way covers."""
    run = options.bin / "quant-run"
    here = json.loads(subprocess.run([run, "--list-isas", "--json"], capture_output=True,
                                     check=True).stdout)
    for isa in here:
        if isa["runs"]:
            for threads in (1, 2):
                yield Way("this machine", [run], isa["isa"], threads)
    if options.preload and not any(i["runs"] for i in here if i["isa"] == "avx512vnni"):
        yield Way("VNNI emulated", [run], "avx512vnni", 2,
                  environment={"LD_PRELOAD": str(options.preload)},
                  arguments=["--assume-cpu-features", "avx512_vnni"])
    # What a CPU without the newer features takes by itself.
    for cpu, isa in (("qemu64,-ssse3", "x86-64-v1"), ("Nehalem", "x86-64-v1"), ("Haswell", "avx2")):
        yield Way(f"qemu {cpu}", ["qemu-x86_64-static", "-cpu", cpu, run], isa, 1, forced=False)
    if options.aarch64:
        for cpu, isa in (("cortex-a53", "neon"), ("cortex-a76", "neon-dotprod"), ("max", "neon-i8mm")):
            for threads in (1, 2):
                yield Way(f"qemu {cpu}", [*QEMU_AARCH64, cpu, options.aarch64 / "quant-run"], isa,
                          threads, forced=False)
    for threads in (1, 2):
        yield Way("node", ["node", WASM_RUN], "wasm-simd128", threads)
    if options.relaxed_node and options.relaxed_node.exists():
        for threads in (1, 2):
            yield Way("newer node", [options.relaxed_node, WASM_RUN], "wasm-relaxed", threads,
                      forced=False)


def known_answer(options, path):
    """Tokens (or None), seed and digest of the model's first known answer."""
    dump = json.loads(subprocess.run([options.bin / "quant-dump", path, "--json"],
                                     capture_output=True, check=True).stdout)
    section = next(s for s in dump["sections"] if s["type"] == "known_answers")
    data = path.read_bytes()[section["offset"]:][:section["bytes"]]
    linears, _, count = struct.unpack_from("<III", data)
    at = 16 + 56 * linears
    source, first, tokens, _, seed = struct.unpack_from("<IIIIQ", data, at)
    assert source == 1, "the interpreter did not answer"
    ids = struct.unpack_from(f"<{count}I", data, len(data) - (4 * count + 7) // 8 * 8)
    return list(ids[first:first + tokens]) or None, seed, data[at + 24:at + 56].hex()


def splitmix_floats(seed, count):
    """The inputs of a function's known answer (runtime/format/KnownAnswers.cpp)."""
    mask, state = 2**64 - 1, seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        yield ((z >> 40) - (1 << 23)) / (1 << 23)


def write_npy(path, dims, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {dims}, }}\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + array.array("f", values).tobytes())


def digest_of_npy(path):
    data = path.read_bytes()
    return hashlib.sha256(data[10 + struct.unpack_from("<H", data, 8)[0]:]).hexdigest()


def run_model(way, path, tokens, seed, folder):
    """The ISA that was taken, the digest of all outputs and the generated tokens."""
    out = folder / "out.npy"
    out.unlink(missing_ok=True)
    arguments = [path, "-t", way.threads, "--json", *way.arguments]
    if way.forced:
        arguments += ["--isa", way.isa]
    if tokens:
        # The prompt in one call, then one token at a time.
        arguments += ["--tokens", ",".join(map(str, tokens)), "--logits", out, "-n", 6,
                      "--temperature", 0]
    else:
        write_npy(folder / "in.npy", (5, 20), splitmix_floats(seed, 100))
        arguments += ["--input", folder / "in.npy", "--output", out]
    result = subprocess.run([*map(str, way.command), *map(str, arguments)], capture_output=True,
                            env={**os.environ, **way.environment})
    if result.returncode:
        return f"exit code {result.returncode}", result.stderr.decode().strip(), []
    answer = json.loads(result.stdout)
    return answer["isa"], digest_of_npy(out), answer.get("tokens")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("--aarch64", type=pathlib.Path)
    parser.add_argument("--preload", type=pathlib.Path)
    parser.add_argument("--relaxed-node", type=pathlib.Path)
    parser.add_argument("--only", default="", help="models whose name has this word")
    options = parser.parse_args()
    wrong = rows = 0
    line = "{:<16} {:<20} {:<14} {:<8} {}".format
    print(line("model", "runs on", "ISA", "threads", "SHA-256 of all outputs"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "model.lobit"
        for model, arguments in MODELS.items():
            if options.only not in model:
                continue
            subprocess.run([options.bin / "quant-compile", *arguments, f"--target={TARGETS}",
                            "-o", path], check=True, stdout=subprocess.DEVNULL)
            tokens, seed, expected = known_answer(options, path)
            print(line(model, "interpreter", "-", "1", expected))
            text = None
            for way in ways(options):
                isa, digest, generated = run_model(way, path, tokens, seed, folder)
                text = generated if text is None else text
                good = isa == way.isa and digest == expected and generated == text
                print(line(model, way.name, isa, way.threads, digest + ("" if good else "  WRONG")))
                rows += 1
                wrong += not good
    print(f"{rows} runs, {wrong} wrong")
    sys.exit(1 if wrong or not rows else 0)


if __name__ == "__main__":
    main()
