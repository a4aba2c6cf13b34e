"""The peer programs: what users would run instead. They live outside this repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .case import Contestant
from .ratio import Quantities
from .setting import Setting

SCRIPTS: dict[str, tuple[str, ...]] = {
    "mezo": ("mezo_step.py",),
    "forward": ("forward.py",),
    "lora": ("lora_step.py",),
    "lora-ckpt": ("lora_step.py", "--ckpt"),
}


@dataclass(frozen=True)
class Effort:
    """How long a peer process may work: its steps, warm-ups, and seconds for both."""

    steps: int
    warmup: int
    budget: float


@dataclass(frozen=True)
class Peers:
    """The folder of peer scripts, the Python that runs them, the cache of checkpoints."""

    folder: Path
    python: str
    models: Path

    def missing(self) -> str | None:
        """Why peers cannot run, or nothing."""
        if not (self.folder / "mezo_step.py").is_file():
            return f"no peer scripts in {self.folder} (see --peers)"
        if shutil.which(self.python) is None:
            return f"no Python at {self.python} (see --python)"
        return None

    def contestant(
        self, peer: str, setting: Setting, effort: Effort, *, name: str, dtype: str, once: bool
    ) -> Contestant:
        """`peer` in `setting`, computing in `dtype` on the checkpoint of the setting."""
        script, *options = SCRIPTS[peer]
        command = (
            *(self.python, str(self.folder / script), *options),
            *("--model", str(self.model(setting)), "--dtype", dtype),
            *("--batch", str(setting.batch), "--seq", str(setting.sequence)),
            *("--threads", str(setting.threads), "--steps", str(effort.steps)),
            *("--warmup", str(effort.warmup), "--budget", str(effort.budget)),
        )
        return Contestant(name, command, read, once)

    def model(self, setting: Setting) -> Path:
        return self.models / f"{setting.kind}-{setting.dtype}"

    def make_model(self, setting: Setting) -> str | None:
        """Sees to it that the checkpoint is there; says what stands in the way."""
        target = self.model(setting)
        if (target / "model.safetensors").is_file() and (target / "config.json").is_file():
            return None
        script = self.folder / "make_model.py"
        if not script.is_file():
            return f"no checkpoint {target} and no {script} to make it"
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        command = [self.python, str(script), "--kind", setting.kind, "--dtype", setting.dtype]
        done = subprocess.run(
            [*command, "--out", str(unfinished)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            return f"make_model.py failed: {done.stderr.strip()[-200:]}"
        unfinished.rename(target)
        return None


def read(record: Mapping[str, Any]) -> Quantities:
    """Quantities of any peer: a plain forward pass has no step."""
    quantities = {
        "private_mib": float(record["anon_mib"]),
        "peak_mib": float(record["hwm_mib"]),
    }
    if "fwd_s" in record:
        quantities["forward_s"] = float(record["fwd_s"])
    else:
        quantities["step_s"] = float(record["step_s"])
        quantities["forward_s"] = float(record["forward_s"])
    if "update_s" in record:
        quantities["update_s"] = float(record["update_s"])
    return quantities
