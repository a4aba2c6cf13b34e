#!/usr/bin/env python3
"""Writes Tests/ZorBATests/Goldens/nf4/reference.safetensors and initial.json.

An independent NF4 quantiser with double quantisation, from the definitions in QLoRA (Dettmers, Pagnoni,
Holtzman and Zettlemoyer, 2023; section 3) and 8-bit Optimizers via Block-wise Quantization (Dettmers et
al., 2022; the dynamic map), in numpy: blocks of 64, the blocks' magnitudes less their mean as 8 bits in
groups of 256. Where bitsandbytes is installed, its own quantiser on the processor must agree.

    weight        [rows, columns]  what is quantised
    restored      [rows, columns]  what the quantised matrix stands for
    map           [256]            the dynamic map

initial.json holds first values of a LoRA's A, drawn by a Philox of its own.

Needs numpy and safetensors; torch and bitsandbytes if there are any. Run: python Tools/nf4_reference.py
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import save_file

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBATests/Goldens/nf4"
BLOCK, GROUP = 64, 256
LEVELS = np.array(
    [-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
     -0.18477343022823334, -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725,
     0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941,
     0.7229568362236023, 1.0], dtype=np.float32)


def dynamic_map():
    values = [0.0, 1.0]
    for exponent in range(7):
        edges = np.linspace(0.1, 1, 2**exponent + 1, dtype=np.float32)
        means = (edges[:-1] + edges[1:]) / 2
        values += [10.0 ** (exponent - 6) * float(mean) for mean in means]
        values += [-(10.0 ** (exponent - 6)) * float(mean) for mean in means]
    return np.array(sorted(values), dtype=np.float32)


def nearest(values, table):
    return np.abs(values[:, None] - table[None]).argmin(1).astype(np.uint8)


def quantise(weight):
    """What NF4 with double quantisation makes of a matrix."""
    flat = weight.reshape(-1)
    table = dynamic_map()
    blocks = [flat[start : start + BLOCK] for start in range(0, flat.size, BLOCK)]
    magnitudes = np.array([np.abs(block).max() for block in blocks], dtype=np.float32)
    codes = [nearest(block / magnitude, LEVELS) for block, magnitude in zip(blocks, magnitudes)]
    offset = np.float32(magnitudes.astype(np.float64).mean())
    restored = np.empty_like(magnitudes)
    for start in range(0, magnitudes.size, GROUP):
        rest = magnitudes[start : start + GROUP] - offset
        scale = np.abs(rest).max()
        restored[start : start + GROUP] = table[nearest(rest / scale, table)] * scale + offset
    values = [LEVELS[code] * magnitude for code, magnitude in zip(codes, restored)]
    return np.concatenate(values).reshape(weight.shape)


def philox(seed, counter):
    x = list(counter)
    k = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [(p1 >> 32) ^ x[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ x[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return x


def initial(seed, tensor, rows, width):
    """First values of A: documented at AdapterEntry.fill."""
    bound = np.float32(1) / np.sqrt(np.float32(width))
    values = np.empty((rows, width), np.float32)
    for row in range(rows):
        for column in range(width):
            word = philox(seed, [column // 4, row, tensor, 2])[column % 4]
            odd = np.float32(2 * (word >> 8) + 1 - 2**24) * np.float32(2.0**-24)
            values[row, column] = odd * bound
    return values


def check_against_bitsandbytes(weight, restored):
    try:
        import bitsandbytes.functional as functional
        import torch
    except ImportError:
        return "not installed"
    packed, state = functional.quantize_4bit(
        torch.from_numpy(weight), blocksize=BLOCK, quant_type="nf4", compress_statistics=True)
    theirs = functional.dequantize_4bit(packed, state).numpy()
    # Magnitudes may be rounded to neighbouring codes where they lie between two.
    difference = np.abs(theirs - restored).max() / np.abs(weight).max()
    assert difference < 2e-3, difference
    assert (np.abs(functional.create_dynamic_map().numpy() - dynamic_map()) < 1e-7).all()
    return f"largest difference {difference:.1e} of the largest weight"


def main():
    generator = np.random.default_rng(11)
    weight = generator.standard_normal((131, 141)).astype(np.float32) * 0.05
    weight[:, ::17] *= 8
    restored = quantise(weight)
    error = np.linalg.norm(restored - weight) / np.linalg.norm(weight)
    print("bitsandbytes:", check_against_bitsandbytes(weight, restored))
    print(f"relative error {error:.4f}")
    TARGET.mkdir(parents=True, exist_ok=True)
    save_file(
        {"weight": weight, "restored": restored, "map": dynamic_map()},
        TARGET / "reference.safetensors")
    seed, tensor = 0x0123456789ABCDEF, 4096 * 3 + 2
    values = initial(seed, tensor, 3, 10)
    (TARGET / "initial.json").write_text(
        json.dumps(
            {"seed": str(seed), "tensor": tensor, "rows": 3, "width": 10,
             "bits": [int(value) for value in values.view(np.uint32).reshape(-1)]})
        + "\n")


if __name__ == "__main__":
    main()
