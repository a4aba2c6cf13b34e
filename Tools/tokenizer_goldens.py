#!/usr/bin/env python3
"""Writes the reference files of ZorBATokenizersTests.

Trains tiny vocabularies on the sentences below with the `tokenizers` and `sentencepiece` libraries
and records what these libraries make of a few hundred adversarial texts. Every vocabulary has the
pipeline of a model family, so the Swift implementation is held to an independent one.

    pip install tokenizers==0.23.3 sentencepiece==0.2.3
    python3 Tools/tokenizer_goldens.py Tests/ZorBATokenizersTests/Goldens

With `--canonical FILE` it instead writes the Swift source of the tables that canonical composition
needs, as the `tokenizers` library knows them (Unicode 9).

With `--compare DIRECTORY TEXT` it instead prints, one JSON line for each line of a text file, the
ids that `tokenizers` gives with the vocab.json and merges.txt of a directory. That is for
comparing with real vocabularies by hand; nothing of it is kept.
"""

import collections
import io
import json
import pathlib
import random
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers
from tokenizers import pre_tokenizers, processors, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

SENTENCES = [
    "A hospital, a bank and a farm each keep their records at home and still train one model.",
    "The model never sees the records; it sees two losses and answers with one number.",
    "Each client perturbs its blocks with a seed, measures the loss twice and sends the difference.",
    "We'll say it isn't theirs, they've said it's ours, and I'm sure you'd agree: don't we all?",
    "On 2024-05-17 at 12:34:56 the price rose by 3.14159 % to 1,234,567.89 dollars.",
    "def train(model, seed=42):\n    for step in range(1000):\n        loss = model(step)\n",
    "if (a[i] != b[j]) { return a[i] - b[j]; }  // compare\n\treturn 0;\n",
    "Das Wörterbuch enthält größere Übungen für müde Schüler in Köln und Zürich.",
    "L'élève naïf déjà vu à Noël mange une crème brûlée où ça coûte très cher.",
    "El niño soñó con un pingüino en el jardín mañana por la mañana.",
    "Модель учится без передачи данных, и каждый клиент хранит свои записи.",
    "모델은 데이터를 옮기지 않고 학습한다. 모델은 두 번 손실을 잰다.",
    "模型在不传输数据的情况下学习。每个客户端只发送一个数字。模型学习。",
    "モデルはデータを移さずに学習する。モデルは二回だけ損失を測る。",
    "النموذج يتعلم دون نقل البيانات وكل عميل يحتفظ بسجلاته.",
    "המודל לומד בלי להעביר נתונים וכל לקוח שומר את הרשומות שלו.",
    "मॉडल डेटा भेजे बिना सीखता है और हर ग्राहक अपना रिकॉर्ड रखता है।",
    "Emoji 😀 😃 👍 👍🏽 👨‍👩‍👧‍👦 ❤️ 🇩🇪 are characters too, are they not? 😀😀😀",
    "Spaces    between     words      and\ttabs\t\tand\n\nblank\n\n\nlines   ",
    "x = y + z * 2 ** 10 / 3 - 4; print('done') # ok!!! ??? ... --- === +++",
]

