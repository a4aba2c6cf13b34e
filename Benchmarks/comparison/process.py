"""Runs one measuring process, watching it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .machine import busy_seconds

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Outcome:
    """What a process printed, or why it printed nothing usable."""

    record: Mapping[str, Any] | None
    failure: str | None
    elapsed: float
    """Wall seconds from start to end, loading and warm-up included."""
    private_mib: float
    """Largest anonymous memory seen in /proc while it ran: measured alike for everyone."""
    disturbance: float
    """Share of the machine's processor time that others used meanwhile; 0 is a quiet machine."""


def run(
    command: Sequence[str], limit: float, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Runs `command` for at most `limit` seconds and reads the last JSON line it prints."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started, busy, own = time.monotonic(), busy_seconds(), _children_seconds()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        except OSError as error:
            return Outcome(None, f"cannot start {command[0]}: {error.strerror}", 0, 0, 0)
        private, failure = 0.0, None
        try:
            while process.poll() is None:
                private = max(private, _private_mib(process.pid))
                if time.monotonic() - started > limit:
                    failure = f"over the limit of {limit:g} s"
                    break
                time.sleep(POLL_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        elapsed = time.monotonic() - started
        others = busy_seconds() - busy - (_children_seconds() - own)
        disturbance = max(0.0, others / (elapsed * (os.cpu_count() or 1)))
        output.seek(0)
        errors.seek(0)
        record = None
        if failure is None and process.returncode != 0:
            failure = f"exit {process.returncode}: {_last_line(errors.read())}"
        elif failure is None:
            record = last_object(output.read().decode(errors="replace"))
            if record is None:
                failure = "printed no JSON object"
            elif "skipped" in record:
                record, failure = None, str(record["skipped"])
        return Outcome(record, failure, elapsed, private, disturbance)


def last_object(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` is, or that its last object line is."""
    for candidate in [text, *reversed(text.splitlines())]:
        try:
            value = json.loads(candidate)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


def _last_line(data: bytes) -> str:
    lines = [line for line in data.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "no message"


def _private_mib(pid: int) -> float:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system
