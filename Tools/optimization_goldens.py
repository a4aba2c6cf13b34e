#!/usr/bin/env python3
"""Writes the reference values of ZorBAOptimizationTests and ZorBAJournalTests.

An independent implementation of numerics spec 1 (seeds, random words, the committed update with its
rounding, digests) and of journal format 1 in Python's hmac and hashlib and in numpy. Run it from the
package root:

    python3 Tools/optimization_goldens.py
"""

import hashlib
import hmac
import json
import pathlib
import struct

import numpy as np

GOLDENS = pathlib.Path("Tests/ZorBAOptimizationTests/Goldens")
JOURNALS = pathlib.Path("Tests/ZorBAJournalTests/Goldens")


# --- seeds ---------------------------------------------------------------------------------------


def run_key(seed):
    return hashlib.sha256(b"zorba/1/run-key" + struct.pack("<Q", seed)).digest()


def direction_seed(key, round_, step, direction, client):
    message = b"zorba/1/direction" + struct.pack("<QIII", round_, step, direction, client)
    return int.from_bytes(hmac.new(key, message, hashlib.sha256).digest()[:8], "little")


def rounding_seed(key, round_):
    return direction_seed(key, round_, 0xFFFFFFFF, 0, 0)


# --- random words --------------------------------------------------------------------------------


