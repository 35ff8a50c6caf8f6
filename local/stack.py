"""The stack on the engine: built and deployed by the real SAM CLI, only when something changed."""

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local import architecture, aws, folders, records
from local.endpoint import Endpoint
from local.errors import LocalError

CONFIG = "samconfig.toml"
CONFIG_ENV = "local"
TEMPLATE = "template.yaml"
STANDING = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
# A first deployment that failed leaves these; nothing can be deployed over them.
WRECKED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
PATH_IN_TEMPLATE = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
ERROR_LINE = re.compile(r"^\s*(Error:|.*\b(FAILED|Exception|error occurred)\b)", re.IGNORECASE)


def name() -> str:
    """The stack's name on the engine, from samconfig.toml."""
    return str(_settings("deploy").get("stack_name") or _settings("global").get("stack_name"))


def deploy(endpoint: Endpoint, progress: Callable[[str], None]) -> bool:
    """Build and deploy unless the very same sources stand there already; say whether it did."""
    digest = _digest(endpoint)
    record = folders.inside(folders.DEPLOYED_RECORD)
    status = _status(endpoint)
    if status in STANDING and records.read(record) == {"digest": digest}:
        return False
    record.unlink(missing_ok=True)
    folders.inside(folders.DEPLOY_LOG).unlink(missing_ok=True)
    if status in WRECKED:
        _delete(endpoint)
    progress("building the functions")
    with _building():
        _sam(endpoint, "build", _build_arguments())
    progress("deploying the stack")
    _sam(endpoint, "deploy", _deploy_arguments())
    records.write(record, {"digest": digest})
    return True


@contextlib.contextmanager
def _building() -> Iterator[None]:
    """Nobody else builds the same project: the SAM CLI keeps what it downloads beside the template,
    and clears away what another build has put there.
    """
    with (folders.PROJECT / TEMPLATE).open() as template:
        fcntl.flock(template, fcntl.LOCK_EX)
        yield


def _config() -> list[str]:
    return ["--config-file", str(folders.PROJECT / CONFIG), "--config-env", CONFIG_ENV]


def _build_arguments() -> list[str]:
    return [
        *("--template-file", str(folders.PROJECT / TEMPLATE)),
        *("--build-dir", str(folders.inside("build"))),
        *("--cached", "--cache-dir", str(folders.inside("build-cache"))),
        *("--parameter-overrides", *_overrides()),
    ]


def _deploy_arguments() -> list[str]:
    return [
        *("--template-file", str(folders.inside("build") / TEMPLATE)),
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
        "--no-progressbar",
        *("--parameter-overrides", *_overrides()),
    ]


def _overrides() -> list[str]:
    """The file's overrides, which the command line would otherwise replace, and the machine."""
    given = _settings("deploy").get("parameter_overrides", [])
    words = shlex.split(given) if isinstance(given, str) else [str(word) for word in given]
    return [*words, f"Architecture={architecture.of_this_machine()}"]


def _settings(command: str) -> dict[str, Any]:
    path = folders.PROJECT / CONFIG
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LocalError(f"{path.name} is missing: restore it with git") from None
    section: dict[str, Any] = config.get(CONFIG_ENV, {}).get(command, {}).get("parameters", {})
    return section


def _sam(endpoint: Endpoint, command: str, arguments: list[str]) -> None:
    log = folders.inside(folders.DEPLOY_LOG)
    with log.open("ab") as output:
        start = output.tell()
        code = subprocess.run(
            [str(_executable()), command, *_config(), *arguments],
            cwd=folders.PROJECT,
            env=_environment(endpoint),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    if code != 0:
        told = log.read_bytes()[start:].decode(errors="replace")
        raise LocalError(f"sam {command} failed: {_reason(told)} (whole log: {log})")


def _executable() -> Path:
    beside = Path(sys.executable).parent / "sam"
    found = str(beside) if beside.exists() else shutil.which("sam")
    if not found:
        raise LocalError("the SAM CLI is not installed: run 'make install'")
    return Path(found)


def _environment(endpoint: Endpoint) -> dict[str, str]:
    """Nothing of the caller's AWS account can reach the command, and the engine's address does."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    # The build looks for an interpreter of the functions' version on the path.
    path = os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", os.defpath)])
    return {
        **inherited,
        **endpoint.environment(),
        "PATH": path,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _reason(told: str) -> str:
    """The lines of the log that say what went wrong, else its last ones."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    telling = [line for line in lines if ERROR_LINE.match(line)]
    return " | ".join((telling or lines)[-3:]) or "it said nothing"


def _status(endpoint: Endpoint) -> str | None:
    try:
        found = aws.client(endpoint, "cloudformation").describe_stacks(
            StackName=endpoint.stack_name
        )
    except ClientError:
        return None
    return str(found["Stacks"][0]["StackStatus"])


def _delete(endpoint: Endpoint) -> None:
    cloudformation = aws.client(endpoint, "cloudformation")
    cloudformation.delete_stack(StackName=endpoint.stack_name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=endpoint.stack_name)


def _digest(endpoint: Endpoint) -> str:
    """A hash of everything that a deployment depends on, the engine's address included."""
    digest = hashlib.sha256(f"{endpoint.url} {_overrides()}".encode())
    for path in sorted(_sources()):
        digest.update(str(path.relative_to(folders.PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> set[Path]:
    template = folders.PROJECT / TEMPLATE
    named = set(PATH_IN_TEMPLATE.findall(template.read_text(encoding="utf-8")))
    roots = {template, folders.PROJECT / CONFIG} | {
        folders.PROJECT / path for path in named if (folders.PROJECT / path).exists()
    }
    return {file for root in roots for file in _files(root)}


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    elif root != folders.PROJECT and folders.PROJECT in root.parents:
        yield from (
            path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )
