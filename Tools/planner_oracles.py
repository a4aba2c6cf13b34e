#!/usr/bin/env python3
"""Enumerates every activation matrix of small planner instances: the optima that the planner is held to.

    python3 Tools/planner_oracles.py Tests/ZorBAPlanningTests/Goldens/instance-i1.json [...]

Prints, for shared and per-client seeding, the least Gamma, how many matrices reach it and one of them, then the
least total memory among matrices within 5 % of it and the least Gamma at that memory. Needs numpy. Sums over
clients are products of matrices here, where the package keeps them up to date entry by entry.
"""
import itertools
import json
import sys

import numpy as np


def spread(value, count):
    return np.broadcast_to(np.array(value, float), count)


class Instance:
    def __init__(self, path):
        raw = json.load(open(path))
        self.clients, self.blocks = raw["clients"], raw["blocks"]
        block = lambda key: spread(raw[key], self.blocks)
        client = lambda key: spread(raw[key], self.clients)
        self.parameters, self.energy = block("block_parameters"), block("gradient_energy")
        self.noise, self.resident = block("sample_noise"), block("resident_bytes")
        self.zeta = block("client_spread")
        self.fixed, self.budget = client("fixed_bytes"), client("budget_bytes")
        self.weight, self.directions = raw["lambda"], raw["directions"]
        self.least = raw["min_clients"]

    def gamma(self, a, shared):
        """Gamma of a 0/1 matrix [clients, blocks] with equal client weights."""
        p = np.full(self.clients, 1 / self.clients)
        q = a / a.sum(0)
        s = q.T @ a
        zu = self.zeta * self.clients / (self.clients - 1)
        d = ((q[:, :, None] * a[:, None, :] - s[None] * p[:, None, None]) ** 2).sum(0)
        pairs = (q**2).T @ a
        if shared:
            e = s**2 * self.energy + zu * d + pairs * self.noise
            minibatch = (q**2).sum(0) * self.noise
        else:
            e = pairs * (self.energy + self.zeta + self.noise)
            minibatch = 0
        variance = self.parameters / self.directions * e.sum(1) + minibatch
        return (zu * np.diag(d) + self.weight * variance).sum()

    def matrices(self):
        rows = [
            [r for r in itertools.product((0, 1), repeat=self.blocks)
             if self.fixed[k] + np.dot(r, self.resident) <= self.budget[k]]
            for k in range(self.clients)
        ]
        for a in itertools.product(*rows):
            a = np.array(a, float)
            if (a.sum(0) >= max(1, self.least)).all():
                yield a


for path in sys.argv[1:]:
    instance = Instance(path)
    for shared in (True, False):
        found = [(instance.gamma(a, shared), a) for a in instance.matrices()]
        best = min(g for g, _ in found)
        optima = [a for g, a in found if g <= best * (1 + 1e-9)]
        memory = lambda a: (instance.fixed + a @ instance.resident).sum()
        near = [(memory(a), g) for g, a in found if g <= 1.05 * best * (1 + 1e-12)]
        least = min(m for m, _ in near)
        rows = " ".join("".join(str(int(x)) for x in row) for row in optima[0])
        print(path, "shared" if shared else "perClient", f"Gamma* {best:.9f}", f"{len(optima)} optima, {rows};",
              f"stage 2: {least:g}, {min(g for m, g in near if m == least):.9f}")
