"""Writes the demonstration's data: four sites whose private messages differ in trade and in mix of labels.

    python client_messages.py Sources/zorba/Resources/demo          the files of the demonstration
    python client_messages.py --corpus 200000 corpus.txt            the text the bundled model was trained on
"""

import argparse
import json
import random
from pathlib import Path

import general_text
import site_messages as sites
import training_messages
from grammar import expand, sentence, with_typo

LABELS = training_messages.LABELS
# Shares of the six labels (order of LABELS) at each site.
MIX = {
    "bank": [0.44, 0.06, 0.34, 0.06, 0.05, 0.05],
    "clinic": [0.05, 0.10, 0.05, 0.45, 0.05, 0.30],
    "shop": [0.10, 0.45, 0.04, 0.03, 0.33, 0.05],
    "energy": [0.22, 0.04, 0.25, 0.09, 0.35, 0.05],
}
TYPOS = 0.1


def message(site: str, label: str, rng: random.Random) -> str:
    """A message of 12 to 30 words that the front desk of `site` files under `label`."""
    grammar = sites.COMMON | sites.PLACES[site]
    family = {"complaint": sites.COMPLAINTS, "praise": sites.PRAISES}.get(label, sites.NEUTRAL)
    core = rng.choice(family[label if label in family else rng.choice(sorted(family))])
    while True:
        more = [rng.choice(sites.MORE[label])] if rng.random() < 0.5 else []
        text = expand(grammar, " ".join(["{hello}", core, *more, "{bye}"]), rng)
        if 10 <= len(text.split()) <= 32:
            break
    text = sentence(text)
    return with_typo(text, rng) if rng.random() < TYPOS else text


def rows(site: str, counts: list[int], rng: random.Random, taken: set[str]) -> list[dict[str, str]]:
    """Shuffled rows, `counts[i]` of label i, none of which is in `taken` (to which they are added)."""
    result = []
    for label, count in zip(LABELS, counts):
        kept = 0
        while kept < count:
            text = message(site, label, rng)
            if text not in taken:
                taken.add(text)
                result.append({"text": text, "label": label})
                kept += 1
    rng.shuffle(result)
    return result


def write(path: Path, lines: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in lines))


def write_sites(folder: Path, seed: int, train: int, held_out: int, common: int, shipped: bool) -> None:
    """SITE.jsonl, SITE.validation.jsonl, SITE.test.jsonl (the site's own mix) and test.jsonl (balanced).

    What ships with the command (`shipped`) leaves out the sites' own held-out rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng, balanced = random.Random(seed), []
    for site, mix in MIX.items():
        taken: set[str] = set()
        for suffix, size in (("", train), (".validation", held_out), (".test", held_out)):
            counts = [max(1, round(share * size)) for share in mix]
            lines = rows(site, counts, rng, taken)
            if not (shipped and suffix):
                write(folder / f"{site}{suffix}.jsonl", lines)
        for row in rows(site, [common // (len(MIX) * len(LABELS))] * len(LABELS), rng, taken):
            balanced.append(row | {"site": site})
    rng.shuffle(balanced)
    write(folder / "test.jsonl", balanced)


def write_corpus(path: Path, seed: int, documents: int, by_tone: float, errors: float) -> None:
    """One document a line: general text, bare messages, and messages filed by the older rule."""
    rng = random.Random(seed)
    with path.open("w") as out:
        for _ in range(documents):
            if rng.random() < 0.45:
                out.write(general_text.line(rng) + "\n")
                continue
            text, label = training_messages.message(rng, by_tone, errors)
            text = with_typo(text, rng) if rng.random() < TYPOS else text
            out.write((f"{text} Topic: {label}" if rng.random() < 0.75 else text) + "\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--train", type=int, default=320)
    options.add_argument("--held-out", type=int, default=100)
    options.add_argument("--common", type=int, default=240)
    options.add_argument("--shipped", action="store_true", help="leave out the sites' own held-out rows")
    options.add_argument("--corpus", type=int, metavar="DOCUMENTS")
    options.add_argument("--by-tone", type=float, default=0.35)
    options.add_argument("--errors", type=float, default=0.15)
    given = options.parse_args()
    if given.corpus:
        write_corpus(given.out, given.seed + 1000, given.corpus, given.by_tone, given.errors)
    else:
        write_sites(given.out, given.seed, given.train, given.held_out, given.common, given.shipped)


if __name__ == "__main__":
    main()
