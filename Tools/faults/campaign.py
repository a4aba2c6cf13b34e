#!/usr/bin/env python3
"""Real processes, real faults: a federation on loopback that is killed, stopped, cut and starved.

Starts a coordinator and sites, each site behind a relay, and injects faults one after the other
while the run goes on. After each fault further rounds must follow within a bound. At the end every
site must have the coordinator's journal byte for byte, everything that any journal ever held must
be in it, and replaying it on the base model must give the digests in it, which all sites gave.
Prints one JSON object with the counts; ends with 0 only if nothing was lost, diverged or hung.

    Tools/faults/campaign.py --bin .build/release --faults 300 --out /tmp/campaign
    Tools/faults/campaign.py --bin .build/debug --quick          # about 20 faults in a minute, no root

Full and read-only disks need the right to mount a tmpfs; without it use --no-mounts. Needs Linux.
"""

import argparse
import asyncio
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from federation import COORDINATOR, Federation

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "Sources" / "zorba" / "Resources"

# How often each kind of fault is chosen.
KINDS = {
    "kill_site": 20, "kill_coordinator": 12, "kill_both": 8, "kill_everybody": 5,
    "interrupt_site": 5, "interrupt_coordinator": 4, "stop_site": 14, "stop_coordinator": 6,
    "cut": 14, "cut_everybody": 5, "stall": 8, "refuse": 6, "slow": 6, "garble": 8,
}
DISK_KINDS = {
    "full_disk_site": 8, "full_disk_coordinator": 5, "full_disk_run": 6,
    "full_disk_everywhere": 3, "kill_site_on_full_disk": 4, "kill_coordinator_on_full_disk": 4,
    "read_only_site": 4, "read_only_coordinator": 4, "read_only_run": 4,
}


