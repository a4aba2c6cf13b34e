"""The CBLAS call for y = x W^T through ctypes."""

from __future__ import annotations

import ctypes
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from operands import Operand

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

    def call() -> Operand:
        function(
            *(*layout, *sizes, one, x.pointer, in_row),
            *(w.pointer, in_row, zero, y.pointer, out_row),
        )
        return y

    return call
