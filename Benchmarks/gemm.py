#!/usr/bin/env python3
"""Times the matrix products of real models in `zorba`, OpenBLAS, oneDNN and MKL.

Every measurement is a process of its own, so that no library's threads disturb another's; the
libraries take turns, and ratios are taken within a round. Weights lie as checkpoints have them,
[outputs, inputs], and every product reads them so: nobody may rearrange them beforehand, because
zeroth-order training changes them before every product.
"""

from __future__ import annotations

import argparse
import sys

from comparison import gemm_cases, session
from comparison.gemm_shapes import LAYERS, TOKENS, capped_tokens, repeats
from comparison.process import run


def parser() -> argparse.ArgumentParser:
    parsed = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    session.add_options(parsed)
    add = parsed.add_argument
    add("--dtype", default="fp32,bf16", help="of fp32, bf16")
    add("--tokens", default=",".join(map(str, TOKENS)))
    add("--layers", default="", help="layers whose 'model name' contains this text")
    add("--libraries", default=",".join(gemm_cases.LIBRARIES))
    add("--seconds", type=float, default=1, help="seconds that a measurement should take")
    return parsed


def peaks(run_: session.Session, zorba: str, threads: int) -> dict[str, float]:
    """The measured limits by type: what no product can exceed."""
    command = [zorba, "bench", "peak", "--json", "--quiet", "--threads", str(threads)]
    record = run(command, run_.options.limit, run_.environment).record or {}
    single = record.get("float32_gflops")
    if not isinstance(single, (int, float)):
        run_.note("zorba bench peak printed no limits: shares of the peak are left out")
        return {}
    half = record.get("bfloat16_gflops")
    text = f"Measured peak: {single:.0f} GFLOP/s F32"
    if isinstance(half, (int, float)):
        text += f", {half:.0f} GFLOP/s BF16"
    text += f"; {record.get('bandwidth_gbytes_per_second', 0):.0f} GB/s from memory."
    run_.add(text, {"title": "peak", **record})
    return {"fp32": single, "bf16": half if isinstance(half, (int, float)) else single}


def main() -> int:
    parsed = parser()
    options = parsed.parse_args()
    libraries = [name for name in options.libraries.split(",") if name]
    for name in libraries:
        if name not in gemm_cases.LIBRARIES:
            parsed.error(f"--libraries: '{name}' is none of {', '.join(gemm_cases.LIBRARIES)}")
    layers = [layer for layer in LAYERS if options.layers in f"{layer.model} {layer.name}"]
    work = session.Session("gemm", options)
    limits = peaks(work, options.zorba, options.threads)
    for dtype in options.dtype.split(","):
        rows, entries, absences = [], [], {}
        disturbance = 0.0
        for layer in layers:
            wanted = [int(tokens) for tokens in options.tokens.split(",")]
            sizes = sorted({capped_tokens(m, layer.k, layer.n) for m in wanted})
            for m in sizes:
                speed = limits.get(dtype, 100) / 2
                count = repeats(m, layer.k, layer.n, options.seconds, speed)
                present = [name for name in libraries if name not in absences]
                case = gemm_cases.case(
                    layer, m, dtype, options.threads, count,
                    ours=options.zorba, python=options.python, libraries=present,
                )  # fmt: skip
                result = work.run(case)
                for name, reason in result.absences.items():
                    if name in libraries and not any(name in r for r in result.rounds):
                        absences[name] = reason
                disturbance = max(disturbance, result.disturbance)
                rows.append((case, result))
                entries.append(session.as_json(case, result))
        taking_part = [name for name in libraries if name not in absences]
        lines = [
            gemm_cases.row(case, result, limits.get(dtype), taking_part) for case, result in rows
        ]
        section = [f"## {dtype}: GFLOP/s", gemm_cases.products_table(lines, taking_part)]
        section += [f"{name} is absent: {reason}." for name, reason in absences.items()]
        if disturbance > 0.05:
            section.append(f"**Not a quiet machine:** others used up to {disturbance:.0%} of it.")
        work.add("\n\n".join(section), {"title": dtype, "cases": entries, "absences": absences})
    return 0


if __name__ == "__main__":
    sys.exit(main())
