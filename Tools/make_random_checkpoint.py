"""Writes a checkpoint of a real shape with random weights, for memory and speed measurements.

    python Tools/make_random_checkpoint.py --shape opt-125m --dtype bfloat16 --out /tmp/opt-125m

Needs torch, transformers and safetensors. The tokenizer is byte-sized: ids 0-255 are bytes, so any
text can be fed to the model; the vocabulary keeps the size of the real one.
"""

import argparse
import json
import os

import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    OPTConfig,
    Qwen2Config,
)

SHAPES = {
    "opt-125m": lambda: OPTConfig(
        vocab_size=50272, hidden_size=768, num_hidden_layers=12, ffn_dim=3072,
        num_attention_heads=12, max_position_embeddings=2048, word_embed_proj_dim=768,
    ),
    "qwen2.5-0.5b": lambda: Qwen2Config(
        vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
        num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768,
        tie_word_embeddings=True, rms_norm_eps=1e-6,
    ),
    "llama-160m": lambda: LlamaConfig(
        vocab_size=32000, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
        num_attention_heads=12, max_position_embeddings=2048,
    ),
}


def byte_alphabet():
    """The printable stand-ins that byte-level vocabularies use for the 256 bytes."""
    kept = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    mapping, extra = {}, 0
    for byte in range(256):
        if byte in kept:
            mapping[byte] = chr(byte)
        else:
            mapping[byte] = chr(256 + extra)
            extra += 1
    return mapping


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shape", choices=sorted(SHAPES), required=True)
    arguments.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="bfloat16")
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()

    torch.manual_seed(options.seed)
    config = SHAPES[options.shape]()
    model = AutoModelForCausalLM.from_config(config).to(getattr(torch, options.dtype))
    os.makedirs(options.out, exist_ok=True)
    model.save_pretrained(options.out)
    write_tokenizer(options.out)
    parameters = sum(tensor.numel() for tensor in model.parameters())
    print(json.dumps({"shape": options.shape, "dtype": options.dtype, "parameters": parameters}))


def write_tokenizer(folder):
    """A byte-level tokenizer without merges: a token is a byte."""
    vocabulary = {symbol: byte for byte, symbol in byte_alphabet().items()}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True,
        },
        "post_processor": None,
        "decoder": {
            "type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True,
        },
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "vocab": vocabulary, "merges": [],
        },
    }
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(tokenizer, file)


if __name__ == "__main__":
    main()