ADVERSARIAL = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r", "\t", "\t\t", " \n ", "\n \n", "  \n  \n  ",
    "a", "A", "é", "ß", "ſ", "ñ", "日", "😀", "ـ", "०", "½", "²", "Ⅷ", "一", "々", "ª", "º", "ʰ",
    " a", "  a", "   a", "a ", "a  ", "a   ", " a ", "  a  b  ", "\ta", "a\t", "\na", "a\n", "\n a",
    " \na", "a \n b", "a\r\nb", "a\n\n\nb", "a \n\n b", "a\u00a0b", "\u00a0a", "a\u3000b",
    "a\u2028b\u2029c", "a\u0085b", "\u0085", "\x0b\x0c", "a\x0bb", "\x1c\x1d\x1e\x1f",
    "\u200b", "a\u200bb", "\ufeff", "\ufeffa", "\u180e", "\u1680a", "\u202fa", "\u205fa",
    "\x00", "a\x00b", "\x00\x00", "\x01\x02\x03", "\x7f", "\x80", "\x9f", "\ue000", "\U0010ffff",
    "\ufffd", "\ufffe", "\uffff", "\U000e0001", "\U000f0000",
    "1", "12", "123", "1234", "12345", "123456", "1234567", "1 2 3", " 1234", "a1b2", "1a", "3.14",
    "1,234,567", "0x1F", "١٢٣٤٥", "१२३४", "１２３４", "½¼¾", "ⅫⅣ", "²³¹", "㊀㊁", "𝟘𝟙𝟚𝟛", "1\u03002",
    "'s", "'S", "'t", "'T", "'re", "'RE", "'Re", "'rE", "'ve", "'VE", "'m", "'M", "'ll", "'LL",
    "'lL", "'d", "'D", "'ſ", "'\u212a", "''s", "'''", "' s", " 's", "it's", "IT'S", "It'S", "isn't",
    "ISN'T", "we'll", "WE'LL", "we'Ll", "I'm", "I'M", "you'd", "YOU'D", "they've", "THEY'VE",
    "they're", "l'll'd's't", "'sa", "'llama", "'dd", "'r", "'v", "'l", "'re'", "'rx", "'vx", "'lx",
    "o'clock", "rock'n'roll", "'tis", "'twas", "’s", "it’s", "don`t", "'é", "'1", "' ", "'\n", "'",
    "Hello world", " Hello world", "Hello  world", "Hello, world!", "hello\nworld", "HELLO WORLD",
    "model", " model", "models", "remodel", "MODEL", "The model never sees the records.",
    "foo_bar", "fooBar", "foo-bar", "foo.bar()", "a+b=c", "!!!", "...", "…", "--", "—", "?!?!",
    "!\n", "!!\r\n\r\n", "! \n", " !", " !!\n\nx", "(a)", "[b]", "{c}", "<d>", "#!/bin/sh\n", "@#$%",
    "http://example.org/a?b=c&d=e#f", "a@b.example", "C:\\dir\\file.txt", "1e-10", "$5.00", "€5",
    "for i in range(10):\n    print(i)\n\n\n", "\tif x:\n\t\treturn y\n", "{\n  \"a\": [1, 2]\n}\n",
    "e\u0301", "é", "e\u0301e\u0301", "a\u0300\u0301\u0302", "n\u0303", "A\u030a", "Å", "\u212b",
    "q\u0307\u0323", "q\u0323\u0307", "\u0301", " \u0301", "\u0301a", "o\u0308o", "\u1e9b\u0323",
    "ﬁ", "ﬃ", "①", "㍿", "Ａｂｃ", "ｶﾞ", "か\u3099", "が", "\u1112\u1161\u11ab", "한", "한\u11ab",
    "\uac00\u11a8", "각", "क\u093c", "\u0958", "\u0344", "\u0387", "\u037e", "\u2126", "\u1fef",
    "가나다", "日本語テスト", "中文字符测试", "模型学习", "한국어 시험", "العربية", "عربي 123", "עברית",
    "हिन्दी", "ภาษาไทย", "தமிழ்", "Ελληνικά", "Русский текст", "ქართული", "Հայերեն", "አማርኛ",
    "የ", "ᏣᎳᎩ", "ᐃᓄᒃᑎᑐᑦ", "𐍈", "𝒜𝓫𝔠", "𠀀𠀁", "𓀀", "🜁", "ⴰ", "ꙮ", "\u1c89", "\U00010d40",
    "👍🏽", "👨‍👩‍👧‍👦", "❤️", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "😀😀😀", "a😀b", "😀 😀", "☺", "☺️", "1️⃣", "\u200d", "\ufe0f",
    "a" * 64, "ab" * 40, "a " * 30, "the " * 20, "模型" * 30, "😀" * 20, "é" * 40, "\n" * 30,
    "0" * 50, "!" * 50, " " * 7, " " * 40, " " * 41 + "x", "x" + " " * 33 + "y", "\t" * 12, "ــ" * 20,
    "▁", "▁▁", "▁a", "a▁b", " ▁ ", "▁ a", "Ġ", "Ġa", "Ċ", "<0x0A>", "<0x41>", "<0xE6>", "a<0x00>b",
    "<unk>", "<s>", "</s>", "<s>a</s>", " <s> a </s> ", "<|endoftext|>", "a<|endoftext|>b",
    " <|endoftext|> ", "<|endoftext|><|endoftext|>", "<|endoftext", "|endoftext|>", "<|im_start|>user\n",
    "<|im_start|>user\nHi<|im_end|>\n", "<|begin_of_text|>", "<|begin_of_text|>Hi<|eot_id|>\n\n",
    "<mask>", "a <mask> b", "a  <mask>  b", "<mask><mask>", "word", "wordy", "a word b", "sword",
    "(word)", "word_", "wordé", "éword", "word\u0301", "word1", " word ", "ＷＯＲＤ", "cafe\u0301", "café",
    "a café b", "a cafe\u0301 b", "<tool>", "<tools>", "<<tool>>", "\n<tool>\n", "<|a|><|b|>",
]


