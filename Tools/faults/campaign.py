#!/usr/bin/env python3
"""Real processes, real faults: a federation on loopback that is killed, stopped, cut and starved.

Starts a coordinator and sites, each site behind a relay, and injects faults one after the other
while the run goes on. At the end every site must have the coordinator's journal byte for byte and
the same weights, the journal must verify, and replaying it on the base model must give the digest
that the sites reported. Prints one JSON object with the counts.

    campaign.py --bin .build/release --model MODEL --data DIR --faults 300 --out /tmp/campaign
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from proxy import Relay

KINDS = {
    "kill_site": 24, "kill_coordinator": 12, "kill_both": 6, "stop_site": 16,
    "stop_coordinator": 6, "cut": 16, "stall": 8, "refuse": 6, "slow": 8, "full_disk_site": 5,
    "full_disk_coordinator": 5,
}


class Federation:
    def __init__(self, options):
        self.options = options
        self.out = pathlib.Path(options.out).resolve()
        self.bin = pathlib.Path(options.bin).resolve()
        self.random = random.Random(options.seed)
        self.sites = [f"site-{i + 1}" for i in range(options.sites)]
        self.processes = {}
        self.relays = {}
        self.counts = {}
        self.restarts = 0
        self.unexpected = []

    def tool(self, program, *arguments):
        return subprocess.run(
            [self.bin / program, *map(str, arguments)], check=True, capture_output=True, text=True
        ).stdout

    def prepare(self):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(parents=True)
        self.tool("zorba-server", "pki", "init", "--federation", "campaign", "--out",
                  self.out / "pki")
        for site in self.sites:
            folder = self.out / site / "identity"
            request = json.loads(self.tool(
                "zorba-server", "pki", "request", "--federation", "campaign", "--site", site,
                "--out", folder, "--json"))
            self.tool(
                "zorba-server", "pki", "approve", folder / "request.pem", "--authority",
                self.out / "pki", "--fingerprint", request["fingerprint"], "--out",
                self.out / site / "chain.pem")
            self.tool("zorba-server", "pki", "install", self.out / site / "chain.pem",
                      "--identity", folder)
        run = {
            "model": str(pathlib.Path(self.options.model).resolve()),
            "task": {"kind": "classification", "template": "{text} Topic: {label}",
                     "labels": self.options.labels},
            "federation": {"sites": self.sites, "weights": "examples", "quorum": 0.5,
                           "deadline_seconds": 1.0, "start_with": 1, "digest_every": 4,
                           "absence_seconds": 3600},
            "method": {"directions": 2, "learning_rate": 1e-4, "local_steps": 2,
                       "seeding": "shared"},
            "batch": {"size": 2, "max_tokens": 24}, "rounds": self.options.rounds,
            "blocks": {"plan": "random", "active": 0.5}, "evaluate": {"every": 0},
            "precision": {"weights": "bfloat16"}, "seed": self.options.seed,
            "guard": {"action": "skip"}, "out": str(self.out / "run"),
        }
        (self.out / "campaign.yaml").write_text(json.dumps(run))

    def write_site(self, site):
        folder = self.out / site
        data = sorted(pathlib.Path(self.options.data).resolve().glob("*.jsonl"))
        (folder / "site.yaml").write_text(json.dumps({
            "coordinator": f"127.0.0.1:{self.relays[site].port}", "identity": "identity",
            "model": str(pathlib.Path(self.options.model).resolve()),
            "data": {"train": str(data[self.sites.index(site) % len(data)])},
            "state": "state", "policy": "policy.yaml", "threads": 1,
            "reconnect": {"first_seconds": 0.2, "longest_seconds": 2},
        }))
        (folder / "policy.yaml").write_text(self.options.policy)

    def mount(self, path, mib):
        path.mkdir(parents=True, exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", path]).returncode:
            sys.exit("a full disk needs the right to mount a tmpfs")

    def spawn(self, name):
        log = open(self.out / f"{name}.log", "ab")
        if name == "coordinator":
            command = ["zorba-server", "server", self.out / "campaign.yaml", "--identity",
                       self.out / "pki" / "coordinator", "--authority", self.out / "pki",
                       "--state", self.out / "coordinator", "--listen",
                       f"127.0.0.1:{self.port}"]
        else:
            command = ["zorba-site", "client", self.out / name / "site.yaml"]
        self.processes[name] = subprocess.Popen(
            [self.bin / command[0], *map(str, command[1:])], stdout=log, stderr=log,
            cwd=self.out)

    def round(self):
        try:
            with open(self.out / "run" / "metrics.jsonl", "rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 4096))
                lines = file.read().splitlines()
            return json.loads(lines[-1])["round"]
        except (OSError, ValueError, IndexError, KeyError):
            return 0

    async def progress(self, rounds, seconds):
        """Waits for the run to go on; False when it hangs."""
        start, until = self.round(), time.monotonic() + seconds
        while time.monotonic() < until:
            self.revive()
            if self.round() >= min(start + rounds, self.options.rounds) or self.finished():
                return True
            await asyncio.sleep(0.05)
        return False

    def finished(self):
        process = self.processes.get("coordinator")
        return process is not None and process.poll() == 0

    def revive(self):
        """Starts again whatever has ended, as a service manager would."""
        for name, process in self.processes.items():
            code = process.poll()
            if code is None or code == 0:
                continue
            if code not in (-signal.SIGKILL, 1, 5):
                self.unexpected.append([name, code, self.round()])
            self.restarts += 1
            self.spawn(name)

    async def fault(self, kind):
        site = self.random.choice(self.sites)
        relay = self.relays[site]
        pause = self.random.uniform(0.05, 1.5)
        coordinator = self.processes["coordinator"]
        if kind == "kill_site":
            self.processes[site].kill()
        elif kind == "kill_coordinator":
            coordinator.kill()
        elif kind == "kill_both":
            coordinator.kill()
            self.processes[site].kill()
        elif kind in ("stop_site", "stop_coordinator"):
            process = self.processes[site] if kind == "stop_site" else coordinator
            if process.poll() is None:
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(pause)
                process.send_signal(signal.SIGCONT)
        elif kind == "cut":
            relay.cut()
        elif kind == "stall":
            relay.stalled.clear()
            await asyncio.sleep(pause)
            relay.stalled.set()
        elif kind == "refuse":
            relay.refuses = True
            relay.cut()
            await asyncio.sleep(pause)
            relay.refuses = False
        elif kind == "slow":
            relay.bytes_per_second = 2000
            await asyncio.sleep(pause)
            relay.bytes_per_second = 0
        else:
            folder = self.out / (f"{site}/state" if kind.endswith("site") else "coordinator")
            folders = [folder] + ([self.out / "run"] if kind.endswith("coordinator") else [])
            for folder in folders:
                with open(folder / "filler", "wb") as filler:
                    try:
                        while True:
                            filler.write(b"\0" * 4096)
                            filler.flush()
                    except OSError:
                        pass
            await asyncio.sleep(pause)
            for folder in folders:
                (folder / "filler").unlink(missing_ok=True)

    async def run(self):
        self.prepare()
        with __import__("socket").socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        for site in self.sites:
            self.relays[site] = Relay(self.port)
            await self.relays[site].start()
            (self.out / site).mkdir(exist_ok=True)
            self.write_site(site)
            self.mount(self.out / site / "state", 16)
        self.mount(self.out / "coordinator", 24)
        self.mount(self.out / "run", 16)
        start = time.monotonic()
        try:
            self.spawn("coordinator")
            for site in self.sites:
                self.spawn(site)
            hung = 0
            if not await self.progress(1, 120):
                sys.exit("the federation did not start; see the logs")
            kinds = list(KINDS)
            for number in range(self.options.faults):
                kind = self.random.choices(kinds, list(KINDS.values()))[0]
                await self.fault(kind)
                self.counts[kind] = self.counts.get(kind, 0) + 1
                if not await self.progress(self.random.randint(1, 4), 60):
                    hung += 1
                    print(f"no round within 60 s of fault {number}: {kind}", file=sys.stderr)
                if self.finished():
                    print("the run ended before the faults did; give it more rounds",
                          file=sys.stderr)
                    break
                if number % 20 == 19:
                    print(f"{number + 1} faults, round {self.round()}, "
                          f"{time.monotonic() - start:.0f} s", file=sys.stderr)
            self.settle()
            result = await self.conclude(hung, time.monotonic() - start)
        finally:
            self.processes_end()
        print(json.dumps(result, indent=1))
        return 0 if not hung and result["diverged"] == 0 and result["lost"] == 0 else 1

    def settle(self):
        """Ends the run at its present round, so that a campaign need not wait for the last one."""
        self.rounds_at_end = self.round()

    async def conclude(self, hung, seconds):
        """Waits until the sites are up to date, then compares everything."""
        operator = self.out / "operator"
        request = json.loads(self.tool(
            "zorba-server", "pki", "request", "--federation", "campaign", "--operator", "op",
            "--out", operator, "--json"))
        self.tool("zorba-server", "pki", "approve", operator / "request.pem", "--authority",
                  self.out / "pki", "--fingerprint", request["fingerprint"], "--out",
                  self.out / "op.pem")
        self.tool("zorba-server", "pki", "install", self.out / "op.pem", "--identity", operator)
        await asyncio.sleep(3)
        self.revive()
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                self.tool("zorba-server", "admin", "stop", "campaign", "--identity", operator,
                          "--coordinator", f"127.0.0.1:{self.port}")
                break
            except subprocess.CalledProcessError as error:
                print(error.stderr, file=sys.stderr)
                self.revive()
                await asyncio.sleep(1)
        names = ["coordinator", *self.sites]
        while time.monotonic() < until:
            if all(self.processes[name].poll() == 0 for name in names):
                break
            self.revive()
            await asyncio.sleep(0.2)
        codes = {name: self.processes[name].poll() for name in names}
        journal = (self.out / "run" / "run.zorba").read_bytes()
        diverged = [
            site for site in self.sites
            if (self.out / site / "state" / "run.zorba").read_bytes() != journal]
        summary = json.loads(self.tool(
            "zorba", "inspect", self.out / "run" / "run.zorba", "--json"))
        replay = subprocess.run(
            [self.bin / "zorba", "export", "--model", self.options.model, "--journal",
             self.out / "run" / "run.zorba", "--out", self.out / "exported"],
            capture_output=True, text=True)
        rounds = summary.get("last_round", summary.get("rounds"))
        return {
            "faults": sum(self.counts.values()), "by_kind": self.counts, "hung": hung,
            "diverged": len(diverged), "lost": max(0, self.rounds_at_end - rounds),
            "rounds": rounds, "seconds": round(seconds, 1), "process_restarts": self.restarts,
            "unexpected_exits": self.unexpected, "exit_codes": codes,
            "replay_verifies": replay.returncode == 0, "replay": replay.stderr[-300:],
        }

    def processes_end(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        for folder in [*(f"{site}/state" for site in self.sites), "coordinator", "run"]:
            keep = self.out / folder
            copy = self.out / (folder.replace("/", "-") + "-kept")
            if keep.is_mount():
                shutil.copytree(keep, copy, dirs_exist_ok=True)
                subprocess.run(["umount", keep])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default=".build/release")
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, help="a folder of .jsonl files, one a site")
    parser.add_argument("--labels", type=json.loads, required=True,
                        help='JSON object of label values and words')
    parser.add_argument("--policy", type=lambda p: pathlib.Path(p).read_text(), required=True)
    parser.add_argument("--out", default="runs/campaign")
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1000000)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(Federation(parser.parse_args()).run()))


if __name__ == "__main__":
    main()
