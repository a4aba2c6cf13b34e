#!/usr/bin/env python3
"""Trains an adapter of every kind for every family with zorba, and has PEFT read what it exports.

For each case: a small random checkpoint, a run of a few rounds over the adapter, then

    zorba export          -> PeftModel.from_pretrained, logits compared with those of zorba
    zorba export --merge  -> AutoModelForCausalLM.from_pretrained, logits compared likewise

Everything must agree to 1e-4. Needs torch, transformers 5 and peft.

    python Tools/peft_check.py .build/debug/zorba
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import transformers
from make_random_checkpoint import write_tokenizer
from peft import PeftModel
from safetensors.torch import load_file
from transformers import (
    AutoModelForCausalLM, GPT2Config, LlamaConfig, MistralConfig, OPTConfig, Qwen2Config,
    Qwen3Config,
)

TOLERANCE = 1e-4
GATED = dict(
    vocab_size=256, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64)
FAMILIES = {
    "opt": OPTConfig(
        vocab_size=256, hidden_size=32, ffn_dim=56, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64, word_embed_proj_dim=32),
    "opt-narrow": OPTConfig(
        vocab_size=256, hidden_size=32, ffn_dim=56, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64, word_embed_proj_dim=16, do_layer_norm_before=False),
    "gpt2": GPT2Config(
        vocab_size=256, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1,
        eos_token_id=2),
    "llama": LlamaConfig(**GATED),
    "mistral": MistralConfig(**(GATED | dict(sliding_window=5))),
    "qwen2": Qwen2Config(**GATED),
    "qwen3": Qwen3Config(**(GATED | dict(head_dim=16))),
}
ADAPTERS = {
    "lora": {"kind": "lora", "rank": 4},
    "all-linear": {
        "kind": "lora", "rank": 3, "targets": ["all-linear"], "rank_stabilised": True},
    "ia3": {"kind": "ia3"},
}
IDS = [3, 97, 98, 61, 121, 99, 10, 45, 200, 7, 8, 9]


def run(*arguments):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"


def logits_of(model):
    with torch.no_grad():
        return model.eval()(input_ids=torch.tensor([IDS])).logits[0]


def check(zorba, folder, config, adapter):
    """The largest differences of the adapter as PEFT has it and of the merged checkpoint."""
    folder.mkdir(parents=True)
    base = folder / "base"
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.copy_(torch.randn_like(parameter) * parameter.shape[-1] ** -0.5)
    model.save_pretrained(base)
    (base / "generation_config.json").unlink(missing_ok=True)
    write_tokenizer(base)
    generator = random.Random(1)
    rows = [
        {"text": "".join(generator.choices("abcdef", k=5)), "label": ["good", "bad"][row % 2]}
        for row in range(12)
    ]
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    configuration = {
        "model": str(base), "data": {"train": [str(data)]},
        "task": {"template": "{text}={label}", "labels": {"good": "y", "bad": "n"}},
        "federation": {"clients": 2, "partition": {"kind": "uniform"}},
        "method": {"learning_rate": 0.3, "mu": 0.01, "directions": 2}, "batch": {"size": 2},
        "rounds": 5, "adapter": adapter, "out": str(folder / "run"),
    }
    file = folder / "run.yaml"
    file.write_text(json.dumps(configuration))
    run(zorba, "simulate", file, "--quiet")
    journal = folder / "run" / "run.zorba"
    ours = folder / "logits.safetensors"
    ids = ",".join(map(str, IDS))
    run(zorba, "score", "--model", base, "--journal", journal, "--ids", ids, "--logits", ours)
    expected = load_file(ours)["logits"]
    exported, merged = folder / "adapter", folder / "merged"
    run(zorba, "export", "--model", base, "--journal", journal, "--out", exported)
    run(zorba, "export", "--model", base, "--journal", journal, "--out", merged, "--merge")
    again = folder / "again.safetensors"
    run(zorba, "score", "--model", base, "--adapter", exported, "--ids", ids, "--logits", again)
    assert torch.equal(load_file(again)["logits"], expected)

    plain = AutoModelForCausalLM.from_pretrained(base, attn_implementation="eager")
    moved = (logits_of(plain) - expected).abs().max().item()
    adapted = PeftModel.from_pretrained(plain, exported)
    difference = (logits_of(adapted) - expected).abs().max().item()
    whole = AutoModelForCausalLM.from_pretrained(merged, attn_implementation="eager")
    folded = (logits_of(whole) - expected).abs().max().item()
    assert moved > 1e-3, "the run moved nothing"
    return difference, folded


def main():
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    zorba = pathlib.Path(sys.argv[1]).resolve()
    worst = 0.0
    with tempfile.TemporaryDirectory() as root:
        for family, config in FAMILIES.items():
            for name, adapter in ADAPTERS.items():
                found = check(zorba, pathlib.Path(root) / family / name, config, adapter)
                worst = max(worst, *found)
                print(f"{family:12} {name:12} peft {found[0]:.1e}  merged {found[1]:.1e}")
    print(f"largest difference {worst:.1e}")
    sys.exit(0 if worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
