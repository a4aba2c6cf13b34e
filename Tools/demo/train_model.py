"""Trains the bundled model: a byte-level BPE tokenizer, then a small Llama-style language model.

    python client_messages.py --corpus 200000 corpus.txt
    python train_model.py corpus.txt Sources/zorba/Resources/model --steps 4000

Needs torch, transformers and tokenizers. Trains in float32, saves bfloat16 in the Hugging Face layout, and saves
again every `--save-every` steps, so an unfinished training leaves a usable model.
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
from transformers import LlamaConfig, LlamaForCausalLM, OPTConfig, OPTForCausalLM, PretrainedConfig, PreTrainedModel

END = "<|endoftext|>"
LENGTH = 128


def train_tokenizer(corpus: Path, folder: Path, vocabulary: int) -> ByteLevelBPETokenizer:
    tokenizer = ByteLevelBPETokenizer(add_prefix_space=False)
    tokenizer.train([str(corpus)], vocab_size=vocabulary, min_frequency=2, special_tokens=[END], show_progress=False)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, "add_bos_token": False, "bos_token": END,
        "eos_token": END, "pad_token": END, "unk_token": END, "clean_up_tokenization_spaces": False,
        "model_max_length": 2 * LENGTH,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return tokenizer


def pack(documents: list[list[int]], end: int, rng: random.Random) -> torch.Tensor:
    """Sequences of LENGTH tokens, each of whole documents from its first token on.  # [sequences, LENGTH]"""
    rng.shuffle(documents)
    rows, row = [], []
    for ids in documents:
        row += ids + [end]
        if len(row) >= LENGTH:
            rows.append(row[:LENGTH])
            row = []
    return torch.tensor(rows)


def configuration(given: argparse.Namespace, vocabulary: int, end: int) -> PretrainedConfig:
    if given.family == "opt":
        return OPTConfig(
            vocab_size=vocabulary, hidden_size=given.hidden, word_embed_proj_dim=given.hidden, ffn_dim=given.ffn,
            num_hidden_layers=given.layers, num_attention_heads=given.heads, max_position_embeddings=2 * LENGTH,
            dropout=0.0, attention_dropout=0.0, bos_token_id=end, eos_token_id=end, pad_token_id=None)
    return LlamaConfig(
        vocab_size=vocabulary, hidden_size=given.hidden, intermediate_size=given.ffn, num_hidden_layers=given.layers,
        num_attention_heads=given.heads, num_key_value_heads=given.kv_heads, head_dim=given.hidden // given.heads,
        max_position_embeddings=2 * LENGTH, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_theta=10000.0,
        bos_token_id=end, eos_token_id=end, pad_token_id=end, attention_bias=False, mlp_bias=False,
    )


def save(model: PreTrainedModel, folder: Path) -> None:
    """Saves a bfloat16 copy; `config.json` keeps to the keys that every reader of the format knows."""
    copy = type(model)(model.config)
    copy.load_state_dict(model.state_dict())
    copy.to(torch.bfloat16).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    settings = json.loads((folder / "config.json").read_text())
    settings["torch_dtype"] = "bfloat16"
    if settings["model_type"] == "llama":
        settings["rope_theta"] = 10000.0
    for key in ("transformers_version", "dtype", "rope_parameters", "pretraining_tp", "use_cache", "pad_token_id"):
        settings.pop(key, None)
    (folder / "config.json").write_text(json.dumps(dict(sorted(settings.items())), indent=2) + "\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("corpus", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--steps", type=int, default=3000)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rate", type=float, default=3e-3)
    options.add_argument("--save-every", type=int, default=500)
    options.add_argument("--vocabulary", type=int, default=2560)
    options.add_argument("--family", choices=["llama", "opt"], default="llama")
    options.add_argument("--hidden", type=int, default=64)
    options.add_argument("--ffn", type=int, default=192)
    options.add_argument("--layers", type=int, default=8)
    options.add_argument("--heads", type=int, default=4)
    options.add_argument("--kv-heads", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(given.seed)

    tokenizer = train_tokenizer(given.corpus, given.out, given.vocabulary)
    end = tokenizer.token_to_id(END)
    documents = [e.ids for e in tokenizer.encode_batch(given.corpus.read_text().splitlines())]
    rng = random.Random(given.seed)
    kind = OPTForCausalLM if given.family == "opt" else LlamaForCausalLM
    model = kind(configuration(given, tokenizer.get_vocab_size(), end))
    tokens = sum(map(len, documents))
    print(f"{tokens} tokens, vocabulary {tokenizer.get_vocab_size()}, {model.num_parameters()} parameters", flush=True)

    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], betas=(0.9, 0.98))
    data, at, start, mean = pack(documents, end, rng), 0, time.time(), 0.0
    for step in range(given.steps):
        if at + given.batch > len(data):
            data, at = pack(documents, end, rng), 0
        ids = data[at : at + given.batch]
        at += given.batch
        warm, left = min(1.0, (step + 1) / 100), 1 - step / given.steps
        for group in optimizer.param_groups:
            group["lr"] = given.rate * warm * (0.02 + 0.98 * 0.5 * (1 - math.cos(math.pi * left)))
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        mean = loss.item() if step == 0 else 0.98 * mean + 0.02 * loss.item()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {mean:.3f} seconds {time.time() - start:.0f}", flush=True)
        if (step + 1) % given.save_every == 0 or step + 1 == given.steps:
            save(model, given.out)
    readme = Path(__file__).with_name("MODEL_README.md")
    if readme.exists():
        shutil.copyfile(readme, given.out / "README.md")


if __name__ == "__main__":
    main()
