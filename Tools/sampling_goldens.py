#!/usr/bin/env python3
"""Write known answers of the random generator, shuffles and Dirichlet shares for the data tests.

An implementation of its own of what RandomGenerator.swift and GammaSampling.swift specify;
logarithm and exponential come from Python, so shares are compared with a tolerance.

Usage: sampling_goldens.py OUTPUT.json
"""

import json
import math
import sys

MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)


def rotate(value, count):
    return ((value << count) | (value >> (64 - count))) & MASK


class Generator:
    def __init__(self, seed, *words):
        mixer = SplitMix64(seed)
        for word in words:
            mixer = SplitMix64(mixer.next() ^ word)
        self.s = [mixer.next() for _ in range(4)]

    def next(self):
        s = self.s
        result = (rotate((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
        return result

    def below(self, bound):
        while True:
            product = self.next() * bound
            if product & MASK >= (1 << 64) % bound:
                return product >> 64

    def unit(self):
        return ((self.next() >> 12) + 0.5) * 2.0**-52

    def shuffled(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def normal(self):
        while True:
            x = 2 * self.unit() - 1
            y = 2 * self.unit() - 1
            square = x * x + y * y
            if 0 < square < 1:
                return x * math.sqrt(-2 * math.log(square) / square)

    def log_gamma(self, alpha):
        if alpha < 1:
            first = self.log_gamma(alpha + 1)
            return first + math.log(self.unit()) / alpha
        d = alpha - 1 / 3
        c = 1 / math.sqrt(9 * d)
        while True:
            x = self.normal()
            root = 1 + c * x
            if root <= 0:
                continue
            v = root**3
            if math.log(self.unit()) < 0.5 * x * x + d - d * v + d * math.log(v):
                return math.log(d) + math.log(v)

    def dirichlet(self, alpha, count):
        logs = [self.log_gamma(alpha) for _ in range(count)]
        weights = [math.exp(value - max(logs)) for value in logs]
        return [weight / sum(weights) for weight in weights]


def main():
    cases = []
    for seed, words in [(0, []), (1, [7]), (MASK, [0, MASK]), (20240601, [3, 1, 4])]:
        outputs = Generator(seed, *words)
        cases.append({
            "seed": str(seed), "words": [str(word) for word in words],
            "outputs": [str(outputs.next()) for _ in range(8)],
            "order": Generator(seed, *words).shuffled(50),
            "dirichlet": [
                {"alpha": alpha, "shares": Generator(seed, *words).dirichlet(alpha, 6)}
                for alpha in (0.01, 0.1, 0.5, 1.0, 3.5, 100.0)
            ],
        })
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"cases": cases}, file)
        file.write("\n")


if __name__ == "__main__":
    main()
