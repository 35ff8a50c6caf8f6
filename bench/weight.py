"""What each function weighs: the size of its package, the CPU of its import, and what it imports.

    python -m bench.weight [--rounds 7] [--build .local/build]

CPU times of fresh processes, interleaved so that a noisy machine hits all of them alike; compare
the ratios to a bare interpreter, do not quote the milliseconds. An import runs as on AWS: from the
artefact and what the runtime brings, and without bytecode beside the artefact, because a package
has none and cannot write any.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import managed

ROOT = Path(__file__).resolve().parents[1]
HANDLERS = ROOT / "src" / "handlers"
NAMES = sorted(path.stem for path in HANDLERS.glob("[a-z]*.py"))
HOT = ("announce", "deduplicate", "enrich", "fold", "notify", "post")
# None of these is worth its price in a function. boto3 is a second SDK over botocore.
HEAVY = ("pydantic", "aws_xray_sdk", "jsonschema", "requests", "lxml")
HEAVY_WHEN_HOT = ("boto3", "asyncio")
_SETTING = re.compile(r"""os\.environ\["(\w+)"\]""")

# The index key is read from AWS during the import; all else of an import is local.
_KEY_AT_HAND = """
import adapters.vault
adapters.vault.read_index_key = lambda client, arn: adapters.vault.IndexKey("v1", b"weight")
"""


@dataclass(frozen=True)
class Weight:
    """Bytes of the package without bytecode, CPU milliseconds of a process that imports it."""

    size: int
    own_size: int
    cpu_ms: float


def settings_of(name: str) -> dict[str, str]:
    """A value for every setting that the handler reads; numbers, because some are parsed."""
    read = _SETTING.findall((HANDLERS / f"{name}.py").read_text(encoding="utf-8"))
    return {setting: "90" for setting in read}


def import_of(name: str) -> str:
    """The code that imports the handler in a process without AWS."""
    stand_in = _KEY_AT_HAND if "INDEX_SECRET_ARN" in settings_of(name) else ""
    return f"{stand_in}import handlers.{name}"


def environment(name: str, *paths: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": name,
        **settings_of(name),
    }


def imported_by(name: str, path: Path = ROOT / "src") -> set[str]:
    """The modules of a fresh process that has imported the handler, as it is deployed."""
    told = "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", import_of(name) + told],
        env=environment(name, path),
        capture_output=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def heavy(name: str, modules: set[str]) -> list[str]:
    """Those that must not be there."""
    forbidden = HEAVY + (HEAVY_WHEN_HOT if name in HOT else ())
    return [module for module in forbidden if module in modules]


def cpu_of(code: str, env: Mapping[str, str]) -> float:
    """CPU milliseconds, of user and system, of a fresh process without site-packages."""
    interpreter = str(Path(sys.executable).resolve())
    process = subprocess.Popen([interpreter, "-S", "-c", code], env=env)  # noqa: S603
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"importing failed: {code}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in _shipped(folder))


def measure(build: Path, rounds: int) -> tuple[float, dict[str, Weight]]:
    """The CPU of a bare interpreter, and the weight of each function by its file's name."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        runtime = managed.folder_of(folder / "runtime")
        artefacts = {name: _copy(build / _logical(name), folder / name) for name in NAMES}
        bare: list[float] = []
        times: dict[str, list[float]] = {name: [] for name in NAMES}
        for _ in range(rounds):
            bare.append(cpu_of("pass", environment(NAMES[0])))
            for name, path in artefacts.items():
                times[name].append(cpu_of(import_of(name), environment(name, path, runtime)))
        weights = {
            name: Weight(
                size=size_of(path),
                own_size=sum(size_of(path / each) for each in ("handlers", "adapters", "domain")),
                cpu_ms=statistics.median(times[name]),
            )
            for name, path in artefacts.items()
        }
    return statistics.median(bare), weights


def show(bare: float, weights: Mapping[str, Weight]) -> Iterator[str]:
    yield f"{'function':<18}{'package':>10}{'own code':>10}{'import':>9}{'x bare':>8}  heavy"
    for name, weight in weights.items():
        found = ", ".join(heavy(name, imported_by(name))) or "-"
        hot = "*" if name in HOT else " "
        yield (
            f"{name + hot:<18}{weight.size / 1e6:>8.2f}MB{weight.own_size / 1e3:>8.0f}kB"
            f"{weight.cpu_ms:>7.0f}ms{weight.cpu_ms / bare:>8.1f}  {found}"
        )
    yield f"bare interpreter: {bare:.0f} ms; * on the way of every transaction"


def _logical(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_")) + "Function"


def _copy(artefact: Path, target: Path) -> Path:
    if not artefact.is_dir():
        sys.exit(f"{artefact} is missing: './posting up' or 'sam build' makes it")
    return Path(shutil.copytree(artefact, target, ignore=shutil.ignore_patterns("__pycache__")))


def _shipped(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def main() -> None:
    parser = argparse.ArgumentParser(description="Package size and import time of each function.")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--build", type=Path, default=ROOT / ".local" / "build")
    options = parser.parse_args()
    table = "\n".join(show(*measure(options.build, options.rounds)))
    sys.stdout.write(f"{table}\n")


if __name__ == "__main__":
    main()
