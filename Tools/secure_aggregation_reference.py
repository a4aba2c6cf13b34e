#!/usr/bin/env python3
"""Reference values for Tests/ZorBASecureAggregationTests/Goldens, in exact integer arithmetic.

  parameters.json   degree and threshold for groups of many sizes, by the conditions in
                    docs/secure-aggregation.md; probabilities are fractions of integers, compared
                    with powers of two exactly, and tails are given as logarithms.
  shamir.json       sharing over GF(2^8) by tables of logarithms to the base 3.

Usage: secure_aggregation_reference.py FOLDER
"""

import json
import math
import random
import sys
from fractions import Fraction
from pathlib import Path


def log2(value):
    """log2 of a fraction far below the smallest double."""
    if value == 0:
        return None
    shift = value.denominator.bit_length() - value.numerator.bit_length()
    return math.log2(float(value * Fraction(2) ** shift)) - shift


def tail(population, marked, draws, counts):
    """P[X in counts], X marked ones among draws without replacement."""
    ways = sum(
        math.comb(marked, x) * math.comb(population - marked, draws - x)
        for x in counts
        if 0 <= x <= marked and 0 <= draws - x <= population - marked
    )
    return Fraction(ways, math.comb(population, draws))


def choose(n, adversary, dropout, minimum):
    """Shares are given as (numerator, denominator)."""
    c = n * adversary[0] // adversary[1]
    d = n * dropout[0] // dropout[1]
    quorum = max(minimum, (n + c) // 2 + 1)
    if quorum > n - d:
        return None
    common = {"colluders": c, "dropouts": d, "minimumSurvivors": quorum}
    if n > 32:
        for k in range(4, min(254, n - 2) + 1, 2):
            half = k // 2
            isolated = n * tail(n, c + d, half, [half])
            if isolated > Fraction(1, 2**40):
                continue
            threshold = None
            running = Fraction(0)
            # From the top down: the last threshold whose tail is small enough.
            for marked in range(k, 1, -1):
                running += (n - c) * tail(n - 1, c, k, [marked])
                if running > Fraction(1, 2**40):
                    break
                threshold = marked + minimum - 2
            if threshold is None or threshold > k:
                continue
            starved = n * tail(n - 1, n - 1 - d, k, range(0, threshold))
            if starved <= Fraction(1, 2**20):
                return common | {
                    "degree": k,
                    "threshold": threshold,
                    "log2Isolated": log2(isolated),
                    "log2Colluders": log2(
                        (n - c) * tail(n - 1, c, k, range(threshold - minimum + 2, k + 1))
                    ),
                    "log2Starved": log2(starved),
                }
    if n - 1 > 254:
        return None
    return common | {"degree": n - 1, "threshold": quorum - 1}


def parameters():
    shares = [((33, 100), (1, 5)), ((1, 10), (1, 10)), ((1, 4), (3, 10)), ((0, 1), (0, 1)),
              ((1, 20), (2, 5)), ((9, 20), (1, 50))]
    sizes = list(range(3, 33)) + [33, 40, 50, 64, 75, 100, 128, 150, 180, 200, 255, 256, 300, 500,
                                  1000, 2000]
    cases = []
    for adversary, dropout in shares:
        for n in sizes:
            for minimum in (3, 5) if n > 4 else (3,):
                case = {"members": n, "adversary": adversary[0] / adversary[1],
                        "dropout": dropout[0] / dropout[1], "minimum": minimum}
                cases.append(case | {"chosen": choose(n, adversary, dropout, minimum)})
    return cases


def tails():
    generator = random.Random(7)
    cases = []
    for _ in range(60):
        n = generator.randint(2, 1500)
        marked = generator.randint(0, n)
        draws = generator.randint(0, min(n, 254))
        at = generator.randint(0, draws)
        cases.append({
            "population": n, "marked": marked, "draws": draws, "at": at,
            "upper": log2(tail(n, marked, draws, range(at, draws + 1))),
            "lower": log2(tail(n, marked, draws, range(0, at + 1))),
        })
    return cases


EXPONENTIALS = [1]
for _ in range(254):
    last = EXPONENTIALS[-1]
    doubled = last << 1 ^ (0x11B if last & 0x80 else 0)
    EXPONENTIALS.append(doubled ^ last)
LOGARITHMS = {value: exponent for exponent, value in enumerate(EXPONENTIALS)}


def multiply(left, right):
    if left == 0 or right == 0:
        return 0
    return EXPONENTIALS[(LOGARITHMS[left] + LOGARITHMS[right]) % 255]


def power(base, exponent):
    return 1 if exponent == 0 else 0 if base == 0 else EXPONENTIALS[
        LOGARITHMS[base] * exponent % 255]


def shamir():
    """Shares by explicit powers; coefficients are given, constant term first."""
    generator = random.Random(2017)
    cases = []
    for threshold in (1, 2, 3, 5, 16, 90):
        coefficients = [generator.randbytes(32) for _ in range(threshold)]
        points = sorted(generator.sample(range(1, 256), threshold + 3))
        shares = []
        for point in points:
            share = bytearray(32)
            for exponent, coefficient in enumerate(coefficients):
                factor = power(point, exponent)
                for index in range(32):
                    share[index] ^= multiply(coefficient[index], factor)
            shares.append(share.hex())
        cases.append({"threshold": threshold, "secret": coefficients[0].hex(),
                      "points": points, "shares": shares})
    products = [[a, b, multiply(a, b)] for a, b in
                ((generator.randrange(256), generator.randrange(256)) for _ in range(500))]
    inverses = [0] + [EXPONENTIALS[-LOGARITHMS[value] % 255] for value in range(1, 256)]
    return {"products": products, "inverses": inverses, "sharings": cases}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "parameters.json": {"choices": parameters(), "tails": tails()},
        "shamir.json": shamir(),
    }.items():
        (folder / name).write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
