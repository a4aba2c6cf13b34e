"""Says whether any source could reach the network, or start a program, besides the places that are meant to.

    python3 Tools/network_use.py

Prints what it finds and exits 1. Reads Sources and Package.swift; needs Python's standard library. What it holds the
sources to is in docs/no-telemetry.md.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "Sources"

# The one target that knows sockets, and the programs that contain it.
WIRE = "ZorBAWire"
NETWORKED = {"zorba-server", "zorba-site"}

# What opens, or accepts, connections or looks up hosts: allowed in these files. Of the system's own calls `socket` is
# enough: without it the others have nothing to work on.
CONNECTIONS = re.compile(
    r"\b(URLSession|URLRequest|NSURLConnection|NWConnection|NWListener|CFSocket\w*|CFStream\w*|StreamDelegate"
    r"|ClientBootstrap|ServerBootstrap|DatagramBootstrap|RawSocketBootstrap|VsockBootstrap|NIOTS\w+Bootstrap"
    r"|NIOPipeBootstrap|HTTPClient|getaddrinfo|gethostby\w+|SOCK_\w+|socketpair|dlopen|dlsym|curl_\w+)\b"
    r"|\bsocket\("
    r"|\bURL\(string:|contentsOf: *URL\(string:|\bcontentsOf: *url\b")
MAY_CONNECT = {
    "Sources/ZorBAWire/Client/WireClient.swift": "a site's or an operator's connection to its coordinator",
    "Sources/ZorBAWire/Server/TLSListener.swift": "the coordinator's port",
}

# Modules that can do so.
NETWORK_MODULES = re.compile(r"(NIO\w*|_NIO\w*|GRPC\w*|Network|FoundationNetworking|AsyncHTTPClient|CFNetwork)")

# What starts other programs: allowed in these files.
PROGRAMS = re.compile(r"\bProcess\(\)|\bposix_spawnp?\(|\bexec[vl]p?e?\(|\bpopen\(|(?<![.\w])system\(\"|\bfork\(\)|\bvfork\(")
MAY_START = {
    "Sources/zorba/Commands/DemoProcess.swift": "`zorba demo --networked`: coordinator and sites, from zorba's own folder",
    "Sources/zorba/SiblingProgram.swift": "`zorba server`, `client`, `admin`, `pki`: zorba-server or zorba-site beside it",
    "Sources/ZorBABenchmarks/Running/SimulationProcess.swift": "`zorba benchmark`: zorba itself, a cell a process",
}

# Addresses in the text: names of XML vocabularies, which nothing fetches, and the mark of a file that git-lfs left.
ADDRESSES = re.compile(r"\b(?:https?|wss?|ftp)://[^\"\s)]*")
HARMLESS = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg", "https://git-lfs"}


def code(path):
    """The lines of a file without their comments, numbered from 1."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        # What follows a protocol's colon is no comment.
        yield number, re.sub(r"(?<!:)//.*", "", line)


def imports(target):
    """The modules that a target's sources import."""
    found = set()
    for path in (SOURCES / target).rglob("*.swift"):
        for _, line in code(path):
            if match := re.match(r"\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:\w+\s+)?import\s+(?:(?:struct|enum|class|func|protocol)\s+)?(\w+)", line):
                found.add(match[1])
    return found


def main():
    targets = sorted(path.name for path in SOURCES.iterdir() if path.is_dir())
    faults, used = [], set()
    for path in sorted(SOURCES.rglob("*")):
        name = str(path.relative_to(ROOT))
        # Generated code names the transports' types, and opens nothing.
        if path.suffix not in {".swift", ".c", ".h"} or "/Generated/" in name:
            continue
        for number, line in code(path):
            for pattern, allowed, what in (
                    (CONNECTIONS, MAY_CONNECT, "reaches the network"), (PROGRAMS, MAY_START, "starts a program")):
                match = pattern.search(line)
                if match and name in allowed:
                    used.add(name)
                elif match:
                    faults.append(f"{name}:{number}: {what} ({match[0]})")
            for address in ADDRESSES.findall(line):
                if address not in HARMLESS:
                    faults.append(f"{name}:{number}: holds the address {address}")
    for name in sorted((set(MAY_CONNECT) | set(MAY_START)) - used):
        faults.append(f"{name} does nothing of that kind any more: take it off the list in Tools/network_use.py")
    known = {target: imports(target) for target in targets}
    for target, modules in known.items():
        reaching = sorted(module for module in modules if NETWORK_MODULES.fullmatch(module))
        if reaching and target != WIRE:
            faults.append(f"the target {target} imports {', '.join(reaching)}; only {WIRE} may")
    for program in targets:
        if not any((SOURCES / program).rglob("main.swift")) and not re.search(
                rf'executableTarget\(\s*name: "{program}"', (ROOT / "Package.swift").read_text()):
            continue
        reached, waiting = set(), [program]
        while waiting:
            target = waiting.pop()
            if target not in reached:
                reached.add(target)
                waiting += [module for module in known[target] if module in known]
        if WIRE in reached and program not in NETWORKED:
            faults.append(f"the program {program} contains {WIRE}; only {', '.join(sorted(NETWORKED))} may")
    for fault in faults:
        print(f"network_use: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
