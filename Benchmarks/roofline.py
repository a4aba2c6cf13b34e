#!/usr/bin/env python3
"""Prints the least seconds of a two-sided step at given GFLOP/s: roofline.py [GFLOP/s …]."""

from __future__ import annotations

import sys

from comparison.roofline import OPT_125M, QWEN_05B, SHAPES
from comparison.tables import number, table


def main() -> int:
    speeds = [float(text) for text in sys.argv[1:]] or [100.0, 200.0, 400.0, 800.0]
    rows = []
    for model in (OPT_125M, QWEN_05B):
        for batch, sequence in SHAPES:
            total = model.step_operations(batch, sequence)
            rows.append(
                [
                    *(
                        model.name,
                        f"{batch} x {sequence}",
                        f"{model.attention(sequence) / 1e6:.2f}",
                    ),
                    *(f"{total / 1e9:.0f}", *(number(total / speed / 1e9) for speed in speeds)),
                ]
            )
    head = ["model", "batch", "attention M/token", "GFLOP a step"]
    print(table(head + [f"s at {speed:g}" for speed in speeds], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
