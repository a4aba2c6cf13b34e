"""What is trained, and how: one point of the grid."""

from __future__ import annotations

from dataclasses import dataclass

MODELS = {"opt125m": "OPT-125M", "qwen05b": "Qwen2.5-0.5B"}


@dataclass(frozen=True)
class Setting:
    """A model shape, a batch, and the options of a step."""

    kind: str = "opt125m"
    dtype: str = "bf16"
    batch: int = 16
    sequence: int = 64
    logits: str = "all"
    perturbation: str = "gaussian"
    blocks: str = "all"
    directions: int = 1
    threads: int = 2

    def __str__(self) -> str:
        text = f"{MODELS.get(self.kind, self.kind)} {self.dtype}, {self.batch} x {self.sequence}"
        defaults = Setting()
        if self.logits != defaults.logits:
            text += f", {self.logits} logits"
        if self.perturbation != defaults.perturbation:
            text += f", {self.perturbation}"
        if self.blocks != defaults.blocks:
            text += f", blocks {self.blocks}"
        if self.directions != defaults.directions:
            text += f", P = {self.directions}"
        return text + f", {self.threads} thread{'' if self.threads == 1 else 's'}"


def shape(text: str) -> tuple[int, int]:
    """Batch and sequence of `16x64`."""
    batch, _, sequence = text.partition("x")
    if not (batch.isdigit() and sequence.isdigit() and int(batch) and int(sequence)):
        raise ValueError(f"'{text}' is not a shape such as 16x64")
    return int(batch), int(sequence)
