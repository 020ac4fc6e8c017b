"""CPU and memory used by a process and its children (Linux only)."""

from __future__ import annotations

import os

from tests.processes import family, said_of

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the processor time of the whole family so far."""
    return sum(_cpu_ticks(one) for one in family(pid)) / TICKS


def peak_memory(pid: int) -> int:
    """Return the bytes that the largest of the family, a worker, held at most."""
    return max(_peak(one) for one in family(pid))


def _cpu_ticks(pid: int) -> int:
    fields = said_of(pid, "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _peak(pid: int) -> int:
    for line in said_of(pid, "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
