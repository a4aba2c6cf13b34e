#!/usr/bin/env python3
"""Writes the known answers of numerics spec 1 that Tests/ZorBATensorTests holds the kernels to.

An implementation of docs/numerics.md of its own, in numpy and Python integers, that shares nothing
with Sources/CZorBAKernels: it multiplies and adds in binary64 and rounds to odd before rounding to
binary32, which makes every fma exact. It checks itself against the published Philox answers and
against a binary64 Box-Muller transform before it writes anything.

    python3 Tools/numerics_vectors.py            # rewrites Tests/ZorBATensorTests/Goldens
"""

import math
import pathlib
import random

import numpy as np

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ZorBATensorTests" / "Goldens"
MASK = 0xFFFFFFFF


# --- random words (section 2) -----------------------------------------------------------------


def philox(key, counter):
    """Philox4x32-10 of one counter, as four integers."""
    k0, k1 = key & MASK, key >> 32
    x0, x1, x2, x3 = counter
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x0, 0xCD9E8D57 * x2
        x0, x1, x2, x3 = (p1 >> 32) ^ x1 ^ k0, p1 & MASK, (p0 >> 32) ^ x3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return x0, x1, x2, x3


def word(key, row, tensor, domain, position):
    """The random word at a place in element order."""
    group, rest = divmod(position, 32)
    h, rest = divmod(rest, 16)
    j, i = divmod(rest, 2)
    return philox(key, (8 * group + j, row, tensor, domain))[2 * h + i]


# --- binary32 arithmetic ----------------------------------------------------------------------


def f32(x):
    return np.float32(x)


def fma(a, b, c):
    """binary32 a * b + c rounded once; scalars or arrays."""
    product = np.asarray(a, dtype=np.float64) * np.asarray(b, dtype=np.float64)  # exact: 48 bits
    c = np.asarray(c, dtype=np.float64)
    # Infinities are expected: an update that overflows is a known answer too.
    with np.errstate(over="ignore", invalid="ignore"):
        total = product + c
        part = total - product
        error = (product - (total - part)) + (c - part)
        # Round to odd: where inexact and even, step towards the exact value.
        move = (error != 0) & ((total.view(np.int64) & 1) == 0) & np.isfinite(total)
        towards = np.where(error > 0, np.inf, -np.inf)
        return np.where(move, np.nextafter(total, towards), total).astype(np.float32)


def hexfloat(text):
    value = float.fromhex(text)
    assert float(np.float32(value)) == value
    return np.float32(value)


LOG = [hexfloat(t) for t in (
    "-0x1.55554ap-1", "0x1.000220p-1", "-0x1.99a5acp-2", "0x1.547892p-2",
    "-0x1.226ccap-2", "0x1.0cded8p-2", "-0x1.07d938p-2", "0x1.420930p-3")]
SIN = [hexfloat(t) for t in (
    "-0x1.a0f372p-25", "-0x1.4abbbap-1", "0x1.465ee8p-4", "-0x1.2da132p-8")]
COS = [hexfloat(t) for t in (
    "-0x1.3bd3ccp+0", "0x1.03c1aep-2", "-0x1.55b146p-6", "0x1.d47d5ep-11")]


def horner(coefficients, x):
    value = np.full_like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        value = fma(value, x, c)
    return value


# --- perturbation values (section 3) ----------------------------------------------------------