def random_texts(count):
    """Texts of characters drawn from blocks that tokenizers stumble over."""
    rng = random.Random(20240517)
    blocks = [
        (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0x00, 0x1F), (0x80, 0x17F), (0x300, 0x36F),
        (0x370, 0x3FF), (0x400, 0x52F), (0x590, 0x6FF), (0x900, 0x97F), (0xE00, 0xE7F),
        (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x21FF), (0x2460, 0x24FF),
        (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE00, 0xFFFF),
        (0x10000, 0x1FFFF), (0x1F300, 0x1FAFF), (0x20000, 0x2FFFF), (0xE0000, 0xE01FF),
        (0x0, 0x10FFFF),
    ]
    words = " ".join(SENTENCES).split(" ")
    texts = []
    for _ in range(count):
        text = ""
        block = rng.choice(blocks)
        for _ in range(rng.randint(1, 24)):
            roll = rng.random()
            if roll < 0.15:
                block = rng.choice(blocks)
            if roll < 0.3:
                text += rng.choice([" ", " ", "\n", "'", "'s", "  ", "\r\n", rng.choice(words)])
            else:
                value = rng.randint(*block)
                text += chr(value) if not 0xD800 <= value <= 0xDFFF else "?"
        texts.append(text)
    return texts


def texts():
    unique = dict.fromkeys(ADVERSARIAL + SENTENCES + random_texts(150))
    return list(unique)


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


def random_ids(size, count, seed):
    rng = random.Random(seed)
    return [[rng.randrange(size) for _ in range(rng.randint(1, 12))] for _ in range(count)]


def golden(row_text, ids, template, decoded, decoded_template):
    """A row; what can be derived from the rest is left out to keep the files small."""
    row = {"ids": ids}
    if template != ids:
        row["template"] = template
    if decoded != row_text:
        row["decoded"] = decoded
    if decoded_template != decoded:
        row["decoded_template"] = decoded_template
    return row


def write_reference(folder, tokenizer, decoding=True):
    """Writes what a `tokenizers` pipeline does to every text and to random ids."""
    rows = []
    for text in texts():
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        template = tokenizer.encode(text, add_special_tokens=True).ids
        if not decoding:
            rows.append({"ids": ids, "template": template})
            continue
        rows.append(golden(
            text, ids, template, tokenizer.decode(ids, skip_special_tokens=False),
            tokenizer.decode(template, skip_special_tokens=True)))
    write_lines(folder / "golden.jsonl", rows)
    if not decoding:
        return
    write_lines(folder / "decode.jsonl", [
        {"ids": ids, "kept": tokenizer.decode(ids, skip_special_tokens=False),
         "skipped": tokenizer.decode(ids, skip_special_tokens=True)}
        for ids in random_ids(tokenizer.get_vocab_size(), 120, 7)])


def finish(folder, tokenizer, edit=None, decoding=True):
    """Stores a pipeline as tokenizer.json, after an edit, and its reference."""
    value = json.loads(tokenizer.to_str())
    if edit:
        edit(value)
    write_json(folder / "tokenizer.json", value)
    write_reference(folder, Tokenizer.from_str(json.dumps(value)), decoding)


def byte_level(size, pre_tokenizer, normalizer=None, alphabet=True):
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=size, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()) if alphabet else []))
    return tokenizer


