"""The mends of the engine, looked at from the engine's own interpreter."""

import json
import os
import pkgutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import engine

HERE = Path(__file__).parent
LOCAL = HERE.parents[1] / "local"
# An engine that has another function where a mend expects the engine's own.
OTHER_ENGINE = """
from ministack.services import stepfunctions
def _add_event(execution, event_type, details=None):
    return None
stepfunctions._add_event = _add_event
import mends.served
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The engine's interpreter, with what its process finds beside its own packages."""
    return subprocess.run(
        [str(engine.executables() / "python"), *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(LOCAL), "PERSIST_STATE": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told_by(script: str) -> dict[str, Any]:
    """What a script beside this file prints in its last line."""
    ended = run(str(HERE / script))
    assert ended.returncode == 0, ended.stderr[-2000:]
    return dict(json.loads(ended.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def compared() -> dict[str, Any]:
    return told_by("mends_compared.py")


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    return told_by("mends_alone.py")


@pytest.mark.parametrize(
    "subject", ["expressions", "conditions", "workflows", "callers", "policies"]
)
def test_the_engine_answers_as_it_did_without_mends(compared: dict[str, Any], subject: str) -> None:
    before, after = compared[subject]

    assert len(before) > 3
    assert after == before


def test_what_is_compared_succeeds_and_fails(compared: dict[str, Any]) -> None:
    ends = {status for _, status, *_ in compared["workflows"][1]}
    faults = [one for one in compared["expressions"][1] if isinstance(one, list)]

    assert ends == {"SUCCEEDED", "FAILED"}
    assert 0 < len(faults) < len(compared["expressions"][1])


def test_an_engine_with_other_code_does_not_start() -> None:
    ended = run("-c", OTHER_ENGINE)

    assert ended.returncode != 0
    assert "_add_event is not the code that local/mends was written for" in ended.stderr


def test_an_express_workflow_leaves_no_history_and_tells_no_bus(alone: dict[str, Any]) -> None:
    assert alone["express"]["events"]["EXPRESS"] == ["ExecutionStarted"]
    assert alone["express"]["events"]["STANDARD"][-1] == "ExecutionSucceeded"
    assert set(alone["express"]["told"]) == {"STANDARD"}


def test_a_rule_reaches_a_delivery_stream_as_far_as_its_role_may(alone: dict[str, Any]) -> None:
    assert alone["denied"] == []
    (written,) = alone["allowed"]
    # What was refused before has waited.
    details = [json.loads(line)["detail"] for line in written.splitlines()]
    assert details == [{"n": 1}, {"n": 2}, {"n": 1}, {"n": 2}]


def test_a_record_of_a_trail_holds_as_many_events_as_fit_and_one_at_least(
    alone: dict[str, Any],
) -> None:
    assert alone["pieces"] == [3, 2, 1]


def test_a_stream_mapping_rests_for_its_window_unless_a_full_batch_waits(
    alone: dict[str, Any],
) -> None:
    assert alone["rest after a part of a batch"] == 5
    assert alone["rest before a full batch"] == 0


def test_a_replay_reaches_the_rules_that_it_names_and_all_when_it_names_none(
    alone: dict[str, Any],
) -> None:
    assert alone["replayed"] == ["wanted", "other", "wanted"]
    assert alone["replayed to all"] == ["wanted", "other"] * 2


def test_the_engine_reads_no_pipe_that_the_companion_carries(alone: dict[str, Any]) -> None:
    assert alone["polled"] == ["states", "sns"]


def test_no_module_of_the_local_system_hides_one_of_the_engines() -> None:
    ours = {module.name for module in pkgutil.iter_modules([str(LOCAL)])}
    asked = "import pkgutil, sys; print(*(m.name for m in pkgutil.iter_modules(sys.path)))"
    bare = subprocess.run(
        [str(engine.executables() / "python"), "-I", "-c", asked],
        capture_output=True,
        text=True,
        check=True,
    )

    assert ours & set(bare.stdout.split()) == set()
