"""Processes by id, proof against an id that the system has given to another process since."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import process_table, records

POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Running:
    """A process of ours: its id and the moment it began, which together are unique."""

    pid: int
    born: str

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return self.born != "" and birth_of(self.pid) == self.born

    def stop(self, patience: float) -> None:
        """Ask it to end, wait that many seconds, then end it."""
        self._signal(signal.SIGTERM)
        if not self._ended(patience):
            self._signal(signal.SIGKILL)
            self._ended(patience)

    def end_group(self) -> None:
        """End what it left behind in its process group, once it is gone itself.

        The number of a group stays reserved while the group has members, so that a member of a
        group whose leader is gone belongs to that leader.
        """
        if birth_of(self.pid) == "":
            for member in _members(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _ended(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while self.alive():
            if time.monotonic() > deadline:
                return False
            _reap(self.pid)
            time.sleep(POLL_SECONDS)
        return True


def launch(command: list[str], environment: dict[str, str], log: Path) -> Running:
    """Start a process that outlives this one; its output goes to the end of the log.

    In a session of its own: Ctrl-C in the terminal must not reach it, it is stopped in order.
    """
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return of(pid)


def of(pid: int) -> Running:
    """The process that has this id now."""
    return Running(pid, birth_of(pid))


def recorded(path: Path) -> tuple[Running, dict[str, Any]] | None:
    """The process that a record names, with the record; None without one."""
    content = records.read(path)
    if not isinstance(content, dict):
        return None
    return Running(int(content["pid"]), str(content["born"])), content


def birth_of(pid: int) -> str:
    """When the process began, as the system words it; empty when it does not run."""
    if not process_table.has_proc():
        return _birth_by_ps(pid)
    fields = process_table.stat(pid)
    return "" if fields is None or fields[0] == "Z" else fields[19]


def _members(group: int) -> list[int]:
    return [
        each.pid for each in process_table.listed() if each.group == group and each.pid != group
    ]


def _birth_by_ps(pid: int) -> str:
    words = process_table.ps("-o", "stat=,lstart=", "-p", str(pid)).split()
    return "" if not words or words[0].startswith("Z") else " ".join(words[1:])


def _reap(pid: int) -> None:
    """Collect a child that ended, so that it does not stay as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
