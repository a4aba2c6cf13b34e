#!/usr/bin/env python3
"""Writes Tests/ZorBATests/Goldens/gradient: exact gradients that finite differences are held to.

A tiny, seeded, randomly initialised Llama with binary32 weights; transformers computes two losses
in binary64 and autograd their gradients:

    config.json, model.safetensors   as save_pretrained writes them
    gradients.safetensors            lm.NAME, classification.NAME: binary32, in the shape of NAME
    case.json                        sequences, candidates and answers, and both losses

    lm               mean negative log-likelihood of every token but the first of its sequence
    classification   mean cross-entropy of the answer among the candidates at the last position,
                     softmax over the candidates only

Needs torch, transformers 5 and safetensors. Run: python Tools/gradient_goldens.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBATests/Goldens/gradient"
CONFIG = LlamaConfig(
    vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
    num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=32,
    tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
    # Autograd skips the embedding of a padding token.
    pad_token_id=None, attn_implementation="eager",
)
CANDIDATES = [7, 19, 30]


def lm_loss(model, sequences):
    total, count = 0.0, 0
    for tokens in sequences:
        ids = torch.tensor([tokens])
        scores = torch.log_softmax(model(ids).logits[0, :-1], dim=-1)
        total = total - scores.gather(1, ids[0, 1:, None]).sum()
        count += len(tokens) - 1
    return total / count


def classification_loss(model, sequences, answers):
    total = 0.0
    for tokens, answer in zip(sequences, answers):
        logits = model(torch.tensor([tokens])).logits[0, -1, CANDIDATES]
        total = total - torch.log_softmax(logits, dim=-1)[answer]
    return total / len(sequences)


def gradients(model, loss, prefix):
    model.zero_grad()
    loss.backward()
    return {
        f"{prefix}.{name}": parameter.grad.to(torch.float32).clone()
        for name, parameter in model.named_parameters()
    }


def main():
    torch.manual_seed(20)
    model = AutoModelForCausalLM.from_config(CONFIG, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(1 + 0.1 * torch.randn_like(parameter))
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter.shape[-1] ** 0.5)
    TARGET.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(TARGET)
    (TARGET / "generation_config.json").unlink(missing_ok=True)

    generator = torch.Generator().manual_seed(21)
    sequences = [
        torch.randint(0, CONFIG.vocab_size, (length,), generator=generator).tolist()
        for length in (5, 9, 3, 12)
    ]
    answers = torch.randint(0, len(CANDIDATES), (len(sequences),), generator=generator).tolist()
    model = model.to(torch.float64).eval()
    lm = lm_loss(model, sequences)
    tensors = gradients(model, lm, "lm")
    classification = classification_loss(model, sequences, answers)
    tensors |= gradients(model, classification, "classification")
    save_file(tensors, TARGET / "gradients.safetensors", metadata={"format": "pt"})
    case = {
        "sequences": sequences, "candidates": CANDIDATES, "answers": answers,
        "lm_loss": lm.item(), "classification_loss": classification.item(),
    }
    (TARGET / "case.json").write_text(json.dumps(case, indent=1) + "\n")


if __name__ == "__main__":
    main()
