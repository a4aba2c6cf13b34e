#!/usr/bin/env python3
"""Writes the reference values of the incomplete beta function, from 50 digits of mpmath.

    python3 Tools/statistics_reference.py     # from the package root

Needs the package mpmath.
"""
import json
import pathlib
import random

import mpmath

GOLDEN = pathlib.Path("Tests/ZorBAStatisticsTests/Goldens/incomplete_beta.json")
mpmath.mp.dps = 50


def value(x, a, b):
    """I_x(a, b) by the series of positive terms x^a (1-x)^b / (a B(a, b)) sum (a+b)_n / (a+1)_n x^n.

    Nothing cancels in it; beyond the mean, where it is long, its mirror is summed.
    """
    if x * (a + b) > a:
        return 1 - value(1 - x, b, a)
    term = total = mpmath.mpf(1)
    n = 0
    while term > total * mpmath.mpf(10) ** -45:
        term *= x * (a + b + n) / (a + 1 + n)
        total += term
        n += 1
    return mpmath.exp(a * mpmath.log(x) + b * mpmath.log(1 - x)) / a / mpmath.beta(a, b) * total


def cases():
    for a, b in [(0.5, 0.5), (1, 1), (2, 3), (0.5, 60), (60, 0.5), (10, 10), (5, 96), (990, 11), (1, 1000)]:
        for x in [1e-12, 1e-3, 0.1, 0.5, 0.9, 0.999]:
            yield x, a, b
    generator = random.Random(7)
    for _ in range(150):
        a, b = (10 ** generator.uniform(-2, 2.7) for _ in "ab")
        # Near the mean, where the tail is neither 0 nor 1.
        spread = (a * b / ((a + b) ** 2 * (a + b + 1))) ** 0.5
        x = a / (a + b) + generator.uniform(-3, 3) * spread
        yield min(max(x, 1e-9), 1 - 1e-9), a, b
    # Many trials: a share's exact bounds.
    for trials in [5_000, 20_000, 100_000]:
        for share in [0.001, 0.1, 0.5]:
            hits = int(trials * share)
            for offset in [-2, 0, 1.5]:
                x = share + offset * (share * (1 - share) / trials) ** 0.5
                if x > 0:
                    yield x, hits, trials - hits + 1


def main():
    rows = []
    for x, a, b in cases():
        x, a, b = float(x), float(a), float(b)
        rows.append([x, a, b, float(value(mpmath.mpf(x), mpmath.mpf(a), mpmath.mpf(b)))])
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(f"[\n{lines}\n]\n", newline="\n")


if __name__ == "__main__":
    main()