def split(expression):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2(root):
    tokenizer = byte_level(700, pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    # Added tokens with every flag.
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, special=True)])
    tokenizer.add_tokens([
        AddedToken("word", single_word=True, normalized=False), AddedToken("<tool>", rstrip=True),
        AddedToken("<tools>"), AddedToken("café", normalized=True)])

    def old_merges(value):
        value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]

    finish(root / "gpt2", tokenizer, old_merges)
    # The same vocabulary as two files, with the words of OPT: BOS before every text.
    value = json.loads(tokenizer.to_str())
    for name, bos in [("gpt2-files", None), ("opt-files", "</s>")]:
        names = ["<s>", "<pad>", "</s>", "<unk>"] if bos else []
        order = names + list(value["model"]["vocab"]) + ([] if bos else ["<|endoftext|>"])
        vocab = {token: id for id, token in enumerate(order)}
        merges = [tuple(pair) for pair in value["model"]["merges"]]
        folder = root / name
        write_json(folder / "vocab.json", vocab)
        with open(folder / "merges.txt", "w", encoding="utf-8", newline="\n") as file:
            file.write("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
        reference = Tokenizer(models.BPE(vocab, merges))
        reference.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        reference.decoder = decoders.ByteLevel()
        if bos:
            write_json(folder / "tokenizer_config.json", {
                "tokenizer_class": "GPT2Tokenizer", "add_bos_token": True, "add_prefix_space": False,
                "bos_token": {"__type": "AddedToken", "content": "</s>", "normalized": True},
                "eos_token": {"__type": "AddedToken", "content": "</s>", "normalized": True},
                "pad_token": "<pad>", "unk_token": "</s>", "errors": "replace"})
            write_json(folder / "special_tokens_map.json", {"bos_token": "</s>", "pad_token": "<pad>"})
            reference.add_special_tokens(["</s>", "<pad>"])
            reference.post_processor = processors.TemplateProcessing(
                single="</s> $A", special_tokens=[("</s>", 2)])
        else:
            reference.add_special_tokens(["<|endoftext|>"])
        write_reference(folder, reference)


def llama3(root):
    tokenizer = byte_level(600, split(LLAMA3))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|eot_id|>"])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B",
            special_tokens=[("<|begin_of_text|>", begin)])])

    def ignore_merges(value):
        # Drop merges whose results stay tokens: only a look-up of the whole word finds those.
        model = value["model"]
        model["ignore_merges"] = True
        kept = [pair for index, pair in enumerate(model["merges"]) if index % 5 != 3]
        model["merges"] = kept

    finish(root / "llama3", tokenizer, ignore_merges)


def qwen2(root):
    tokenizer = byte_level(600, split(QWEN2), normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("café", normalized=True)])
    finish(root / "qwen2", tokenizer)


def small_byte_level(root):
    """A vocabulary that lacks bytes, a leading space and digits one by one."""
    steps = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=True)])
    tokenizer = byte_level(120, steps, normalizers.Strip(), alphabet=False)
    tokenizer.add_special_tokens(["<unk>"])

    def unknown(value):
        value["model"]["vocab"]["<unk>"] = value["added_tokens"][0]["id"]
        value["model"]["unk_token"] = "<unk>"
        value["model"]["fuse_unk"] = True

    finish(root / "byte-level-small", tokenizer, unknown)


def character_level(size, normalizer, pre_tokenizer, specials):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    # Without pre-tokenization training would merge whole sentences; words train better.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    # The trainer breaks ties between rare characters at random.
    counts = collections.Counter("".join(SENTENCES).replace(" ", "▁"))
    alphabet = sorted(counts, key=lambda character: (-counts[character], character))[:90]
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=size, show_progress=False, limit_alphabet=90, initial_alphabet=alphabet,
        special_tokens=specials + [f"<0x{byte:02X}>" for byte in range(256)]))
    value = json.loads(tokenizer.to_str())
    value["pre_tokenizer"] = None
    value["added_tokens"] = value["added_tokens"][:len(specials)]
    tokenizer = Tokenizer.from_str(json.dumps(value))
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


def llama2(root):
    specials = ["<unk>", "<s>", "</s>"]
    template = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    fallback = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])

    tokenizer = character_level(
        650, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
        specials)
    tokenizer.post_processor = template
    tokenizer.decoder = fallback
    finish(root / "llama2", tokenizer)

    def normalized(value):
        # Early conversions marked special tokens as normalized.
        for token in value["added_tokens"]:
            token["normalized"] = True

    # The library decodes these tokens with the prefix of the normalizer and no longer knows that
    # they are special; only the ids are a reference.
    finish(root / "llama2-normalized", tokenizer, normalized, decoding=False)

    for scheme in ["always", "first", "never"]:
        tokenizer = character_level(
            500, None, pre_tokenizers.Metaspace("▁", scheme, scheme == "always"), specials)
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
        if scheme == "first":
            tokenizer.decoder = fallback
        else:
            tokenizer.decoder = decoders.Metaspace("▁", scheme, scheme == "always")

        def no_bytes(value, scheme=scheme):
            if scheme == "always":
                value["model"]["byte_fallback"] = False
            if scheme == "never":
                value["model"]["fuse_unk"] = value["model"]["byte_fallback"] = False
                value["decoder"] = None

        finish(root / f"metaspace-{scheme}", tokenizer, no_bytes)


