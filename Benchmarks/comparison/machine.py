"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"})
SHOWN_FLAGS = ("avx2", "fma", "f16c", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")


def processor_flags() -> frozenset[str]:
    """Instruction sets as the kernel names them (x86 `flags`, Arm `Features`)."""
    for line in _lines("/proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def has_bfloat16() -> bool:
    """Whether libraries have BF16 instructions here; without, they emulate at a crawl."""
    return bool(BF16_FLAGS & processor_flags())


def description() -> dict[str, object]:
    """Processor, memory, kernel and load, for the head of every result."""
    flags = processor_flags()
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "instructions": [flag for flag in SHOWN_FLAGS if flag in flags],
        "memory_mib": int((_field("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1024,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_at_start": os.getloadavg()[0],
    }


def busy_seconds() -> float:
    """Processor seconds spent by everybody on this machine, stolen ones included."""
    for line in _lines("/proc/stat"):
        fields = line.split()
        if fields and fields[0] == "cpu":
            user, nice, system, _, _, irq, soft, steal = (int(field) for field in fields[1:9])
            ticks = user + nice + system + irq + soft + steal
            return ticks / os.sysconf("SC_CLK_TCK")
    return 0.0


def _field(path: str, key: str) -> str | None:
    for line in _lines(path):
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []
