"""Matrix products of real models: y[m,n] = x[m,k] W[n,k]^T, m tokens."""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True)
class Layer:
    """A linear layer of a model, by its inputs and outputs."""

    model: str
    name: str
    k: int
    n: int


LAYERS = (
    Layer("OPT-125M", "attention", 768, 768),
    Layer("OPT-125M", "up", 768, 3072),
    Layer("OPT-125M", "down", 3072, 768),
    Layer("OPT-125M", "head", 768, 50272),
    Layer("Qwen2.5-0.5B", "up", 896, 4864),
    Layer("Qwen2.5-0.5B", "down", 4864, 896),
    Layer("Qwen2.5-0.5B", "head", 896, 151936),
)
TOKENS = (64, 512, 1024, 4096)


def operations(m: int, k: int, n: int) -> int:
    """Two for a multiply-add."""
    return 2 * m * k * n


def memory_bytes(m: int, k: int, n: int) -> int:
    """F32 operands, and W a second time as libraries rearrange it."""
    return 4 * (m * k + 2 * n * k + m * n)


def capped_tokens(m: int, k: int, n: int, limit: int = 4 * GIB) -> int:
    """The most tokens up to `m` whose product stays within `limit` bytes, in steps of 64."""
    while m > 64 and memory_bytes(m, k, n) > limit:
        m -= 64
    return m


def repeats(m: int, k: int, n: int, seconds: float, gflops: float) -> int:
    """Products that take about `seconds` at `gflops`, at least three, at most a hundred."""
    one = operations(m, k, n) / (gflops * 1e9)
    return max(3, min(100, round(seconds / one)))