def rademacher(key, row, tensor, start, count):
    return np.array(
        [-1.0 if word(key, row, tensor, 0, e // 32) >> (e % 32) & 1 else 1.0
         for e in range(start, start + count)], dtype=np.float32)


def popcount(key, row, tensor, start, count):
    unit = np.array(0x3A4F9628, dtype=np.uint32).view(np.float32)
    out = []
    for e in range(start, start + count):
        k = word(key, row, tensor, 0, e)
        out.append(f32(512 * bin(k >> 8).count("1") + 2 * (k & 255) - 6399) * unit)
    return np.array(out, dtype=np.float32)


def radius(words):
    n = (2 * (words >> 9) + 1).astype(np.int64)
    fraction, exponent = np.frexp(n.astype(np.float64) * 2.0**-24)
    # [1/2, 1) to [sqrt(1/2), sqrt(2)), the boundary being the binary32 0x3F3504F3.
    low = fraction < float(np.array(0x3F3504F3, dtype=np.uint32).view(np.float32))
    fraction = np.where(low, 2 * fraction, fraction)
    exponent = np.where(low, exponent - 1, exponent)
    f, e = (fraction - 1).astype(np.float32), exponent.astype(np.float32)
    q = fma(f, horner(LOG, f), f32(1))
    r = fma(f * f, q, e * hexfloat("-0x1.7f7d1cp-19"))
    return np.sqrt(fma(e, hexfloat("-0x1.62e4p+0"), fma(f32(-2), f, r)))


def angle(words):
    quarter = words >> 30
    b = (words >> 7) & 0x7FFFFF
    b = np.where(b >= 1 << 22, b.astype(np.int64) - (1 << 23), b.astype(np.int64))
    x = (2 * b + 1).astype(np.float32) * f32(2.0**-24)
    v = x * x
    s = fma(x, hexfloat("0x1.921fb6p+0"), x * horner(SIN, v))
    c = fma(v, horner(COS, v), f32(1))
    cosine = np.choose(quarter, [c, -s, -c, s])
    sine = np.choose(quarter, [s, c, -s, -c])
    turns = (quarter + (2 * b + 1) * 2.0**-24) / 4
    return cosine, sine, turns


def gaussian(key, row, tensor, start, count):
    first, last = start // 2 * 2, (start + count + 1) // 2 * 2
    words = np.array([word(key, row, tensor, 0, e) for e in range(first, last)], dtype=np.uint32)
    return gaussian_values(words)[start - first : start - first + count]


def gaussian_values(words):
    """Values of whole pairs of words."""
    u, w = words[0::2], words[1::2]
    cosine, sine, turns = angle(w)
    r = radius(u)
    pairs = np.stack([r * cosine, r * sine], axis=1)
    exact_r = np.sqrt(-2 * np.log((2 * (u >> 9) + 1) * 2.0**-24))
    exact = np.stack(
        [exact_r * np.cos(2 * np.pi * turns), exact_r * np.sin(2 * np.pi * turns)], axis=1)
    assert np.abs(pairs - exact).max() < 1e-6
    return pairs.reshape(-1)


DISTRIBUTIONS = {"rademacher": rademacher, "popcount": popcount, "gaussian": gaussian}


# --- the committed update (section 4) ---------------------------------------------------------


def bits_of(x):
    return int(np.float32(x).view(np.uint32))


def load(stored, dtype):
    if dtype == "float32":
        return np.array(stored, dtype=np.uint32).view(np.float32)
    if dtype == "bfloat16":
        return (np.array(stored, dtype=np.uint32) << 16).view(np.float32)
    return np.array(stored, dtype=np.uint16).view(np.float16).astype(np.float32)


def round_one(value, dtype, random_word):
    """Stored bits, or None when the value cannot be stored."""
    bits = bits_of(value)
    if bits & 0x7F800000 == 0x7F800000:
        return None
    if dtype == "float32":
        return bits
    if dtype == "bfloat16":
        stored = (bits + (random_word >> 16)) >> 16
        return None if stored & 0x7F80 == 0x7F80 else stored
    sign, magnitude = bits >> 31, abs(float(value))
    if magnitude == 0:
        return sign << 15
    fraction, e = math.frexp(magnitude)
    m, e = int(fraction * 2**24), e - 1
    shift = 13 + max(0, -14 - e)
    if shift > 32:
        m, shift = m >> (shift - 32), 32
    q = (m + (random_word >> (32 - shift))) >> shift
    result = q * 2.0 ** (max(e, -14) - 10)
    if result > 65504:
        return None
    return int(np.float16(result).view(np.uint16)) | sign << 15


def update(stored, dtype, row, tensor, start, rounds):
    """The stored bits after all rounds, or None when one result cannot be stored."""
    for decay, rounding_seed, terms in rounds:
        values = load(stored, dtype)
        if decay != 1:
            values = values * f32(decay)
        for distribution, seed, coefficient in terms:
            z = DISTRIBUTIONS[distribution](seed, row, tensor, start, len(stored))
            values = fma(f32(coefficient), z, values)
        stored = [
            round_one(v, dtype, word(rounding_seed, row, tensor, 1, start + i))
            for i, v in enumerate(values)]
        if None in stored:
            return None
    return stored


# --- files ------------------------------------------------------------------------------------


def hexes(values, digits=8):
    return " ".join(f"{int(v):0{digits}x}" for v in values)


def write_perturbations(generator):
    lines = ["# distribution seed tensor row start : binary32 bits, all but start in hexadecimal"]
    places = [(0, 0, 0, 0, 70), (MASK << 32 | MASK, 0xFFFFF123, MASK, 5, 33)]
    for _ in range(10):
        places.append((
            generator.getrandbits(64), generator.getrandbits(20), generator.getrandbits(16),
            generator.randrange(5000), generator.randrange(1, 80)))
    places.append((generator.getrandbits(64), 4097, 3, MASK - 40, 41))
    for name, function in DISTRIBUTIONS.items():
        for seed, tensor, row, start, count in places:
            z = function(seed, row, tensor, start, count)
            lines.append(
                f"{name} {seed:016x} {tensor:08x} {row:08x} {start} : {hexes(z.view(np.uint32))}")
    (GOLDENS / "perturbations.txt").write_text("\n".join(lines) + "\n")


# Magnitudes of stored bits, sign aside: the range of a weight, subnormals, the end of the range.
MAGNITUDES = {
    "float16": {"normal": (0x1400, 0x4000), "small": (0, 0x900), "large": (0x7800, 0x7B00)},
    "float32": {"normal": (0x3A000000, 0x40000000), "small": (0, 0x01000000),
                "large": (0x7E000000, 0x7F400000)},
}
COEFFICIENTS = {
    "float16": {"normal": (1e-2, 1e-4), "small": (1e-6, 3e-8), "large": (8.0, 60.0)},
    "float32": {"normal": (1e-2, 1e-4), "small": (1e-38, 1e-40), "large": (1e36, 1e35)},
}


def random_stored(generator, dtype, kind, count):
    sixteen = dtype == "float16"
    low, high = MAGNITUDES["float16" if sixteen else "float32"][kind]
    out = []
    for _ in range(count):
        bits = generator.getrandbits(1) << (15 if sixteen else 31) | generator.randrange(low, high)
        out.append(bits >> 16 if dtype == "bfloat16" else bits)
    return out


def random_rounds(generator, dtype, kind, count):
    """Rounds of [decay, seed, terms]; with kind "overflow" the last leaves the type's range."""
    scales = COEFFICIENTS["float16" if dtype == "float16" else "float32"]
    rounds = []
    for r in range(count):
        terms = []
        for _ in range(generator.randrange(1, 4)):
            scale = generator.choice(scales["large" if kind == "overflow" else kind])
            if kind == "overflow" and r == count - 1:
                scale = 65000.0 if dtype == "float16" else 3e38
            terms.append((generator.choice(sorted(DISTRIBUTIONS)), generator.getrandbits(64),
                          f32(scale * generator.uniform(-1, 1))))
        rounds.append((f32(0.998) if r == 1 else f32(1), generator.getrandbits(64), terms))
    return rounds


def write_updates(generator):
    lines = [
        "# update dtype row tensor start, then one `round decay seed` with its `term distribution",
        "# seed coefficient`s for each round, then the stored bits before and after; numbers in",
        "# hexadecimal, decay and coefficient as binary32 bits, `after not-finite` when refused"]
    for dtype in ("float32", "bfloat16", "float16"):
        digits = 8 if dtype == "float32" else 4
        for kind in ("normal", "small", "large", "overflow"):
            for count in (1, 3):
                row, tensor = generator.getrandbits(12), generator.getrandbits(20)
                start = 32 * generator.randrange(70)
                stored = random_stored(
                    generator, dtype, "large" if kind == "overflow" else kind,
                    generator.randrange(20, 75))
                rounds = random_rounds(generator, dtype, kind, count)
                after = update(stored, dtype, row, tensor, start, rounds)
                assert (after is None) == (kind == "overflow"), (dtype, kind)
                lines.append(f"update {dtype} {row:x} {tensor:x} {start:x}")
                for decay, seed, terms in rounds:
                    lines.append(f"round {bits_of(decay):08x} {seed:016x}")
                    lines += [f"term {d} {s:016x} {bits_of(c):08x}" for d, s, c in terms]
                lines.append("before " + hexes(stored, digits))
                lines.append("after " + ("not-finite" if after is None else hexes(after, digits)))
    (GOLDENS / "updates.txt").write_text("\n".join(lines) + "\n")


def row_words(key, row, tensor, count):
    """Perturbation words of elements [0, count) of a row at once; count is a multiple of 32."""
    low = np.uint64(MASK)
    x0 = np.arange(count // 4, dtype=np.uint64)
    x1, x2, x3 = (np.full_like(x0, v) for v in (row, tensor, 0))
    k0, k1 = key & MASK, key >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * x0, np.uint64(0xCD9E8D57) * x2
        x0 = (p1 >> np.uint64(32)) ^ x1 ^ np.uint64(k0)
        x2 = (p0 >> np.uint64(32)) ^ x3 ^ np.uint64(k1)
        x1, x3 = p1 & low, p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    # [group, j, h, i] to [group, h, j, i]
    words = np.stack([x0, x1, x2, x3], axis=1).reshape(-1, 8, 2, 2)
    return words.transpose(0, 2, 1, 3).reshape(-1).astype(np.uint32)


def write_digests(generator):
    """Long rows, a number each: what a changed last bit of a constant alters is rare."""
    lines = ["# gaussian seed tensor row count : sum of (2 i + 1) * bits of z_i, modulo 2^64"]
    for _ in range(4):
        seed, tensor, row = (generator.getrandbits(n) for n in (64, 20, 16))
        count = 1 << 20
        words = row_words(seed, row, tensor, count)
        assert [int(w) for w in words[:64]] == [word(seed, row, tensor, 0, e) for e in range(64)]
        z = gaussian_values(words)
        weights = 2 * np.arange(count, dtype=np.uint64) + np.uint64(1)
        digest = int(np.sum(weights * z.view(np.uint32).astype(np.uint64), dtype=np.uint64))
        lines.append(f"gaussian {seed:016x} {tensor:08x} {row:08x} {count} : {digest:016x}")
    (GOLDENS / "digests.txt").write_text("\n".join(lines) + "\n")


def check_philox():
    # Random123 1.09, tests/kat_vectors.
    assert philox(0, (0,) * 4) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox(MASK << 32 | MASK, (MASK,) * 4) == (
        0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    assert philox(0x299F31D0A4093822, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)) == (
        0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def main():
    check_philox()
    GOLDENS.mkdir(parents=True, exist_ok=True)
    write_perturbations(random.Random(1))
    write_updates(random.Random(2))
    write_digests(random.Random(3))


if __name__ == "__main__":
    main()
