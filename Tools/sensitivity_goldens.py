#!/usr/bin/env python3
"""Writes Tests/ZorBAPlanningTests/Goldens/sensitivity.json: the estimators, computed another way.

    probe    scalars of one block, [directions][clients]; expected G, zeta^2 and sigma_k^2.
             G is the two-halves product averaged over every labelling of the halves (equal halves),
             zeta^2 and sigma^2 are summed term by term.
    rounds   rows and scalars of rotating rounds; expected unconstrained and non-negative solutions.
             One row of a design matrix for each product of scalars; numpy's lstsq; the
             non-negative one by trying every set of free parameters.

Needs numpy. Run: python Tools/sensitivity_goldens.py
"""

import itertools
import json
import pathlib

import numpy as np

TARGET = (
    pathlib.Path(__file__).resolve().parent.parent
    / "Tests/ZorBAPlanningTests/Goldens/sensitivity.json"
)


def probe(random, clients, directions, weights, shares, sizes):
    """`sizes`: examples in the first half, of 8, per client."""
    p = weights / weights.sum()
    halves = random.normal(size=(directions, clients, 2))
    w = sizes / 8
    whole = w * halves[..., 0] + (1 - w) * halves[..., 1]
    noise = (1 - shares) * w * (1 - w) * (halves[..., 0] - halves[..., 1]) ** 2
    expected = {"spread": 0.0, "noise": noise.mean(0).tolist()}
    if np.all(w == 0.5) and np.all(shares == 0):
        total = []
        for labels in itertools.product((0, 1), repeat=clients):
            first = sum(p[k] * halves[:, k, labels[k]] for k in range(clients))
            second = sum(p[k] * halves[:, k, 1 - labels[k]] for k in range(clients))
            total.append(first * second)
        expected["energy"] = np.mean(total)
    else:
        expected["energy"] = np.mean(
            [
                sum(
                    p[k] * p[l] * (c[k] * c[l] - (n[k] if k == l else 0))
                    for k in range(clients) for l in range(clients)
                )
                for c, n in zip(whole, noise)
            ]
        )
    # |g_k - sum_l p_l g_l|^2, every product of two scalars unbiased by itself.
    for c, n in zip(whole, noise):
        for k in range(clients):
            v = -p.copy()
            v[k] += 1
            expected["spread"] += sum(
                v[i] * v[j] * (c[i] * c[j] - (n[i] if i == j else 0))
                for i in range(clients) for j in range(clients)
            ) / (clients * directions)
    return {
        "weights": weights.tolist(), "shares": shares.tolist(),
        "scalars": [
            [[c, *h] for c, h in zip(row, pair)]
            for row, pair in zip(whole.tolist(), halves.tolist())
        ],
        "expected": expected,
    }


def nonnegative(x, y):
    best, least = None, np.inf
    for free in itertools.product((False, True), repeat=x.shape[1]):
        free = np.array(free)
        solution = np.zeros(x.shape[1])
        if free.any():
            solution[free] = np.linalg.lstsq(x[:, free], y, rcond=None)[0]
        residual = ((x @ solution - y) ** 2).sum()
        if (solution >= 0).all() and residual < least:
            best, least = solution, residual
    return best


def rounds(random, clients, blocks, count, directions, weights, memory):
    prior = {
        "energy": random.uniform(0.5, 2, blocks), "spread": random.uniform(0.5, 2, blocks),
        "noise": random.uniform(2, 6, (clients, blocks)),
    }
    p = weights / weights.sum()
    squares = (p**2).sum()
    unit = 1 / (1 - 2 / clients + squares)
    fed, x, y, xn, yn = [], [], [], [], []
    for number in range(count):
        gamma = (1 - 1 / (memory + 1)) ** (count - 1 - number)
        rows = random.random((clients, blocks)) < 0.5
        rows[np.arange(clients), random.integers(0, blocks, clients)] = True
        present = np.sort(random.permutation(clients)[: clients - number % 2])
        halves = random.normal(size=(clients, directions, 2)) + random.normal(size=(1, directions, 1))
        whole = halves.mean(-1)
        noise = (halves[..., 0] - halves[..., 1]) ** 2 / 4
        expected_noise = (rows * prior["noise"]).sum(1)
        variance = (rows * (prior["energy"] + prior["spread"])).sum(1) + expected_noise
        for k in present:
            for d in range(directions):
                weight = np.sqrt(gamma / 2) / variance[k]
                x.append(weight * np.concatenate([rows[k], rows[k] * (1 - squares) * unit]))
                y.append(weight * (whole[k, d] ** 2 - noise[k, d]))
                weight = np.sqrt(gamma) / expected_noise[k]
                xn.append(weight * rows[k])
                yn.append(weight * noise[k, d])
                for l in present[present > k]:
                    weight = np.sqrt(gamma / (variance[k] * variance[l]))
                    both = (rows[k] & rows[l]).astype(float)
                    x.append(weight * np.concatenate([both, -both * squares * unit]))
                    y.append(weight * whole[k, d] * whole[l, d])
        fed.append(
            [
                {
                    "client": int(k), "row": rows[k].astype(int).tolist(),
                    "scalars": [[c, *h] for c, h in zip(whole[k].tolist(), halves[k].tolist())],
                }
                for k in present
            ]
        )
    x, y, xn, yn = (np.array(values, dtype=float) for values in (x, y, xn, yn))
    return {
        "weights": weights.tolist(), "memory": memory, "rounds": fed,
        "prior": {name: values.tolist() for name, values in prior.items()},
        "expected": {
            "energy": np.linalg.lstsq(x, y, rcond=None)[0].tolist(),
            "noise": np.linalg.lstsq(xn, yn, rcond=None)[0].tolist(),
            "nonnegative_energy": nonnegative(x, y).tolist(),
        },
    }


def main():
    random = np.random.default_rng(4)
    half = np.full(4, 4)
    cases = {
        "probe": [
            probe(random, 4, 5, np.ones(4), np.zeros(4), half),
            probe(random, 4, 5, np.array([1.0, 2, 3, 6]), np.zeros(4), half),
            probe(
                random, 3, 4, np.array([5.0, 1, 2]), np.array([0.25, 0, 1]), np.array([5, 4, 3])),
            probe(random, 1, 3, np.ones(1), np.zeros(1), np.full(1, 4)),
        ],
        "rounds": [
            rounds(random, 4, 3, 30, 2, np.ones(4), 12.0),
            rounds(random, 3, 4, 40, 1, np.array([1.0, 2, 5]), 1e9),
        ],
    }
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
