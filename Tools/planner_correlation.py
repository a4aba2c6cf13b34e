#!/usr/bin/env python3
"""Does Gamma(A) rank assignments of blocks by how far training gets with them? On a real model.

Draws random fixed assignments, trains a run with each, and correlates Gamma(A), computed here from the
definitions (docs/planning-theory.md) and not by the program, with the loss that was reached. Without --run it
takes the bundled model and the demonstration's four sites, in float32.

    python3 Tools/planner_correlation.py --zorba .build/release/zorba --out runs/correlation
    python3 Tools/planner_correlation.py --run run.yaml --sensitivity plan.json --assignments 40 --rounds 400

Sensitivities come from a file with gradient_energy, client_spread and sample_noise (a plan file has them under
"sensitivity"), or from probe rounds in which all sites train one block at a time and nothing moves.
Gradients shrink as training goes, and with them the weight of the gradient's own energy in Gamma: --probe-model
probes a checkpoint from further on, as `zorba export` writes it. Clients weigh the same, whatever the run says: for
equal weights the formulas are exact. Finished trainings are kept in --out and not made again; another --out for
other settings. Needs numpy and PyYAML.
"""
import argparse
import json
import pathlib
import re
import shutil
import struct
import subprocess

import numpy as np
import yaml

RESOURCES = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "zorba" / "Resources"
SITES = ["bank", "clinic", "shop", "energy"]


def demonstration():
    return {
        "model": str(RESOURCES / "model"),
        "data": {"train": [str(RESOURCES / "demo" / f"{site}.jsonl") for site in SITES],
                 "test": str(RESOURCES / "demo" / "test.jsonl")},
        "task": {"template": "{text} Topic: {label}"},
        "federation": {"clients": len(SITES), "partition": {"kind": "files"}, "weights": "uniform"},
        "method": {"directions": 3, "learning_rate": 1.2e-3, "perturbation": "popcount", "seeding": "shared"},
        "batch": {"size": 16, "max_tokens": 64},
        "precision": {"weights": "float32", "compute": "float32"},
        "evaluate": {"every": 0, "split": "test"},
    }


