#!/usr/bin/env python3
"""Write privacy figures of Google's dp-accounting, for the tests of ZorBAPrivacy.

Usage: dp_reference.py OUTPUT.json

Needs: pip install dp-accounting (0.6.0 made the committed file).
"""

import json
import sys

import dp_accounting
from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.rdp import rdp_privacy_accountant as rdp

RELATION = {
    "add_remove": dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE,
    "replace": dp_accounting.NeighboringRelation.REPLACE_ONE,
}


def renyi(q, sigma, count, delta):
    accountant = rdp.RdpAccountant()
    event = dp_accounting.PoissonSampledDpEvent(q, dp_accounting.GaussianDpEvent(sigma))
    accountant.compose(dp_accounting.SelfComposedDpEvent(event, count))
    return accountant.get_epsilon(delta)


def loss(q, sigma, count, delta, relation, pessimistic):
    distribution = pld.from_gaussian_mechanism(
        sigma,
        pessimistic_estimate=pessimistic,
        value_discretization_interval=1e-4 if count < 5000 else 2e-5,
        sampling_prob=q,
        use_connect_dots=pessimistic,
        neighboring_relation=RELATION[relation],
    )
    return distribution.self_compose(count).get_epsilon_for_delta(delta)


def main():
    grid = [(1, 1, 1, 1e-5), (0.01, 1, 1000, 1e-5), (1, 5, 100, 1e-5)]
    for q in (0.001, 0.02, 0.3, 1):
        for sigma in (0.6, 1.0, 2.5):
            for count in (1, 50, 2000):
                grid.append((q, sigma, count, 1e-5 if count < 2000 else 1e-6))
    rows = []
    for q, sigma, count, delta in grid:
        row = {"q": q, "sigma": sigma, "count": count, "delta": delta}
        row["rdp"] = renyi(q, sigma, count, delta)
        # Beyond, the library's grid takes gigabytes.
        if row["rdp"] < 60:
            for relation in RELATION:
                row[relation] = loss(q, sigma, count, delta, relation, True)
        rows.append(row)
        print(row, file=sys.stderr)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"source": "dp-accounting 0.6.0", "rows": rows}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
