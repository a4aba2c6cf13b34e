"""The cases of `gemm.py`: one product in every library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import zorba
from .alternation import Alternation
from .case import Case, Contestant
from .gemm_shapes import Layer
from .ratio import Quantities, Ratio, Term
from .spread import spread
from .tables import number, table, with_range

WORKERS = Path(__file__).resolve().parent.parent / "gemm_workers"
LIBRARIES = ("openblas", "mkl", "onednn")


def case(
    layer: Layer, m: int, dtype: str, threads: int, repeats: int, *, ours: str, python: str,
    libraries: Sequence[str],
) -> Case:  # fmt: skip
    """One product of `m` tokens in ours and in `libraries`."""
    shape = (m, layer.k, layer.n)
    contestants = [zorba.gemm(ours, shape, dtype, threads, repeats)]
    for library in libraries:
        command = (
            *(python, str(WORKERS / f"{library}.py"), "--dtype", dtype),
            *("--m", str(m), "--k", str(layer.k), "--n", str(layer.n)),
            *("--threads", str(threads), "--repeats", str(repeats)),
        )
        contestants.append(Contestant(library, command, read))
    ratios = tuple(
        Ratio(f"zorba / {library}", Term("zorba", "gflops"), Term(library, "gflops"))
        for library in libraries
    )
    title = f"{layer.model} {layer.name} {layer.k}x{layer.n}, {m} tokens, {dtype}"
    return Case(title, tuple(contestants), ratios)


def read(record: Mapping[str, Any]) -> Quantities:
    return {"gflops": float(record["gflops"])}


def row(case: Case, result: Alternation, peak: float | None, libraries: Sequence[str]) -> list[str]:
    """A line of the table of all products: speeds, our share of the peak, ratios."""
    speeds = {
        name: spread(r[name]["gflops"] for r in result.rounds if name in r)
        for name in ("zorba", *libraries)
    }
    ours = speeds["zorba"]
    share = "–" if ours is None or not peak else f"{ours.median / peak:.0%}"
    ratios = (
        Ratio("", Term("zorba", "gflops"), Term(name, "gflops")).over(result.rounds)
        for name in libraries
    )
    return [
        case.title.rpartition(",")[0],
        *("–" if speed is None else number(speed.median) for speed in speeds.values()),
        share,
        *(with_range(ratio) for ratio in ratios),
    ]


def products_table(rows: Sequence[Sequence[str]], libraries: Sequence[str]) -> str:
    """GFLOP/s of every product in every library."""
    head = ["product", "zorba", *libraries, "of peak", *(f"zorba / {name}" for name in libraries)]
    return table(head, rows)
