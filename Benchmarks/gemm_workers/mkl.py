"""Intel MKL through ctypes, from the `mkl` package: its own library, so no proof is needed."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from pathlib import Path

import cblas
from operands import arguments, report, skip


def path() -> str | None:
    """The single dynamic library of the package or of the system."""
    found = sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*"))
    return str(found[-1]) if found else ctypes.util.find_library("mkl_rt")


def main() -> None:
    told = arguments()
    where = path()
    if where is None:
        skip("no MKL: pip install mkl")
        return
    library = ctypes.CDLL(where)
    library.MKL_Set_Num_Threads(ctypes.c_int(told.threads))
    text = ctypes.create_string_buffer(200)
    library.mkl_get_version_string(text, ctypes.c_int(len(text)))
    name = "cblas_gemm_bf16bf16f32" if told.dtype == "bf16" else "cblas_sgemm"
    function = getattr(library, name, None)
    if function is None:
        skip(f"this MKL has no {name}")
        return
    version = text.value.decode().strip()
    report(told, version, name, cblas.product(function, told, ctypes.c_int32))


main()
