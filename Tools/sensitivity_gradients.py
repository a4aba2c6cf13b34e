#!/usr/bin/env python3
"""Writes Tests/ZorBATests/Goldens/sensitivity.json: what sensitivities of a real model are exactly.

The tiny Llama of Goldens/gradient (Tools/gradient_goldens.py) on labelled sequences of three sites; in
binary64, transformers and autograd give the gradient of every example's cross-entropy among the
candidates at its last position. Kept are the inner products of these gradients, for each transformer
block:

    candidates, examples: [{site, tokens, answer}], gram: [blocks][examples][examples]

from which G, zeta^2 and sigma^2 follow for any weights and minibatches.

Needs torch and transformers 5. Run: python Tools/sensitivity_gradients.py
"""

import json
import pathlib

import torch
from transformers import AutoModelForCausalLM

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBATests/Goldens"
CANDIDATES = [7, 19, 30]
SITES = [8, 6, 4]


def main():
    model = AutoModelForCausalLM.from_pretrained(
        GOLDENS / "gradient", dtype=torch.float64, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(5)
    examples, gradients = [], []
    for site, count in enumerate(SITES):
        for _ in range(count):
            length = int(torch.randint(4, 10, (1,), generator=generator))
            tokens = torch.randint(0, 48, (length,), generator=generator)
            # Each site has two of the labels, so that sites disagree.
            answer = (site + int(torch.randint(0, 2, (1,), generator=generator))) % 3
            examples.append({"site": site, "tokens": tokens.tolist(), "answer": answer})
            model.zero_grad()
            scores = model(tokens[None]).logits[0, -1, CANDIDATES]
            (-torch.log_softmax(scores, dim=-1)[answer]).backward()
            gradients.append(
                [
                    torch.cat([parameter.grad.flatten() for parameter in layer.parameters()])
                    for layer in model.model.layers
                ]
            )
    gram = []
    for block in range(len(model.model.layers)):
        rows = torch.stack([gradient[block] for gradient in gradients])
        gram.append((rows @ rows.T).tolist())
    case = {"candidates": CANDIDATES, "examples": examples, "gram": gram}
    (GOLDENS / "sensitivity.json").write_text(json.dumps(case) + "\n")


if __name__ == "__main__":
    main()
