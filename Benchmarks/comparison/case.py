"""A case: contestants that run alternating, and the ratios taken of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .ratio import Quantities, Ratio


@dataclass(frozen=True)
class Contestant:
    """A program that measures itself and prints one JSON object on its last line of output."""

    name: str
    command: tuple[str, ...]
    read: Callable[[Mapping[str, Any]], Quantities]
    """Turns the printed object into quantities named alike for every contestant."""
    once: bool = False
    """Takes part in the first round only: known to be so slow that noise is not the question."""


@dataclass(frozen=True)
class Case:
    """One setting in which contestants are compared."""

    title: str
    contestants: tuple[Contestant, ...]
    ratios: tuple[Ratio, ...] = field(default=())