def block_parameters(model):
    """d_b of every transformer block, from the headers of the checkpoint's files."""
    sizes = {}
    for path in sorted(pathlib.Path(model).glob("*.safetensors")):
        with open(path, "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        for name, tensor in header.items():
            found = re.search(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.", name)
            if found and "shape" in tensor:
                block = int(found[1])
                sizes[block] = sizes.get(block, 0) + int(np.prod(tensor["shape"]))
    if not sizes:
        raise SystemExit(f"{model}: no transformer blocks found in *.safetensors")
    return np.array([sizes[block] for block in sorted(sizes)], float)


def gamma_terms(A, p, d, P, G, zeta2, sigma2, shared, kurtosis):
    """bias_b and var_b of one assignment A [K, B]."""
    K, B = A.shape
    zu2 = zeta2 * K / (K - 1) if K > 1 else 0 * zeta2
    q = p[:, None] * A / (p @ A)
    bias, var = np.zeros(B), np.zeros(B)
    for b in range(B):
        reach = q[:, b, None] * A  # q_kb a_kb', [K, B]
        s = reach.sum(0)
        D = ((reach - p[:, None] * s) ** 2).sum(0)
        if shared:
            E = s**2 * G + zu2 * D + (q[:, b, None] ** 2 * A * sigma2).sum(0)
        else:
            E = (q[:, b, None] ** 2 * A * (G + zeta2 + sigma2)).sum(0)
        bias[b] = zu2[b] * D[b]
        var[b] = (d[b] * E.sum() + (kurtosis - 2) * E[b]) / P + (q[:, b] ** 2 * sigma2[:, b]).sum()
    return bias, var


def ranks(values):
    values = np.asarray(values, float)
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def spearman(x, y):
    x, y = ranks(x), ranks(y)
    if x.std() == 0 or y.std() == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def bootstrap(x, y, rng, count=2000):
    """The 95 % percentile interval of rho over resampled assignments."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    values = [spearman(x[i], y[i]) for i in rng.integers(0, len(x), (count, len(x)))]
    values = [v for v in values if np.isfinite(v)]
    return [float(v) for v in np.percentile(values, [2.5, 97.5])] if values else [float("nan")] * 2


def draw(rng, K, B, shares, drawn):
    """Random rows: client k trains a share of the blocks, shares[k] or one drawn from all; no block is left out."""
    while True:
        chosen = rng.choice(shares, K) if drawn else np.resize(shares, K)
        A = np.zeros((K, B), int)
        for k in range(K):
            A[k, rng.permutation(B)[: max(1, round(chosen[k] * B))]] = 1
        if A.any(0).all():
            return A


class Runner:
    def __init__(self, args, run_file):
        self.zorba, self.run_file, self.out = args.zorba, run_file, args.out
        self.settings, self.timeout = args.set, args.timeout

    def train(self, name, plan, rounds, seed, extra=()):
        """Runs a federation under a plan, unless it has been, and returns its folder."""
        folder = self.out / name
        if (folder / "result.json").exists() and not json.loads((folder / "result.json").read_text())["incomplete"]:
            return folder
        source = "full"
        if plan:
            source = self.out / f"{name}.plan.json"
            source.write_text(json.dumps(plan))
        if folder.exists():
            shutil.rmtree(folder)  # an unfinished run of ours
        command = [self.zorba, "simulate", str(self.run_file), "--quiet", "--json"]
        settings = [*self.settings, *extra, "federation.weights=uniform", f"out={folder}", f"blocks.plan={source}",
                    f"rounds={rounds}", f"seed={seed}"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True, timeout=self.timeout)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr}")
        return folder


def round_lines(folder):
    with open(folder / "metrics.jsonl") as file:
        return [line for line in map(json.loads, file) if "per_client" in line]


def reached(folder):
    """The mean training loss of the last quarter of the rounds, and the loss of the last evaluation."""
    losses = [line["loss"] for line in round_lines(folder)]
    evaluation = json.loads((folder / "result.json").read_text()).get("evaluation") or {}
    after = (evaluation.get("after") or {}).get("loss")
    return float(np.mean(losses[-max(1, len(losses) // 4):])), after


def probe(runner, K, B, p, directions, per_round, settings):
    """G_b, zeta_b^2 and sigma_kb^2 from rounds in which every client trains the same single block.

    With X_kh client k's scalar on half h of its minibatch: G = E (sum_k p_k X_k1)(sum_k p_k X_k2),
    G + zeta^2 = E sum_k p_k X_k1 X_k2, sigma_k^2 = E (X_k1 - X_k2)^2 / 4. Negative estimates become 0.
    """
    cycle = [[[int(b == block) for b in range(B)] for _ in range(K)] for block in range(B)]
    rounds = B * -(-directions // per_round)
    folder = runner.train("probe", {"cycle": cycle, "window": 1}, rounds, 1, [
        "blocks.min_clients=0", f"method.directions={per_round}", "method.learning_rate=1e-15",
        "method.seeding=shared", "method.local_steps=1", "federation.participation=1.0", *settings])
    samples = [[] for _ in range(B)]
    for line in round_lines(folder):
        clients = line["per_client"]
        if len(clients) == K:
            X = np.array([client["half_scalars"] for client in clients])  # [K, directions, 2]
            samples[(line["round"] - 1) % B].append(X)
    G, zeta2, sigma2 = np.zeros(B), np.zeros(B), np.zeros((K, B))
    for b in range(B):
        X = np.concatenate(samples[b], axis=1)
        means = np.einsum("k,kdh->dh", p, X)
        T1 = (means[:, 0] * means[:, 1]).mean()
        T2 = (p[:, None] * X[:, :, 0] * X[:, :, 1]).sum(0).mean()
        G[b], zeta2[b] = max(T1, 0), max(T2 - T1, 0)
        sigma2[:, b] = ((X[:, :, 0] - X[:, :, 1]) ** 2).mean(1) / 4
    return {"gradient_energy": G.tolist(), "client_spread": zeta2.tolist(), "sample_noise": sigma2.tolist()}


def read_sensitivity(path, K, B):
    found = json.loads(pathlib.Path(path).read_text())
    found = found.get("sensitivity", found)
    noise = np.asarray(found["sample_noise"], float)
    noise = noise if noise.ndim == 2 else np.tile(noise, (K, 1))
    G, zeta2 = (np.asarray(found[key], float) for key in ("gradient_energy", "client_spread"))
    if G.shape != (B,) or zeta2.shape != (B,) or noise.shape != (K, B):
        raise SystemExit(f"{path}: these are not the sensitivities of {K} clients and {B} blocks")
    return G, zeta2, noise


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--zorba", default=".build/release/zorba", help="the program")
    parser.add_argument("--run", type=pathlib.Path, help="a run file; the demonstration without")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/correlation"))
    parser.add_argument("--assignments", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=1, help="trainings of each assignment, with different seeds")
    parser.add_argument("--active", default="0.25,0.5,0.75,1", help="shares of blocks a client trains")
    parser.add_argument("--budgets", choices=["drawn", "given"], default="drawn",
                        help="a share drawn for each client and assignment, or --active as they are, client by client")
    parser.add_argument("--sensitivity", help="a file of sensitivities, or a plan file; probe rounds without")
    parser.add_argument("--probe-directions", type=int, default=96, help="directions a block in probe rounds")
    parser.add_argument("--probe-model", type=pathlib.Path, help="a checkpoint to probe in place of the run's model")
    parser.add_argument("--smoothness", type=float, help="L of lambda = L eta; P / (eta d) without, as runs take it")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="passed to every run")
    parser.add_argument("--seed", type=int, default=1, help="of the assignments")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds a training may take")
    args = parser.parse_args()
    args.out = args.out.resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.run:
        run_file = args.run.resolve()
    else:
        run_file = args.out / "run.yaml"
        run_file.write_text(yaml.safe_dump(demonstration()))
    runner = Runner(args, run_file)

    # One round of everything tells the resolved configuration, the clients and the blocks.
    first = runner.train("first", None, 1, 1)
    run = yaml.safe_load((first / "run.yaml").read_text())
    d = block_parameters(run["model"])
    K, B, method = len(json.loads((first / "result.json").read_text())["clients"]), len(d), run["method"]
    p = np.full(K, 1 / K)
    P, eta, shared = method["directions"], method["learning_rate"], method["seeding"] == "shared"
    kurtosis = {"rademacher": 1, "popcount": 2.918709, "gaussian": 3}[method["perturbation"]]

    sensitivity = args.sensitivity
    if not sensitivity:
        sensitivity = args.out / "sensitivity.json"
        if not sensitivity.exists():
            model = [f"model={args.probe_model.resolve()}"] if args.probe_model else []
            sensitivity.write_text(json.dumps(probe(runner, K, B, p, args.probe_directions, 8, model)))
    G, zeta2, sigma2 = read_sensitivity(sensitivity, K, B)
    lam = (args.smoothness or P / (eta * d.sum())) * eta

    rng = np.random.default_rng(args.seed)
    shares = np.array([float(share) for share in args.active.split(",")])
    rows = []
    for index in range(args.assignments):
        A = draw(rng, K, B, shares, args.budgets == "drawn")
        bias, var = gamma_terms(A, p, d, P, G, zeta2, sigma2, shared, kurtosis)
        results = []
        for repetition in range(args.repeat):
            folder = runner.train(f"a{args.seed}-{index}-{repetition}-{args.rounds}", {"matrix": A.tolist()}, args.rounds,
                                  1 + repetition)
            results.append(reached(folder))
        evaluated = [after for _, after in results if after is not None]
        rows.append({
            "matrix": A.tolist(), "pairs": int(A.sum()), "bias": float(bias.sum()), "variance": float(var.sum()),
            "gamma": float(bias.sum() + lam * var.sum()), "training_loss": float(np.mean([x for x, _ in results])),
            "evaluation_loss": float(np.mean(evaluated)) if evaluated else None})
        print(f"{index + 1:3d}  pairs {rows[-1]['pairs']:3d}  Gamma {rows[-1]['gamma']:10.4f}  training loss "
              f"{rows[-1]['training_loss']:.4f}  evaluation loss {rows[-1]['evaluation_loss']}", flush=True)

    column = {key: [row[key] for row in rows] for key in rows[0]}
    scores = {"gamma": column["gamma"], "bias": column["bias"], "variance": column["variance"],
              "active pairs, negated": [-pairs for pairs in column["pairs"]]}
    for scale in (0.1, 10):
        scores[f"gamma, lambda x {scale}"] = [
            row["bias"] + scale * lam * row["variance"] for row in rows]
    summary = {"assignments": len(rows), "rounds": args.rounds, "repeat": args.repeat, "lambda": lam, "directions": P,
               "seeding": method["seeding"], "sensitivity": {
                   "gradient_energy": G.tolist(), "client_spread": zeta2.tolist(), "sample_noise": sigma2.tolist()},
               "rho": {}, "rows": rows}
    for target in ("training_loss", "evaluation_loss"):
        if None in column[target]:
            continue
        print(f"\nSpearman's rho with the {target.replace('_', ' ')}, 95 % bootstrap interval")
        for name, score in scores.items():
            rho, interval = spearman(score, column[target]), bootstrap(score, column[target], np.random.default_rng(7))
            summary["rho"].setdefault(target, {})[name] = {"rho": rho, "interval": interval}
            print(f"  {name:24s} {rho:6.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]")
    (args.out / "correlation.json").write_text(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
