"""Rehearses the demonstration in PyTorch: four sites, forward passes only, federated against alone.

    python try_zeroth_order.py Sources/zorba/Resources/model Sources/zorba/Resources/demo --seed 1

Two-sided finite differences along random directions in the transformer blocks (embeddings, final norm and head
stay as they are); each site sends P scalars a round; every site applies the same update. It finds the recipe that
the demonstration ships with and gives the accuracies to expect; it shares no code with the real implementation.
"""

import argparse
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

SITES = ["bank", "clinic", "shop", "energy"]
PROMPT = "{} Topic:"


class Task:
    """The rows as prompts, and the loss over the label words behind the last prompt token."""

    def __init__(self, model_folder: Path, data_folder: Path):
        self.tokenizer = Tokenizer.from_file(str(model_folder / "tokenizer.json"))
        read = lambda name: [json.loads(line) for line in (data_folder / name).read_text().splitlines()]
        self.labels = sorted({row["label"] for row in read("test.jsonl")})
        words = [self.tokenizer.encode(" " + label).ids for label in self.labels]
        assert all(len(ids) == 1 for ids in words), words
        self.words = torch.tensor([ids[0] for ids in words])
        self.train = [self.encode(read(f"{site}.jsonl")) for site in SITES]
        self.own_test = [self.encode(read(f"{site}.test.jsonl")) for site in SITES]
        self.common_test = self.encode(read("test.jsonl"))

    def encode(self, rows):
        return [(self.tokenizer.encode(PROMPT.format(r["text"])).ids, self.labels.index(r["label"])) for r in rows]


class Blocks:
    """The model with the parameters of its transformer blocks laid out in one vector `w`.  # [parameters]"""

    def __init__(self, folder: Path):
        self.model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval().requires_grad_(False)
        owned = [[p for p in layer.parameters()] for layer in self.model.model.layers]
        self.w = torch.cat([p.flatten() for layer in owned for p in layer])
        self.spans, at = [], 0
        for layer in owned:
            start = at
            for p in layer:
                p.data = self.w[at : at + p.numel()].view_as(p)
                at += p.numel()
            self.spans.append((start, at))

    def scores(self, batch, words):
        """Scores of the label words.  # [rows, labels]"""
        longest = max(len(ids) for ids, _ in batch)
        ids = torch.tensor([row + [0] * (longest - len(row)) for row, _ in batch])
        hidden = self.model.model(input_ids=ids, use_cache=False).last_hidden_state
        last = hidden[torch.arange(len(batch)), torch.tensor([len(row) - 1 for row, _ in batch])]
        return last @ self.model.lm_head.weight[words].T

    def loss(self, batch, words):
        return torch.nn.functional.cross_entropy(
            self.scores(batch, words), torch.tensor([label for _, label in batch])).item()

    def accuracy(self, rows, words):
        right = 0
        for at in range(0, len(rows), 64):
            batch = rows[at : at + 64]
            right += (self.scores(batch, words).argmax(1) == torch.tensor([y for _, y in batch])).sum().item()
        return 100 * right / len(rows)


def estimate(blocks, task, rows, sampler, seeds, mask, given):
    """Sum over directions of (scalar times direction) / P, from 2 P forward passes of one minibatch.  # [parameters]"""
    batch = sampler.sample(rows, given.batch)
    total, base = torch.zeros_like(blocks.w), blocks.w.clone()
    for seed in seeds:
        z = torch.randn(blocks.w.shape, generator=torch.Generator().manual_seed(seed)) * mask
        blocks.w.add_(z, alpha=given.mu)
        above = blocks.loss(batch, task.words)
        blocks.w.add_(z, alpha=-2 * given.mu)
        below = blocks.loss(batch, task.words)
        blocks.w.copy_(base)
        total.add_(z, alpha=(above - below) / (2 * given.mu) / len(seeds))
    return total


def active_mask(blocks, k, t, given):
    """1 on the blocks that site k perturbs in round t: `given.active` neighbours, moving on every round."""
    mask = torch.zeros_like(blocks.w)
    count = len(blocks.spans)
    for i in range(given.active):
        start, end = blocks.spans[(t * given.active + k * count // SITES + i) % count]
        mask[start:end] = 1
    return mask


def run(task, sites, given, report):
    """Trains on `sites` together; returns (common test accuracy, [own test accuracy of every site])."""
    blocks = Blocks(given.model)
    samplers = [random.Random(f"{given.seed}/{k}") for k in sites]
    for t in range(given.rounds):
        rate = given.rate * (1.0 if given.constant else 1 - t / given.rounds)
        total, cover = torch.zeros_like(blocks.w), torch.zeros_like(blocks.w)
        for k, sampler in zip(sites, samplers):
            client = k + 1 if given.seeding == "perClient" else 0
            seeds = [hash((given.seed, t, p, client)) % 2**62 for p in range(given.directions)]
            mask = active_mask(blocks, k, t, given)
            total += estimate(blocks, task, task.train[k], sampler, seeds, mask, given)
            cover += mask
        blocks.w.sub_(total / cover.clamp(min=1), alpha=rate)
        if report and (t + 1) % report == 0:
            print(f"  round {t + 1}: {blocks.accuracy(task.common_test, task.words):.1f}", flush=True)
    own = [blocks.accuracy(task.own_test[k], task.words) for k in range(len(SITES))]
    return blocks.accuracy(task.common_test, task.words), own


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("model", type=Path)
    options.add_argument("data", type=Path)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--directions", type=int, default=4)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--mu", type=float, default=1e-3)
    options.add_argument("--rate", type=float, default=1e-4)
    options.add_argument("--constant", action="store_true", help="no linear decay of the learning rate")
    options.add_argument("--seeding", choices=["shared", "perClient"], default="perClient")
    options.add_argument("--active", type=int, default=8, help="blocks that a site perturbs in a round")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--report", type=int, default=50)
    options.add_argument("--skip-alone", action="store_true")
    given = options.parse_args()
    task = Task(given.model, given.data)
    blocks = Blocks(given.model)
    own = [blocks.accuracy(rows, task.words) for rows in task.own_test]
    print(f"before: common {blocks.accuracy(task.common_test, task.words):.1f}, own {own}", flush=True)
    guesses = blocks.scores(task.common_test, task.words).argmax(1).tolist()
    for i, label in enumerate(task.labels):
        at = [g for g, (_, y) in zip(guesses, task.common_test) if y == i]
        print(f"  {label}: " + ", ".join(f"{name} {at.count(j)}" for j, name in enumerate(task.labels)))
    start = time.time()
    common, own = run(task, list(range(len(SITES))), given, given.report)
    print(f"federated: common {common:.1f}, own {own}, {time.time() - start:.0f} s", flush=True)
    if given.skip_alone:
        return
    alone = [run(task, [k], given, 0) for k in range(len(SITES))]
    print(f"alone: common {[round(c, 1) for c, _ in alone]}, own {[alone[k][1][k] for k in range(len(SITES))]}")


if __name__ == "__main__":
    main()
