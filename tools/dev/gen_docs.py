#!/usr/bin/env python3
"""Writes docs/dialects and docs/passes from the TableGen descriptions.

  gen_docs.py                     write the pages
  gen_docs.py --check             fail naming every page that is not up to date
  gen_docs.py --examples TOOL     run every ```mlir example through TOOL (quant-opt)
"""
import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "dev"))
import doc_examples  # noqa: E402

TABLEGEN = "/usr/lib/llvm-19/bin/mlir-tblgen"
INCLUDES = ["-I", str(ROOT), "-I", "/usr/lib/llvm-19/include"]
DIALECTS = [("lm", "dialects/LM/LMOps.td"), ("lobit", "dialects/Lobit/LobitOps.td"),
            ("ukernel", "dialects/UKernel/UKernelOps.td")]
BANNER = "<!-- Made from {source} by tools/dev/gen_docs.py: change it there. -->\n"


def tablegen(*arguments):
    text = subprocess.run([TABLEGEN, *arguments, *INCLUDES], check=True, cwd=ROOT,
                          capture_output=True, text=True).stdout
    lines = [line.rstrip() for line in text.splitlines()[1:] if line != "[TOC]"]
    # No runs of empty lines.
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept).strip() + "\n"


def dialectPage(name, source):
    text = tablegen("-gen-dialect-doc", f"-dialect={name}", source)
    heading, empty, summary, rest = text.split("\n", 3)
    return BANNER.format(source=source) + f"{heading}\n{empty}\n{summary}.\n\n{rest}"


def passPage(source):
    stage = pathlib.Path(source).parent.name
    text = tablegen("-gen-pass-doc", source)
    return BANNER.format(source=source) + f"# Passes of {stage}\n\n{text}"


def allPages():
    """Path below docs/ -> text."""
    pages = {f"dialects/{name}.md": dialectPage(name, source) for name, source in DIALECTS}
    for file in sorted(ROOT.glob("passes/*/Passes.td")) + [ROOT / "dialects/Interpreter/Passes.td"]:
        source = str(file.relative_to(ROOT))
        pages[f"passes/{file.parent.name.lower()}.md"] = passPage(source)
    return pages


def staleFiles(pages):
    """Pages that differ from the tree, and files of the two folders that no page owns."""
    for path, text in pages.items():
        file = ROOT / "docs" / path
        if not file.exists() or file.read_text() != text:
            yield path
    for folder in ("dialects", "passes"):
        for file in sorted((ROOT / "docs" / folder).glob("*")):
            if f"{folder}/{file.name}" not in pages:
                yield f"{folder}/{file.name}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--examples", metavar="TOOL")
    arguments = parser.parse_args()
    pages = allPages()
    if arguments.examples:
        sys.exit(doc_examples.run(pages, arguments.examples))
    if arguments.check:
        stale = list(staleFiles(pages))
        for path in stale:
            print(f"docs/{path} is not what TableGen says; run tools/dev/gen_docs.py")
        sys.exit(1 if stale else 0)
    for path, text in pages.items():
        file = ROOT / "docs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