def philox(seed, counters):
    """Philox4x32-10 of counters [n, 4]."""
    mask = np.uint64(0xFFFFFFFF)
    x = [counters[:, i].astype(np.uint64) for i in range(4)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0 = np.uint64(0xD2511F53) * x[0]
        p1 = np.uint64(0xCD9E8D57) * x[2]
        x = [
            (p1 >> np.uint64(32)) ^ x[1] ^ np.uint64(k0),
            p1 & mask,
            (p0 >> np.uint64(32)) ^ x[3] ^ np.uint64(k1),
            p0 & mask,
        ]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(x, axis=1)


def row_words(seed, row, tensor, domain, count):
    """The first `count` words of a row, in the order of elements."""
    groups = -(-count // 32)
    counters = np.zeros((8 * groups, 4), dtype=np.uint64)
    counters[:, 0] = np.arange(8 * groups)
    counters[:, 1] = row
    counters[:, 2] = tensor
    counters[:, 3] = domain
    blocks = philox(seed, counters)
    words = np.zeros(32 * groups, dtype=np.uint64)
    for element in range(32 * groups):
        g, rest = divmod(element, 32)
        h, rest = divmod(rest, 16)
        j, i = divmod(rest, 2)
        words[element] = blocks[8 * g + j, 2 * h + i]
    return words[:count]


def perturbation(distribution, seed, row, tensor, count):
    if distribution == "rademacher":
        words = row_words(seed, row, tensor, 0, -(-count // 32))
        return np.array(
            [-1.0 if int(words[e // 32]) >> (e % 32) & 1 else 1.0 for e in range(count)],
            dtype=np.float32)
    assert distribution == "popcount"
    unit = np.array([0x3A4F9628], dtype=np.uint32).view(np.float32)[0]
    words = row_words(seed, row, tensor, 0, count)
    t = [512 * bin(int(k) >> 8).count("1") + 2 * (int(k) & 255) - 6399 for k in words]
    return np.array(t, dtype=np.float32) * unit


# --- the update ----------------------------------------------------------------------------------


def fma32(a, b, c):
    """binary32 fused multiply-add: the exact product, summed in binary64 rounded to odd."""
    product = a.astype(np.float64) * b.astype(np.float64)
    c = c.astype(np.float64)
    total = product + c
    back = total - product
    error = (product - (total - back)) + (c - back)
    bits = total.view(np.int64).copy()
    even = (bits & 1) == 0
    away = np.sign(error) == np.sign(total)
    bits = np.where((error != 0) & even, np.where(away, bits + 1, bits - 1), bits)
    return bits.view(np.float64).astype(np.float32)


def to_float(stored, dtype):
    if dtype == "float32":
        return stored.view(np.float32).copy()
    if dtype == "bfloat16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.view(np.float16).astype(np.float32)


def round_to(values, dtype, words):
    bits = values.view(np.uint32).astype(np.uint64)
    if dtype == "float32":
        return bits.astype(np.uint32)
    if dtype == "bfloat16":
        return ((bits + (words >> np.uint64(16))) >> np.uint64(16)).astype(np.uint16)
    stored = []
    for word_bits, word in zip(bits, words):
        word_bits, word = int(word_bits), int(word)
        field = word_bits >> 23 & 255
        significand = word_bits & 0x7FFFFF | (0x800000 if field else 0)
        exponent = (field or 1) - 127
        shift = 13 + max(0, -14 - exponent)
        if shift > 32:
            significand >>= shift - 32
            shift = 32
        q = (significand + (word >> (32 - shift))) >> shift
        value = q * 2.0 ** (max(exponent, -14) - 10)
        half = np.float16(-value if word_bits >> 31 else value)
        assert abs(float(half)) == value
        stored.append(half)
    return np.array(stored, dtype=np.float16).view(np.uint16)


def rows_of(shape):
    if len(shape) < 2:
        return 1, int(np.prod(shape))
    return int(np.prod(shape[:-1])), shape[-1]


def apply(key, distribution, rounds, tensor_id, dtype, shape, stored):
    row_count, length = rows_of(shape)
    stored = stored.reshape(row_count, length).copy()
    block = tensor_id // 4096
    for r in rounds:
        # (seed, kappa) in order of application: client outermost, then step, then direction
        terms = []
        for client in r["clients"]:
            if str(block) in client["blocks"]:
                values = client["blocks"][str(block)]
                for h in range(r["steps"]):
                    for p in range(r["directions"]):
                        seed = direction_seed(key, r["round"], h, p, client["client"])
                        terms.append((seed, np.float32(values[h * r["directions"] + p])))
        if not terms:
            continue
        for row in range(row_count):
            w = to_float(stored[row], dtype)
            if r["decay"] != 1:
                w = w * np.float32(r["decay"])
            for seed, kappa in terms:
                z = perturbation(distribution, seed, row, tensor_id, length)
                w = fma32(np.full(length, kappa, dtype=np.float32), z, w)
            words = row_words(rounding_seed(key, r["round"]), row, tensor_id, 1, length)
            stored[row] = round_to(w, dtype, words)
    return stored.reshape(-1)


def update_case(rng, seed, distribution, seeding):
    key = run_key(seed)
    blocks = []
    for block in range(3):
        tensors = []
        for role, (shape, dtype) in enumerate(
                [([3, 70], "float32"), ([41], "bfloat16"), ([2, 2, 33], "float16"),
                 ([1, 1100], "bfloat16")][:4 if block == 1 else 3]):
            count = int(np.prod(shape))
            w = (rng.standard_normal(count) * 10.0 ** rng.integers(-6, 1, count)).astype(np.float32)
            if dtype == "float32":
                stored = w.view(np.uint32)
            elif dtype == "bfloat16":
                stored = (w.view(np.uint32) >> 16).astype(np.uint16)
            else:
                stored = w.astype(np.float16).view(np.uint16)
            tensors.append({"name": f"b{block}.{role}", "dtype": dtype, "shape": shape,
                            "before": stored.tobytes().hex(), "_stored": stored})
        blocks.append(tensors)

    rounds = []
    for number in (1, 2, 5):
        steps, directions = int(rng.integers(1, 3)), int(rng.integers(1, 4))
        clients = []
        for client in ([0] if seeding == "shared" else [1, 4]):
            active = sorted(rng.choice(3, size=2, replace=False).tolist())
            clients.append({"client": client, "blocks": {
                str(b): [float(np.float32(v))
                         for v in rng.standard_normal(steps * directions) * 3e-3]
                for b in active}})
        rounds.append({"round": number, "steps": steps, "directions": directions,
                       "decay": float(np.float32(1 if number == 2 else 0.9990001)),
                       "clients": clients})

    for block, tensors in enumerate(blocks):
        for role, tensor in enumerate(tensors):
            after = apply(key, distribution, rounds, 4096 * block + role, tensor["dtype"],
                          tensor["shape"], tensor.pop("_stored"))
            tensor["after"] = after.tobytes().hex()
    return {"run_seed": seed, "distribution": distribution, "seeding": seeding, "blocks": blocks,
            "rounds": rounds}


# --- digests -------------------------------------------------------------------------------------


def block_digest(block, tensors):
    codes = {"float32": 0, "bfloat16": 1, "float16": 2}
    message = b"zorba/1/block" + struct.pack("<II", block, len(tensors))
    for role, (dtype, shape, data) in enumerate(tensors):
        inner = b"zorba/1/tensor" + struct.pack(
            "<IBI", 4096 * block + role, codes[dtype], len(shape))
        inner += b"".join(struct.pack("<Q", extent) for extent in shape)
        for start in range(0, len(data), 1 << 20):
            inner += hashlib.sha256(data[start:start + (1 << 20)]).digest()
        message += hashlib.sha256(inner).digest()
    return hashlib.sha256(message).digest()[:16]


def digest_case():
    """Byte i of tensor r is (7 i + r) mod 251; one tensor spans three chunks."""
    shapes = [[("float32", [3, 5]), ("bfloat16", [0, 4])], [("float16", [7, 170_000])],
              [("float32", []), ("bfloat16", [2, 3, 4])]]
    digests, table = [], []
    for block, tensors in enumerate(shapes):
        filled = []
        for role, (dtype, shape) in enumerate(tensors):
            size = int(np.prod(shape, dtype=np.int64)) * (4 if dtype == "float32" else 2)
            data = ((7 * np.arange(size) + role) % 251).astype(np.uint8).tobytes()
            filled.append((dtype, shape, data))
        digests.append(block_digest(block, filled))
        table.append([{"dtype": d, "shape": s} for d, s in tensors])
    state = hashlib.sha256(
        b"zorba/1/state" + struct.pack("<I", len(digests)) + b"".join(digests)).digest()[:16]
    return {"blocks": table, "digests": [d.hex() for d in digests], "state": state.hex()}


# --- journal -------------------------------------------------------------------------------------


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def ascending(numbers, first):
    runs = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, number + 1])
    out, next_ = varint(len(runs)), first
    for start, end in runs:
        out += varint(start - next_) + varint(end - start - 1)
        next_ = end
    return out


def block_values(blocks):
    return ascending(blocks, 0) + b"".join(
        struct.pack(f"<{len(values)}f", *values) for values in blocks.values())


def journal_case(windows=False):
    """A shared run with one record of every kind, and a plan with windows where asked."""
    digests = [sha(bytes([block]))[:16] for block in range(3)]
    state = sha(b"zorba/1/state", struct.pack("<I", 3), *digests)[:16]
    header = json.dumps({
        "numerics": 1, "run_key": run_key(7).hex(), "seeding": "shared",
        "perturbation": "popcount",
        "base": {"state": state.hex(), "blocks": [d.hex() for d in digests]},
        "model": {"family": "opt", "blocks": [
            [["embed", "float32", [5, 4]]], [["w", "bfloat16", [4]]], [["w", "float16", []]]]},
        "configuration": {"rounds": 9, "method": {"mu": 0.001}, "note": "Zürich \"1\"\n"},
    }, ensure_ascii=False).encode()
    records = [
        (1, header),
        (3, varint(1) + varint(2)
         + ascending([1, 2], 1) + ascending([1, 2], 0) + ascending([2], 0)
         + ascending([1], 1) + ascending([0, 2], 0)),
        (2, varint(1) + b"\x00" + struct.pack("<d", 0.5) + varint(1) + varint(1)
         + ascending([1, 2], 1) + block_values({1: [0.25], 2: [-1.5]})),
        (2, varint(300) + b"\x02" + struct.pack("<d", 0.25) + varint(2) + varint(3)
         + struct.pack("<f", 0.75) + ascending([1, 2, 700], 1)
         + block_values({0: [1, 2, 3, 4, 5, 6], 2: [-1, -2, -3, -4, -5, -6]})),
        (4, varint(300) + ascending([0, 2], 0) + bytes(range(16)) + bytes(range(16, 32))),
        (200, b"signature"),
        (6, varint(300) + "enough: ½".encode()),
        (5, varint(300) + json.dumps({"rounds": 20}).encode()),
        (2, varint(301) + b"\x00" + struct.pack("<d", 0.125) + varint(1) + varint(1)
         + ascending([4_000_000_000], 1) + block_values({1: [2.0**-149]})),
    ]
    if windows:
        records.insert(2, (
            7, varint(1) + varint(300) + varint(2)
            + ascending([2], 1) + ascending([0, 1], 0)
            + ascending([1, 2], 1) + ascending([1], 0) + ascending([2], 0)))
    data = b"\x89ZORBA\r\n" + struct.pack("<I", 1)
    chain = sha(b"zorba/1/journal", data)[:16]
    for kind, payload in records:
        start = bytes([kind]) + struct.pack("<I", len(payload))[:3]
        link = sha(b"zorba/1/link", chain, start)[:4]
        chain = sha(b"zorba/1/record", chain, start, payload)[:16]
        data += start + link + payload + chain
    return data


def main():
    rng = np.random.default_rng(20240607)
    key = run_key(7)
    places = [(1, 0, 0, 0), (1, 0, 1, 0), (2, 3, 4, 5), (2**40 + 1, 4095, 4095, 2**32 - 1),
              (9, 0xFFFFFFFF, 0, 0)]
    seeds = {"run_seed": 7, "run_key": key.hex(),
             "seeds": [{"round": r, "step": s, "direction": d, "client": c,
                        "seed": f"{direction_seed(key, r, s, d, c):016x}"}
                       for r, s, d, c in places]}
    updates = [update_case(rng, seed, distribution, seeding)
               for seed, (distribution, seeding) in enumerate(
                   (d, s) for d in ("rademacher", "popcount") for s in ("shared", "perClient"))]
    GOLDENS.mkdir(parents=True, exist_ok=True)
    for name, value in (("seeds", seeds), ("updates", updates), ("digests", digest_case())):
        (GOLDENS / f"{name}.json").write_text(json.dumps(value, indent=None) + "\n")
    JOURNALS.mkdir(parents=True, exist_ok=True)
    (JOURNALS / "version1.zorba").write_bytes(journal_case())
    (JOURNALS / "version1-windows.zorba").write_bytes(journal_case(windows=True))


if __name__ == "__main__":
    main()
