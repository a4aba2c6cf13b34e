"""Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from .alternation import Alternation
from .case import Case
from .spread import Spread, spread

COLUMNS = (
    ("step_s", "step s"),
    ("forward_s", "forward s"),
    ("update_s", "update s"),
    ("replay_s", "replay s"),
    ("round_s", "s a round"),
    ("private_mib", "private MiB"),
    ("seen_private_mib", "private seen MiB"),
    ("peak_mib", "high water MiB"),
    ("weights_mib", "weights MiB"),
)
QUIET = 0.05


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table; pipes inside cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def number(value: float) -> str:
    """Three significant digits, without exponents for everyday sizes."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 1:
        return f"{value:.2f}"
    return f"{value:.3g}"


def with_range(value: Spread | None) -> str:
    """Median and extremes: `1.23 (1.20–1.31)`; a dash for nothing measured."""
    if value is None:
        return "–"
    if value.count == 1:
        return number(value.median)
    return f"{number(value.median)} ({number(value.least)}–{number(value.most)})"


def contestants_table(case: Case, result: Alternation) -> str:
    """What every contestant measured: medians over rounds, seconds with their extremes."""
    columns = [
        column
        for column in COLUMNS
        if any(column[0] in m for r in result.rounds for m in r.values())
    ]
    rows = []
    for contestant in case.contestants:
        measured = [r[contestant.name] for r in result.rounds if contestant.name in r]
        if not measured:
            continue
        row = [contestant.name, str(len(measured))]
        for key, _ in columns:
            value = spread(m[key] for m in measured if key in m)
            ranged = key.endswith("_s")
            row.append(with_range(value) if ranged or value is None else number(value.median))
        rows.append(row)
    return table(["what", "runs", *(title for _, title in columns)], rows)


def ratios_table(case: Case, result: Alternation) -> str:
    """The ratios of a case with their spread over pairs, and whether goals are met."""
    rows = []
    for ratio in case.ratios:
        value = ratio.over(result.rounds)
        goal, verdict = ("", "") if ratio.goal is None else (str(ratio.goal), "not measured")
        if ratio.goal is not None and value is not None:
            verdict = "met" if ratio.goal.is_met(value.median) else "missed"
        pairs = "0" if value is None else str(value.count)
        rows.append([ratio.title, with_range(value), pairs, goal, verdict])
    return table(["ratio", "median (range)", "pairs", "goal", ""], rows)


def case_section(case: Case, result: Alternation) -> str:
    """A case with both tables, who was absent, and whether the machine was quiet."""
    parts = [f"## {case.title}", contestants_table(case, result)]
    if case.ratios:
        parts.append(ratios_table(case, result))
    parts += [f"{name} is absent: {reason}." for name, reason in result.absences.items()]
    if result.disturbance > QUIET:
        parts.append(
            "**Not a quiet machine:** others used up to "
            f"{result.disturbance:.0%} of it during a run."
        )
    return "\n\n".join(parts)
