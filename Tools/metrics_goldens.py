#!/usr/bin/env python3
"""Write reference losses, predictions and metrics for the data tests, in plain numpy binary64.

Usage: metrics_goldens.py OUTPUT.json
"""

import json
import sys

import numpy as np


def losses(rng):
    """Examples of the three objectives with values [query][target] in binary32."""
    cases = []
    for index in range(60):
        scale = float(rng.choice([1, 30, 3000]))
        kind = ["single", "candidates", "tokens"][index % 3]
        if kind == "single":
            lengths = [1] * int(rng.integers(2, 9))
            values = [np.float32(rng.normal(0, scale, len(lengths)))]
            scores = values[0].astype(np.float64)
        elif kind == "candidates":
            lengths = [int(n) for n in rng.integers(1, 6, int(rng.integers(2, 7)))]
            lengths[-1] = max(2, lengths[-1])
            values = [np.float32(-np.abs(rng.normal(0, scale, 1))) for _ in range(sum(lengths))]
            flat = np.concatenate(values).astype(np.float64)
            scores = np.array([part.mean() for part in np.split(flat, np.cumsum(lengths)[:-1])])
        else:
            lengths = [int(rng.integers(1, 20))]
            values = [np.float32(-np.abs(rng.normal(0, scale, 1))) for _ in range(lengths[0])]
            scores = None
        case = {"lengths": lengths, "values": [[float(v) for v in row] for row in values]}
        if scores is None:
            case.update(answer=None, prediction=None, weight=lengths[0],
                        sum=float(-np.concatenate(values).astype(np.float64).sum()))
        else:
            answer = int(rng.integers(len(lengths)))
            shifted = scores - scores.max()
            loss = np.log(np.exp(shifted).sum()) - shifted[answer]
            case.update(answer=answer, prediction=int(scores.argmax()), weight=1,
                        sum=float(loss), scores=[float(s) for s in scores])
        cases.append(case)
    return cases


def metrics(rng):
    """Truths and predictions, skewed and with absent labels, and the figures that follow."""
    cases = []
    for index in range(40):
        count = int(rng.integers(2, 9))
        size = int(rng.integers(1, 60))
        shares = rng.dirichlet(np.full(count, 0.5))
        truth = rng.choice(count, size, p=shares)
        guess = np.where(rng.random(size) < 0.6, truth, rng.integers(0, count, size))
        labels = np.arange(count)
        right = np.array([np.sum((truth == c) & (guess == c)) for c in labels])
        support = np.array([np.sum(truth == c) for c in labels])
        predicted = np.array([np.sum(guess == c) for c in labels])
        with np.errstate(invalid="ignore"):
            precision = np.nan_to_num(right / predicted)
            recall = np.nan_to_num(right / support)
            f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
        occurs = support + predicted > 0
        cases.append({
            "labels": count, "truth": truth.tolist(), "prediction": guess.tolist(),
            "accuracy": float(np.mean(truth == guess)), "macro_f1": float(f1[occurs].mean()),
            "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(),
            "support": support.tolist(),
        })
    return cases


def main():
    rng = np.random.default_rng(20240601)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"losses": losses(rng), "metrics": metrics(rng)}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
