#!/usr/bin/env python3
"""Writes the reference adapters of Tests/ZorBATests/Goldens/adapters.

Every case is an adapter made and saved by the PEFT library over one of the tiny base models of
Tests/ZorBAModelsTests/Goldens, with random tensors in place of its first values, and the logits that
PEFT computes with it in float32:

    adapter_config.json, adapter_model.safetensors   as save_pretrained writes them
    reference.safetensors                            tokens [tokens] int32,
                                                     logits [tokens, vocabulary] float32,
                                                     merged: the same after merge_and_unload

Needs torch, transformers 5, peft and safetensors. Run: python Tools/adapter_goldens.py
"""

import json
import pathlib
import shutil

import peft
import torch
import transformers
from peft import IA3Config, LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASES = ROOT / "Tests/ZorBAModelsTests/Goldens"
TARGET = ROOT / "Tests/ZorBATests/Goldens/adapters"


def lora(**changes):
    return LoraConfig(**(dict(r=4, lora_alpha=6, task_type="CAUSAL_LM") | changes))


def ia3(**changes):
    return IA3Config(**(dict(task_type="CAUSAL_LM") | changes))


# name -> (base, configuration); without target_modules PEFT takes its own for the family
CASES = {
    "opt-lora": ("opt", lora()),
    "opt-ia3": ("opt", ia3()),
    "opt-350m-all": ("opt-350m", lora(target_modules="all-linear", r=3)),
    "gpt2-lora": ("gpt2", lora(fan_in_fan_out=True)),
    "gpt2-all": (
        "gpt2", lora(fan_in_fan_out=True, target_modules="all-linear", use_rslora=True)),
    "gpt2-ia3": ("gpt2", ia3(fan_in_fan_out=True)),
    "llama-lora": ("llama", lora()),
    "llama-ia3": ("llama", ia3()),
    "llama-biased-ia3": (
        "llama-tied-biased",
        ia3(target_modules=["q_proj", "o_proj", "up_proj", "down_proj"],
            feedforward_modules=["down_proj", "q_proj"])),
    "mistral-all": ("mistral-window", lora(target_modules="all-linear", lora_dropout=0.1)),
    "mistral-ia3": ("mistral-window", ia3()),
    "qwen2-lora": ("qwen2", lora(target_modules=["self_attn.k_proj", "down_proj"])),
    "qwen2-ia3": ("qwen2", ia3()),
    "qwen3-lora": ("qwen3", lora()),
    "qwen3-ia3": ("qwen3", ia3()),
}


def write(name, base, config):
    folder = TARGET / name
    generator = torch.Generator().manual_seed(sum(name.encode()) * 6007)
    model = AutoModelForCausalLM.from_pretrained(
        BASES / base, attn_implementation="eager", dtype=torch.float32).eval()
    adapted = get_peft_model(model, config).eval()
    with torch.no_grad():
        for tensor_name, parameter in adapted.named_parameters():
            if "lora_" in tensor_name:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(0.3 * noise)
            elif "ia3_" in tensor_name:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(1 + 0.3 * noise)
    adapted.peft_config["default"].base_model_name_or_path = base
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    tokens = torch.randint(3, 96, (1, 29), generator=generator)
    with torch.no_grad():
        logits = adapted(input_ids=tokens).logits[0]
        merged = adapted.merge_and_unload()(input_ids=tokens).logits[0]
    save_file(
        {"tokens": tokens[0].to(torch.int32), "logits": logits.contiguous(),
         "merged": merged.contiguous()},
        folder / "reference.safetensors")
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < 120_000, (name, size)
    return size


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    shutil.rmtree(TARGET, ignore_errors=True)
    total = 0
    for name, (base, config) in CASES.items():
        size = write(name, base, config)
        total += size
        print(f"{name:24} {size:8}")
    print(f"{'total':24} {total:8}")
    versions = {
        "torch": torch.__version__, "transformers": transformers.__version__,
        "peft": peft.__version__,
    }
    (TARGET / "SOURCE.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
