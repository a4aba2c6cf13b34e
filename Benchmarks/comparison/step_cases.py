"""The cases of `step.py`: ours against peers, and ours against ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import zorba
from .case import Case, Contestant
from .peers import Effort, Peers
from .ratio import Goal, Ratio, Term
from .setting import Setting

MEZO_GOALS = {"bf16": Goal("at least", 6), "fp32": Goal("at least", 4.5)}
PERTURBATIONS = ("rademacher", "popcount", "gaussian")


@dataclass(frozen=True)
class Workbench:
    """What turns settings into cases."""

    zorba: str
    peers: Peers
    steps: int
    peer_effort: Effort
    emulated_bf16: bool
    """No BF16 instructions here: BF16 peers run once, and again in F32 as a user would."""

    def ours(self, name: str, setting: Setting, unperturbed: bool = False) -> Contestant:
        model = str(self.peers.model(setting))
        return zorba.step(self.zorba, name, setting, model, self.steps, unperturbed)

    def theirs(self, peer: str, setting: Setting) -> list[Contestant]:
        if setting.dtype == "bf16" and self.emulated_bf16:
            slow = Effort(1, 0, self.peer_effort.budget)
            peers = [self.peers.contestant(peer, setting, slow, name=peer, dtype="bf16", once=True)]
            if peer in ("mezo", "forward"):
                name = f"{peer} in fp32"
                peers.append(
                    self.peers.contestant(
                        peer, setting, self.peer_effort, name=name, dtype="fp32", once=False
                    )
                )
            return peers
        dtype, effort = setting.dtype, self.peer_effort
        return [self.peers.contestant(peer, setting, effort, name=peer, dtype=dtype, once=False)]


def against_peers(bench: Workbench, setting: Setting, peers: Sequence[str]) -> Case:
    """A step of ours beside what users would run instead."""
    contestants = [bench.ours("zorba", setting)]
    for peer in peers:
        contestants += bench.theirs(peer, setting)
    ours = Term("zorba", "step_s")
    ratios = []
    for contestant in contestants[1:]:
        name = contestant.name
        native = name in peers
        if name.startswith("forward"):
            goal = Goal("at least", 1) if native and setting.dtype == "bf16" else None
            title = f"two plain forwards ({name}) / step"
            ratios.append(Ratio(title, Term(name, "forward_s", 2), ours, goal))
            continue
        goal = MEZO_GOALS[setting.dtype] if name == "mezo" else None
        ratios.append(Ratio(f"{name} step / step", Term(name, "step_s"), ours, goal))
        title = f"{name} private memory / private memory"
        below = Term("zorba", "private_mib")
        ratios.append(Ratio(title, Term(name, "private_mib"), below))
        title = f"{name} highest private memory seen / highest seen"
        below = Term("zorba", "seen_private_mib")
        ratios.append(Ratio(title, Term(name, "seen_private_mib"), below))
    above, below = Term("zorba", "private_mib"), Term("zorba", "weights_mib")
    ratios.append(Ratio("private memory / weights", above, below))
    return Case(f"{setting}: against peers", tuple(contestants), tuple(ratios))


def label_logits(bench: Workbench, setting: Setting) -> Case:
    """What is saved by computing logits only where a label is scored."""
    contestants = (
        bench.ours("all logits", replace(setting, logits="all")),
        bench.ours("label logits", replace(setting, logits="label")),
    )
    above, below = Term("all logits", "step_s"), Term("label logits", "step_s")
    ratio = Ratio("all logits / label logits", above, below, Goal("at least", 1.3))
    return Case(f"{setting}: logits of labels only", contestants, (ratio,))


def perturbation_overhead(bench: Workbench, setting: Setting, bound: float | None = None) -> Case:
    """What perturbing costs: the same rows forward, with and without directions."""
    plain = bench.ours("unperturbed", setting, unperturbed=True)
    perturbed = [bench.ours(p, replace(setting, perturbation=p)) for p in PERTURBATIONS]
    goal = None if bound is None else Goal("at most", bound)
    ratios = tuple(
        Ratio(
            f"forward, {p} / unperturbed",
            Term(p, "forward_s"),
            Term("unperturbed", "forward_s"),
            goal,
        )
        for p in PERTURBATIONS
    )
    return Case(f"{setting}: cost of perturbing", (plain, *perturbed), ratios)


def top_quarter(bench: Workbench, setting: Setting) -> Case:
    """What training only the last quarter of the blocks takes of a whole step."""
    contestants = (
        bench.ours("all blocks", replace(setting, blocks="all")),
        bench.ours("top quarter", replace(setting, blocks="top-quarter")),
    )
    above, below = Term("top quarter", "step_s"), Term("all blocks", "step_s")
    ratio = Ratio("top quarter / all blocks", above, below, Goal("at most", 0.62))
    return Case(f"{setting}: top quarter of the blocks", contestants, (ratio,))


def four_directions(bench: Workbench, setting: Setting) -> Case:
    """What four directions take of one."""
    contestants = (
        bench.ours("P = 1", replace(setting, directions=1)),
        bench.ours("P = 4", replace(setting, directions=4)),
    )
    above, below = Term("P = 4", "step_s"), Term("P = 1", "step_s")
    ratio = Ratio("P = 4 / P = 1", above, below, Goal("at most", 3.6))
    return Case(f"{setting}: four directions", contestants, (ratio,))