class Campaign:
    def __init__(self, options):
        self.options = options
        self.federation = Federation(options)
        self.random = random.Random(options.seed)
        self.counts = {}
        self.hung = []
        self.resumed = 0
        self.slowest = {}

    # Faults. Each ends with everything as it should be, except for what it killed.

    async def inject(self, kind):
        federation = self.federation
        site = self.random.choice(federation.sites)
        relay = federation.relays[site]
        pause = self.random.uniform(0.05, self.options.longest_pause)
        if kind == "kill_site":
            federation.kill(site)
        elif kind == "kill_coordinator":
            federation.kill(COORDINATOR)
        elif kind == "kill_both":
            federation.kill(COORDINATOR, site)
        elif kind == "kill_everybody":
            federation.kill(COORDINATOR, *federation.sites)
        elif kind in ("interrupt_site", "interrupt_coordinator"):
            await self.interrupt(site if kind.endswith("site") else COORDINATOR)
        elif kind in ("stop_site", "stop_coordinator"):
            process = federation.processes[site if kind == "stop_site" else COORDINATOR]
            if process.poll() is None:
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(pause)
                process.send_signal(signal.SIGCONT)
        elif kind == "cut":
            relay.cut()
        elif kind == "cut_everybody":
            for relay in federation.relays.values():
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
        elif kind == "garble":
            relay.garbles = True
            await asyncio.sleep(min(pause, 0.3))
        else:
            await self.starve(kind, site, pause)

    async def interrupt(self, name):
        process = self.federation.processes[name]
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        for _ in range(100):
            if process.poll() is not None:
                return
            await asyncio.sleep(0.1)
        self.hung.append(f"{name} did not end within 10 s of Ctrl-C")
        process.kill()

    async def starve(self, kind, site, pause):
        federation = self.federation
        run = federation.out / "run"
        names = {"site": site, "coordinator": COORDINATOR, "run": COORDINATOR}
        if kind.startswith("read_only"):
            name = names[kind.rsplit("_", 1)[1]]
            folder = run if kind.endswith("run") else federation.state(name)
            # A file system with open files cannot be made read-only, so the process ends first.
            federation.held.add(name)
            federation.kill(name)
            subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
            federation.spawn(name)
            await asyncio.sleep(pause)
            process = federation.processes[name]
            for _ in range(50):
                if process.poll() is not None:
                    break
                await asyncio.sleep(0.1)
            else:
                federation.unexpected.append(
                    {"process": name, "code": None, "fault": kind,
                     "last_words": "runs with a read-only state folder"})
                federation.kill(name)
            subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
            federation.held.discard(name)
            return
        folders = {
            "full_disk_site": [federation.state(site)],
            "kill_site_on_full_disk": [federation.state(site)],
            "full_disk_coordinator": [federation.state(COORDINATOR)],
            "full_disk_run": [run],
            "kill_coordinator_on_full_disk": [federation.state(COORDINATOR), run],
            "full_disk_everywhere": list(federation.mounts),
        }[kind]
        for folder in folders:
            self.fill(folder)
        # Files have a little room in their last block, so it takes rounds until the disk is felt.
        await asyncio.sleep(2 * pause)
        if kind.startswith("kill"):
            federation.kill(site if "site" in kind else COORDINATOR)
            federation.spawn(site if "site" in kind else COORDINATOR)
            await asyncio.sleep(pause)
        for folder in folders:
            (folder / "filler").unlink(missing_ok=True)

    @staticmethod
    def fill(folder):
        with open(folder / "filler", "ab") as filler:
            size = 1 << 24
            while size >= 4096:
                try:
                    end = filler.seek(0, os.SEEK_END)
                    os.posix_fallocate(filler.fileno(), end, size)
                except OSError:
                    size //= 2

    def resume_if_paused(self):
        """An operator looks after a run that stands still; returns whether it was paused."""
        try:
            status = json.loads(self.federation.admin("status", "--json"))
        except (subprocess.SubprocessError, OSError, ValueError):
            return False
        if not any(run.get("state") == "paused" for run in status.get("runs", [])):
            return False
        try:
            self.federation.admin("resume", "campaign")
        except (subprocess.SubprocessError, OSError):
            return False
        self.resumed += 1
        return True

    async def recovered(self, kind, bound):
        start = time.monotonic()
        rounds = self.random.randint(1, 4)
        # Every other time all sites must be back; else the next fault may hit one on its way.
        everybody = self.random.random() < 0.5
        fine = await self.federation.progress(rounds, bound, everybody)
        if not fine and self.resume_if_paused():
            fine = await self.federation.progress(rounds, bound, everybody)
        self.slowest[kind] = max(self.slowest.get(kind, 0), time.monotonic() - start)
        return fine

    async def run(self):
        federation, options = self.federation, self.options
        say = lambda text: print(text, file=sys.stderr, flush=True)
        started = time.monotonic()
        try:
            await federation.prepare()
            federation.start()
            if not await federation.progress(1, 120, everybody=True):
                sys.exit("the federation did not start; see the logs in " + str(federation.out))
            say(f"the federation runs after {time.monotonic() - started:.1f} s")
            kinds = dict(KINDS, **(DISK_KINDS if options.mounts else {}))
            if options.only:
                kinds = {kind: 1 for kind in options.only.split(",")}
            injected = time.monotonic()
            for number in range(options.faults):
                if number < len(kinds) and not options.quick:
                    kind = list(kinds)[number]  # Each kind at least once.
                else:
                    kind = self.random.choices(list(kinds), list(kinds.values()))[0]
                federation.look()
                try:
                    await asyncio.wait_for(self.inject(kind), 60)
                except asyncio.TimeoutError:
                    self.hung.append(f"fault {number}: {kind} itself")
                self.counts[kind] = self.counts.get(kind, 0) + 1
                if not await self.recovered(kind, options.bound):
                    self.hung.append(f"no round within {options.bound} s of fault {number}: {kind}")
                    say(self.hung[-1])
                if options.verbose or number % 20 == 19:
                    say(f"{number + 1} faults ({kind}), round {federation.journal.round}, "
                        f"{federation.restarts} restarts, {len(federation.unexpected)} unexpected "
                        f"exits, {time.monotonic() - injected:.0f} s")
            seconds = time.monotonic() - injected
            # Everybody is back, and rounds go on with all of them, before the end.
            if not await federation.progress(2, 60, everybody=True):
                self.hung.append("a site did not come back within 60 s of the last fault")
            federation.look()
            codes = await federation.end(90)
            result = self.result(codes, seconds)
        finally:
            federation.close()
        print(json.dumps(result, indent=1))
        return 0 if result["passed"] else 1

    def result(self, codes, seconds):
        compared = self.federation.compare()
        status, text = self.federation.verify()
        clean = all(code == 0 for code in codes.values())
        if not clean:
            self.hung.append(f"the end: exit codes {codes}")
        passed = (not self.hung and not compared["lost"] and not compared["diverged"]
                  and not compared["quarantined"] and not self.federation.unexpected
                  and status == 0)
        return {
            "passed": passed, "faults": sum(self.counts.values()), "by_kind": self.counts,
            "hung": self.hung, **compared, "operator_resumes": self.resumed,
            "process_restarts": self.federation.restarts,
            "unexpected_exits": self.federation.unexpected, "exit_codes": codes,
            "seconds": round(seconds, 1),
            "slowest_recovery_seconds": {
                kind: round(value, 2) for kind, value in self.slowest.items()},
            "replay_exit_code": status, "replay": text, "seed": self.options.seed,
        }


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=".build/release", help="where the three programs lie")
    parser.add_argument("--model", default=str(RESOURCES / "model"))
    parser.add_argument("--data", default=str(RESOURCES / "demo"), help=".jsonl files, one a site")
    parser.add_argument("--out", help="a folder, made anew; a temporary one by default")
    parser.add_argument("--sites", type=int, default=4)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bound", type=float, default=30, help="seconds to the next round")
    parser.add_argument("--latency", type=float, default=0.005, help="seconds, of each relay")
    parser.add_argument("--disk-mib", type=int, default=64, help="size of each disk")
    parser.add_argument("--only", help="kinds of faults, separated by commas")
    parser.add_argument("--no-mounts", dest="mounts", action="store_false")
    parser.add_argument("--quick", action="store_true", help="20 faults, 3 sites, no mounts")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    options.longest_pause = 1.5
    if options.quick:
        options.faults, options.sites, options.mounts = 20, 3, False
        options.longest_pause = 0.4
    if not options.out:
        options.out = tempfile.mkdtemp(prefix="zorba-faults-")
    return options


def main():
    options = parse()
    # In a mount namespace of its own, no mount outlives the campaign.
    if options.mounts and "ZORBA_FAULTS_UNSHARED" not in os.environ:
        os.environ["ZORBA_FAULTS_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "-m", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(asyncio.run(Campaign(options).run()))
    except KeyboardInterrupt:
        sys.exit("interrupted; everything is ended")


if __name__ == "__main__":
    main()
