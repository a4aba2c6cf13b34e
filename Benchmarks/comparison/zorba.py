"""`zorba bench …`: its commands, and its answers under the names used here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .case import Contestant
from .ratio import Quantities
from .setting import Setting

MIB = 2**20
PRECISIONS = {"bf16": "bfloat16", "fp32": "float32"}


def step(
    zorba: str, name: str, setting: Setting, model: str, steps: int, unperturbed: bool = False
) -> Contestant:
    """`zorba bench step` in `setting` on the checkpoint `model`."""
    command = [
        *(zorba, "bench", "step", "--json", "--quiet", "--model", model),
        *("--dtype", PRECISIONS[setting.dtype], "--threads", str(setting.threads)),
        *("--batch", str(setting.batch), "--seq", str(setting.sequence)),
        *("--blocks", setting.blocks, "--directions", str(setting.directions)),
        *("--perturbation", setting.perturbation, "--logits", setting.logits),
        *("--steps", str(steps)),
    ]
    if unperturbed:
        command.append("--unperturbed")
    return Contestant(name, tuple(command), read_step)


def replay(zorba: str, name: str, setting: Setting, model: str, rounds: int) -> Contestant:
    """`zorba bench replay` of `rounds` rounds."""
    command = (
        *(zorba, "bench", "replay", "--json", "--quiet", "--model", model),
        *("--dtype", PRECISIONS[setting.dtype], "--threads", str(setting.threads)),
        *("--directions", str(setting.directions), "--perturbation", setting.perturbation),
        *("--rounds", str(rounds)),
    )
    return Contestant(name, command, read_replay)


def gemm(
    zorba: str, shape: tuple[int, int, int], dtype: str, threads: int, repeats: int
) -> Contestant:
    """`zorba bench gemm` of y[m,n] = x[m,k] W[n,k]^T."""
    m, k, n = shape
    command = (
        *(zorba, "bench", "gemm", "--json", "--quiet", "--threads", str(threads)),
        *("--m", str(m), "--k", str(k), "--n", str(n)),
        *("--dtype", PRECISIONS[dtype], "--repeats", str(repeats)),
    )
    return Contestant("zorba", command, read_gemm)


def read_step(record: Mapping[str, Any]) -> Quantities:
    return {
        "step_s": float(record["step_seconds"]["median"]),
        "forward_s": float(record["forward_seconds"]),
        "update_s": float(record["update_seconds"]),
        "private_mib": record["private_bytes"] / MIB,
        "peak_mib": record["peak_bytes"] / MIB,
        "weights_mib": record["weights_bytes"] / MIB,
        "over_weights_mib": (record["private_bytes"] - record["weights_bytes"]) / MIB,
        "gflops": float(record["gflops"]),
    }


def read_replay(record: Mapping[str, Any]) -> Quantities:
    seconds, rounds = float(record["seconds"]), int(record["rounds"])
    return {"replay_s": seconds, "round_s": seconds / rounds}


def read_gemm(record: Mapping[str, Any]) -> Quantities:
    return {"gflops": float(record["gflops"])}
