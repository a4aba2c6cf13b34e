#!/usr/bin/env python3
"""Writes what the WordPiece tokenizer is held to, by Hugging Face's tokenizers.

    python Tools/wordpiece_goldens.py            Tests/ZorBATokenizersTests/Goldens/wordpiece-*
    python Tools/wordpiece_goldens.py --characters
                                                 Sources/ZorBATokenizers/BertCharacterData.swift

The vocabularies are small and trained here on a text of our own; the texts are those of the other
tokenizers. Needs tokenizers.
"""

import json
import pathlib
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDENS = ROOT / "Tests/ZorBATokenizersTests/Goldens"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def ranges(scalars):
    found = []
    for scalar in sorted(scalars):
        if found and found[-1][1] == scalar - 1:
            found[-1][1] = scalar
        else:
            found.append([scalar, scalar])
    return [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in found]


def characters():
    def bert(**changes):
        switches = dict(
            clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
        return normalizers.BertNormalizer(**(switches | changes))

    clean, strip = bert(clean_text=True), bert(strip_accents=True)
    cut = pre_tokenizers.BertPreTokenizer()
    removed, marks, punctuation = set(), set(), set()
    for scalar in range(0x110000):
        if 0xD800 <= scalar < 0xE000:
            continue
        text = f"a{chr(scalar)}b"
        if clean.normalize_str(text) == "ab":
            removed.add(scalar)
        if strip.normalize_str(text) == "ab":
            marks.add(scalar)
        if len(cut.pre_tokenize_str(text)) == 3:
            punctuation.add(scalar)

    def lines(scalars):
        rows, row = [], ""
        for entry in ranges(scalars):
            if len(row) + len(entry) + 1 > 96:
                rows.append(row)
                row = ""
            row = f"{row} {entry}".strip()
        return "\n".join("    " + row for row in rows + [row])

    sections = [
        ("removed", "What cleaning takes out: control, format and private-use characters.", removed),
        ("marks", "Nonspacing marks, which accents become.", marks),
        ("punctuation", "What is a word by itself.", punctuation),
    ]
    text = (
        "// Written by Tools/wordpiece_goldens.py --characters; edit that instead.\n\n"
        "/// The classes of characters that BERT's text normalization asks for, as the reference"
        " library has\n/// them: hexadecimal scalars and ranges.\n"
        "///\n/// The library keeps tables of an old Unicode version; a newer one here would split"
        " other words.\nenum BertCharacterData {\n")
    text += "\n".join(
        f'  /// {comment}\n  static let {name}: StaticString = """\n{lines(found)}\n    """\n'
        for name, comment, found in sections)
    path = ROOT / "Sources/ZorBATokenizers/BertCharacterData.swift"
    path.write_text(text + "}\n")
    print(path, len(text))


TEXT = """The quick brown fox jumps over the lazy dog. Questions and answers about banking, films,
numbers and places: what, when, where, which, who, how many, how much, how far? Un café, naïve
résumés, the river's edge; unbelievable tokenization of tokenizers' tokens tokenized 1234567890!
déjà vu coöperate Ärger straße façade élan 東京 大阪 中国 한국어 русский язык слова ελληνικά γλώσσα"""


def row(tokenizer, text):
    plain = tokenizer.encode(text, add_special_tokens=False).ids
    whole = tokenizer.encode(text).ids
    found = {"text": text, "ids": plain}
    if whole != plain:
        found["template"] = whole
    decoded = tokenizer.decode(plain, skip_special_tokens=False)
    if decoded != text:
        found["decoded"] = decoded
    skipped = tokenizer.decode(whole, skip_special_tokens=True)
    if skipped != decoded:
        found["decoded_template"] = skipped
    return found


def build(name, normalizer, vocab_text_only=False, cleanup=True, settings=None):
    folder = GOLDENS / name
    folder.mkdir(exist_ok=True)
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=24))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=420, special_tokens=SPECIAL, limit_alphabet=140, show_progress=False)
    tokenizer.train_from_iterator(TEXT.splitlines() * 3, trainer)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda entry: (entry[1]))
    # Training has no fixed order of equals; a vocabulary that is there already stays.
    listed = folder / "vocab.txt"
    if listed.exists():
        names = listed.read_text().split("\n")[:-1]
    else:
        names = [token for token, _ in vocabulary]
    limit = 100 if vocab_text_only else 24
    tokenizer = Tokenizer(models.WordPiece(
        {token: id for id, token in enumerate(names)}, unk_token="[UNK]",
        max_input_chars_per_word=limit))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in SPECIAL])
    if vocab_text_only:
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=cleanup)
    listed.write_text("".join(token + "\n" for token in names))
    if vocab_text_only:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    else:
        tokenizer.save(str(folder / "tokenizer.json"))
        listed.unlink()
        (folder / "vocab.txt").write_text("".join(token + "\n" for token in names))
    texts = [json.loads(line)["text"] for line in (GOLDENS / "texts.jsonl").open()]
    with (folder / "golden.jsonl").open("w") as out:
        for text in texts:
            out.write(json.dumps(row(tokenizer, text), ensure_ascii=False) + "\n")
    generator = __import__("random").Random(7)
    with (folder / "decode.jsonl").open("w") as out:
        for _ in range(120):
            ids = [generator.randrange(len(names)) for _ in range(generator.randrange(1, 12))]
            out.write(json.dumps({
                "ids": ids, "skipped": tokenizer.decode(ids, skip_special_tokens=True),
                "kept": tokenizer.decode(ids, skip_special_tokens=False)}, ensure_ascii=False) + "\n")
    print(name, len(names), sum(path.stat().st_size for path in folder.iterdir()))


def main():
    if "--characters" in sys.argv:
        return characters()
    build("wordpiece-uncased", normalizers.BertNormalizer())
    build("wordpiece-cased", normalizers.BertNormalizer(lowercase=False), cleanup=False)
    build("wordpiece-vocabulary", normalizers.BertNormalizer(strip_accents=False),
          vocab_text_only=True, settings={
              "tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": False,
              "tokenize_chinese_chars": True, "cls_token": "[CLS]", "sep_token": "[SEP]",
              "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"})


main()