def sentencepiece_models(root):
    import sentencepiece

    sentences = [line for text in SENTENCES for line in text.split("\n") if line]
    # The named rule sets compile to hundreds of kilobytes; these rules make every case they make.
    rules = root / "rules.tsv"
    mapping = {
        "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u200b": "", "\ufeff": "",
        "ﬁ": "fi", "ﬃ": "ffi", "①": "1", "e\u0301": "é", "a\u0300": "à", "a\u0300\u0301": "ä",
        "\u212b": "\u00c5", "Ａ": "A", "㍿": "株式会社", "…": "...", "A": "a", "T": "t", "½": " 1/2 ", "🇩🇪": "DE",
    }
    write_lines(rules, [])
    rules.write_text("".join(
        " ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target)
        + "\n" for source, target in mapping.items()), encoding="utf-8")
    variants = {
        # Llama 2 and Mistral.
        "sentencepiece-llama": dict(
            normalization_rule_name="identity", remove_extra_whitespaces=False, byte_fallback=True,
            character_coverage=0.98, split_digits=True, allow_whitespace_only_pieces=True),
        # A compiled character map, and pieces of the user's own.
        "sentencepiece-map": dict(
            normalization_rule_tsv=str(rules), user_defined_symbols=["<tool>", "word", "<mask>"],
            character_coverage=0.99, pad_id=3),
        "sentencepiece-bare": dict(
            normalization_rule_name="identity", add_dummy_prefix=False, byte_fallback=True,
            character_coverage=0.985),
    }
    for name, options in variants.items():
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences), model_writer=model, model_type="bpe",
            vocab_size=600 if "byte_fallback" in options else 420, minloglevel=2, **options)
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tokenizer.model").write_bytes(model.getvalue())
        reference = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        rows = []
        for text in texts():
            ids = reference.encode(text)
            rows.append(golden(
                text, ids, [reference.bos_id()] + ids, reference.decode(ids), reference.decode(ids)))
        write_lines(folder / "golden.jsonl", rows)
        # Control pieces have no text there; here they are spelled unless skipped.
        write_lines(folder / "decode.jsonl", [
            {"ids": ids, "skipped": reference.decode(ids)}
            for ids in random_ids(reference.vocab_size(), 120, 7)])
    rules.unlink()


def classes(root):
    """The characters of the three classes that the patterns use, as ranges of the engine itself."""
    value = {}
    for name, expression in [("letter", r"\p{L}"), ("number", r"\p{N}"), ("space", r"\s")]:
        splitter = pre_tokenizers.Split(Regex(expression), "removed")
        found = []
        for base in range(0, 0x110000, 0x1000):
            block = [c for c in range(base, base + 0x1000) if not 0xD800 <= c <= 0xDFFF]
            kept = set()
            for piece, _ in splitter.pre_tokenize_str("".join(map(chr, block))):
                kept.update(map(ord, piece))
            found += [c for c in block if c not in kept]
        ranges = []
        for scalar in found:
            if ranges and ranges[-1][1] == scalar - 1:
                ranges[-1][1] = scalar
            else:
                ranges.append([scalar, scalar])
        value[name] = ranges
    write_json(root / "classes.json", value)


def canonical_tables():
    """Compositions, other decompositions and combining classes, asked of the library itself."""
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    pairs, others, combining = [], [], []
    for value in list(range(0xD800)) + list(range(0xE000, 0x110000)):
        character = chr(value)
        rank = unicodedata.combining(character)
        # A space composes with nothing, so it shows whether the library reorders the mark.
        if rank > 1 and nfd.normalize_str(" " + character + "\u0334")[1] == "\u0334":
            combining.append((value, rank))
        elif rank == 1 and nfd.normalize_str(" \u0323" + character)[1] == character:
            combining.append((value, rank))
        if 0xAC00 <= value <= 0xD7A3 or nfd.normalize_str(character) == character:
            continue
        parts = [int(part, 16) for part in unicodedata.decomposition(character).split()]
        composes = len(parts) == 2 and nfc.normalize_str(character) == character
        (pairs if composes else others).append((value, *parts))
    return pairs, others, combining


