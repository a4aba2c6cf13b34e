"""Ready-made lists of cases."""

from __future__ import annotations

from collections.abc import Sequence

from . import step_cases as cases
from .case import Case
from .setting import Setting, shape
from .step_cases import Workbench

SHAPES = ("16x64", "16x256", "8x512", "4x256")
DTYPES = ("bf16", "fp32")
NAMES = ("quick", "goals", "full")


def settings(name: str, threads: int) -> list[Setting]:
    """The settings whose checkpoints a preset needs, the ones compared with peers first."""
    shapes: Sequence[str] = SHAPES if name == "full" else SHAPES[:1]
    listed = [_setting("opt125m", dtype, text, threads) for text in shapes for dtype in DTYPES]
    if name == "full":
        listed += [_setting("qwen05b", dtype, "4x256", threads) for dtype in DTYPES]
    return listed


def preset(
    name: str, bench: Workbench, threads: int, overhead_bound: float | None
) -> list[tuple[Setting, Case]]:
    """The cases of `quick` (minutes), `goals` (every goal once) or `full` (every shape)."""
    peers = ("mezo", "forward") if name == "quick" else ("mezo", "forward", "lora", "lora-ckpt")
    listed: list[tuple[Setting, Case]] = []
    for setting in settings(name, threads):
        against = peers if setting.kind == "opt125m" else ("mezo", "forward", "lora")
        listed.append((setting, cases.against_peers(bench, setting, against)))
    for dtype in DTYPES[:1] if name == "quick" else DTYPES:
        setting = _setting("opt125m", dtype, SHAPES[0], threads)
        listed += [
            (setting, cases.label_logits(bench, setting)),
            (setting, cases.perturbation_overhead(bench, setting, overhead_bound)),
            (setting, cases.top_quarter(bench, setting)),
            (setting, cases.four_directions(bench, setting)),
        ]
    return listed


def _setting(kind: str, dtype: str, text: str, threads: int) -> Setting:
    batch, sequence = shape(text)
    return Setting(kind=kind, dtype=dtype, batch=batch, sequence=sequence, threads=threads)
