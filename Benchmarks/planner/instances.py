#!/usr/bin/env python3
"""How near to the optimum plans are: random instances of several kinds and sizes through `zorba plan`.

Kinds: `equal` (all blocks and budgets alike), `mild` (gradients, spread and noise within a factor of 4, budgets of 25
to 100 percent), `wild` (within a factor of 100, block sizes within 4). The gap is (value - bound) / value of the first
stage; 0 means proven.

    python3 Benchmarks/planner/instances.py --zorba .build/release/zorba
"""
import argparse
import json
import math
import pathlib
import random
import statistics
import subprocess
import tempfile

SIZES = [(4, 4), (6, 8), (8, 8), (12, 24), (16, 24), (1000, 80)]


def instance(kind, clients, blocks, seed):
    draw = random.Random(seed)
    low_high = {"equal": (1, 1), "mild": (0.5, 2), "wild": (0.1, 10)}[kind]

    def spread(scale=1.0):
        low, high = (math.log(v) for v in low_high)
        return [scale * math.exp(draw.uniform(low, high)) for _ in range(blocks)]

    shares = [0.5] if kind == "equal" else [0.25, 0.5, 0.75, 1]
    return dict(
        clients=clients, blocks=blocks,
        block_parameters=[draw.uniform(50, 200) for _ in range(blocks)] if kind == "wild" else 100,
        gradient_energy=spread(), client_spread=spread(), sample_noise=spread(2.0),
        **{"lambda": 0.01 if kind == "equal" else 0.005}, directions=4,
        budget_bytes=[max(1, int(shares[k % len(shares)] * blocks)) for k in range(clients)])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zorba", type=pathlib.Path, default=pathlib.Path(".build/release/zorba"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", default="equal,mild,wild")
    parser.add_argument("--effort", default="standard")
    parser.add_argument("--rotate", type=int, default=1)
    parser.add_argument("--sizes", default=",".join(f"{k}x{b}" for k, b in SIZES))
    arguments = parser.parse_args()
    print("| kind | clients x blocks | gap %, median (most) | proven | seconds, median (most) |")
    print("| --- | --- | --- | --- | --- |")
    for kind in arguments.kinds.split(","):
        for size in arguments.sizes.split(","):
            clients, blocks = map(int, size.split("x"))
            gaps, seconds, proven = [], [], 0
            seeds = range(1, 2 if kind == "equal" else arguments.seeds + 1)
            for seed in seeds:
                with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                    json.dump(instance(kind, clients, blocks, seed), file)
                    file.flush()
                    done = subprocess.run(
                        [str(arguments.zorba.resolve()), "plan", "--instance", file.name, "--json", "--quiet",
                         "--effort", arguments.effort, "--rotate", str(arguments.rotate)],
                        capture_output=True, text=True)
                if done.returncode:
                    raise SystemExit(done.stderr)
                plan = json.loads(done.stdout)
                gaps.append(100 * plan["stages"][0]["gap"])
                proven += plan["stages"][0]["gap"] <= 1e-9
                seconds.append(plan["seconds"])
            print(
                f"| {kind} | {clients} x {blocks} | {statistics.median(gaps):.2f} ({max(gaps):.2f}) | "
                f"{proven}/{len(gaps)} | {statistics.median(seconds):.1f} ({max(seconds):.1f}) |", flush=True)


if __name__ == "__main__":
    main()
