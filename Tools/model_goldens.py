#!/usr/bin/env python3
"""Writes the reference checkpoints and logits of Tests/ZorBAModelsTests/Goldens.

Every case is a tiny, seeded, randomly initialised model of one family, run by transformers in
float32 with eager attention: the independent implementation that the forward pass is held to.

Each case is a folder:

    config.json, model.safetensors   as save_pretrained writes them
    reference.safetensors            inputs.N [tokens] int32, logits.N [tokens, vocabulary] float32,
                                     padded.N: the same from one right-padded batch,
                                     prompt / greedy [tokens] int32: greedy continuation
    bf16 cases                       weights stored as bfloat16, logits computed in float32 from them

Needs torch, transformers 5 and safetensors. Run: python Tools/model_goldens.py
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    Qwen2Config,
    Qwen3Config,
)

VOCABULARY = 96
TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBAModelsTests/Goldens"

GATED = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)
LEARNED = dict(vocab_size=VOCABULARY, bos_token_id=1, eos_token_id=2, pad_token_id=0)


def opt(**changes):
    shape = dict(
        hidden_size=32, ffn_dim=56, num_hidden_layers=3, num_attention_heads=4,
        max_position_embeddings=48, word_embed_proj_dim=32,
    )
    return OPTConfig(**(LEARNED | shape | changes))


def gpt2(**changes):
    shape = dict(n_embd=32, n_layer=3, n_head=4, n_positions=48)
    return GPT2Config(**(LEARNED | shape | changes))


LLAMA3 = dict(
    rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=64,
)

# name -> (configuration, lengths, stored dtype)
CASES = {
    "opt": (opt(), [1, 2, 7, 33, 48], "float32"),
    "opt-350m": (
        opt(do_layer_norm_before=False, word_embed_proj_dim=16), [1, 5, 32, 40], "float32"),
    "opt-plain": (
        opt(enable_bias=False, layer_norm_elementwise_affine=False, activation_function="gelu",
            tie_word_embeddings=False, num_hidden_layers=2), [1, 9, 31], "float32"),
    "gpt2": (gpt2(), [1, 2, 7, 33, 48], "float32"),
    "gpt2-scaled": (
        gpt2(n_inner=72, scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False,
             layer_norm_epsilon=1e-3), [1, 6, 40], "float32"),
    "gpt2-unscaled": (
        gpt2(scale_attn_weights=False, activation_function="relu", n_layer=2), [5, 17], "float32"),
    "llama": (LlamaConfig(**GATED), [1, 2, 7, 33, 64], "float32"),
    "llama-multihead": (
        LlamaConfig(**(GATED | dict(num_key_value_heads=4, head_dim=6, hidden_size=40))),
        [1, 8, 35], "float32"),
    "llama-tied-biased": (
        LlamaConfig(**(GATED | dict(tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
                                    num_key_value_heads=1))), [1, 8, 35], "float32"),
    "llama3-scaled": (
        LlamaConfig(**(GATED | dict(max_position_embeddings=700, rope_parameters=LLAMA3,
                                    head_dim=16, tie_word_embeddings=True))),
        [3, 90, 500], "float32"),
    "mistral-window": (
        MistralConfig(**(GATED | dict(sliding_window=5, head_dim=12))), [1, 5, 6, 37], "float32"),
    "mistral-full": (MistralConfig(**(GATED | dict(sliding_window=None))), [4, 37], "float32"),
    "qwen2": (
        Qwen2Config(**(GATED | dict(tie_word_embeddings=True))), [1, 2, 7, 33, 64], "float32"),
    "qwen2-sliding": (
        Qwen2Config(**(GATED | dict(use_sliding_window=True, sliding_window=6,
                                    max_window_layers=1, num_hidden_layers=3))),
        [1, 6, 7, 37], "float32"),
    "qwen3": (
        Qwen3Config(**(GATED | dict(head_dim=16, tie_word_embeddings=True))),
        [1, 2, 7, 33, 64], "float32"),
    "qwen3-biased-untied": (
        Qwen3Config(**(GATED | dict(head_dim=10, attention_bias=True))), [1, 8, 35], "float32"),
    "opt-bf16": (opt(num_hidden_layers=2), [1, 7, 33], "bfloat16"),
    "gpt2-bf16": (gpt2(n_layer=2), [1, 7, 33], "bfloat16"),
    "llama-bf16": (LlamaConfig(**GATED), [1, 7, 33], "bfloat16"),
    "qwen3-f16": (Qwen3Config(**(GATED | dict(head_dim=16))), [1, 7, 33], "float16"),
}


def randomise(model, generator):
    """Weights large enough that every part of the model matters; norms and biases not trivial."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name or ".ln_" in name:
                centre = 1.0 if name.endswith("weight") else 0.0
                parameter.copy_(centre + 0.3 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.3 * noise)
            elif "embed" in name or "wte" in name or "wpe" in name:
                parameter.copy_(0.5 * noise)
            else:
                # Conv1D and Linear alike: unit-variance inputs give roughly unit-variance outputs.
                parameter.copy_(noise * (1.2 / parameter.shape[-1] ** 0.5))


def write(name, config, lengths, stored):
    folder = TARGET / name
    generator = torch.Generator().manual_seed(sum(name.encode()) * 7919)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    randomise(model, generator)
    model.to(getattr(torch, stored))
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    model.float()  # computes in float32 from the stored values

    tensors = {}
    inputs = [torch.randint(3, VOCABULARY, (n,), generator=generator) for n in lengths]
    width = max(lengths)
    batch = torch.zeros(len(inputs), width, dtype=torch.long)
    mask = torch.zeros(len(inputs), width, dtype=torch.long)
    for row, tokens in enumerate(inputs):
        batch[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    with torch.no_grad():
        padded = model(input_ids=batch, attention_mask=mask).logits
        for index, tokens in enumerate(inputs):
            logits = model(input_ids=tokens[None]).logits[0]
            spread = (logits - padded[index, : len(tokens)]).abs().max().item()
            assert spread < 1e-4, (name, index, spread)
            tensors[f"inputs.{index}"] = tokens.to(torch.int32)
            # Long sequences: the last rows, where positions are largest.
            tensors[f"logits.{index}"] = logits[-40:].contiguous()
            tensors[f"padded.{index}"] = padded[index, : len(tokens)][-2:].contiguous()
        prompt = torch.randint(3, VOCABULARY, (1, 5), generator=generator)
        ids = prompt
        for _ in range(24):
            ids = torch.cat([ids, model(input_ids=ids).logits[:, -1:].argmax(-1)], 1)
        tensors["prompt"] = prompt[0].to(torch.int32)
        tensors["greedy"] = ids[0, 5:].to(torch.int32)
    save_file(tensors, folder / "reference.safetensors")
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < 300_000, (name, size)
    return size


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    total = 0
    for name, (config, lengths, stored) in CASES.items():
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        shutil.rmtree(TARGET / name, ignore_errors=True)
        size = write(name, config, lengths, stored)
        total += size
        print(f"{name:24} {size:8}")
    print(f"{'total':24} {total:8}")
    (TARGET / "SOURCE.json").write_text(
        json.dumps(
            {"torch": torch.__version__, "transformers": transformers.__version__}, indent=2)
        + "\n")


if __name__ == "__main__":
    main()
