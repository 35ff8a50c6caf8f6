"""The command line from outside: help, exit status, one line for every fault, never a traceback."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli import app, screen, system
from cli.errors import UserError
from cli.system import Choice, System
from local import Endpoint

PROJECT = Path(__file__).resolve().parents[2]
ENGINE = Endpoint("http://127.0.0.1:4600", "us-east-1", "posting", "test", "test", "000000000000")
COMMANDS = [
    "up",
    "down",
    "run",
    "reference",
    "submit",
    "status",
    "explain",
    "balance",
    "statement",
    "trial-balance",
    "parked",
    "redrive",
    "replay",
    "pause",
    "resume",
    "sweep",
    "timers",
    "republish",
    "rebuild-balances",
    "audit",
    "reconcile",
]


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.endpoint", lambda: None)
    monkeypatch.setattr("local.status", lambda: {"complaints": []})


@pytest.fixture
def engine_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.endpoint", lambda: ENGINE)


@pytest.fixture
def aws_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([command, "--help"]) == 0

    assert "Usage" in capsys.readouterr().out


def test_help_lists_every_command_and_says_which_system_is_talked_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["--help"]) == 0

    told = capsys.readouterr().out
    assert all(command in told for command in COMMANDS)
    assert "Which system?" in told


def test_a_wrong_command_line_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["trial-balance", "--nonsense"]) == 2

    assert "nonsense" in capsys.readouterr().err


def test_a_fault_is_one_line_and_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["reference", "load", "none.json"]) == 1

    assert capsys.readouterr().err.strip() == "posting: none.json: no such file"


@pytest.mark.usefixtures("nothing_runs")
def test_without_engine_and_account_the_way_to_both_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")

    assert app.run(["status"]) == 1

    assert "'./posting up' starts the local system" in capsys.readouterr().err


@pytest.mark.usefixtures("engine_runs", "aws_account")
def test_a_running_engine_is_talked_to_although_there_is_an_account() -> None:
    found = system.find(Choice())

    assert (found.is_local, found.url, found.stack) == (True, ENGINE.url, "posting")


@pytest.mark.usefixtures("engine_runs", "aws_account")
def test_aws_is_talked_to_when_asked_for() -> None:
    found = system.find(Choice(aws=True, stack="ledger"))

    assert (found.is_local, found.url, found.stack) == (False, None, "ledger")
    assert found.name == "AWS eu-west-1, stack ledger"


@pytest.mark.usefixtures("aws_account")
def test_a_dead_engine_never_leads_to_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.endpoint", lambda: None)
    monkeypatch.setattr("local.status", lambda: {"complaints": ["the engine has died"]})

    with pytest.raises(UserError, match="the engine has died"):
        system.find(Choice())


class Outputs:
    """CloudFormation with one stack."""

    def describe_stacks(self, StackName: str) -> dict[str, object]:  # noqa: N803 (the real name)
        return {"Stacks": [{"Outputs": [{"OutputKey": "ApiUrl", "OutputValue": "https://x"}]}]}


class Session:
    region_name = "us-east-1"

    def client(self, service: str, **_: object) -> Outputs:
        assert service == "cloudformation"
        return Outputs()


def test_an_output_that_is_missing_says_to_deploy_this_version() -> None:
    found = System(Session(), "posting", None, is_local=False)

    assert found.output("ApiUrl") == "https://x"
    with pytest.raises(UserError, match="has no output BusName"):
        found.output("BusName")


def test_the_launcher_names_the_remedy_when_nothing_is_installed(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "posting", tmp_path / "posting")

    done = subprocess.run(
        [str(tmp_path / "posting"), "status"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "run 'make install'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_package_starts_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(PROJECT / "cli" / "__main__.py"), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "rebuild-balances" in done.stdout


def test_json_goes_to_standard_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    screen.note("talking to somebody")
    screen.show_json({"a": 1})

    told = capsys.readouterr()
    assert json.loads(told.out) == {"a": 1}


def test_an_interruption_ends_cleanly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.endpoint", interrupted)

    assert app.run(["status"]) == 130

    assert "Traceback" not in capsys.readouterr().err
