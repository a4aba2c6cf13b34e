"""What the measurements of a federation share: programs, identities, run files, processes.

Everything happens on 127.0.0.1 and in one folder that the caller names.
"""

import hashlib
import json
import os
import re
import signal
import sqlite3
import struct
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def programs(folder):
    """Paths of zorba-server and zorba-site; says so when one is missing."""
    found = {name: os.path.join(os.path.abspath(folder), name) for name in ("zorba-server", "zorba-site")}
    if not os.access(found["zorba-server"], os.X_OK):
        raise SystemExit(f"{found['zorba-server']} is missing: build it, or say --bin FOLDER")
    return found


def card(path, blocks, width=64):
    """Writes the card of a model that does not exist: names, shapes and made-up digests."""
    digests = [hashlib.sha256(b"card %d" % block).digest()[:16] for block in range(blocks + 1)]
    state = hashlib.sha256(b"zorba/1/state" + struct.pack("<I", blocks + 1) + b"".join(digests)).digest()[:16]
    outer = [["model.embed_tokens.weight", "bfloat16", [256, width]], ["model.norm.weight", "bfloat16", [width]]]
    layers = [
        [[f"model.layers.{layer}.mlp.up_proj.weight", "bfloat16", [4 * width, width]]]
        for layer in range(blocks)
    ]
    parameters = [256 * width + width] + [4 * width * width] * blocks
    value = {
        "format": "zorba-model-card", "version": 1, "name": f"made-up-{blocks}", "precision": "as_checkpoint",
        "layers": blocks, "parameters": parameters, "bytes": [2 * count for count in parameters],
        "base": {"state": state.hex(), "blocks": [digest.hex() for digest in digests]},
        "model": {"family": "llama", "blocks": [outer] + layers},
    }
    with open(path, "w") as file:
        json.dump(value, file)


def run_file(path, sites, model, out, rounds, **keys):
    """Writes a run file; `keys` are lines of YAML by their first key."""
    parts = {
        "model": model, "task": "{kind: language_modeling}",
        "federation": "{sites: [%s], weights: uniform}" % ", ".join(sites),
        "method": "{learning_rate: 1e-6, mu: 1e-3}", "rounds": rounds,
        "evaluate": "{every: 0}", "guard": "{action: skip}", "out": out,
        # Sites of a crowd make numbers up; they hold no keys.
        "secure_aggregation": "off", **keys,
    }
    with open(path, "w") as file:
        file.writelines(f"{key}: {value}\n" for key, value in parts.items())


def authority(program, folder, federation="load"):
    """Makes an authority unless there is one."""
    if not os.path.exists(os.path.join(folder, "authority.key")):
        subprocess.run([program, "pki", "init", "--quiet", "--federation", federation, "--out", folder],
                       check=True, stdout=subprocess.DEVNULL)
    return folder


def identity(program, authority, folder, name, role="site", federation="load", lifetime=()):
    """Enrols a site or an operator the way people do."""
    os.makedirs(os.path.dirname(folder) or ".", exist_ok=True)
    answer = subprocess.run(
        [program, "pki", "request", "--json", "--federation", federation, f"--{role}", name, "--out", folder],
        check=True, capture_output=True, text=True).stdout
    chain = folder + ".chain.pem"
    subprocess.run(
        [program, "pki", "approve", os.path.join(folder, "request.pem"), "--authority", authority,
         "--fingerprint", json.loads(answer)["fingerprint"], "--out", chain, *lifetime],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([program, "pki", "install", chain, "--identity", folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder


class Program:
    """A process beside this one, its words in a file."""

    def __init__(self, arguments, log):
        self.log = log
        self.arguments = arguments
        self.file = open(log, "w")
        self.process = subprocess.Popen(arguments, stdout=self.file, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)

    @property
    def is_running(self):
        return self.process.poll() is None

    @property
    def words(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def port(self, seconds=120):
        """The port that a coordinator says it listens on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            match = re.search(r"Listening on [^ ]*:(\d+)\.", self.words)
            if match:
                return int(match.group(1))
            if not self.is_running:
                break
            time.sleep(0.05)
        raise SystemExit(f"the coordinator does not listen:\n{self.words[-2000:]}")

    def end(self, seconds=20):
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.file.close()

    @property
    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024

    @property
    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def coordinator(program, run, pki, state, log, *more):
    """Starts a coordinator on a free port."""
    arguments = [program, "server", run, "--identity", f"{pki}/coordinator", "--authority", pki, "--state", state,
                 "--listen", "127.0.0.1:0", "--log-level", "warning", *more]
    started = Program(arguments, log)
    return started, started.port()


def rounds_done(metrics):
    """The last round in a run's metrics; 0 without one. Reads the end of the file only."""
    try:
        with open(metrics, "rb") as file:
            file.seek(0, 2)
            size = file.tell()
            file.seek(max(0, size - (1 << 20)))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return 0
    for line in reversed(lines[1:] if size > 1 << 20 else lines):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if "seconds" in value:
            return value["round"]
    return 0


def stored_rounds(state, run, first, last):
    """Seconds and bytes on the wire of a run's rounds, from the coordinator's store."""
    with sqlite3.connect(f"file:{state}/store.sqlite?mode=ro", uri=True) as database:
        return database.execute(
            "SELECT number, seconds, wire_received, wire_sent, committed_at FROM round JOIN run ON run.id = run_id "
            "WHERE run.name = ? AND number BETWEEN ? AND ? ORDER BY number", (run, first, last)).fetchall()


def share(values, part):
    """The value that this part of all values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")
