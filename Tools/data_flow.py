"""Writes docs/data-flow.md: what every message between a site and its coordinator says, field by field.

    python3 Tools/data_flow.py            # writes the page
    python3 Tools/data_flow.py --check    # exits 1 if the page is not what the definitions say

Fields, types and meanings come from Protos/zorba/v1; what a field has to do with the site's rows and which key of
a site's policy governs it come from Tools/data_flow.json. A field without a statement there is an error, so that
nothing new crosses the wire unexplained. Needs nothing but Python's standard library.
"""

import argparse
import json
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "data-flow.md"
STATEMENTS = ROOT / "Tools" / "data_flow.json"
PROTOS = ROOT / "Protos" / "zorba" / "v1"
POLICY_KEYS = ROOT / "Sources" / "ZorBASitePolicy" / "Policy" / "PolicyKey.swift"

# What a field may have to do with the rows, from nothing to everything.
DEPENDS = {
    "no": "no",
    "timing": "a little: work done",
    "committed": "no: on commits only",
    "text": "perhaps: prose",
    "kind": "a little: what went wrong",
    "count": "on their number",
    "yes": "**yes**",
}
# Bytes on the wire by type: smallest and largest, the tag not counted. None: as long as it is.
WIDTHS = {
    "bool": (1, 1), "uint32": (1, 5), "int32": (1, 10), "uint64": (1, 10), "fixed32": (4, 4), "float": (4, 4),
    "fixed64": (8, 8), "double": (8, 8), "string": None, "bytes": None,
}


class Fault(Exception):
    """Something that a person must mend before the page can be written."""


# Reading the definitions.

class Field:
    def __init__(self, name, kind, number, repeated, oneof, comment):
        self.name, self.kind, self.number = name, kind, number
        self.repeated, self.oneof, self.comment = repeated, oneof, comment


class Message:
    def __init__(self, name, comment):
        self.name, self.comment, self.fields = name, comment, []


class Definitions:
    """The messages, enumerations and calls of a folder of proto files, with the comments before them."""

    def __init__(self, folder):
        self.messages, self.enums, self.calls = {}, {}, []
        for path in sorted(folder.glob("*.proto")):
            self._read(path)

    def _read(self, path):
        comment, stack = [], []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.strip()
            if line.startswith("//"):
                comment.append(line[2:].strip())
                continue
            said, comment = " ".join(comment), []
            if not line or re.match(r"(syntax|package|import|option|reserved)\b", line):
                continue
            self._take(line, said, stack, f"{path.name}:{number}")

    def _take(self, line, said, stack, place):
        if match := re.fullmatch(r"(message|enum|service|oneof) (\w+) \{(\})?", line):
            kind, name, closed = match.groups()
            outer = ".".join(n for k, n in stack if k == "message")
            full = f"{outer}.{name}" if outer and kind != "oneof" else name
            if kind == "message":
                self.messages[full] = Message(full, said)
            elif kind == "enum":
                self.enums[full] = said
            if not closed:
                stack.append((kind, name))
        elif line == "}":
            stack.pop()
        elif match := re.fullmatch(
                r"rpc (\w+)\((stream )?(\w+)\) returns \((stream )?(\w+)\);", line):
            call, up, request, down, response = match.groups()
            self.calls.append((stack[-1][1], call, bool(up), request, bool(down), response, said))
        elif stack and stack[-1][0] == "enum" and re.fullmatch(r"\w+ = \d+;", line):
            pass
        elif match := re.fullmatch(r"(repeated |optional )?([\w.]+) (\w+) = (\d+)( \[.*\])?;", line):
            label, kind, name, number, _ = match.groups()
            outer = ".".join(n for k, n in stack if k == "message")
            oneof = stack[-1][1] if stack[-1][0] == "oneof" else None
            self.messages[outer].fields.append(
                Field(name, kind, int(number), label == "repeated ", oneof, said))
        else:
            raise Fault(f"{place}: '{line}' is not understood")

    def resolve(self, kind, within):
        """The full name of a message or enumeration that a field refers to; None for plain types."""
        for name in (f"{within}.{kind}", kind):
            if name in self.messages or name in self.enums:
                return name
        if kind not in WIDTHS:
            raise Fault(f"{within} has a field of the unknown type {kind}")
        return None

    def reachable(self, roots):
        """Messages in the order in which they are met, wrappers first."""
        found, waiting = [], list(roots)
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found.append(name)
            inner = [self.resolve(field.kind, name) for field in self.messages[name].fields]
            waiting = [n for n in inner if n in self.messages] + waiting
        return found


# Statements.

