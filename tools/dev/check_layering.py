#!/usr/bin/env python3
"""Checks who includes whom (docs/architecture.md) and names every bad include.

usage: check_layering.py [ROOT]
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^">]+)[">]')
STAGES = ["Import", "Quantize", "Pack", "Lower", "Emit"]
COMPILER_LIBRARIES = ("mlir/", "llvm/", "lld/")
# Standard headers the runtime may use only inside runtime/platform.
PLATFORM_ONLY = {"iostream", "fstream", "sstream", "filesystem", "thread", "mutex",
                 "condition_variable", "future", "iomanip", "regex", "locale"}
CORE_RUNTIME = ("runtime/format/", "runtime/load/", "runtime/run/", "runtime/text/", "runtime/cpu/",
                "runtime/beacon/")


def violation(path, include):
    """The rule that `include` in `path` breaks, or None. Both are paths from the root."""
    if include.startswith(("tools/", "test/")) and not path.startswith(("tools/", "test/")):
        return "nothing includes tools or test"
    if path.startswith("runtime/"):
        if include.startswith(COMPILER_LIBRARIES):
            return "the runtime never includes LLVM or MLIR"
        if include.startswith(("dialects/", "passes/")):
            return "the runtime never includes the compiler"
        if include.startswith("runtime/beacon/") and not path.startswith("runtime/beacon/"):
            return "the runtime works without beacons"
    if path.startswith("runtime/format/") and "/" in include and not include.startswith("runtime/format/"):
        return "runtime/format includes only itself and the standard library"
    if path.startswith(CORE_RUNTIME) and include in PLATFORM_ONLY:
        return f"<{include}> belongs in runtime/platform"
    if path.startswith(("dialects/", "passes/")):
        if include.startswith(("runtime/", "lobit/")) and not include.startswith("runtime/format/"):
            return "the compiler includes nothing of the runtime but runtime/format"
    if path.startswith("dialects/") and include.startswith("passes/"):
        return "dialects never include passes"
    for stage in STAGES:
        if not path.startswith(f"passes/{stage}/"):
            continue
        for other in STAGES:
            if other != stage and include.startswith(f"passes/{other}/"):
                return "stages meet in the IR, they never include each other"
    return None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    bad = 0
    for folder in ("dialects", "passes", "runtime", "tools"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".hpp", ".cpp", ".c", ".inc"):
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                rule = match and violation(name, match.group(1))
                if rule:
                    print(f"{name}:{number}: error: includes {match.group(1)}: {rule}")
                    bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
