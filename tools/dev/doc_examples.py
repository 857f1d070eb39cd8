"""Runs the ```mlir examples of generated documentation.

An example is a fragment: it may use values and functions that it does not define. They
are defined around it, with the types it uses them with; then it must parse, verify,
and print and parse again to the same text.
"""
import re
import subprocess

FENCE = re.compile(r"^```mlir\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^### (.*)$", re.MULTILINE)
UNDEFINED = "use of undeclared SSA value name"
WRONG_TYPE = re.compile(
    r"use of value '(%[\w#]+)' expects different type than prior uses: '(.*)' vs '.*'")
NO_FUNCTION = re.compile(r"'(\w+)' does not reference a valid function")


def attempt(tool, text):
    return subprocess.run([tool, "-allow-unregistered-dialect"], input=text, capture_output=True,
                          text=True)


def fragments(example):
    """Types and attributes stand one in a line; everything else is one piece of code."""
    if all(line.startswith(("!", "#")) for line in example.splitlines()):
        for line in example.splitlines():
            yield f'"example.op"() {{value = {line}}} : () -> ()\n'
    else:
        yield example


def complete(tool, code):
    """Adds definitions to `code` until the tool accepts it; returns (text, error)."""
    values, functions = {}, []
    isModule = re.search(r"^(module|func\.func|llvm\.func)\b", code, re.MULTILINE)
    while True:
        names = "".join(f'{name} = "example.value"() : () -> {kind}\n'
                        for name, kind in values.items())
        text = "".join(functions)
        text += code if isModule else f"func.func @example() {{\n{names}{code}\nreturn\n}}\n"
        result = attempt(tool, text)
        if result.returncode == 0:
            return result.stdout, None
        error = result.stderr
        if wrong := WRONG_TYPE.search(error):
            values[wrong[1]] = wrong[2]
        elif (missing := NO_FUNCTION.search(error)) and isModule:
            called = re.search(rf"call @{missing[1]}\(.*?\)[^:]*:\s*(\([^)]*\)\s*->\s*\S+)", code,
                               re.DOTALL)
            inputs, results = called[1].split("->")
            functions.append(f"func.func private @{missing[1]}{inputs.strip()} -> {results}\n")
        elif UNDEFINED in error:
            line, column = map(int, re.search(r"<stdin>:(\d+):(\d+)", error).groups())
            name = re.match(r"%\w+", text.splitlines()[line - 1][column - 1:])[0]
            values[name] = "none"
        else:
            return None, error


def runExample(tool, example):
    """An error text, or None."""
    for code in fragments(example):
        printed, error = complete(tool, code)
        if error:
            return error
        again = attempt(tool, printed)
        if again.returncode or again.stdout != printed:
            return "the printed form does not round-trip:\n" + (again.stderr or again.stdout)
    return None


def run(pages, tool):
    """Runs the examples of all pages; every section needs one. Returns the exit code."""
    count = failures = 0
    for path, text in pages.items():
        sections = SECTION.split(text)[1:]
        for title, body in zip(sections[::2], sections[1::2]):
            examples = FENCE.findall(body)
            isEnum = "#### Cases:" in body
            if not examples and not isEnum:
                print(f"docs/{path}: {title} has no example")
                failures += 1
            for example in examples:
                count += 1
                if error := runExample(tool, example):
                    print(f"docs/{path}: example of {title}:\n{example}{error}")
                    failures += 1
    print(f"{count} examples, {failures} failures")
    return 1 if failures or not count else 0
