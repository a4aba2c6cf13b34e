#!/usr/bin/env python3
"""Times the replay of a journal: how long a site that comes late needs to catch up.

`--rounds` are measured; seconds for `--extrapolate` rounds follow from them and are labelled so.
The peer is the update of a PyTorch MeZO step, which regenerates one direction and adds it.
"""

from __future__ import annotations

import argparse
import sys

from comparison import replay_case, session
from comparison.peers import Peers
from comparison.setting import MODELS, Setting


def main() -> int:
    parsed = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    session.add_options(parsed)
    parsed.add_argument("--rounds", type=int, default=100)
    parsed.add_argument("--extrapolate", type=int, default=1000)
    parsed.add_argument("--kind", choices=MODELS, default="opt125m")
    parsed.add_argument("--dtype", default="bf16,fp32", help="of bf16, fp32")
    parsed.add_argument("--perturbation", default="gaussian")
    parsed.add_argument("--no-peer", action="store_true", help="ours only")
    options = parsed.parse_args()
    peers = Peers(options.peers, options.python, options.models)
    work = session.Session("replay", options)
    absent = peers.missing()
    if absent and not options.no_peer:
        work.note(f"the peer is left out: {absent}")
    for dtype in options.dtype.split(","):
        # The peer's batch is as small as it may be: only its update counts here.
        setting = Setting(
            kind=options.kind, dtype=dtype, batch=1, sequence=8,
            perturbation=options.perturbation, threads=options.threads,
        )  # fmt: skip
        case = replay_case.case(
            options.zorba, peers, setting, options.rounds,
            with_peer=not (absent or options.no_peer),
        )  # fmt: skip
        if reason := peers.make_model(setting):
            work.skip(case.title, reason)
            continue
        result = work.compare(case)
        text = replay_case.extrapolation(result, options.rounds, options.extrapolate)
        work.add(text, {"title": f"{case.title}: extrapolation", "table": text})
    return 0


if __name__ == "__main__":
    sys.exit(main())
