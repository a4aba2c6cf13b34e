"""Says whether every test and path that the threat model and the page of keys name is there.

    python3 Tools/cited_tests.py

A row of a table that says "shown by" is worth as much as the test it names. Prints what is missing and exits 1.
Needs Python's standard library.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Heading or column under which every word in backquotes is a test or a path.
PAGES = {"docs/threat-model.md": "shown by", "docs/keys.md": "Where this is tested"}


def cited(page, mark):
    """The words in backquotes in the last column of a table, or under the heading, that has the mark."""
    found, in_table, in_section = [], False, False
    for line in (ROOT / page).read_text().splitlines():
        if line.startswith("#"):
            in_section = mark in line
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            in_table = in_table or cells[-1] == mark
            text = cells[-1] if in_table else ""
        else:
            in_table = False
            text = line if in_section else ""
        found += re.findall(r"`([^`]+)`", text)
    return found


def main():
    tests = set()
    for path in (ROOT / "Tests").rglob("*.swift"):
        tests |= set(re.findall(r"\bfunc (\w+)\(", path.read_text(errors="replace")))
    targets = {path.name for path in (ROOT / "Tests").iterdir()}
    missing = []
    for page, mark in PAGES.items():
        names = cited(page, mark)
        if not names:
            missing.append(f"{page} cites nothing under '{mark}'")
        for name in names:
            if name not in tests and name not in targets and not ("/" in name and (ROOT / name).exists()):
                missing.append(f"{page} cites {name}, which is no test and no path")
    for fault in missing:
        print(f"cited_tests: {fault}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
