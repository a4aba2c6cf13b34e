#!/usr/bin/env python3
"""Writes the scalars of honest runs of the demonstration's data for ContributionMonitorTests.

Each argument is name=FOLDER, a run of eight sites over 200 rounds:

    python3 Tools/demo/record_scalars.py skewed-1=runs/a skewed-2=runs/b uniform-1=runs/c

"skewed" are the four data files in halves (rows at even and at odd places), "uniform" the four joined
and spread evenly over eight clients; settings are those of `zorba demo` with shared directions, the plan
`full` and 200 rounds, the digit is the seed.
"""

import json
import pathlib
import sys

TARGET = pathlib.Path("Tests/ZorBATests/Goldens/honest-scalars.json")


def main():
    runs = {}
    for argument in sys.argv[1:]:
        name, folder = argument.split("=", 1)
        rounds = []
        for line in (pathlib.Path(folder) / "metrics.jsonl").read_text().splitlines():
            record = json.loads(line)
            if isinstance(record.get("per_client"), list):
                # Four digits are more than enough for what is tested.
                rounds.append(
                    [[float(f"{v:.4g}") for v in c["scalars"]] for c in record["per_client"]]
                )
        assert len(rounds) == 200, (name, len(rounds))
        runs[name] = rounds
    TARGET.write_text(json.dumps(runs, separators=(",", ":")) + "\n")


main()
