#!/usr/bin/env bash
# Builds everything, runs every test and ends with "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")"
source tools/dev/packages.sh
# shellcheck disable=SC2086
installPackages $LOBIT_BUILD_PACKAGES $LOBIT_TEST_PACKAGES || exit 1

results=build-release/results
failedSteps=0
step() { printf '\n== %s\n' "$*"; }
# Runs a step whose failure counts as one failed test, and goes on.
try() { "$@" || { echo "FAILED: $*"; failedSteps=$((failedSteps + 1)); }; }

rm -rf "$results" build-runtime-only/results build-runtime-aarch64/results build-asan/results
# configureAndTest PRESET: configure, build, run ctest; gtest writes one XML a program.
configureAndTest() {
  local dir=build-$1
  step "$1: build"
  cmake --preset "$1" -DLOBIT_BUILD_TESTS=ON >/dev/null && cmake --build "$dir" || return 1
  step "$1: test"
  mkdir -p "$dir/results"
  (cd "$dir" && GTEST_OUTPUT="xml:$PWD/results/gtest/" \
    ctest --output-on-failure --output-junit results/ctest.xml -j "$(nproc)")
}

# First: the tests of the release build run its quant-run too.
try configureAndTest runtime-aarch64
step "a browser, a newer node"
# shellcheck disable=SC2086
installPackages $LOBIT_BROWSER_PACKAGES || echo "not installed: $LOBIT_BROWSER_PACKAGES"
tools/dev/fetch_web_tools.sh build-release

try configureAndTest release
try configureAndTest runtime-only
try configureAndTest asan

step "summary"
python3 tools/dev/summarize_tests.py --failed-steps "$failedSteps" \
  build-release build-runtime-only build-runtime-aarch64 build-asan
