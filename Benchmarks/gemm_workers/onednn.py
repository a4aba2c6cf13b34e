"""oneDNN through PyTorch, with the kernel that oneDNN itself says it ran.

PyTorch's plain F32 `linear` goes to MKL, not to oneDNN; tensors in the `mkldnn` layout go to
oneDNN. With `ONEDNN_VERBOSE` on for one product, oneDNN prints what it executes; that line is the
proof, and without it the measurement is refused.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Callable

from operands import arguments, report, skip


def executed(product: Callable[[], object]) -> str | None:
    """The implementation of the product in oneDNN's own words, such as `brg_matmul:avx2`."""
    import torch

    libc = ctypes.CDLL(None)
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as capture:
        os.dup2(capture.fileno(), 1)
        try:
            with torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
                product()
            libc.fflush(None)
        finally:
            os.dup2(kept, 1)
            os.close(kept)
        capture.seek(0)
        for line in capture.read().decode(errors="replace").splitlines():
            fields = line.split(",")
            for kind in ("inner_product", "matmul"):
                if "exec" in fields and kind in fields:
                    return fields[fields.index(kind) + 1]
    return None


def main() -> None:
    told = arguments()
    try:
        import torch
    except ImportError:
        skip("no oneDNN: PyTorch is not installed")
        return
    torch.set_num_threads(told.threads)
    generator = torch.Generator().manual_seed(1)
    dtype = torch.bfloat16 if told.dtype == "bf16" else torch.float32
    x = torch.rand(told.m, told.k, generator=generator).to(dtype).to_mkldnn()
    w = torch.rand(told.n, told.k, generator=generator).to(dtype).to_mkldnn()
    linear = torch.ops.aten.mkldnn_linear
    with torch.inference_mode():
        try:
            kernel = executed(lambda: linear(x, w, None))
        except RuntimeError as error:
            skip(f"oneDNN refuses: {str(error).splitlines()[0]}")
            return
        if kernel is None:
            skip("oneDNN ran nothing: PyTorch went elsewhere")
            return
        report(told, f"torch {torch.__version__}", kernel, lambda: linear(x, w, None))


main()
