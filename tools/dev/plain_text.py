#!/usr/bin/env python3
"""The prose of Markdown pages: modern English to set against the King James Bible.

usage: plain_text.py PAGE.md...
"""
import pathlib
import re
import sys

for page in sys.argv[1:]:
    text = pathlib.Path(page).read_text()
    text = re.sub(r"<!--.*?-->|^```.*?^```", "", text, flags=re.S | re.M)
    text = re.sub(r"^(\||    ).*$", "", text, flags=re.M)  # tables and code
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[`*#]", "", text)
    print(re.sub(r"\n{3,}", "\n\n", text).strip() + "\n")
