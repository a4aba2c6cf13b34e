"""Median and extremes of repeated measurements."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Spread:
    """What is quoted of repeated measurements: the median, and how far it can be trusted."""

    median: float
    least: float
    most: float
    count: int

    def as_json(self) -> dict[str, float]:
        return asdict(self)


def spread(values: Iterable[float]) -> Spread | None:
    """The spread of `values`; none of no values."""
    known = list(values)
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), len(known))
