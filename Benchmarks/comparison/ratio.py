"""Ratios of two contestants' quantities, taken within one round.

Machines drift: clocks, neighbours and caches change from minute to minute. Two processes that ran
one after the other saw nearly the same machine, so a ratio is taken within a round and only then
the median over rounds. A ratio of two medians would mix different minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from .spread import Spread, spread

Quantities = Mapping[str, float]
"""What one process measured, by name: `step_s`, `forward_s`, `private_mib`, …"""

Round = Mapping[str, Quantities]
"""One pass over all contestants; those that failed or sat out are absent."""


@dataclass(frozen=True)
class Term:
    """`factor` times a quantity of a contestant."""

    contestant: str
    quantity: str
    factor: float = 1

    def value(self, measured: Round) -> float | None:
        value = measured.get(self.contestant, {}).get(self.quantity)
        return None if value is None else self.factor * value


@dataclass(frozen=True)
class Goal:
    """A bound on the median of a ratio."""

    sense: Literal["at least", "at most"]
    bound: float

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.sense == "at least" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'at least' else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Ratio:
    """`above / below`, named as the tables show it."""

    title: str
    above: Term
    below: Term
    goal: Goal | None = None

    def over(self, rounds: Sequence[Round]) -> Spread | None:
        """The ratio of every round that has both terms; none if no round has."""
        values = []
        for measured in rounds:
            above, below = self.above.value(measured), self.below.value(measured)
            if above is not None and below is not None and below > 0:
                values.append(above / below)
        return spread(values)
