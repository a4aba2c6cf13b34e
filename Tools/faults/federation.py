"""A federation of real processes on this machine, with a relay before each site."""

import asyncio
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from journal import Journal, missing
from proxy import Relay

LABELS = ["account", "appointment", "complaint", "delivery", "payment", "praise"]

POLICY = """
federation: campaign
runs: {names: [campaign], specifications: any}
base_models: any
tasks: [classification]
templates: ["{text} Topic: {label}"]
columns: any
blocks: {maximum: any, forbidden: []}
local_steps: {maximum: 4}
directions: {maximum: 8}
batch: {minimum: 1}
rounds: {maximum: any, maximum_per_day: any}
hours: any
payload_bytes_per_round: any
payload_bytes_per_day: any
evaluation: {allowed: true, minimum_examples: 20}
share: {losses: true, timings: true, peak_memory: true, example_count: exact}
privacy:
  secure_aggregation: optional
  differential_privacy: {required: false, epsilon_maximum: any}
  minimum_cohort: 1
"""

COORDINATOR = "coordinator"
# Killed by us; input or output failed (a full disk at the start); resumable (Ctrl-C).
EXPECTED_EXITS = {-signal.SIGKILL, 1, 5}


def die_with_parent():
    """Linux: a process does not outlive a campaign, however that ends."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


class Federation:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out).resolve()
        self.bin = pathlib.Path(options.bin).resolve()
        self.sites = [f"site-{i + 1}" for i in range(options.sites)]
        self.processes = {}
        self.spawned = {}
        self.relays = {}
        self.mounts = []
        self.restarts = 0
        self.unexpected = []
        # Processes that are to stay down until somebody says otherwise.
        self.held = set()
        self.journal = Journal(self.out / "run" / "run.zorba")
        self.copies = {site: Journal(self.state(site) / "run.zorba") for site in self.sites}
        self.greatest_metric = 0

    def state(self, name):
        return self.out / (COORDINATOR if name == COORDINATOR else f"{name}/state")

    # Before the run.

    def tool(self, program, *arguments, timeout=60):
        return subprocess.run(
            [self.bin / program, *map(str, arguments)], check=True, capture_output=True, text=True,
            timeout=timeout).stdout

    def enrol(self, kind, name, folder):
        pki = lambda *arguments: self.tool("zorba-server", "pki", *arguments)
        request = json.loads(pki(
            "request", "--federation", "campaign", f"--{kind}", name, "--out", folder, "--json"))
        pki("approve", folder / "request.pem", "--authority", self.out / "pki", "--fingerprint",
            request["fingerprint"], "--out", folder / "answer.pem")
        pki("install", folder / "answer.pem", "--identity", folder)

    async def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        self.tool("zorba-server", "pki", "init", "--federation", "campaign", "--out",
                  self.out / "pki")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        model = str(pathlib.Path(self.options.model).resolve())
        data = sorted(pathlib.Path(self.options.data).resolve().glob("*.jsonl"))
        for number, site in enumerate(self.sites):
            self.relays[site] = Relay(self.port, self.options.latency)
            await self.relays[site].start()
            self.enrol("site", site, self.out / site / "identity")
            (self.out / site / "policy.yaml").write_text(POLICY)
            (self.out / site / "site.yaml").write_text(json.dumps({
                "coordinator": f"127.0.0.1:{self.relays[site].port}", "identity": "identity",
                "model": model, "data": {"train": str(data[number % len(data)])},
                "state": "state", "policy": "policy.yaml", "threads": 1,
                "reconnect": {"first_seconds": 0.2, "longest_seconds": 2},
            }))
        self.enrol("operator", "op", self.out / "operator")
        (self.out / "campaign.yaml").write_text(json.dumps({
            "model": model,
            "task": {"kind": "classification", "template": "{text} Topic: {label}",
                     "labels": {label: label for label in LABELS}},
            "federation": {"sites": self.sites, "weights": "examples", "quorum": 0.5,
                           "deadline_seconds": 1.0, "start_with": 1, "digest_every": 4,
                           "absence_seconds": 3600},
            "method": {"directions": 2, "learning_rate": 1e-4, "local_steps": 2,
                       "seeding": "shared"},
            "batch": {"size": 2, "max_tokens": 24}, "rounds": 1000000,
            "blocks": {"plan": "random", "active": 0.5}, "evaluate": {"every": 0},
            "precision": {"weights": "bfloat16"}, "seed": self.options.seed,
            "guard": {"action": "skip"}, "out": str(self.out / "run"),
        }))
        if self.options.mounts:
            for site in self.sites:
                self.mount(self.state(site))
            self.mount(self.state(COORDINATOR))
            self.mount(self.out / "run")

    def mount(self, path):
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.options.disk_mib}m", "tmpfs", path],
            check=True)
        self.mounts.append(path)

    # Processes.

    def spawn(self, name):
        if name == COORDINATOR:
            command = [
                "zorba-server", "server", self.out / "campaign.yaml", "--identity",
                self.out / "pki" / "coordinator", "--authority", self.out / "pki", "--state",
                self.state(name), "--listen", f"127.0.0.1:{self.port}"]
        else:
            command = ["zorba-site", "client", self.out / name / "site.yaml"]
        with open(self.out / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.bin / command[0], *map(str, command[1:])], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=self.out, preexec_fn=die_with_parent)
        self.spawned[name] = time.monotonic()

    def start(self):
        for name in [COORDINATOR, *self.sites]:
            self.spawn(name)

    def revive(self):
        """Starts again whatever has ended and is not done, as a service manager would."""
        for name, process in list(self.processes.items()):
            code = process.poll()
            if code is None or code == 0 or name in self.held:
                continue
            # No more than twice a second.
            if time.monotonic() - self.spawned[name] < 0.5:
                continue
            if code not in EXPECTED_EXITS:
                self.unexpected.append(
                    {"process": name, "code": code, "round": self.journal.round,
                     "last_words": self.last_words(name)})
            self.restarts += 1
            self.spawn(name)

    def last_words(self, name):
        lines = (self.out / f"{name}.log").read_bytes().split(b"\n")
        return b" ".join(lines[-4:]).decode(errors="replace").strip()[-400:]

    def kill(self, *names):
        for name in names:
            if self.processes[name].poll() is None:
                self.processes[name].kill()
        for name in names:
            self.processes[name].wait()

    # Rounds.

    def look(self):
        """Reads all journals as far as they are, and the copy of the metrics."""
        for journal in [self.journal, *self.copies.values()]:
            journal.mark()
        try:
            with open(self.out / "run" / "metrics.jsonl", "rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 4096))
                lines = file.read().split(b"\n")[1:-1]
            self.greatest_metric = max(self.greatest_metric, json.loads(lines[-1])["round"])
        except (OSError, ValueError, IndexError, KeyError):
            pass

    async def progress(self, rounds, seconds, everybody=False):
        """Waits for further rounds, with `everybody` at every site; false when they do not come."""
        target = self.journal.update() + rounds
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.revive()
            lags = everybody and min(copy.update() for copy in self.copies.values()) < target
            if self.journal.update() >= target and not lags:
                return True
            await asyncio.sleep(0.05)
        return False

    # After the run.

    def admin(self, *arguments):
        return self.tool(
            "zorba-server", "admin", *arguments, "--identity", self.out / "operator",
            "--coordinator", f"127.0.0.1:{self.port}")

    async def end(self, seconds):
        """Ends the run as an operator would; every process must end by itself, with 0."""
        until = time.monotonic() + seconds
        told = False
        names = [COORDINATOR, *self.sites]
        while time.monotonic() < until:
            self.revive()
            if all(self.processes[name].poll() == 0 for name in names):
                break
            if not told:
                try:
                    self.admin("stop", "campaign")
                    told = True
                except (subprocess.SubprocessError, OSError):
                    pass
            await asyncio.sleep(0.2)
        return {name: self.processes[name].poll() for name in names}

    def compare(self):
        """What is lost and what has diverged, once everything has ended."""
        final = (self.out / "run" / "run.zorba").read_bytes()
        self.journal.update()
        lost = [f"{name}: round {mark[2]}"
                for name, journal in [(COORDINATOR, self.journal), *self.copies.items()]
                for mark in missing(journal.marks, final)]
        if self.greatest_metric > self.journal.round:
            lost.append(f"metrics.jsonl: round {self.greatest_metric}")
        lost += [f"{COORDINATOR}: {fault}" for fault in self.journal.faults]
        diverged = []
        for site in self.sites:
            path = self.state(site) / "run.zorba"
            if not path.exists() or path.read_bytes() != final:
                diverged.append(site)
        quarantined = subprocess.run(
            ["grep", "-c", "is quarantined", self.state(COORDINATOR) / "log.jsonl"],
            capture_output=True, text=True).stdout.strip()
        begun_again = {site: copy.faults for site, copy in self.copies.items() if copy.faults}
        return {
            "lost": lost, "diverged": diverged, "quarantined": int(quarantined or 0),
            "copies_begun_again": begun_again, "rounds": self.journal.round,
            "journal_bytes": len(final),
        }

    def verify(self):
        """Replays the journal on the base model; the digests in it are those of the sites."""
        replay = subprocess.run(
            [self.bin / "zorba", "export", "--model", self.options.model, "--journal",
             self.out / "run" / "run.zorba", "--out", self.out / "exported"],
            capture_output=True, text=True)
        return replay.returncode, (replay.stderr or replay.stdout)[-300:]

    def close(self):
        """Ends what is left; keeps what lay on the mounts."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        for mount in reversed(self.mounts):
            kept = mount.with_name(mount.name + "-kept")
            (mount / "filler").unlink(missing_ok=True)
            shutil.copytree(mount, kept, dirs_exist_ok=True)
            subprocess.run(["umount", mount], check=False)
