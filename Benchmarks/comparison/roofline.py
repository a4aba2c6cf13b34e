"""The least a two-sided step must compute, and so the least seconds it can take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """The sizes of a model that its operations depend on."""

    name: str
    layers: int
    width: int
    attention_width: int
    """Queries of all heads: as many multiply-adds for every key in scores, and in mixtures."""
    block: int
    """Multiply-adds of a block's linear layers for a token."""
    vocabulary: int

    def linear(self) -> int:
        """Multiply-adds of all blocks' linear layers for a token."""
        return self.layers * self.block

    def head(self) -> int:
        return self.width * self.vocabulary

    def attention(self, sequence: int) -> float:
        """Multiply-adds for a token on average: a query at position t sees t + 1 keys."""
        return self.layers * 2 * self.attention_width * (sequence + 1) / 2

    def step_operations(self, batch: int, sequence: int) -> float:
        """Both sides of one direction, logits everywhere, two operations for a multiply-add."""
        token = self.linear() + self.head() + self.attention(sequence)
        return 2 * 2 * batch * sequence * token


OPT_125M = Architecture("OPT-125M", 12, 768, 768, 12 * 768 * 768, 50272)
QWEN_05B = Architecture(
    "Qwen2.5-0.5B", 24, 896, 896,
    2 * 896 * 896 + 2 * 896 * 128 + 3 * 896 * 4864, 151936,
)  # fmt: skip
SHAPES = ((16, 64), (16, 256), (8, 512), (4, 256))
