"""check_layering.py names each kind of bad include and accepts the good ones."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "dev" / "check_layering.py"

# file, included path, words of the rule or None when the include is allowed
CASES = [
    ("runtime/run/A.cpp", "mlir/IR/Value.h", "never includes LLVM or MLIR"),
    ("runtime/load/A.cpp", "dialects/LM/LM.h", "never includes the compiler"),
    ("runtime/format/A.cpp", "runtime/load/B.h", "only itself and the standard library"),
    ("runtime/text/A.cpp", "iostream", "belongs in runtime/platform"),
    ("runtime/run/A.cpp", "runtime/beacon/B.h", "the runtime works without beacons"),
    ("runtime/beacon/A.cpp", "runtime/format/B.h", None),
    ("runtime/platform/A.cpp", "thread", None),
    ("dialects/LM/A.cpp", "passes/Lower/B.h", "dialects never include passes"),
    ("passes/Emit/A.cpp", "runtime/run/B.h", "nothing of the runtime but runtime/format"),
    ("passes/Emit/A.cpp", "runtime/format/B.h", None),
    ("passes/Emit/A.cpp", "passes/Lower/B.h", "never include each other"),
    ("passes/Pipelines/A.cpp", "passes/Lower/B.h", None),
    ("passes/Emit/A.cpp", "tools/x/B.h", "nothing includes tools or test"),
]

for path, include, rule in CASES:
    with tempfile.TemporaryDirectory() as root:
        source = pathlib.Path(root) / path
        source.parent.mkdir(parents=True)
        source.write_text(f'#include "{include}"\n')
        run = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
        if rule is None:
            assert run.returncode == 0, (path, include, run.stdout)
        else:
            assert run.returncode == 1 and rule in run.stdout and include in run.stdout, (
                path, include, run.stdout)
print(f"{len(CASES)} cases hold")
