#!/usr/bin/env python3
"""Writes gradients.safetensors beside every encoder of Tests/ZorBAModelsTests/Goldens/encoders.

As Tools/gradient_goldens_first_order.py does for decoders: losses of every head that a checkpoint can
have, with eager attention in binary64 from the stored weights, and ten numbers of every gradient under
HEAD.NAME, the name being that of a model with the prefix of its family:

    prototypes   three prototypes, the signs of stream 100 + label over sqrt(hidden size): mean of the
                 hidden states, brought to length 1, 20 x cosine, mean cross-entropy; input i answers
                 i mod 3
    classifier   the same mean through a linear map to three labels, whose weights are the signs of stream
                 200 and whose biases are -0.5, 0, 0.5
    labels       the checkpoint's own classifier of five labels; input i answers i mod 5
    masked       mean negative log-likelihood of token (7 t + 3) mod 96 in the place of every third token t,
                 from the second or only one on
    candidates   mean cross-entropy of the answer i mod 3 among three tokens' logits at the middle token
    losses       of the heads above, in this order; 0 where there is none

Needs numpy, torch, transformers 5 and safetensors. Run: python Tools/encoder_gradient_goldens.py
"""

import json
import pathlib

import torch
import transformers
from gradient_goldens_first_order import CANDIDATES, signs, summary
from safetensors.torch import load_file, save_file

TARGET = (
    pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBAModelsTests/Goldens/encoders")
LABELS = 3
HEADS = ["prototypes", "classifier", "labels", "masked", "candidates"]


def cross_entropy(scores, answer):
    return -torch.log_softmax(scores, dim=-1)[answer]


def embeddings(base, sequences):
    hidden = [base(input_ids=tokens[None]).last_hidden_state[0] for tokens in sequences]
    return [torch.nn.functional.normalize(states.mean(0), dim=0) for states in hidden]


def prototypes(model, base, sequences):
    width = base.config.hidden_size
    rows = [torch.tensor(signs(width, 100 + label)) / width ** 0.5 for label in range(LABELS)]
    found = embeddings(base, sequences)
    return sum(
        cross_entropy(20 * torch.stack(rows) @ text, index % LABELS)
        for index, text in enumerate(found)) / len(sequences)


def classifier(model, base, sequences, head):
    found = embeddings(base, sequences)
    return sum(
        cross_entropy(head(text), index % LABELS) for index, text in enumerate(found)
    ) / len(sequences)


def labels(model, base, sequences):
    return sum(
        cross_entropy(model(input_ids=tokens[None]).logits[0], index % 5)
        for index, tokens in enumerate(sequences)) / len(sequences)


def masked(model, base, sequences):
    total, count = 0.0, 0
    for tokens in sequences:
        scores = torch.log_softmax(model(input_ids=tokens[None]).logits[0], dim=-1)
        for place in range(min(1, len(tokens) - 1), len(tokens), 3):
            total = total - scores[place, (7 * tokens[place] + 3) % 96]
            count += 1
    return total / count


def candidates(model, base, sequences):
    total = 0.0
    for index, tokens in enumerate(sequences):
        logits = model(input_ids=tokens[None]).logits[0, len(tokens) // 2, CANDIDATES]
        total = total + cross_entropy(logits, index % 3)
    return total / len(sequences)


def write(folder):
    configuration = json.loads((folder / "config.json").read_text())
    kind = getattr(transformers, configuration["architectures"][0])
    model = kind.from_pretrained(folder, attn_implementation="eager").double().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            module.padding_idx = None
    base = getattr(model, model.base_model_prefix, model)
    prefix = f"{configuration['model_type']}." if base is model else ""
    reference = load_file(folder / "reference.safetensors")
    count = sum(name.startswith("inputs.") for name in reference)
    sequences = [reference[f"inputs.{index}"].long() for index in range(count)]
    with torch.no_grad():
        for index, text in enumerate(embeddings(base, sequences)):
            assert (text - reference[f"embedding.{index}"]).abs().max() < 1e-5, folder.name
    heads = {"prototypes": prototypes}
    if base is model:
        heads["classifier"] = classifier
    elif hasattr(model, "classifier"):
        heads["labels"] = labels
    else:
        heads |= {"masked": masked, "candidates": candidates}
    tensors, losses = {}, [0.0] * len(HEADS)
    for name, loss in heads.items():
        model.zero_grad()
        extra = {}
        if loss is classifier:
            width = base.config.hidden_size
            head = torch.nn.Linear(width, LABELS).double()
            with torch.no_grad():
                head.weight.copy_(torch.tensor(signs(LABELS * width, 200)).view(LABELS, width))
                head.bias.copy_(torch.tensor([-0.5, 0.0, 0.5]))
            value = loss(model, base, sequences, head)
            extra = {f"classifier.{key}": parameter for key, parameter in head.named_parameters()}
        else:
            value = loss(model, base, sequences)
        value.backward()
        losses[HEADS.index(name)] = value.item()
        named = {prefix + key: parameter for key, parameter in model.named_parameters()} | extra
        for key, parameter in named.items():
            if parameter.grad is not None:
                tensors[f"{name}.{key}"] = summary(parameter.grad)
    tensors["losses"] = torch.tensor(losses, dtype=torch.float32)
    save_file(tensors, folder / "gradients.safetensors")
    return (folder / "gradients.safetensors").stat().st_size, losses


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for folder in sorted(path for path in TARGET.iterdir() if path.is_dir()):
        size, losses = write(folder)
        print(f"{folder.name:24} {size:8} {losses}")


if __name__ == "__main__":
    main()
