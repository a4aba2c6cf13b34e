"""Pretrains a small OPT on general text and a few labelled examples, for the `zorba` benchmark suite.

    python pretrain_opt.py DATA OUT --steps 2500

DATA holds `wikitext2/{validation,test}.txt` and `sst2/train.jsonl`. The first `--prompted` rows of sst2 are shown with their
label in the suite's template, so that the model knows the task as a large model would; they are kept out of
OUT/data/train.jsonl, which the benchmark fine-tunes on. Needs torch, transformers and tokenizers.
"""

import argparse
import json
import math
import random
import shutil
import time
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import OPTConfig, OPTForCausalLM

END = "</s>"
LENGTH = 96
WORDS = {"positive": "great", "negative": "terrible"}


def documents(data: Path, prompted: int, rng: random.Random) -> tuple[list[str], list[str], list[str], list[str]]:
    """General sentences, reviews without labels, reviews with labels, and the rows left for fine-tuning."""
    rows = [json.loads(line) for line in (data / "sst2/train.jsonl").read_text().splitlines()]
    shown, left = rows[:prompted], rows[prompted:]
    wiki = [
        part.strip()
        for split in ("validation", "test")
        for line in (data / f"wikitext2/{split}.txt").read_text().splitlines()
        for part in line.split(" . ")
        if len(part.split()) > 4
    ]
    reviews = [row["text"] for row in rows]
    labelled = [f"{row['text']} It was {WORDS[row['label']]}." for row in shown]
    rng.shuffle(wiki)
    return wiki, reviews, labelled, [json.dumps(row) for row in left]


def pack(groups: list[tuple[list[list[int]], int]], end: int, rng: random.Random) -> torch.Tensor:
    """Sequences of LENGTH tokens of whole documents; every group as often as its number says.  # [sequences, LENGTH]"""
    every = [ids for group, times in groups for _ in range(times) for ids in group]
    rng.shuffle(every)
    rows, row = [], []
    for ids in every:
        row += [end] + ids
        if len(row) >= LENGTH:
            rows.append(row[:LENGTH])
            row = []
    return torch.tensor(rows)


def save(model: OPTForCausalLM, folder: Path) -> None:
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--steps", type=int, default=2500)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rate", type=float, default=2e-3)
    options.add_argument("--vocabulary", type=int, default=8192)
    options.add_argument("--hidden", type=int, default=128)
    options.add_argument("--layers", type=int, default=8)
    options.add_argument("--heads", type=int, default=4)
    options.add_argument("--prompted", type=int, default=800)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    rng = random.Random(given.seed)
    (given.out / "data").mkdir(parents=True, exist_ok=True)

    wiki, reviews, labelled, left = documents(given.data, given.prompted, rng)
    (given.out / "data/train.jsonl").write_text("\n".join(left) + "\n")
    for split in ("validation", "test"):
        shutil.copyfile(given.data / f"sst2/{split}.jsonl", given.out / f"data/{split}.jsonl")
    tokenizer = ByteLevelBPETokenizer(add_prefix_space=False)
    tokenizer.train_from_iterator(
        wiki + reviews, vocab_size=given.vocabulary, min_frequency=2, special_tokens=[END], show_progress=False)
    tokenizer.save(str(given.out / "tokenizer.json"))
    (given.out / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "add_bos_token": True, "bos_token": END,
        "eos_token": END, "pad_token": END, "unk_token": END, "model_max_length": 256}, indent=2) + "\n")
    end = tokenizer.token_to_id(END)

    def encoded(texts: list[str]) -> list[list[int]]:
        return [each.ids for each in tokenizer.encode_batch(texts)]

    # Weights of the mix: reviews are short and few beside the encyclopedia.
    groups = [(encoded(wiki), 1), (encoded(reviews), 3), (encoded(labelled), 12)]
    model = OPTForCausalLM(OPTConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=given.hidden, word_embed_proj_dim=given.hidden,
        ffn_dim=4 * given.hidden, num_hidden_layers=given.layers, num_attention_heads=given.heads,
        max_position_embeddings=256, dropout=0.0, attention_dropout=0.0, bos_token_id=end, eos_token_id=end,
        pad_token_id=end))
    print(f"{model.num_parameters()} parameters", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    data, at, start, mean = pack(groups, end, rng), 0, time.time(), 0.0
    for step in range(given.steps):
        if at + given.batch > len(data):
            data, at = pack(groups, end, rng), 0
        ids = data[at : at + given.batch]
        at += given.batch
        rate = given.rate * min(1.0, (step + 1) / 100)
        rate *= 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / given.steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        mask = torch.ones_like(ids)
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean = loss.item() if step == 0 else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {mean:.3f} seconds {time.time() - start:.0f}", flush=True)
        if (step + 1) % 500 == 0 or step + 1 == given.steps:
            save(model, given.out)


if __name__ == "__main__":
    main()
