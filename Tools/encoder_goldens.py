#!/usr/bin/env python3
"""Writes the reference encoders of Tests/ZorBAModelsTests/Goldens/encoders.

Every case is a tiny, seeded, randomly initialised encoder run by transformers in float32 with eager
attention:

    config.json, model.safetensors   as save_pretrained writes them
    reference.safetensors            inputs.N [tokens] int32,
                                     hidden.N [tokens, hidden] the last hidden states,
                                     embedding.N [hidden] their mean, brought to length 1,
                                     logits.N: of a masked language model [tokens, vocabulary], of a
                                     classifier [labels]; none without a head

Needs torch, transformers 5 and safetensors. Run: python Tools/encoder_goldens.py
"""

import pathlib
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
    RobertaModel,
)

VOCABULARY = 96
TARGET = (
    pathlib.Path(__file__).resolve().parent.parent / "Tests/ZorBAModelsTests/Goldens/encoders")
SHAPE = dict(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=56, num_hidden_layers=3,
    num_attention_heads=4)


def bert(**changes):
    return BertConfig(**(SHAPE | dict(max_position_embeddings=80) | changes))


def roberta(**changes):
    return RobertaConfig(
        **(SHAPE | dict(max_position_embeddings=82, type_vocab_size=1, layer_norm_eps=1e-5)
           | changes))


LABELS = {index: f"LABEL_{index}" for index in range(5)}
CASES = {
    "bert": (BertModel, bert(), [1, 2, 7, 33, 80]),
    "bert-old-names": (BertModel, bert(num_hidden_layers=1, hidden_act="relu"), [3, 70]),
    "bert-masked": (BertForMaskedLM, bert(num_hidden_layers=2), [1, 7, 33, 65]),
    "bert-masked-untied": (
        BertForMaskedLM, bert(num_hidden_layers=1, tie_word_embeddings=False), [2, 19]),
    "bert-classifier": (BertForSequenceClassification, bert(id2label=LABELS), [1, 9, 66]),
    "roberta": (RobertaModel, roberta(num_hidden_layers=2), [1, 8, 80]),
    "roberta-masked": (RobertaForMaskedLM, roberta(num_hidden_layers=2), [1, 7, 33]),
    "roberta-classifier": (
        RobertaForSequenceClassification, roberta(num_hidden_layers=2, id2label=LABELS), [2, 40]),
}


def randomise(model, generator):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name.lower():
                parameter.copy_((1.0 if name.endswith("weight") else 0.0) + 0.3 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.3 * noise)
            elif "embeddings" in name:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise * (1.2 / parameter.shape[-1] ** 0.5))


def write(name, kind, config, lengths):
    folder = TARGET / name
    shutil.rmtree(folder, ignore_errors=True)
    generator = torch.Generator().manual_seed(sum(name.encode()) * 7919)
    config._attn_implementation = "eager"
    model = kind(config).float().eval()
    randomise(model, generator)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if name == "bert-old-names":
        stored = load_file(folder / "model.safetensors")
        stored = {
            key.replace("LayerNorm.weight", "LayerNorm.gamma")
            .replace("LayerNorm.bias", "LayerNorm.beta"): value
            for key, value in stored.items()}
        stored["embeddings.position_ids"] = torch.arange(80)[None]
        save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    base = getattr(model, model.base_model_prefix, model)
    tensors = {}
    with torch.no_grad():
        for index, length in enumerate(lengths):
            # RoBERTa counts positions of tokens other than its padding, 1.
            tokens = torch.randint(3, VOCABULARY, (length,), generator=generator)
            hidden = base(input_ids=tokens[None]).last_hidden_state[0]
            tensors[f"inputs.{index}"] = tokens.to(torch.int32)
            tensors[f"hidden.{index}"] = hidden[-24:].contiguous()
            tensors[f"embedding.{index}"] = torch.nn.functional.normalize(hidden.mean(0), dim=0)
            if kind not in (BertModel, RobertaModel):
                logits = model(input_ids=tokens[None]).logits[0]
                tensors[f"logits.{index}"] = logits[-24:].contiguous()
    save_file(tensors, folder / "reference.safetensors")
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < 300_000, (name, size)
    print(f"{name:24} {size:8}")


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for name, (kind, config, lengths) in CASES.items():
        write(name, kind, config, lengths)


main()
