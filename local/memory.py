"""How much memory the local system takes, and the most it took."""

import time
from collections.abc import Iterable

from local import folders, process_table, records

SMAPS_LINE = "Pss:"


def family(root: int) -> set[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for each in process_table.listed():
        children.setdefault(each.parent, []).append(each.pid)
    found, unseen = {root}, [root]
    while unseen:
        for child in children.get(unseen.pop(), []):
            found.add(child)
            unseen.append(child)
    return found


def kilobytes(pids: Iterable[int]) -> int:
    """What the processes take together; shared pages count once where the system tells."""
    return sum(_of(pid) for pid in pids)


def note(roots: Iterable[int]) -> None:
    """Sample once, and keep the record of the highest sum."""
    pids = {pid for root in roots for pid in family(root)}
    total = kilobytes(pids) // 1024
    path = folders.inside(folders.MEMORY_RECORD)
    known = records.read(path) or {}
    peak = known.get("peak_mb", 0)
    new: dict[str, float] = {"now_mb": total, "now_processes": len(pids)}
    if total >= peak:
        new |= {"peak_mb": total, "peak_processes": len(pids), "peak_at": time.time()}
    records.write(path, known | new)


def _of(pid: int) -> int:
    try:
        rollup = process_table.PROC / f"{pid}/smaps_rollup"
        lines = rollup.read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0 if process_table.has_proc() else _resident_by_ps(pid)
    return next((int(line.split()[1]) for line in lines if line.startswith(SMAPS_LINE)), 0)


def _resident_by_ps(pid: int) -> int:
    return int(process_table.ps("-o", "rss=", "-p", str(pid)).strip() or 0)
