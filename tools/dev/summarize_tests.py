#!/usr/bin/env python3
"""Adds up the results of ctest, googletest and lit and prints one closing line.

A ctest entry that ran googletest or lit counts as its cases; every other entry
counts as one. A test that CI must not skip (--required) counts as failed when it
was skipped. Exit code 1 when anything failed.
"""
import argparse
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

# lit features without which a run proves too little.
REQUIRED_FEATURES = ["qemu-x86_64", "qemu-aarch64", "node"]

# ctest entries of the first build that must have run.
REQUIRED_TESTS = ["js-package"]


def countGoogleTest(xmlFile):
    suites = ElementTree.parse(xmlFile).getroot()
    counts = collections.Counter()
    for case in suites.iter("testcase"):
        if case.find("failure") is not None:
            counts["failed"] += 1
        elif case.get("status") == "notrun" or case.get("result") == "skipped":
            counts["skipped"] += 1
        else:
            counts["passed"] += 1
    return counts


def countLit(jsonFile):
    counts = collections.Counter()
    for test in json.loads(jsonFile.read_text())["tests"]:
        code = test["code"]
        if code in ("PASS", "XFAIL", "FLAKYPASS"):
            counts["passed"] += 1
        elif code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            counts["skipped"] += 1
            print(f"skipped: {test['name']}")
        else:
            counts["failed"] += 1
            print(f"failed: {test['name']}")
    return counts


def countBuild(directory):
    results = directory / "results"
    counts = collections.Counter()
    report = results / "ctest.xml"
    if not report.exists():
        print(f"failed: {directory.name} produced no test results")
        counts["failed"] += 1
        return counts
    gtest = {path.stem: path for path in (results / "gtest").glob("*.xml")}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name, status = case.get("name"), case.get("status")
        if name in gtest:
            inner = countGoogleTest(gtest[name])
        elif name == "lit" and (directory / "lit.json").exists():
            inner = countLit(directory / "lit.json")
        else:
            key = {"run": "passed", "fail": "failed"}.get(status, "skipped")
            inner = collections.Counter({key: 1})
            if key == "skipped":
                print(f"skipped: {directory.name}: {name}")
        if status == "fail" and not inner["failed"]:
            inner["failed"] += 1  # crashed before it could say so
        if status == "fail":
            print(f"failed: {directory.name}: {name}")
        counts += inner
    return counts


def missingTests(directory):
    report = directory / "results" / "ctest.xml"
    cases = ElementTree.parse(report).getroot().iter("testcase") if report.exists() else []
    ran = {case.get("name") for case in cases if case.get("status") in ("run", "fail")}
    return [name for name in REQUIRED_TESTS if name not in ran]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failed-steps", type=int, default=0, help="steps that failed as a whole")
    parser.add_argument("builds", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    total = collections.Counter()
    for directory in arguments.builds:
        total += countBuild(directory)
    if arguments.failed_steps and not total["failed"]:
        total["failed"] += arguments.failed_steps
    features = pathlib.Path(arguments.builds[0]) / "test" / "lit-features.txt"
    available = features.read_text().split() if features.exists() else []
    for feature in REQUIRED_FEATURES:
        if feature not in available:
            print(f"failed: tests that need {feature} cannot run here")
            total["failed"] += 1
    for name in missingTests(arguments.builds[0]):
        print(f"failed: {name} did not run")
        total["failed"] += 1
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


if __name__ == "__main__":
    main()
