#!/usr/bin/env bash
# Fails naming every C++ file that clang-format-19 would change; --fix changes them.
set -euo pipefail
cd "$(dirname "$0")/../.."
mapfile -t files < <(git ls-files '*.h' '*.hpp' '*.cpp' '*.c')
if [ "${1:-}" = --fix ]; then
  exec clang-format-19 -i "${files[@]}"
fi
exec clang-format-19 --dry-run --Werror "${files[@]}"