class Statements:
    """What people say of messages and fields; every one is checked to be of something that exists."""

    def __init__(self, path, definitions, policy_keys):
        text = path.read_text()
        try:
            content = json.loads(text, object_pairs_hook=self._unique)
        except ValueError as fault:
            raise Fault(f"{path.name}: {fault}") from fault
        self.messages = content["messages"]
        self.definitions = definitions
        self.keys = policy_keys | set(content.get("planned_policy_keys", []))
        self.faults = []
        self._refuse_strays()

    @staticmethod
    def _unique(pairs):
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"'{name}' stands twice")
        return dict(pairs)

    def _refuse_strays(self):
        for name, entry in self.messages.items():
            message = self.definitions.messages.get(name)
            if message is None:
                if not entry.get("planned"):
                    raise Fault(f"{STATEMENTS.name}: there is no message {name} (say \"planned\": true of one to come)")
                continue
            known = {field.name for field in message.fields}
            for field, said in entry.get("fields", {}).items():
                if field not in known and not said.get("planned"):
                    raise Fault(
                        f"{STATEMENTS.name}: {name} has no field {field} (say \"planned\": true of one to come)")

    def keys_of(self, entry, place):
        keys = entry.get("policy", [])
        for key in keys:
            if key not in self.keys:
                raise Fault(f"{STATEMENTS.name}: {place}: a policy has no key '{key}'")
        return keys

    def message(self, name):
        entry = self.messages.get(name)
        if entry is None:
            raise Fault(f"{STATEMENTS.name} says nothing of the message {name}: add it, with \"when\" it is sent")
        self.keys_of(entry, name)
        if not entry.get("when"):
            raise Fault(f"{STATEMENTS.name}: {name}: say \"when\" it is sent")
        return entry

    def field(self, name, field):
        """What is said of a field; what is lacking is kept, to be told of all fields at once."""
        place = f"{name}.{field.name}"
        entry = self.message(name).get("fields", {}).get(field.name, {})
        if not entry:
            self.faults.append(
                f"{STATEMENTS.name} says nothing of {place}: say what it has to do with the site's rows (\"rows\": "
                f"one of {', '.join(DEPENDS)}) and which policy keys govern it (\"policy\")")
        elif entry.get("rows") not in DEPENDS:
            self.faults.append(f"{STATEMENTS.name}: {place}: \"rows\" is none of {', '.join(DEPENDS)}")
        if entry and not (field.comment or entry.get("says")):
            self.faults.append(f"{place} has no comment in the definition and no \"says\" in {STATEMENTS.name}")
        self.keys_of(entry, place)
        return entry


# Sizes, by protobuf's encoding.

def varint(value):
    """The bytes of a number."""
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def size(field, entry):
    """How many bytes a field takes, its tag included, as text."""
    tag = len(varint(field.number << 3))
    if entry.get("bytes"):
        return entry["bytes"]
    width = WIDTHS.get(field.kind, (1, 5))
    each = " each" if field.repeated else ""
    if width is None:
        return f"{tag + 1} + its length{each}"
    low, high = (tag + end for end in width)
    return (f"{low}" if low == high else f"{low}–{high}") + each


def example():
    """The Result of a round with one direction and one step, byte by byte."""
    scalar, loss, seconds = "d3 4d c2 3e", "52 b8 1e 3f", "cd cc cc 3d"
    parts = [
        ("round", "412", "08 " + varint(412).hex(" ")),
        ("scalars", "[0.379500…], binary32, little endian", "1a 04 " + scalar),
        ("examples", "120", "20 " + varint(120).hex(" ")),
        ("loss", "0.62", "2d " + loss),
        ("seconds", "0.1", "35 " + seconds),
    ]
    body = bytes.fromhex("".join(part[2] for part in parts))
    whole = b"\x1a" + varint(len(body)) + body
    rows = [f"    {name:<9} {value:<38} {data}" for name, value, data in parts]
    return "\n".join(rows + ["", "    " + whole.hex(" ")]), len(whole)


# The page.

def cell(text):
    return text.replace("|", "\\|")


def table(name, definitions, statements, leaves):
    message = definitions.messages[name]
    rows = []
    for field in message.fields:
        inner = definitions.resolve(field.kind, name)
        if inner in definitions.messages:
            # Of a message inside another one its own fields speak.
            rows.append([f"`{field.name}`", inner, "its own", cell(field.comment or f"see {inner}"), "see there", ""])
            continue
        entry = statements.field(name, field)
        says = cell(" ".join(part for part in (field.comment, entry.get("says", "")) if part))
        rows.append([
            f"`{field.name}`", ("list of " if field.repeated else "") + field.kind, size(field, entry), says,
            DEPENDS.get(entry.get("rows"), ""), ", ".join(f"`{key}`" for key in entry.get("policy", []))])
    if not leaves:
        rows = [row[:5] for row in rows]
    head = ["field", "type", "bytes", "what it says", "depends on a site's rows", "policy"][:len(rows[0]) if rows else 6]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def section(name, definitions, statements, leaves):
    message, entry = definitions.messages[name], statements.message(name)
    lines = [f"### {name}", ""]
    told = [message.comment, entry["when"]]
    keys = entry.get("policy", [])
    if keys and leaves:
        told.append("Held back as a whole by " + ", ".join(f"`{key}`" for key in keys) + ".")
    is_wrapper = all(definitions.resolve(field.kind, name) in definitions.messages for field in message.fields)
    if message.fields and is_wrapper:
        told.append(("One of " if message.fields[0].oneof else "It holds ") + ", ".join(
            f"`{field.name}`" + ("" if field.kind.lower() == field.name.replace("_", "") else f" ({field.kind})")
            for field in message.fields) + ".")
    lines += textwrap.wrap(" ".join(part for part in told if part), 120) + [""]
    if message.fields and not is_wrapper:
        lines += table(name, definitions, statements, leaves) + [""]
    return lines


