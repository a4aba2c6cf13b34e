"""Writes a software bill of materials of this checkout: CycloneDX 1.6, JSON, to standard output.

    python3 Tools/sbom.py > zorba.cdx.json
    python3 Tools/sbom.py --check     # only: does docs/dependencies.md list what Package.swift names?

Packages, versions and who needs whom come from `swift package show-dependencies`, revisions from Package.resolved,
licences from the files in the packages, which must be what docs/dependencies.md says. The same checkout gives the same
bytes. Needs Swift (not for --check) and Python's standard library.
"""

import argparse
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dependencies.md"

NAMED, BROUGHT, INSIDE, SYSTEM = (
    "Packages that Package.swift names", "Packages that come with them", "Code of others inside these packages",
    "What the machine brings")

# What a licence's file must contain, the longer name first.
LICENCES = [
    ("Apache-2.0 WITH Swift-exception", ("apache license", "version 2.0", "runtime library exception")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MIT", ("permission is hereby granted, free of charge", "the above copyright notice and this permission notice")),
]


class Fault(Exception):
    """Something that a person must mend."""


def identity(url):
    """What Swift calls a package: the last part of its address, in lower case."""
    return re.sub(r"\.git$", "", url.rstrip("/").rsplit("/", 1)[-1]).lower()


def tables():
    """The rows of every table of the page by its heading, each by the columns' names."""
    found, heading, columns = {}, None, None
    for line in PAGE.read_text().splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], None
            found[heading] = []
        elif line.startswith("|") and heading:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if columns is None:
                columns = cells
            elif not set(cells[0]) <= {"-", " "}:
                row = dict(zip(columns, cells))
                link = re.fullmatch(r"\[(.+)\]\((.+)\)", cells[0])
                if link is None:
                    raise Fault(f"{PAGE.name}: '{cells[0]}' is no link to a package")
                row["name"], row["url"] = link.groups()
                found[heading].append(row)
    for heading in (NAMED, BROUGHT, INSIDE, SYSTEM):
        if not found.get(heading):
            raise Fault(f"{PAGE.name} has no table under '{heading}'")
    return found


def check(pages):
    """Whether the page names the packages of Package.swift, each with its range, and no other."""
    manifest = (ROOT / "Package.swift").read_text()
    declared = dict(re.findall(r'\.package\(\s*url: "([^"]+)",\s*from: "([^"]+)"', manifest))
    if len(declared) != len(re.findall(r"\.package\(", manifest)):
        raise Fault("Package.swift: every package must be given by url: and from:, or Tools/sbom.py learn the new form")
    listed = {row["url"]: row for row in pages[NAMED]}
    faults = []
    for url, version in declared.items():
        if url not in listed:
            faults.append(f"{PAGE.name} lacks {url} under '{NAMED}': say what it is for and its licence")
        elif listed[url]["range"] != f"from {version}":
            faults.append(f"{PAGE.name}: {url} is 'from {version}' in Package.swift, not '{listed[url]['range']}'")
    faults += [f"{PAGE.name} lists {url}, which Package.swift does not name" for url in listed if url not in declared]
    for heading in (NAMED, BROUGHT, INSIDE, SYSTEM):
        for row in pages[heading]:
            last = row.get("what for", row.get("through", row.get("inside", row.get("used by"))))
            if not row.get("licence") or not last:
                faults.append(f"{PAGE.name}: {row['name']} has an empty cell")
    if faults:
        raise Fault("\n".join(faults))


def licence(folder):
    """The licence of a package by the text of its file."""
    files = sorted(path for path in folder.iterdir() if path.name.lower().startswith(("licen", "copying")))
    for file in files:
        text = re.sub(r"\s+", " ", file.read_text(errors="replace")).lower()
        for name, marks in LICENCES:
            if all(mark in text for mark in marks):
                return name
    raise Fault(f"{folder.name}: its licence is not recognised: {', '.join(file.name for file in files) or 'no file'}")


