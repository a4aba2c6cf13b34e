#!/usr/bin/env python3
"""Reference trajectories of first-order optimisers, for Tests/ZorBAOptimizationTests.

AdamW, SGD and clipping are PyTorch's own on the CPU; FedAdam is algorithm 2 of Reddi et al. 2021,
written out in NumPy.

    python3 Tools/first_order_goldens.py

Needs torch and numpy.
"""

import json
import pathlib

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = [5, 17, 1]
STEPS = 12


def floats(array):
    return [float(x) for x in np.asarray(array, dtype=np.float64).ravel()]


def start(generator):
    return [generator.normal(size=n).astype(np.float32) for n in SIZES]


def gradients(generator):
    # Of very different sizes, a few of them 0.
    scale = [1.0, 1e-3, 30.0]
    steps = []
    for _ in range(STEPS):
        step = [(generator.normal(size=n) * s).astype(np.float32) for n, s in zip(SIZES, scale)]
        step[0][generator.integers(0, SIZES[0])] = 0
        steps.append(step)
    return steps


def trajectory(name, make, weights, grads, rates, clip):
    parameters = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in weights]
    optimizer = make(parameters)
    norms = []
    for grad, rate in zip(grads, rates):
        for parameter, value in zip(parameters, grad):
            parameter.grad = torch.from_numpy(value.copy())
        if clip > 0:
            norms.append(float(torch.nn.utils.clip_grad_norm_(parameters, clip)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return {
        "name": name,
        "clip": clip,
        "rates": rates,
        "norms": norms,
        "weights": [floats(w) for w in weights],
        "gradients": [[floats(g) for g in step] for step in grads],
        "result": [floats(p.detach().numpy()) for p in parameters],
    }


def optimizers():
    generator = np.random.default_rng(7)
    rates = [1e-2 * (1 - step / STEPS) for step in range(STEPS)]
    cases = []

    def add(name, settings, make, clip=0.0):
        case = trajectory(name, make, start(generator), gradients(generator), rates, clip)
        cases.append({**case, **settings})

    def adamw(betas, decay):
        return lambda p: torch.optim.AdamW(
            p, lr=1, betas=betas, eps=1e-8, weight_decay=decay, foreach=False)

    def sgd(momentum, decay):
        return lambda p: torch.optim.SGD(
            p, lr=1, momentum=momentum, weight_decay=decay, foreach=False)

    add("adamw", {"kind": "adamw", "betas": [0.9, 0.999], "decay": 0.0}, adamw((0.9, 0.999), 0.0))
    add("adamw with decay", {"kind": "adamw", "betas": [0.8, 0.95], "decay": 0.1},
        adamw((0.8, 0.95), 0.1), clip=1.0)
    add("sgd", {"kind": "sgd", "momentum": 0.0, "decay": 0.0}, sgd(0.0, 0.0))
    add("sgd with decay", {"kind": "sgd", "momentum": 0.0, "decay": 0.05}, sgd(0.0, 0.05), clip=5)
    add("momentum", {"kind": "sgd", "momentum": 0.9, "decay": 0.01}, sgd(0.9, 0.01), clip=0.5)
    return {"cases": cases}


def server():
    generator = np.random.default_rng(8)
    size, rounds = 9, 10
    rate, b1, b2, tau = 0.05, 0.9, 0.99, 1e-3
    weights = [3.0, 5.0, 1.0]
    w = generator.normal(size=size)
    m, v = np.zeros(size), np.full(size, tau * tau)
    log = []
    for number in range(rounds):
        deltas = [(generator.normal(size=size) * 1e-2).astype(np.float32) for _ in weights]
        mean = sum(p * d.astype(np.float64) for p, d in zip(weights, deltas)) / sum(weights)
        m = b1 * m + (1 - b1) * mean
        v = b2 * v + (1 - b2) * mean * mean
        w = w + rate * m / (np.sqrt(v) + tau)
        log.append({"deltas": [floats(d) for d in deltas], "mean": floats(mean),
                    "change": floats(rate * m / (np.sqrt(v) + tau)), "m": floats(m),
                    "v": floats(v)})
    return {"rate": rate, "betas": [b1, b2], "tau": tau, "weights": weights, "rounds": log}


def main():
    for path, value in [
        ("Tests/ZorBAOptimizationTests/Goldens/optimizers.json", optimizers()),
        ("Tests/ZorBAOptimizationTests/Goldens/fedadam.json", server()),
    ]:
        (ROOT / path).write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
