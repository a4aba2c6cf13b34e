#!/usr/bin/env python3
"""Audit logs of ZorBA without ZorBA: makes the reference log of the tests, and verifies logs.

    audit_reference.py make Tests/ZorBAAuditTests/Goldens/log.jsonl
    audit_reference.py verify LOG [LOG …]       the files of a log, the oldest first

Needs the package cryptography. Follows docs/audit.md and shares no code with the implementation.
"""
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey, Ed25519PublicKey)

KEYS = ["n", "time", "actor", "what", "run", "round", "digest", "detail", "previous", "hash",
        "signature"]
DOMAIN = b"ZorBA audit record v1\n"


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def line_of(record, key, previous):
    """The line of a record, without its break."""
    body = dumps({**{k: record[k] for k in KEYS[:8]}, "previous": previous})[:-1]
    digest = hashlib.sha256(body.encode()).digest()
    signature = key.sign(DOMAIN + digest).hex()
    return f'{body}, "hash": "{digest.hex()}", "signature": "{signature}"}}'


def make(path):
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw().hex()
    head = {"format": 1, "key": public, "keeper": None, "certificates": [], "certification": "",
            "file": 1}
    rows = [
        ("local", "log.began", None, None, None, head),
        ("local", "service.started", None, None, None, {"software": "ZorBA 0.1.0"}),
        ("zorba://hearts/operator/ada", "operator.acted", "läuft", None, None,
         {"act": "start", "quote\"d": "back\\slash / ☃ \u2028 \U0001F600", "nested": [1, [True, None]]}),
        ("zorba://hearts/coordinator", "run.opened", "läuft", 0, "ab" * 32, {"sites": ["a", "b"]}),
        ("zorba://hearts/coordinator", "round.committed", "läuft", 1, "0f" * 16,
         {"participants": [1, 2]}),
        ("zorba://hearts/site/a", "site.declined", "läuft", 2, None, {"reason": "", "n": -7}),
    ]
    previous, lines = "00" * 32, []
    for n, (actor, what, run, round_, digest, detail) in enumerate(rows):
        record = {"n": n, "time": f"2026-03-01T12:00:0{n}.00{n}Z", "actor": actor, "what": what,
                  "run": run, "round": round_, "digest": digest, "detail": detail}
        line = line_of(record, key, previous)
        previous = hashlib.sha256(line.encode()).hexdigest()
        lines.append(line)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("".join(line + "\n" for line in lines))


def verify(paths):
    """Stops at the first fault and names its line."""
    key, previous, expected = None, None, None
    for path in paths:
        for number, raw in enumerate(open(path, "rb").read().split(b"\n")[:-1], 1):
            record = json.loads(raw)
            assert list(record) == KEYS, f"{path}:{number}: other members"
            assert raw.decode() == dumps(record), f"{path}:{number}: not canonical"
            if key is None:
                key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(record["detail"]["key"]))
                expected, previous = record["n"], record["previous"]
            body = raw[:raw.rindex(b', "hash": ')]
            digest = hashlib.sha256(body).digest()
            assert digest.hex() == record["hash"], f"{path}:{number}: hash"
            try:
                key.verify(bytes.fromhex(record["signature"]), DOMAIN + digest)
            except InvalidSignature:
                sys.exit(f"{path}:{number}: signature")
            assert record["n"] == expected, f"{path}:{number}: record {record['n']}, not {expected}"
            assert record["previous"] == previous, f"{path}:{number}: does not follow"
            expected, previous = expected + 1, hashlib.sha256(raw).hexdigest()
    print(f"{expected} records, the last {previous}")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        verify(sys.argv[2:])
