"""Functions: one handler file each, one role each, and the settings that the handler reads."""

import re
from typing import Any

import pytest

from tests.template.reading import ROOT, functions, named, of_type, written

FUNCTIONS = functions()
HANDLERS = ROOT / "src" / "handlers"
SETTING = re.compile(r"""os\.environ\[["'](\w+)["']\]""")


def handler_file(function: dict[str, Any]) -> str:
    return str(function["Handler"].split(".")[1])


def camel(file_name: str) -> str:
    return "".join(word.capitalize() for word in file_name.split("_"))


def test_every_handler_file_has_one_function_and_every_function_its_file() -> None:
    files = {path.stem for path in HANDLERS.glob("*.py")} - {"__init__"}

    assert sorted(handler_file(each) for each in FUNCTIONS.values()) == sorted(files)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_called_after_its_file(name: str) -> None:
    file_name = handler_file(FUNCTIONS[name])

    assert name == f"{camel(file_name)}Function"
    assert FUNCTIONS[name]["Handler"] == f"handlers.{file_name}.handler"
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == file_name.replace("_", "-")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_function_is_given_the_settings_that_its_handler_reads_and_no_others(name: str) -> None:
    read = set(SETTING.findall((HANDLERS / f"{handler_file(FUNCTIONS[name])}.py").read_text()))
    given = {
        setting
        for setting in FUNCTIONS[name]["Environment"]["Variables"]
        if not setting.startswith("POWERTOOLS_")
    }

    assert given == read


def test_functions_share_processor_runtime_tracing_and_one_log_group() -> None:
    shared = written()["Globals"]["Function"]

    assert shared["Runtime"] == "python3.13"
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert written()["Parameters"]["Architecture"]["Default"] == "arm64"
    assert shared["Tracing"] == "Active"
    assert shared["CodeUri"] == "src/"
    assert named(shared["LoggingConfig"]["LogGroup"]) == "FunctionLogs"
    own = {"Runtime", "Architectures", "Tracing", "CodeUri", "LoggingConfig"}
    assert not any(own & function.keys() for function in FUNCTIONS.values())


def test_no_function_logs_or_traces_what_it_is_given() -> None:
    variables = written()["Globals"]["Function"]["Environment"]["Variables"]

    assert variables["POWERTOOLS_LOGGER_LOG_EVENT"] == "false"
    assert variables["POWERTOOLS_TRACER_CAPTURE_RESPONSE"] == "false"
    assert variables["POWERTOOLS_TRACER_CAPTURE_ERROR"] == "false"


def test_every_function_has_a_role_of_its_own() -> None:
    roles = {name: named(function["Role"]) for name, function in FUNCTIONS.items()}

    assert roles == {name: f"{name.removesuffix('Function')}Role" for name in FUNCTIONS}


def test_the_caller_of_the_api_hears_from_us_before_the_api_gives_up() -> None:
    seconds = written()["Globals"]["Function"]["Timeout"]
    behind_the_api = [
        function.get("Timeout", seconds)
        for function in FUNCTIONS.values()
        if any(event["Type"] == "Api" for event in function.get("Events", {}).values())
    ]

    assert behind_the_api
    assert max(behind_the_api) < 29


def test_a_repair_on_schedule_that_fails_leaves_a_letter() -> None:
    for function in FUNCTIONS.values():
        for event in function.get("Events", {}).values():
            if event["Type"] != "ScheduleV2":
                continue
            assert named(event["Properties"]["DeadLetterConfig"]["Arn"]) == "ScheduleDeadLetters"
            failure = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert named(failure["Destination"]) == "ScheduleDeadLetters"


def test_logs_are_encrypted_and_do_not_lie_for_ever() -> None:
    groups = of_type("AWS::Logs::LogGroup")

    assert groups
    for group in groups.values():
        assert named(group["Properties"]["RetentionInDays"]) == "LogRetentionDays"
        assert named(group["Properties"]["KmsKeyId"]) == "DataKey"


def test_the_api_asks_for_signatures_and_logs_no_bodies() -> None:
    api = written()["Resources"]["Api"]["Properties"]

    assert api["Auth"]["DefaultAuthorizer"] == "AWS_IAM"
    assert api["TracingEnabled"] is True
    (settings,) = api["MethodSettings"]
    assert settings["DataTraceEnabled"] is False
    assert settings["LoggingLevel"] == "OFF"
