"""The template as a whole: few parameters, one switch, valid for every tool that reads it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.template.reading import ROOT, TEMPLATE, expanded, listed, of_type, written

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "HOME": os.environ["HOME"],
    "AWS_DEFAULT_REGION": "eu-central-1",
    "SAM_CLI_TELEMETRY": "0",
}
# What a core endpoint lacks, or what needs a TLS listener; everything else is deployed everywhere.
AWS_ONLY = {
    "Archive",
    "Trail",
    "LandingBucketPolicy",
    "AuditBucketPolicy",
    "NotificationsBucketPolicy",
}
OUTPUTS = {
    "ApiUrl",
    "ApiKeyId",
    "BusName",
    "BusArn",
    "ArchiveArn",
    "AuthorizedRuleArn",
    "EnrichedRuleArn",
    "DecidedRuleArn",
    "LandingBucketName",
    "AuditBucketName",
    "NotificationsBucketName",
    "PostQueueUrl",
    "PostBatchQueueUrl",
    "BatchPostingMappingId",
    "NotifyQueueUrl",
    "LegQueueUrl",
    "EnrichQueueUrl",
    "LandingQueueUrl",
    "DeadLetterQueueUrls",
    "RedriveFunctionName",
    "DoorsFunctionName",
    "FilesMappingId",
    "PostingMappingId",
    "ReleaseFunctionName",
    "SettleFunctionName",
    "CorrectFunctionName",
    "DisputeFunctionName",
    "AccountFunctionName",
    "SweepFunctionName",
    "TimersFunctionName",
    "RepublishFunctionName",
    "RebuildBalancesFunctionName",
    "CheckSequencesFunctionName",
    "DryRunFunctionName",
    "LoadReferenceFunctionName",
    "ApplyRulesStateMachineArn",
    "ReconcileStateMachineArn",
    "InboxPipeName",
    "JournalPipeName",
    "AlarmTopicArn",
}


def run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_at_most_eight_parameters_and_each_says_what_it_is_for() -> None:
    parameters = written()["Parameters"]

    assert len(parameters) <= 8
    assert all("Description" in each and "Default" in each for each in parameters.values())


def test_one_switch_leaves_out_what_only_aws_has() -> None:
    switched = {
        name
        for name, resource in written()["Resources"].items()
        if resource.get("Condition") == "AllResourceTypes"
    }

    assert written()["Parameters"]["ResourceTypes"]["Default"] == "all"
    assert switched == AWS_ONLY


def test_the_outputs_are_those_that_the_command_line_reads() -> None:
    tables = {f"{name}Name" for name in of_type("AWS::DynamoDB::Table")}

    assert written()["Outputs"].keys() == OUTPUTS | tables


def test_every_alarm_calls_somebody_and_says_what_happened() -> None:
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["Properties"]["AlarmDescription"], name


@pytest.mark.parametrize(
    "metric",
    [
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "IteratorAge",
        "ExecutionFailed",
        "PutEventsFailedEntriesCount",
        "InvocationsFailedToBeSentToDlq",
        "5XXError",
        "ErrorLines",
        "Repairs",
        "ReconciliationBreaks",
        "SequencesIncomplete",
        "SequencesParked",
        "DeliveryToS3.DataFreshness",
    ],
)
def test_a_symptom_that_needs_a_person_rings(metric: str) -> None:
    watched = {
        each["Properties"]["MetricName"] for each in of_type("AWS::CloudWatch::Alarm").values()
    }

    assert metric in watched


def test_every_section_says_what_it_is_for() -> None:
    lines = TEMPLATE.read_text().splitlines()
    rulers = [index for index, line in enumerate(lines) if line.strip().startswith("# -----")]

    for above, below in zip(rulers[::2], rulers[1::2], strict=True):
        assert below == above + 2
        assert lines[above + 1].rstrip().endswith(".")


def test_the_trail_watches_functions_workflow_vault_and_batch_files() -> None:
    selectors = written()["Resources"]["Trail"]["Properties"]["AdvancedEventSelectors"]
    watched = {
        value
        for selector in selectors
        for field in selector["FieldSelectors"]
        if field["Field"] == "resources.type"
        for value in listed(field["Equals"])
    }

    assert watched == {
        "AWS::DynamoDB::Table",
        "AWS::S3::Object",
        "AWS::Lambda::Function",
        "AWS::StepFunctions::StateMachine",
    }


def test_sam_accepts_the_template() -> None:
    run("sam", "validate", "--template", str(TEMPLATE))


def test_sam_lints_the_template() -> None:
    run("sam", "validate", "--lint", "--template", str(TEMPLATE))


def test_cfn_lint_accepts_the_template_as_expanded(tmp_path: Path) -> None:
    # As written it is linted by `sam validate --lint`, and by `make check` before any test.
    # Only here a wrong value inside a function's event is seen, such as a misspelt response type.
    path = tmp_path / "expanded.json"
    path.write_text(json.dumps(expanded()))

    # W3005: the expansion of the usage plan names dependencies that its references imply.
    run("cfn-lint", "--ignore-checks", "W3005", "--", str(path))
