import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import memory, process_table, records, running

SLEEPER = "import time; print(1, flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
# Starts a child, waits until it runs, and says its number.
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


def start(code: str) -> tuple[subprocess.Popen[str], int]:
    """A process in a group of its own, and the number that it prints first."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    with process.stdout:
        return process, int(process.stdout.readline())


@pytest.mark.parametrize("code", [SLEEPER, DEAF])
def test_a_process_is_stopped_even_when_it_does_not_listen(code: str) -> None:
    process, _ = start(code)
    found = running.of(process.pid)
    assert found.alive()

    found.stop(patience=0.5)

    assert not found.alive()
    process.wait()


def test_another_process_under_the_same_number_is_left_alone() -> None:
    process, _ = start(SLEEPER)
    earlier = running.Running(process.pid, born="long ago")

    earlier.stop(patience=0.1)
    earlier.end_group()

    assert running.of(process.pid).alive()
    running.of(process.pid).stop(patience=5)
    process.wait()


# What `ps -o` tells of all processes, or of one, where this machine has no `ps` itself.
PS = f"""#!{sys.executable}
import os, sys
from pathlib import Path
wanted = sys.argv[sys.argv.index(next(each for each in sys.argv if each.endswith("o"))) + 1]
only = sys.argv[sys.argv.index("-p") + 1] if "-p" in sys.argv else None
for pid in filter(str.isdigit, os.listdir("/proc")):
    if only not in {{None, pid}} or not Path("/proc", pid, "stat").exists():
        continue
    stat = Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()
    rss = Path("/proc", pid, "statm").read_text().split()[1]
    told = {{"pid": pid, "ppid": stat[1], "pgid": stat[2], "stat": stat[0]}}
    told |= {{"lstart": stat[19], "rss": str(int(rss) * 4)}}
    print(*(told[name.rstrip("=")] for name in wanted.split(",")))
"""


@pytest.fixture(params=["no ps", "no /proc"])
def bare(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A small Linux has no `ps`, and other systems no /proc."""
    if request.param == "no ps":
        monkeypatch.setenv("PATH", "")
        return
    monkeypatch.setattr(process_table, "PROC", Path("/proc/without"))
    if shutil.which("ps") is None:
        (tmp_path / "ps").write_text(PS)
        (tmp_path / "ps").chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("bare")
def test_what_a_killed_process_left_behind_is_ended() -> None:
    process, child = start(PARENT)
    found = running.of(process.pid)
    process.kill()
    process.wait()
    assert running.birth_of(child)

    found.end_group()

    running.Running(child, running.birth_of(child)).stop(patience=5)
    assert not running.birth_of(child)


def test_a_record_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    assert records.read(path) is None

    records.write(path, {"a": 1})
    with pytest.raises(TypeError):
        records.write(path, {"a": object()})

    assert records.read(path) == {"a": 1}
    assert [file.name for file in path.parent.iterdir()] == ["record.json"]
    path.write_text("{half")
    assert records.read(path) is None


@pytest.mark.usefixtures("bare")
def test_the_memory_of_a_process_and_its_children_is_summed() -> None:
    process, child = start(PARENT)

    family = memory.family(process.pid)

    assert family == {process.pid, child}
    assert memory.kilobytes(family) > memory.kilobytes({child}) > 1000
    running.of(process.pid).stop(patience=5)
    running.of(child).stop(patience=5)
    process.wait()
