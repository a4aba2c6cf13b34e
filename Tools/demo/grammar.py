"""A context-free grammar that writes sentences from a seed.

A grammar is a dictionary: symbol -> list of alternatives. An alternative is text in which `{symbol}`
stands for any alternative of that symbol. Everything a corpus contains follows from the grammar and the
seed, so a corpus never has to be kept.
"""

import random
import re

SLOT = re.compile(r"\{(\w+)\}")


def expand(grammar: dict[str, list[str]], text: str, rng: random.Random) -> str:
    """Replaces every slot of `text`, slots inside the replacements included."""
    while True:
        replaced = SLOT.sub(lambda match: rng.choice(grammar[match.group(1)]), text)
        if replaced == text:
            return text
        text = replaced


def sentence(text: str) -> str:
    """The text with one space between words and a capital at the start of every sentence."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([.,!?])", r"\1", text)
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    return re.sub(r"(^|[.!?] )([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)


def with_typo(text: str, rng: random.Random) -> str:
    """Swaps, drops or doubles one letter inside a longer word, as hurried hands do."""
    words = text.split(" ")
    long_words = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    if not long_words:
        return text
    at = rng.choice(long_words)
    word, i = words[at], rng.randrange(1, len(words[at]) - 2)
    words[at] = rng.choice(
        [
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:i] + word[i + 1 :],
            word[:i] + word[i] + word[i:],
        ]
    )
    return " ".join(words)
