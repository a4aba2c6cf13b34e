"""The CBLAS call for y = x W^T through ctypes."""

from __future__ import annotations

import ctypes
import math
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from operands import Operand, skip

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112


def product(function: Any, told: Namespace, index: type) -> Callable[[], object]:
    """A call of a `cblas_?gemm` whose y is F32 and whose sizes are of the C type `index`."""
    size = 2 if told.dtype == "bf16" else 4
    x = Operand(told.m * told.k, size, seed=1)
    w = Operand(told.n * told.k, size, seed=2)
    y = Operand(told.m * told.n, 4, seed=None)
    function.restype = None
    sizes = [index(value) for value in (told.m, told.n, told.k)]
    in_row, out_row = index(told.k), index(told.n)
    layout = [ctypes.c_int(value) for value in (ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE)]
    one, zero = ctypes.c_float(1), ctypes.c_float(0)

    def call() -> None:
        function(
            *(*layout, *sizes, one, x.pointer, in_row),
            *(w.pointer, in_row, zero, y.pointer, out_row),
        )

    call()
    check(x, w, y, told)
    return call


def check(x: Operand, w: Operand, y: Operand, told: Namespace) -> None:
    """Refuses a library whose last element is wrong: one that computes nothing would be fastest."""
    rows = x.numbers((told.m - 1) * told.k, told.k), w.numbers((told.n - 1) * told.k, told.k)
    expected = math.fsum(a * b for a, b in zip(*rows, strict=True))
    found = y.numbers(told.m * told.n - 1, 1)[0]
    if not abs(found - expected) <= 1e-3 * told.k**0.5:
        skip(f"a wrong product: {found} instead of {expected}")
