#!/usr/bin/env python3
"""Reference values for the planner, independent of the Swift code: numpy and exhaustive search.

Writes Tests/ZorBAPlanningTests/Goldens/convergence.json (Gamma of random assignments and cycles, term by
term) and optima.json (the best assignment of small random instances over ALL assignments, and the least
memory within epsilon of it with the best Gamma there).

    python3 Tools/planner_goldens.py
"""
import itertools
import json
import pathlib

import numpy as np

GOLDENS = pathlib.Path(__file__).parent.parent / "Tests" / "ZorBAPlanningTests" / "Goldens"


def terms(A, m):
    """bias_b and lambda var_b of one assignment, from the definitions, one loop at a time."""
    K, B = A.shape
    p, d, G, z2, s2 = m["p"], m["d"], m["G"], m["z2"], m["s2"]
    zu = z2 * K / (K - 1) if K > 1 else 0 * z2
    N = p @ A
    bias, var = np.zeros(B), np.zeros(B)
    for b in range(B):
        if N[b] == 0:
            bias[b] = G[b]
            continue
        q = p * A[:, b] / N[b]
        E = np.zeros(B)
        for c in range(B):
            s = (q * A[:, c]).sum()
            D = ((q * A[:, c] - s * p) ** 2).sum()
            if m["shared"]:
                E[c] = s * s * G[c] + zu[c] * D + (q**2 * A[:, c] * s2[:, c]).sum()
            else:
                E[c] = (q**2 * A[:, c] * (G[c] + z2[c] + s2[:, c])).sum()
            if c == b:
                bias[b] = zu[b] * D
        var[b] = d[b] / m["P"] * E.sum() + m["kurtosis"] / m["P"] * E[b]
        if m["minibatch"]:
            var[b] += (q**2 * s2[:, b]).sum()
    return bias, m["lam"] * var


def cycle_terms(cycle, m, window):
    """Gamma_rot: bias of the mean weights, mean variance and drift."""
    R = len(cycle)
    K, B = cycle[0].shape
    p, G, z2 = m["p"], m["G"], m["z2"]
    zu = z2 * K / (K - 1)
    q = []
    for A in cycle:
        N = p @ A
        q.append(np.where(N > 0, p[:, None] * A / np.where(N > 0, N, 1), 0))
    q = np.array(q)
    s = (q.sum(1) > 0).astype(float)
    x = q - s[:, None, :] * p[None, :, None]
    rho, mean = s.mean(0), x.mean(0)
    bias = zu * (mean**2).sum(0) + (1 - rho) ** 2 * G
    var = np.mean([terms(A, m)[1] for A in cycle], 0)
    drift = zu * ((x - mean) ** 2).sum(1).mean(0) + rho * (1 - rho) * G
    return bias, var + m["lam"] * window * drift


def model(rng, K, B, *, shared, uniform, kurtosis=0.0, minibatch=None):
    p = np.ones(K) if uniform else rng.uniform(0.5, 2, K)
    s2 = np.exp(rng.uniform(-1, 2, B))[None, :] * (np.ones((K, 1)) if uniform else rng.uniform(0.5, 2, (K, B)))
    return dict(
        p=p / p.sum(), d=rng.integers(50, 200, B).astype(float), G=np.exp(rng.uniform(-1, 1, B)),
        z2=np.exp(rng.uniform(-1, 1, B)), s2=s2, lam=float(rng.uniform(0.001, 0.02)), P=int(rng.integers(1, 5)),
        shared=shared, kurtosis=kurtosis, minibatch=shared if minibatch is None else minibatch)


def encoded(m):
    return dict(
        weights=m["p"].tolist(), parameters=m["d"].tolist(), energy=m["G"].tolist(), spread=m["z2"].tolist(),
        noise=m["s2"].tolist(), lam=m["lam"], directions=m["P"], shared=m["shared"], kurtosis=m["kurtosis"],
        minibatch=m["minibatch"])


def random_matrix(rng, K, B, rest=False):
    while True:
        A = (rng.random((K, B)) < rng.uniform(0.2, 0.8)).astype(float)
        if rest or (A.sum(0) > 0).all():
            return A


def convergence(rng):
    cases = []
    for i in range(60):
        K, B = int(rng.integers(1, 7)), int(rng.integers(1, 7))
        m = model(rng, K, B, shared=i % 2 == 0, uniform=i % 3 == 0, kurtosis=[0.0, -1.0, 1.0][i % 3],
                  minibatch=[None, True, False][i % 3])
        A = random_matrix(rng, K, B, rest=i % 5 == 0)
        bias, var = terms(A, m)
        cases.append(dict(model=encoded(m), cycle=[A.astype(int).tolist()], window=1, bias=bias.tolist(),
                          variance=var.tolist()))
    for i in range(30):
        K, B, R = int(rng.integers(2, 6)), int(rng.integers(1, 6)), int(rng.integers(2, 6))
        m = model(rng, K, B, shared=i % 2 == 0, uniform=i % 3 == 0)
        cycle = [random_matrix(rng, K, B, rest=i % 4 == 0) for _ in range(R)]
        window = int(rng.integers(1, 20))
        bias, var = cycle_terms(cycle, m, window)
        cases.append(dict(model=encoded(m), cycle=[A.astype(int).tolist() for A in cycle], window=window,
                          bias=bias.tolist(), variance=var.tolist()))
    return cases


def optimum(m, resident, fixed, budget, nmin, epsilon):
    K, B = len(m["p"]), len(m["d"])
    rows = [[r for r in itertools.product((0.0, 1.0), repeat=B) if fixed[k] + np.dot(r, resident[k]) <= budget[k] + 1e-9]
            for k in range(K)]
    found = []
    for A in itertools.product(*rows):
        A = np.array(A)
        if (A.sum(0) < nmin).any():
            continue
        bias, var = terms(A, m)
        found.append((bias.sum() + var.sum(), float(fixed.sum() + (A * resident).sum())))
    if not found:
        return None
    best = min(f[0] for f in found)
    within = [f for f in found if f[0] <= best * (1 + epsilon) * (1 + 1e-12)]
    memory = min(f[1] for f in within)
    return dict(gamma=best, memory=memory, gamma_there=min(f[0] for f in within if f[1] <= memory * (1 + 1e-9)),
                assignments=len(found))


def optima(rng, count=420):
    cases = []
    while len(cases) < count:
        i = len(cases)
        K, B = [(2, 2), (2, 4), (3, 3), (3, 3), (4, 2), (2, 5), (3, 4)][i % 7]
        uniform = i % 3 != 0
        m = model(rng, K, B, shared=i % 4 != 3, uniform=uniform)
        m["d"] = np.maximum(1, np.round(m["d"] / 50))
        resident = np.tile(rng.integers(1, 4, B).astype(float), (K, 1))
        fixed = rng.integers(0, 5, K).astype(float)
        budget = fixed + rng.integers(1, int(resident[0].sum()) + 1, K)
        nmin = int(rng.integers(1, 3)) if K > 2 else 1
        result = optimum(m, resident, fixed, budget, nmin, 0.05)
        cases.append(dict(model=encoded(m), resident=resident[0].tolist(), fixed=fixed.tolist(),
                          budget=budget.tolist(), min_clients=nmin, epsilon=0.05, result=result))
    return cases


def main():
    GOLDENS.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20260304)
    (GOLDENS / "convergence.json").write_text(json.dumps(convergence(rng)) + "\n")
    (GOLDENS / "optima.json").write_text(json.dumps(optima(rng)) + "\n")


if __name__ == "__main__":
    main()