def resolved():
    """What Swift resolved: by identity, the package and the identities it needs; and those ZorBA needs."""
    answer = subprocess.run(
        ["swift", "package", "--disable-automatic-resolution", "show-dependencies", "--format", "json"],
        cwd=ROOT, capture_output=True, text=True)
    if answer.returncode:
        raise Fault(f"swift package show-dependencies failed; run 'swift package resolve' first\n{answer.stderr}")
    # Lines of progress may come before the object.
    tree = json.loads(answer.stdout[answer.stdout.index("{"):])
    packages, waiting = {}, list(tree["dependencies"])
    while waiting:
        package = waiting.pop()
        packages[package["identity"]] = (package, sorted(inner["identity"] for inner in package["dependencies"]))
        waiting += package["dependencies"]
    return packages, sorted(inner["identity"] for inner in tree["dependencies"])


def purl(package):
    host = re.sub(r"^https://|\.git$", "", package["url"])
    return f"pkg:swift/{host}@{package['version']}"


def licences(expression):
    compound = any(word in expression for word in (" OR ", " AND ", " WITH "))
    return [{"expression": expression}] if compound else [{"license": {"id": expression}}]


def embedded(row, folder):
    """A component for code that a package carries a copy of."""
    component = {
        "type": "library", "name": row["name"], "licenses": licences(row["licence"]),
        "externalReferences": [{"type": "website", "url": row["url"]}],
    }
    # BoringSSL's copies say what they are copies of.
    for note in sorted(folder.glob("Sources/*/hash.txt")) if row["name"] == "BoringSSL" else []:
        if match := re.search(r"revision ([0-9a-f]{40})", note.read_text()):
            component["version"] = match[1]
    return component


def bill(pages):
    packages, needed = resolved()
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    revisions = {pin["identity"]: pin["state"]["revision"] for pin in pins}
    known = {identity(row["url"]): row for heading in (NAMED, BROUGHT) for row in pages[heading]}
    components, faults = [], []
    for name, (package, _) in sorted(packages.items()):
        folder = pathlib.Path(package["path"])
        said = known.pop(name, None)
        found = licence(folder)
        if said is None:
            faults.append(f"{PAGE.name} lacks {package['url']} ({found})")
            continue
        if said["licence"] != found:
            faults.append(f"{PAGE.name} says that {name} is {said['licence']}; its file says {found}")
        component = {
            "type": "library", "bom-ref": purl(package), "name": said["name"], "version": package["version"],
            "purl": purl(package), "licenses": licences(found), "scope": "required",
            "externalReferences": [{"type": "vcs", "url": package["url"]}],
            "properties": [{"name": "zorba:revision", "value": revisions.get(name, "")}],
        }
        parts = [embedded(row, folder) for row in pages[INSIDE] if said["name"] in re.findall(r"[\w.-]+", row["inside"])]
        if parts:
            component["components"] = parts
        components.append(component)
    faults += [f"{PAGE.name} lists {row['url']}, which is not resolved" for row in known.values()]
    if faults:
        raise Fault("\n".join(faults))
    for row in pages[SYSTEM]:
        components.append({
            "type": "library", "bom-ref": "system:" + re.sub(r"\W+", "-", row["name"].lower()), "name": row["name"],
            "licenses": licences(row["licence"]), "scope": "required",
            "externalReferences": [{"type": "website", "url": row["url"]}],
            "properties": [{"name": "zorba:provided-by", "value": "the operating system or the Swift toolchain"}],
        })
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"], cwd=ROOT, capture_output=True, text=True)
    version = commit.stdout.strip() or "unknown"
    main = {
        "type": "application", "bom-ref": "zorba", "name": "zorba", "version": version,
        "licenses": licences("Apache-2.0"),
    }
    graph = [{"ref": "zorba", "dependsOn": [purl(packages[name][0]) for name in needed]}]
    graph += [
        {"ref": purl(package), "dependsOn": [purl(packages[name][0]) for name in inner]}
        for _, (package, inner) in sorted(packages.items())]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": main,
            "tools": {"components": [{"type": "application", "name": "Tools/sbom.py", "version": version}]},
        },
        "components": components, "dependencies": graph,
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).digest()
    document["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    return document


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare docs/dependencies.md with Package.swift")
    options = parser.parse_args()
    try:
        pages = tables()
        check(pages)
        if not options.check:
            json.dump(bill(pages), sys.stdout, indent=1, ensure_ascii=False)
            print()
    except Fault as fault:
        print(f"sbom: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
