"""A B A B …: every round runs every contestant once, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .case import Contestant
from .process import Outcome
from .ratio import Quantities


@dataclass
class Alternation:
    """The rounds of one case, and who dropped out and why."""

    rounds: list[dict[str, Quantities]] = field(default_factory=list)
    absences: dict[str, str] = field(default_factory=dict)
    disturbance: float = 0


def alternate(
    contestants: Sequence[Contestant],
    runs: int,
    patience: float,
    measure: Callable[[Contestant], Outcome],
    note: Callable[[str], None],
) -> Alternation:
    """Runs `contestants` alternating, `runs` rounds.

    A contestant that fails is not tried again. One whose process takes longer than `patience`
    seconds, or that is marked `once`, takes part in the first round only: its ratio then rests on
    one pair, which the tables say.
    """
    result = Alternation()
    resting: set[str] = set()
    for number in range(runs):
        measured: dict[str, Quantities] = {}
        for contestant in contestants:
            if contestant.name in resting or contestant.name in result.absences:
                continue
            outcome = measure(contestant)
            result.disturbance = max(result.disturbance, outcome.disturbance)
            quantities: Quantities | None = None
            if outcome.record is not None:
                quantities = _read(contestant, outcome)
            if quantities is None:
                reason = outcome.failure or "printed an object without the expected keys"
                result.absences[contestant.name] = reason
                note(f"  round {number + 1}: {contestant.name}: {reason}")
                continue
            measured[contestant.name] = quantities
            if contestant.once or outcome.elapsed > patience:
                resting.add(contestant.name)
            note(f"  round {number + 1}: {contestant.name}: {_line(quantities, outcome)}")
        result.rounds.append(measured)
    return result


def _read(contestant: Contestant, outcome: Outcome) -> Quantities | None:
    if outcome.record is None:
        return None
    try:
        quantities = dict(contestant.read(outcome.record))
    except (KeyError, TypeError, ValueError):
        return None
    if outcome.private_mib > 0:
        quantities["seen_private_mib"] = outcome.private_mib
    return quantities


def _line(quantities: Quantities, outcome: Outcome) -> str:
    shown = [
        f"{name} {quantities[name]:.4g}"
        for name in ("step_s", "forward_s", "replay_s", "gflops", "private_mib")
        if name in quantities
    ]
    text = ", ".join(shown) + f" ({outcome.elapsed:.0f} s in all"
    if outcome.disturbance > 0.05:
        text += f"; others used {outcome.disturbance:.0%} of the machine"
    return text + ")"
