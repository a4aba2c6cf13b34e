"""Operands of y[m,n] = x[m,k] W[n,k]^T in plain memory, and the timing of one product."""

from __future__ import annotations

import argparse
import array
import ctypes
import json
import mmap
import random
import statistics
import struct
import time
from collections.abc import Callable

PATTERN = 65_521


class Operand:
    """A page-aligned buffer of `count` numbers between -1 and 1, of `size` bytes each.

    The numbers repeat with a prime period: their values do not matter to speed, but denormal and
    zero operands would.
    """

    def __init__(self, count: int, size: int, seed: int | None) -> None:
        self.size = size
        self.memory = mmap.mmap(-1, count * size)
        if seed is not None:
            pattern = _pattern(size, seed)
            view = memoryview(self.memory)
            for start in range(0, len(view), len(pattern)):
                view[start : start + len(pattern)] = pattern[: len(view) - start]
            view.release()
        self.pointer = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(self.memory)))

    def numbers(self, start: int, count: int) -> list[float]:
        """`count` elements from `start` on."""
        data = self.memory[start * self.size : (start + count) * self.size]
        if self.size == 2:
            data = b"".join(b"\0\0" + data[i : i + 2] for i in range(0, len(data), 2))
        return list(struct.unpack(f"<{count}f", data))


def _pattern(size: int, seed: int) -> bytes:
    generator = random.Random(seed)
    numbers = array.array("f", (generator.uniform(-1, 1) for _ in range(PATTERN)))
    if size == 4:
        return numbers.tobytes()
    return b"".join(struct.pack("<f", number)[2:] for number in numbers)


def arguments() -> argparse.Namespace:
    """What every worker is told."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("m", "k", "n", "threads", "repeats"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--dtype", choices=["bf16", "fp32"], required=True)
    return parser.parse_args()


def report(
    told: argparse.Namespace, library: str, kernel: str, product: Callable[[], object]
) -> None:
    """One product without a timer, then `repeats` with; prints the result as one JSON object."""
    product()
    seconds = []
    for _ in range(told.repeats):
        start = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - start)
    operations = 2 * told.m * told.k * told.n
    record = {
        "library": library,
        "kernel": kernel,
        "gflops": operations / statistics.median(seconds) / 1e9,
        "best_gflops": operations / min(seconds) / 1e9,
    }
    print(json.dumps(record), flush=True)


def skip(reason: str) -> None:
    """Says why this library takes no part."""
    print(json.dumps({"skipped": reason}), flush=True)
    raise SystemExit(0)
