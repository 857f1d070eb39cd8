"""Tests in FileCheck form: test/<part>/**.mlir and *.test, run from the build tree."""
import json
import os
import pathlib
import shutil
import subprocess

import lit.formats

config.name = "Lobit"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "install"]
config.test_source_root = os.path.join(config.src_root, "test")
config.test_exec_root = os.path.join(config.obj_root, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.obj_root, "bin"), config.llvm_tools_dir, "/usr/local/bin", "/usr/bin", "/bin"])
# Results never depend on the locale.
config.environment["LC_ALL"] = "C"
config.substitutions += [
    ("%source", config.src_root),
    ("%build", config.obj_root),
    ("%models", os.path.join(config.src_root, "models")),
    ("%python", config.python),
    ("%aarch64", config.aarch64_root),
]


def hostFeatures():
    """What this machine can run."""
    words = set()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            words = set(line.split(":", 1)[1].split())
            break
    if "avx2" in words:
        yield "avx2-host"
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= words:
        yield "avx512-host"
        if "avx512_vnni" in words:
            yield "avx512vnni-host"
            if "avx512vbmi" in words:
                yield "avx512vbmi-host"
    # The system may refuse the tile registers of a CPU that has them.
    run = os.path.join(config.obj_root, "bin", "quant-run")
    if os.path.exists(run):
        isas = json.loads(subprocess.run([run, "--list-isas", "--json"], capture_output=True,
                                         check=True).stdout)
        if any(isa["isa"] == "avx512amx" and isa["runs"] for isa in isas):
            yield "amx-host"
    if shutil.which("qemu-x86_64-static"):
        yield "qemu-x86_64"
    # Programs for AArch64 are those of the preset runtime-aarch64.
    if shutil.which("qemu-aarch64-static") and \
            os.path.exists(os.path.join(config.aarch64_root, "bin", "quant-run")):
        yield "qemu-aarch64"
    if shutil.which("node"):
        yield "node"
    if os.path.exists(os.path.join(config.obj_root, "bin", "bit-beacon")):
        yield "beacon"


config.available_features.update(hostFeatures())
# The summary fails when a feature that tests must not go without is missing.
os.makedirs(config.test_exec_root, exist_ok=True)
with open(os.path.join(config.test_exec_root, "lit-features.txt"), "w") as file:
    file.write("\n".join(sorted(config.available_features)) + "\n")
