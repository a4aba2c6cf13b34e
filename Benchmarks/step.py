#!/usr/bin/env python3
"""Times training steps of `zorba` beside what users would run instead.

A preset (--preset quick | goals | full) or a grid (--kind, --dtype, --shape, …: comma-separated,
every combination is a case). Processes run alternating; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys

from comparison import machine, presets, session
from comparison.case import Case
from comparison.peers import SCRIPTS, Effort, Peers
from comparison.setting import MODELS, Setting, shape
from comparison.step_cases import Workbench, against_peers


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def parser() -> argparse.ArgumentParser:
    parsed = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    session.add_options(parsed)
    add = parsed.add_argument
    add("--preset", choices=presets.NAMES, help="a ready-made list instead of the grid")
    add("--only", default="", help="cases whose titles match this regular expression")
    add("--list", action="store_true", help="name the cases and stop")
    add("--steps", type=int, default=5, help="timed steps of every process of ours")
    add("--peer-steps", type=int, help="timed steps of every peer process (as --steps)")
    add("--peer-warmup", type=int, default=1, help="untimed steps of every peer process")
    add("--peer-budget", type=float, default=60, help="seconds after which a peer stops stepping")
    add("--native-bf16", action="store_true", help="treat BF16 peers as fast whatever the CPU")
    add("--overhead-bound", type=float, help="goal for the cost of perturbing, such as 1.1")
    add("--kind", type=words, default=["opt125m"], help=f"of {', '.join(MODELS)}")
    add("--dtype", type=words, default=["bf16"], help="of bf16, fp32")
    add("--shape", type=words, default=["16x64"], help="batch x sequence, such as 16x64,4x256")
    add("--logits", type=words, default=["all"], help="of all, label")
    add("--perturbation", type=words, default=["gaussian"])
    add("--blocks", type=words, default=["all"], help="of all, top-quarter")
    add("--directions", type=words, default=["1"], help="P, such as 1,4")
    add("--against", type=words, default=["mezo", "forward"], help=f"of {', '.join(SCRIPTS)}")
    return parsed


def grid(options: argparse.Namespace) -> list[Setting]:
    """Every combination of the lists."""
    product = itertools.product(
        *(options.kind, options.dtype, options.shape, options.logits),
        *(options.perturbation, options.blocks, options.directions),
    )
    settings = []
    for kind, dtype, text, logits, perturbation, blocks, directions in product:
        batch, sequence = shape(text)
        settings.append(
            Setting(
                *(kind, dtype, batch, sequence, logits),
                *(perturbation, blocks, int(directions), options.threads),
            )
        )
    return settings


def check(options: argparse.Namespace) -> str | None:
    """What is wrong with the lists."""
    for name, known in [("kind", MODELS), ("dtype", ("bf16", "fp32")), ("against", SCRIPTS)]:
        for word in getattr(options, name):
            if word not in known:
                return f"--{name}: '{word}' is none of {', '.join(known)}"
    return None


def main() -> int:
    parsed = parser()
    options = parsed.parse_args()
    if fault := check(options):
        parsed.error(fault)
    peers = Peers(options.peers, options.python, options.models)
    steps = options.steps if options.peer_steps is None else options.peer_steps
    effort = Effort(steps, options.peer_warmup, options.peer_budget)
    emulated = not options.native_bf16 and not machine.has_bfloat16()
    bench = Workbench(options.zorba, peers, options.steps, effort, emulated)

    absent = peers.missing()
    against = [] if absent else options.against
    cases: list[tuple[Setting, Case]]
    if options.preset:
        cases = presets.preset(options.preset, bench, options.threads, options.overhead_bound)
    else:
        cases = [(setting, against_peers(bench, setting, against)) for setting in grid(options)]
    cases = [(s, case) for s, case in cases if re.search(options.only, case.title)]
    if options.list:
        print("\n".join(case.title for _, case in cases))
        return 0

    run = session.Session(f"step-{options.preset or 'grid'}", options)
    if absent:
        run.note(f"peers are left out: {absent}")
    for setting, case in cases:
        if reason := peers.make_model(setting):
            run.skip(case.title, reason)
        else:
            run.compare(without_peers(case, options.zorba) if absent else case)
    return 0


def without_peers(case: Case, zorba: str) -> Case:
    """The same case with our own processes only."""
    ours = tuple(c for c in case.contestants if c.command[0] == zorba)
    names = {c.name for c in ours}
    ratios = tuple(r for r in case.ratios if {r.above.contestant, r.below.contestant} <= names)
    return Case(case.title, ours, ratios)


if __name__ == "__main__":
    sys.exit(main())
