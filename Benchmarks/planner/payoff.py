#!/usr/bin/env python3
"""What heterogeneous block activation pays: policies side by side on one task, several seeds.

Every policy runs the same RUN.yaml with another `blocks.plan`; sites have budgets of 25, 50, 75 and 100 percent
of the blocks unless the file says otherwise. Reported per policy: rounds and seconds until the evaluation loss
(and accuracy) that the reference policy ends with, the end itself, the share of blocks that was active, and
seconds a round. Runs of one process use one thread, `--jobs` of them side by side, in an order that gives every
policy its share of whatever else the machine does.

    python3 Benchmarks/planner/payoff.py trec6.yaml --zorba .build/release/zorba --out payoff-trec6
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import statistics
import subprocess

POLICIES = ["full", "random", "round_robin", "contiguous", "dominant", "lexicographic"]


def run(arguments, policy, seed):
    out = arguments.out / f"{policy}-{seed}"
    result = out / "result.json"
    if not result.exists():
        command = [
            str(arguments.zorba.resolve()), "simulate", str(arguments.run), "--quiet", "--json", "--threads", "1",
            "--seed", str(seed), "--set", f"out={out}", "--set", f"blocks.plan={policy}"]
        for override in arguments.set:
            command += ["--set", override]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{policy}, seed {seed}: exit {done.returncode}\n{done.stderr}")
    return read(out)


def read(folder):
    """Curves of a run: cumulated seconds by round, and evaluations."""
    seconds, active, evaluations, clients = [], [], [], {}
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if "evaluation" in entry:
            evaluations.append((entry["round"], entry["evaluation"]))
        else:
            seconds.append(entry["seconds"])
            active.append(sum(c["active_blocks"] for c in entry["per_client"]) / len(entry["per_client"]))
            for c in entry["per_client"]:
                clients.setdefault(c["client"], []).append(c["active_blocks"])
    evaluations.sort(key=lambda e: e[0])
    return dict(
        seconds=seconds, active=statistics.mean(active), losses=[(r, e["loss"]) for r, e in evaluations],
        accuracies=[(r, e["accuracy"]) for r, e in evaluations],
        peak_blocks={c: max(b) for c, b in clients.items()})


def reached(curve, target, seconds, better):
    """First round of a curve at or past a target, interpolated, and the seconds until then; None if never."""
    for (r0, v0), (r1, v1) in zip(curve, curve[1:]):
        if better(v1, target):
            share = 1 if v0 == v1 or better(v0, target) else (target - v0) / (v1 - v0)
            at = r0 + share * (r1 - r0)
            return at, sum(seconds[: math.ceil(at)])
    return None


def median(values):
    return statistics.median(values) if values else float("nan")


def summary(policy, runs, loss, accuracy):
    to_loss = [reached(r["losses"], loss, r["seconds"], lambda a, b: a <= b) for r in runs]
    to_accuracy = [reached(r["accuracies"], accuracy, r["seconds"], lambda a, b: a >= b) for r in runs]

    def spread(values):
        return [statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0]

    return dict(
        policy=policy, seeds=len(runs), active_blocks=statistics.mean(r["active"] for r in runs),
        peak_blocks={c: max(r["peak_blocks"].get(c, 0) for r in runs) for c in runs[0]["peak_blocks"]},
        seconds_a_round=median([s for r in runs for s in r["seconds"]]),
        loss=spread([r["losses"][-1][1] for r in runs]),
        accuracy=spread([r["accuracies"][-1][1] for r in runs]),
        best_accuracy=spread([max(a for _, a in r["accuracies"]) for r in runs]),
        reached_loss=sum(t is not None for t in to_loss), rounds_to_loss=median([t[0] for t in to_loss if t]),
        seconds_to_loss=median([t[1] for t in to_loss if t]),
        reached_accuracy=sum(t is not None for t in to_accuracy),
        rounds_to_accuracy=median([t[0] for t in to_accuracy if t]),
        seconds_to_accuracy=median([t[1] for t in to_accuracy if t]),
        per_seed=[dict(loss=r["losses"][-1][1], accuracy=r["accuracies"][-1][1]) for r in runs])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--zorba", type=pathlib.Path, default=pathlib.Path(".build/release/zorba"))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--policies", default=",".join(POLICIES))
    parser.add_argument("--reference", default="full", help="whose end is the target")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="override a key of the run file")
    arguments = parser.parse_args()
    policies = arguments.policies.split(",")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = {(p, s): pool.submit(run, arguments, p, s) for s in range(1, arguments.seeds + 1) for p in policies}
        runs = {key: job.result() for key, job in jobs.items()}
    by_policy = {p: [runs[p, s] for s in range(1, arguments.seeds + 1)] for p in policies}
    reference = by_policy[arguments.reference]
    loss = statistics.mean(r["losses"][-1][1] for r in reference)
    accuracy = statistics.mean(r["accuracies"][-1][1] for r in reference)
    rows = [summary(p, by_policy[p], loss, accuracy) for p in policies]
    (arguments.out / "payoff.json").write_text(
        json.dumps(dict(target_loss=loss, target_accuracy=accuracy, policies=rows), indent=1) + "\n")
    print(f"target: loss {loss:.4f}, accuracy {100 * accuracy:.1f} % (the mean end of {arguments.reference})")
    print("| policy | blocks active (peak by site) | s a round | final loss | final accuracy | rounds to loss (seeds) | "
          "seconds to loss | rounds to accuracy (seeds) | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for r in rows:
        peaks = "/".join(str(v) for v in r["peak_blocks"].values())
        print(
            f"| {r['policy']} | {r['active_blocks']:.2f} ({peaks}) | {r['seconds_a_round']:.3f} | "
            f"{r['loss'][0]:.3f} ± {r['loss'][1]:.3f} | {100 * r['accuracy'][0]:.1f} ± {100 * r['accuracy'][1]:.1f} | "
            f"{r['rounds_to_loss']:.0f} ({r['reached_loss']}/{r['seeds']}) | {r['seconds_to_loss']:.1f} | "
            f"{r['rounds_to_accuracy']:.0f} ({r['reached_accuracy']}/{r['seeds']}) | {r['seconds_to_accuracy']:.1f} |")


if __name__ == "__main__":
    main()