INTRODUCTION = """\
# Data flow: the exact bytes that leave a site

Written by `Tools/data_flow.py` from `Protos/zorba/v1` and `Tools/data_flow.json`; do not edit. `dev/lint` fails while
a field lacks a statement or this page lags behind. What an attacker could learn from it is in
[threat-model.md](threat-model.md).

**"Raw data stays local" is not "private".** No message has a field for rows, texts or labels. Fields marked **yes** are
computed from them all the same, and say something about them to whoever sees them.

## How to read it

- *Bytes* are protobuf's, with the field's tag (and length); a field that is 0 or empty is not sent at all. H are local
  steps, P directions, B blocks trained. A message inside another one adds 2 to 4. To a message on the stream come
  5 bytes of gRPC, 9 of HTTP/2 and 22 of TLS ([wire.md](wire.md)).
- *Policy* names the keys of the site's own `policy.yaml` ([site-policy.md](site-policy.md)) that change or hold back the
  field. Besides, a run has to pass `federation`, `runs`, `base_models`, `tasks`, `templates`, `columns`,
  `local_steps`, `directions`, `batch`, `rounds`, `updates` and `privacy` when the site joins it; until then nothing but Hello leaves, and,
  when it is due, a request to renew the certificate.
- *Depends on the rows*: "on commits only" means that the value follows from the base model and the journal, which all
  of the run have; "work done" that times and memory grow with the number and length of rows; "prose" that it is a
  sentence, written by the program or a person, which nobody can vouch for in advance.
- Sections 1 and 2 are what leaves a site, 3 is what it hears, so also what *other* sites learn, 4 is what operators send.

## What is written down at the site

Every message on the stream, and the declaration of every dense update, is a line in `state/sent.jsonl` before it is
sent: decoded, and in hexadecimal. `zorba client SITE.yaml --dry-run --run RUN.yaml` shows these lines for the first
round, the site's costs left out, and sends nothing. Not in the log: the requests of section 2 but that declaration (they ask for bytes and give none of the
site's), the pieces of an update (their digest is), and what TLS, HTTP/2 and pings add. Addresses, times of messages and
a site's certificate are seen by whoever carries or ends the connection.

## An answer, byte by byte
"""

GROUPS = [
    ("1. What leaves a site on the stream", ["SiteMessage"], True),
    ("2. What leaves a site beside the stream", [
        "UploadUpdateRequest", "FetchJournalRequest", "DescribeModelRequest", "FetchModelRequest",
        "RenewCertificateRequest"], True),
    ("3. What a site hears", [
        "CoordinatorMessage", "UploadUpdateResponse", "FetchJournalResponse", "DescribeModelResponse",
        "FetchModelResponse", "RenewCertificateResponse"], False),
]


def page(definitions, statements):
    listed = [root for _, roots, _ in GROUPS for root in roots]
    for service, call, _, request, _, response, _ in definitions.calls:
        if service == "Federation" and not {request, response} <= set(listed):
            raise Fault(f"the call {call} is in no section: add its messages to GROUPS in {pathlib.Path(__file__).name}")
    shown, length = example()
    lines = INTRODUCTION.splitlines() + [
        "", f"A `SiteMessage` with the `Result` of round 412, one direction, one step: {length} bytes; with P directions and H",
        f"steps {length - 4} + 4PH, and one or two more beyond 100 bytes.", "", shown, ""]
    done = set()
    groups = GROUPS + [(
        "4. What operators send and hear",
        [name for call in definitions.calls if call[0] != "Federation" for name in (call[3], call[5])], False)]
    for title, roots, leaves in groups:
        lines += [f"## {title}", ""]
        for name in definitions.reachable(roots):
            if name not in done:
                done.add(name)
                lines += section(name, definitions, statements, leaves)
    if statements.faults:
        raise Fault("\n".join(statements.faults))
    lost = sorted(set(definitions.messages) - done)
    if lost:
        raise Fault(f"no call uses {', '.join(lost)}")
    return "\n".join(lines).rstrip() + "\n"


def policy_keys():
    text = POLICY_KEYS.read_text()
    cases = re.findall(r'^  case (.+)$', text.split("package var rule")[0], re.M)
    keys = set()
    for case in cases:
        match = re.fullmatch(r'(\w+)(?: = "([^"]+)")?', case)
        if match is None:
            raise Fault(f"{POLICY_KEYS.name}: 'case {case}' is not understood")
        keys.add(match[2] or match[1])
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    options = parser.parse_args()
    try:
        definitions = Definitions(PROTOS)
        text = page(definitions, Statements(STATEMENTS, definitions, policy_keys()))
    except Fault as fault:
        print(f"data_flow: {fault}", file=sys.stderr)
        return 1
    if not options.check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print("data_flow: docs/data-flow.md is not what the definitions say: run Tools/data_flow.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
