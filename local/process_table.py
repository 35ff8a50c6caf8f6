"""What runs on this machine: by /proc, since a small system has no `ps`, or else by that."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class Listed(NamedTuple):
    pid: int
    parent: int
    group: int


def listed() -> Iterator[Listed]:
    """All that run now."""
    if not has_proc():
        lines = ps("-axo", "pid=,ppid=,pgid=").splitlines()
        yield from (Listed(*map(int, line.split())) for line in lines)
        return
    for name in os.listdir(PROC):
        fields = stat(int(name)) if name.isdigit() else None
        if fields is not None:
            yield Listed(int(name), int(fields[1]), int(fields[2]))


def has_proc() -> bool:
    return (PROC / "self/stat").exists()


def stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None where it does not run."""
    try:
        text = (PROC / f"{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command stands in brackets and may hold anything; the fields after it are fixed.
    return text.rpartition(")")[2].split()


def command(pid: int) -> str:
    """What it was started with; empty where it does not run."""
    if not has_proc():
        return ps("-ww", "-o", "command=", "-p", str(pid)).strip()
    try:
        return (PROC / f"{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
