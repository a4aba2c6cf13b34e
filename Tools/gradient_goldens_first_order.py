#!/usr/bin/env python3
"""Writes gradients.safetensors beside every checkpoint of Tests/ZorBAModelsTests/Goldens.

transformers computes two losses of each checkpoint with eager attention in binary64 from the stored
weights, and autograd their gradients. Of every gradient the file holds ten binary32 numbers:

    lm.NAME, candidates.NAME   its Euclidean norm; eight sums of its elements, in row-major order,
                               with pseudo-random signs; its first element
    losses                     both losses

    lm            mean negative log-likelihood of every token but the first of its sequence, over
                  all inputs of reference.safetensors
    candidates    mean cross-entropy of the answer among three candidates' logits after the last
                  token; input i answers i mod 3

The sign of element i in sum k is the top bit of splitmix64(i + 2^40 k): the difference of two
gradients shows in the sums with its own norm, on average.

Needs numpy, torch, transformers 5 and safetensors. Run: python Tools/gradient_goldens_first_order.py
"""

import pathlib

import numpy
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBAModelsTests/Goldens"
CANDIDATES = [7, 19, 30]
SUMS = 8


def signs(count, k):
    z = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(k << 40)
    z += numpy.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    z ^= z >> numpy.uint64(31)
    return numpy.where(z >> numpy.uint64(63), -1.0, 1.0)


def summary(gradient):
    values = gradient.detach().double().numpy().reshape(-1)
    sums = [float(values @ signs(values.size, k)) for k in range(SUMS)]
    return torch.tensor([float(numpy.linalg.norm(values)), *sums, float(values[0])]).float()


def lm_loss(model, sequences):
    total, count = 0.0, 0
    for tokens in sequences:
        if len(tokens) < 2:
            continue
        scores = torch.log_softmax(model(tokens[None]).logits[0, :-1], dim=-1)
        total = total - scores.gather(1, tokens[1:, None]).sum()
        count += len(tokens) - 1
    return total / count


def candidates_loss(model, sequences):
    total = 0.0
    for index, tokens in enumerate(sequences):
        logits = model(tokens[None]).logits[0, -1, CANDIDATES]
        total = total - torch.log_softmax(logits, dim=-1)[index % 3]
    return total / len(sequences)


def write(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    model = model.double().eval()
    # Autograd skips the embedding of a padding token; the tokens here stand for nothing.
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None
    reference = load_file(folder / "reference.safetensors")
    names = sorted(name for name in reference if name.startswith("inputs."))
    sequences = [reference[name].long() for name in names]
    tensors, losses = {}, []
    for prefix, loss in (("lm", lm_loss), ("candidates", candidates_loss)):
        model.zero_grad()
        value = loss(model, sequences)
        value.backward()
        losses.append(value.item())
        for name, parameter in model.named_parameters():
            tensors[f"{prefix}.{name}"] = summary(parameter.grad)
    tensors["losses"] = torch.tensor(losses, dtype=torch.float32)
    save_file(tensors, folder / "gradients.safetensors")
    return (folder / "gradients.safetensors").stat().st_size


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for folder in sorted(path.parent for path in TARGET.glob("*/config.json")):
        print(f"{folder.name:24} {write(folder):8}")


if __name__ == "__main__":
    main()