def canonical(path):
    def block(name, comment, rows):
        words, lines = " ".join(",".join(f"{n:X}" for n in row) for row in rows).split(" "), [""]
        for word in words:
            if len(lines[-1]) + len(word) > 94:
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + word
        text = "\n".join("    " + line for line in lines)
        return f'  /// {comment}\n  static let {name}: StaticString = """\n{text}\n    """\n'

    pairs, others, combining = canonical_tables()
    ranges = []
    for value, rank in combining:
        if ranges and ranges[-1][1] == value - 1 and ranges[-1][2] == rank:
            ranges[-1][1] = value
        else:
            ranges.append([value, value, rank])
    pathlib.Path(path).write_text(
        "// Written by Tools/tokenizer_goldens.py --canonical; edit that instead.\n\n"
        "/// The Unicode 9 tables of canonical composition, in hexadecimal; Hangul is computed.\n"
        "///\n"
        "/// That is the version of the reference library. Later ones only add characters, so text\n"
        "/// in any script of that version composes the same.\n"
        "enum CanonicalData {\n"
        + block("compositions", "`composite,first,second` of what composes.", pairs) + "\n"
        + block("decompositions", "`scalar,first[,second]` of what only decomposes.", others) + "\n"
        + block("combiningClasses", "`first,last,class` of what is no starter.", ranges) + "}\n",
        encoding="utf-8")


def normalization(root):
    """Sequences of marks, jamo and characters that decompose, with their composition."""
    pairs, others, combining = canonical_tables()
    pool = [row[0] for row in pairs + others + combining]
    nfc, rng, rows = normalizers.NFC(), random.Random(9), []
    for _ in range(700):
        text = ""
        for _ in range(rng.randint(1, 8)):
            choice = rng.randrange(10)
            if choice < 5:
                text += chr(rng.choice(pool))
            elif choice < 7:
                text += rng.choice("aeiounAEIOU ")
            elif choice == 7:
                text += unicodedata.normalize("NFD", chr(rng.choice(pool)))
            elif choice == 8:
                text += chr(rng.randint(0x1100, 0x11FF))
            else:
                text += chr(rng.randint(0xAC00, 0xD7A3))
        rows.append({"text": text, "nfc": nfc.normalize_str(text)})
    write_lines(root / "nfc.jsonl", rows)


def tiny(root):
    """Files small enough to be damaged in thousands of ways."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(0x20, 0x30)]
    words = ["▁", "t", "h", "e", "m", "o", "d", "l", "▁t", "he", "▁the", "▁m", "od", "el"]
    value = {
        "added_tokens": [
            {"id": id, "content": name, "single_word": False, "lstrip": id == 1, "rstrip": False,
             "normalized": id == 2, "special": True} for id, name in enumerate(pieces[:3])],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {
            "type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
            "vocab": {token: id for id, token in enumerate(pieces + words)},
            "merges": ["▁ t", "h e", ["▁t", "he"], ["▁", "m"], ["o", "d"], ["e", "l"]]},
    }
    write_json(root / "llama2-tiny" / "tokenizer.json", value)

    folder = root / "files-tiny"
    alphabet = list("Ġthemodl'1<|a>") + ["Ġt", "he", "Ġthe", "od", "el"]
    write_json(folder / "vocab.json", {token: id for id, token in enumerate(alphabet)})
    (folder / "merges.txt").write_text(
        "#version: 0.2\nĠ t\nh e\nĠt he\no d\ne l\n", encoding="utf-8")
    write_json(folder / "added_tokens.json", {"<|a|>": 19, "<|b|>": 20})
    write_json(folder / "special_tokens_map.json", {
        "eos_token": {"content": "<|a|>", "lstrip": False, "normalized": False},
        "additional_special_tokens": ["<|b|>"]})
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "Qwen2Tokenizer", "bos_token": None, "eos_token": "<|a|>",
        "add_prefix_space": False, "added_tokens_decoder": {
            "19": {"content": "<|a|>", "special": True, "rstrip": True},
            "20": {"content": "<|b|>", "special": False, "single_word": True}}})
    write_json(folder / "config.json", {"model_type": "qwen2", "vocab_size": 21})


def compare(directory, text):
    folder = pathlib.Path(directory)
    vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    tokenizer = Tokenizer(models.BPE(vocab, merges))
    if "qwen" in directory:
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = split(QWEN2)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for line in pathlib.Path(text).read_text(encoding="utf-8").split("\n"):
        print(json.dumps(tokenizer.encode(line, add_special_tokens=False).ids))


def main():
    if sys.argv[1:2] == ["--compare"]:
        return compare(*sys.argv[2:])
    if sys.argv[1:2] == ["--canonical"]:
        return canonical(sys.argv[2])
    root = pathlib.Path(sys.argv[1])
    write_lines(root / "texts.jsonl", [{"text": text} for text in texts()])
    for build in [gpt2, llama3, qwen2, small_byte_level, llama2, sentencepiece_models, classes,
                  normalization, tiny]:
        build(root)


main()
