#!/usr/bin/env python3
"""How cost grows: tokens/s against context, prompt and batch, compile time against size.

Makes synthetic checkpoints of the layer shapes of bitnet-b1.58-2B-4T, compiles them with
each form of the KV cache, measures with quant-bench and writes growth.json and one SVG for
each plot.

usage: measure_growth.py BIN OUT [--layers N] [--threads N] [--isa WORD]
       BIN is the folder of quant-compile and quant-bench; OUT keeps all files but the
       checkpoints and the artifacts.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
CONTEXTS = [128, 256, 512, 1024, 2048, 3968]
PROMPTS = [16, 32, 64, 128, 256, 512, 1024, 2048]
BATCHES = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16]
COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd"]


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True,
                          text=True).stdout


def checkpoint(folder, layers, vocab, *more):
    run(sys.executable, HERE / "make_synthetic_checkpoint.py", folder, "--layers", layers,
        "--vocab", vocab, *more)
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def bench(options, *arguments):
    more = ["--isa", options.isa] if options.isa else []
    return json.loads(run(options.bin / "quant-bench", *arguments, "-t", options.threads, "--json",
                          *more))


def plot(path, title, x, y, lines):
    """Both axes logarithmic; `lines` is name -> [(x, y)]."""
    width, height, left, right, top, bottom = 720, 420, 70, 150, 40, 50
    points = [point for line in lines.values() for point in line]
    def axis(values, start, end):
        low, high = math.log2(min(values)), math.log2(max(values))
        low, high = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
        place = lambda v: start + (math.log2(v) - low) / (high - low) * (end - start)
        return place, [2.0 ** e for e in range(low, high + 1)]
    px, xs = axis([p[0] for p in points], left, width - right)
    py, ys = axis([p[1] for p in points], height - bottom, top)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{left}" y="24">{title}</text>',
           f'<text x="{(left + width - right) / 2}" y="{height - 12}" text-anchor="middle">{x}</text>',
           f'<text x="12" y="{top - 6}">{y}</text>']
    for v in xs:
        out.append(f'<line x1="{px(v):.1f}" y1="{top}" x2="{px(v):.1f}" y2="{height - bottom}" stroke="#ddd"/>'
                   f'<text x="{px(v):.1f}" y="{height - bottom + 18}" text-anchor="middle">{v:g}</text>')
    for v in ys:
        out.append(f'<line x1="{left}" y1="{py(v):.1f}" x2="{width - right}" y2="{py(v):.1f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{py(v) + 4:.1f}" text-anchor="end">{v:g}</text>')
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path_ = " ".join(f"{px(a):.1f},{py(b):.1f}" for a, b in line)
        out.append(f'<polyline points="{path_}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{px(a):.1f}" cy="{py(b):.1f}" r="3" fill="{colour}"/>' for a, b in line]
        out.append(f'<text x="{width - right + 10}" y="{top + 14 + 18 * i}" fill="{colour}">{name}</text>')
    path.write_text("\n".join(out) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--isa", default="")
    parser.add_argument("--only", choices=["context", "prompt", "batch", "compile"])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    data = {}
    wanted = lambda what: options.only in (None, what)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if wanted("context") or wanted("prompt"):
            checkpoint(folder / "model", options.layers, 32000)
        for kv in ("f32", "f16", "int8"):
            if not (wanted("context") or (wanted("prompt") and kv == "f32")):
                continue
            artifact = folder / f"{kv}.lobit"
            run(options.bin / "quant-compile", folder / "model", "--kv", kv, "-o", artifact)
            if wanted("context"):
                out = bench(options, artifact, "-p", 0, "-n", 16, "-r", 3,
                            "-d", ",".join(map(str, CONTEXTS)))
                data.setdefault("context", {})[kv] = [
                    (depth, row["tokens_per_second"], row["roofline"])
                    for depth, row in zip(CONTEXTS, out["results"])]
            if wanted("prompt") and kv == "f32":
                out = bench(options, artifact, "-p", ",".join(map(str, PROMPTS)), "-n", 0, "-r", 3)
                data["prompt"] = {kv: [(p, row["tokens_per_second"], row["roofline"])
                                       for p, row in zip(PROMPTS, out["results"])]}
        if wanted("batch"):
            out = bench(options, "--shape", "6912x2560", "--form", "t2_tile", "-r", 3,
                        "--tokens", ",".join(map(str, BATCHES)))
            data["batch"] = {"6912x2560": [(b, row["tokens_per_second"], row["roofline"])
                                           for b, row in zip(BATCHES, out["results"])]}
        if wanted("compile"):
            data["compile"] = {}
            for kind, more in (("packed ternary", ()), ("bf16 to ternary", ("--weights", "master"))):
                line = []
                for layers in (1, 2, 4, 8):
                    made = folder / f"size{layers}"
                    size = checkpoint(made, layers, 16000, *more)
                    before = time.monotonic()
                    run(options.bin / "quant-compile", made, "-o", folder / "size.lobit")
                    line.append((size / 1e9, time.monotonic() - before))
                    subprocess.run(["rm", "-r", str(made)], check=True)
                data["compile"][kind] = line
    (options.out / "growth.json").write_text(json.dumps(data, indent=1) + "\n")
    titles = {"context": ("decoding at a depth", "tokens in the context", "tokens/s"),
              "prompt": ("prompts", "tokens of the prompt", "tokens/s"),
              "batch": ("one layer, rows at once", "rows", "rows/s"),
              "compile": ("compiling", "GB of checkpoint", "s")}
    for what, lines in data.items():
        title, x, y = titles[what]
        plot(options.out / f"growth-{what}.svg", title, x, y,
             {name: [point[:2] for point in line] for name, line in lines.items()})
        for name, line in lines.items():
            print(what, name, " ".join("/".join(f"{v:.4g}" for v in point) for point in line))


if __name__ == "__main__":
    main()
