#!/usr/bin/env bash
# clang-tidy over a build's sources: lint.sh [BUILD_DIR] [PATH_REGEX]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build-release}
pattern=${2:-'^(runtime|dialects|passes|tools)/.*\.cpp$'}
git ls-files '*.cpp' | grep -E "$pattern" |
  xargs -P "$(nproc)" -n 1 clang-tidy-19 -p "$build" --quiet
