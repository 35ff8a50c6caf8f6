"""How much memory the local system takes, and the most it took."""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from local import folders, records

SMAPS_LINE = "Pss:"


def family(root: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found, unseen = {root}, [root]
    while unseen:
        for child in children.get(unseen.pop(), []):
            found.add(child)
            unseen.append(child)
    return found


def kilobytes(processes: Iterable[int]) -> int:
    """What the processes take together; shared pages count once where the system tells."""
    return sum(_of(pid) for pid in processes)


def note(roots: Iterable[int]) -> None:
    """Sample once, and keep the record of the highest sum."""
    processes = {pid for root in roots for pid in family(root)}
    total = kilobytes(processes) // 1024
    path = folders.inside(folders.MEMORY_RECORD)
    known = records.read(path) or {}
    peak = known.get("peak_mb", 0)
    new: dict[str, float] = {"now_mb": total, "now_processes": len(processes)}
    if total >= peak:
        new |= {"peak_mb": total, "peak_processes": len(processes), "peak_at": time.time()}
    records.write(path, known | new)


def _of(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0 if Path("/proc/self").exists() else _resident_by_ps(pid)
    return next((int(line.split()[1]) for line in lines if line.startswith(SMAPS_LINE)), 0)


def _parents() -> dict[int, int]:
    if not Path("/proc/self").exists():
        return _parents_by_ps()
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            found[int(name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def _parents_by_ps() -> dict[int, int]:
    lines = _ps("-axo", "pid=,ppid=").splitlines()
    return {int(pid): int(parent) for pid, parent in (line.split() for line in lines)}


def _resident_by_ps(pid: int) -> int:
    return int(_ps("-o", "rss=", "-p", str(pid)).strip() or 0)


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
