#!/usr/bin/env python3
"""Writes the reference values of the robust aggregation rules.

Weighted medians, trimmed means and norm-clipped means in exact rational arithmetic (square roots to 60
digits), from their definitions rather than by sorting and cutting:

- a weighted median is a point m with at most half of the weight on either side, the middle of all such
  points where there are many;
- a weighted trimmed mean integrates the quantile function from share to 1 - share.

Run it from the package root:

    python3 Tools/robust_goldens.py
"""

import json
import pathlib
import random
from decimal import Decimal, getcontext
from fractions import Fraction

GOLDENS = pathlib.Path("Tests/ZorBAOptimizationTests/Goldens")
getcontext().prec = 60


def median(entries):
    total = sum(weight for weight, _ in entries)

    def is_median(point):
        below = sum(weight for weight, value in entries if value < point)
        above = sum(weight for weight, value in entries if value > point)
        return 2 * below <= total and 2 * above <= total

    points = [value for _, value in entries if is_median(value)]
    return (min(points) + max(points)) / 2


def trimmed_mean(entries, share):
    total = sum(weight for weight, _ in entries)
    low, high = share * total, (1 - share) * total
    area, start = Fraction(0), Fraction(0)
    for weight, value in sorted(entries, key=lambda entry: entry[1]):
        end = start + weight
        kept = min(end, high) - max(start, low)
        if kept > 0:
            area += kept * value
        start = end
    return area / (high - low)


def norm_clipped_mean(rows, bound):
    total = sum(weight for weight, _ in rows)
    sums = [Decimal(0)] * len(rows[0][1])
    for weight, values in rows:
        norm = sum(Decimal(v.numerator) ** 2 / Decimal(v.denominator) ** 2 for v in values).sqrt()
        factor = min(Decimal(1), Decimal(bound) / norm) if norm > 0 else Decimal(1)
        for index, v in enumerate(values):
            share = Decimal(weight.numerator) / Decimal(weight.denominator) / Decimal(int(total))
            sums[index] += share * factor * Decimal(v.numerator) / Decimal(v.denominator)
    return [float(value) for value in sums]


def main():
    draw = random.Random(7)
    cases = []
    for _ in range(120):
        count = draw.randint(3, 12)
        # Few distinct values and weights, so that ties and exact halves come up.
        entries = [
            (Fraction(draw.randint(1, 6)), Fraction(draw.randint(-12, 12), 4)) for _ in range(count)
        ]
        shares = {}
        for share in (Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(3, 8)):
            shares[str(float(share))] = float(trimmed_mean(entries, share))
        cases.append(
            {
                "weights": [float(weight) for weight, _ in entries],
                "values": [float(value) for _, value in entries],
                "median": float(median(entries)),
                "trimmed": shares,
            }
        )
    clipped = []
    for _ in range(30):
        rows = [
            (
                Fraction(draw.randint(1, 9)),
                [Fraction(draw.randint(-40, 40), 8) for _ in range(3)],
            )
            for _ in range(draw.randint(1, 6))
        ]
        bound = draw.choice([0.5, 1.0, 2.5, 8.0])
        clipped.append(
            {
                "weights": [float(weight) for weight, _ in rows],
                "scalars": [[float(value) for value in values] for _, values in rows],
                "bound": bound,
                "mean": norm_clipped_mean(rows, bound),
            }
        )
    text = json.dumps({"samples": cases, "clipped": clipped}, indent=None, separators=(",", ":"))
    (GOLDENS / "robust.json").write_text(text + "\n")


main()
