"""One run of a benchmark script: common options, threads, progress, results."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import machine
from .alternation import Alternation, alternate
from .case import Case, Contestant
from .process import Outcome, run
from .tables import case_section

ROOT = Path(__file__).resolve().parent.parent.parent
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every benchmark script has."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    add = parser.add_argument
    add("--zorba", default=str(ROOT / ".build/release/zorba"), help="the zorba to measure")
    add("--python", default=sys.executable, help="the Python that has the peers' packages")
    add("--peers", type=Path, default=ROOT.parent / "shared/peers", help="folder of peer scripts")
    add("--models", type=Path, default=cache / "zorba-benchmarks", help="cache of checkpoints")
    add("--threads", type=int, default=2)
    add("--runs", type=int, default=3, help="rounds: every contestant runs once in each")
    add("--limit", type=float, default=300, help="seconds after which a process is ended")
    add(
        "--patience", type=float, default=120,
        help="a contestant whose process takes longer than these seconds runs in one round only",
    )  # fmt: skip
    add("--out", type=Path, default=ROOT / "Benchmarks/results", help="folder of results")


class Session:
    """Runs cases and keeps `<name>.md` and `<name>.json` up to date after each."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name = name
        self.options = options
        self.sections: list[str] = []
        self.cases: list[dict[str, Any]] = []
        self.machine = machine.description()
        cpus = sorted(os.sched_getaffinity(0))[: options.threads]
        os.sched_setaffinity(0, cpus)
        self.environment = {name: str(options.threads) for name in THREAD_VARIABLES}
        options.out.mkdir(parents=True, exist_ok=True)

    def measure(self, contestant: Contestant) -> Outcome:
        return run(contestant.command, self.options.limit, self.environment)

    def run(self, case: Case) -> Alternation:
        """Runs a case."""
        self.note(f"{time.strftime('%H:%M:%S')} {case.title}")
        options = self.options
        return alternate(case.contestants, options.runs, options.patience, self.measure, self.note)

    def compare(self, case: Case) -> Alternation:
        """Runs a case, prints its tables and writes everything measured so far."""
        result = self.run(case)
        self.add(case_section(case, result), as_json(case, result))
        return result

    def add(self, section: str, entry: dict[str, Any]) -> None:
        """Prints a section and writes the files again, so that an interruption loses nothing."""
        self.sections.append(section)
        self.cases.append(entry)
        print(section, end="\n\n", flush=True)
        head = f"# {self.name}\n\n" + ", ".join(f"{k} {v}" for k, v in self.machine.items())
        text = "\n\n".join([head, *self.sections]) + "\n"
        (self.options.out / f"{self.name}.md").write_text(text, encoding="utf-8")
        document = {"machine": self.machine, "cases": self.cases}
        target = self.options.out / f"{self.name}.json"
        target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    def skip(self, title: str, reason: str) -> None:
        self.note(f"{title}: {reason}")
        self.add(f"## {title}\n\nNot run: {reason}.", {"title": title, "skipped": reason})

    @staticmethod
    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def as_json(case: Case, result: Alternation) -> dict[str, Any]:
    """A case with every single measurement, for later questions."""
    ratios: Sequence[dict[str, Any]] = [
        {
            "title": ratio.title,
            "goal": None if ratio.goal is None else dataclasses.asdict(ratio.goal),
            "value": None if (value := ratio.over(result.rounds)) is None else value.as_json(),
        }
        for ratio in case.ratios
    ]
    return {
        "title": case.title,
        "commands": {c.name: list(c.command) for c in case.contestants},
        "rounds": result.rounds,
        "ratios": ratios,
        "absences": result.absences,
        "disturbance": result.disturbance,
    }
