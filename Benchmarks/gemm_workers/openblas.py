"""OpenBLAS through ctypes: the one inside numpy's wheel, or the system's libopenblas."""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
from pathlib import Path

import cblas
from operands import arguments, report, skip


def libraries() -> list[tuple[str, str, str, type]]:
    """Candidates: path, prefix and suffix of its symbols, type of its sizes."""
    found: list[tuple[str, str, str, type]] = []
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        folder = Path(numpy.origin).parent.parent / "numpy.libs"
        for path in sorted(folder.glob("libscipy_openblas*")):
            wide = "64_" in path.name
            size = ctypes.c_int64 if wide else ctypes.c_int32
            found.append((str(path), "scipy_", "64_" if wide else "", size))
    system = ctypes.util.find_library("openblas")
    if system is not None:
        found.append((system, "", "", ctypes.c_int32))
    return found


def main() -> None:
    told = arguments()
    candidates = libraries()
    if not candidates:
        skip("no OpenBLAS: neither numpy's wheel nor a system libopenblas")
    wanted = "sbgemm" if told.dtype == "bf16" else "sgemm"
    for path, prefix, suffix, index in candidates:
        library = ctypes.CDLL(path)
        function = getattr(library, f"{prefix}cblas_{wanted}{suffix}", None)
        if function is None:
            continue
        getattr(library, f"{prefix}openblas_set_num_threads{suffix}")(ctypes.c_int(told.threads))
        configuration = getattr(library, f"{prefix}openblas_get_config{suffix}")
        configuration.restype = ctypes.c_char_p
        core = getattr(library, f"{prefix}openblas_get_corename{suffix}")
        core.restype = ctypes.c_char_p
        version = " ".join(configuration().decode().split()[:2])
        report(told, version, core().decode(), cblas.product(function, told, index))
        return
    skip(f"this OpenBLAS has no cblas_{wanted}")


main()
