"""The plan: what the simulated cloud routes by is what the template says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulation import template
from tests.simulation.plan import ENDLESS, MappingSpec, Plan
from tests.simulation.reading.delivery import every
from tests.simulation.reading.refusal import NotUnderstood
from tests.simulation.template_changes import Change, setting, without

PLAN = template.deployed()
SOURCES = Path(__file__).parents[2] / "src"


def mapping(plan: Plan, function: str) -> MappingSpec:
    (found,) = [each for each in plan.mappings if each.function == function]
    return found


def existing(plan: Plan) -> dict[str, set[str]]:
    """What a variable may hold, by the end of its name."""
    arns = {spec.arn for kind in (plan.secrets, plan.topics) for spec in kind.values()}
    arns |= {spec.arn for spec in plan.machines.values()} | set(plan.keys.values())
    arns |= {spec.arn for spec in plan.firehoses.values()}
    return {
        "_TABLE": set(plan.tables),
        "_URL": {queue.url for queue in plan.queues.values()},
        "_NAME": set(plan.buses) | {"post"},
        "_BUCKET": set(plan.buckets),
        "_ARN": arns,
        "_MAPPING_ID": {each.uuid for each in plan.mappings},
        "_FUNCTION": set(plan.functions),
    }


@pytest.mark.parametrize("name", PLAN.functions)
def test_the_environment_of_a_function_is_resolved_and_names_what_exists(name: str) -> None:
    environment = PLAN.functions[name].environment

    for variable, value in environment.items():
        assert "${" not in value
        for ending, names in existing(PLAN).items():
            if variable.endswith(ending) and not variable.startswith("POWERTOOLS_"):
                assert value in names, variable


@pytest.mark.parametrize("name", PLAN.functions)
def test_the_handler_of_a_function_is_a_file_of_ours(name: str) -> None:
    module, _, function = PLAN.functions[name].handler.rpartition(".")

    text = (SOURCES / f"{module.replace('.', '/')}.py").read_text()
    assert f"def {function}(" in text


def test_the_posting_queue_gives_up_after_ten_receptions_into_its_letters() -> None:
    queue = PLAN.queues[mapping(PLAN, "PostFunction").source_name]

    assert (queue.name, queue.max_receives, queue.letters) == ("PostQueue", 10, "PostDeadLetters")
    assert queue.visibility_seconds == 180


def test_a_queue_outlasts_its_function() -> None:
    for each in PLAN.mappings:
        if each.source == "queue":
            seconds = PLAN.functions[each.function].timeout_seconds
            assert PLAN.queues[each.source_name].visibility_seconds >= 6 * seconds


def test_the_fold_reads_the_headers_of_the_journal_once_each_and_in_order() -> None:
    fold = mapping(PLAN, "FoldFunction")

    assert (fold.source, fold.source_name) == ("stream", "JournalTable")
    assert fold.filters == ({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": ["H"]}}}},)
    assert (fold.parallelization, fold.bisect, fold.letters) == (1, True, "FoldDeadLetters")
    assert ENDLESS not in (fold.max_retries, fold.max_age_seconds)
    assert fold.uuid == PLAN.functions["RebuildBalancesFunction"].environment["FOLD_MAPPING_ID"]


def test_an_event_goes_from_table_to_bus_through_the_function_between() -> None:
    (inbox,) = [pipe for pipe in PLAN.pipes if pipe.source_table == "InboxTable"]

    assert (inbox.enrichment, inbox.target_bus) == ("DeduplicateFunction", "posting")
    assert (inbox.source, inbox.detail_type) == ("payments.ingest", "TransactionAuthorized")
    assert inbox.letters == "InboxPipeDeadLetters"


def test_a_rule_knows_its_bus_its_target_and_its_letters() -> None:
    rules = {rule.name: rule for rule in PLAN.rules}

    assert {rule.bus for rule in PLAN.rules} == {"default", "posting"}
    (enriched,) = rules["EnrichedRule"].targets
    assert (enriched.kind, enriched.name) == ("machine", "ApplyRulesStateMachine")
    assert (enriched.role, enriched.letters) == ("EnrichedRuleRole", "RulesDeadLetters")
    assert (enriched.max_age_seconds, enriched.max_attempts) == (86_400, 185)
    assert rules["DecidedRule"].targets[0].name == "PostQueue"


def test_every_target_of_a_rule_is_in_the_plan() -> None:
    kinds = {
        "queue": PLAN.queues,
        "machine": PLAN.machines,
        "function": PLAN.functions,
        "firehose": PLAN.firehoses,
        "topic": PLAN.topics,
        "bus": PLAN.buses,
    }

    assert PLAN.rules
    assert all(target.name in kinds[target.kind] for each in PLAN.rules for target in each.targets)


def test_the_repairs_run_by_themselves_and_leave_a_letter_when_they_cannot() -> None:
    runs = {each.target: each for each in PLAN.schedules}

    assert runs["SweepFunction"].every_seconds == 300
    assert runs["RebuildBalancesFunction"].every_seconds == 3600
    for each in runs.values():
        assert each.letters == "ScheduleDeadLetters"
    unwaited = PLAN.functions["SweepFunction"].asynchronous
    assert (unwaited.max_retries, unwaited.letters) == (1, "ScheduleDeadLetters")


@pytest.mark.parametrize("name", PLAN.machines)
def test_the_definition_of_a_machine_names_what_exists(name: str) -> None:
    machine = PLAN.machines[name]
    text = json.dumps(machine.definition)

    assert "${" not in text
    assert machine.definition["StartAt"] in machine.definition["States"]
    assert machine.role in PLAN.roles


def test_the_workflow_parks_into_the_table_and_tells_the_bus_that_are_deployed() -> None:
    text = json.dumps(PLAN.machines["ApplyRulesStateMachine"].definition)

    assert '"TableName": "ParkedTable"' in text
    assert '"EventBusName": "posting"' in text
    assert PLAN.queues["RulesDeadLetters"].url in text


def test_the_api_leads_to_its_functions() -> None:
    routes = {(route.method, route.path): route.function for route in PLAN.routes}

    assert routes["POST", "/v1/messages"] == "IngestFunction"
    assert routes["GET", "/v1/messages/{id}"] == "QueryFunction"


def test_a_table_knows_its_keys_its_indexes_and_its_stream() -> None:
    journal, vault = PLAN.tables["JournalTable"], PLAN.tables["VaultTable"]

    assert journal.key == ("pk", "sk")
    assert journal.indexes == {
        "by-minute": ("booked_minute", "pk"),
        "by-suspended-day": ("suspended_day", "pk"),
    }
    assert journal.keys_only == set(journal.indexes)
    assert journal.stream
    assert (vault.stream, vault.ttl) == (False, None)
    assert PLAN.tables["InboxTable"].ttl == "expires_at"


def test_things_stand_in_the_same_order_in_every_process() -> None:
    for specs in (PLAN.functions, PLAN.roles, PLAN.machines):
        assert list(specs) == sorted(specs)


def test_a_mapping_that_no_longer_reports_single_failures_says_so() -> None:
    plan = template.deployed(without("PostFunctionDecided", "FunctionResponseTypes"))

    assert mapping(PLAN, "PostFunction").partial_failures
    assert not mapping(plan, "PostFunction").partial_failures


def test_a_change_is_seen_in_its_own_plan_only() -> None:
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["PostDeadLetters", "Arn"]}}
    plan = template.deployed(
        setting("PostQueue", "RedrivePolicy", redrive | {"maxReceiveCount": 3})
    )

    assert plan.queues["PostQueue"].max_receives == 3
    assert template.deployed().queues["PostQueue"].max_receives == 10
    assert template.deployed(lambda expanded: None) == PLAN


def test_a_workflow_can_be_changed_too() -> None:
    def change(expanded: dict[str, Any]) -> None:
        machine = expanded["Resources"]["ApplyRulesStateMachine"]["Properties"]
        machine["Definition"]["TimeoutSeconds"] = 7

    assert template.deployed(change).machines["ApplyRulesStateMachine"].timeout_seconds == 7


def test_a_queue_says_whether_it_keeps_an_order() -> None:
    assert [name for name, queue in sorted(PLAN.queues.items()) if queue.fifo] == [
        "PostBatchDeadLetters",
        "PostBatchQueue",
    ]


REFUSED: list[tuple[Change, str]] = [
    (
        setting("PostBatchQueue", "ContentBasedDeduplication", True),
        "PostBatchQueue: the property ContentBasedDeduplication",
    ),
    (setting("PostBatchDeadLetters", "FifoQueue", False), "PostBatchDeadLetters is of another"),
    (setting("PostBatchQueue", "DeduplicationScope", "queue"), "DeduplicationScope 'queue'"),
    (setting("PostQueue", "KmsMasterKeyId", "alias/other"), "PostQueue: .*alias/other"),
    (setting("PostFunctionDecided", "TumblingWindowInSeconds", 5), "TumblingWindowInSeconds"),
    (setting("PostFunctionDecided", "FunctionResponseTypes", ["Other"]), "FunctionResponseTypes"),
    (setting("PostFunctionDecided", "EventSourceArn", "arn:aws:sqs:x"), "nothing that is deployed"),
    (setting("InboxPipe", "DesiredState", "STOPPED"), "InboxPipe: DesiredState 'STOPPED'"),
    (setting("DecidedRule", "RoleArn", "x"), "DecidedRule: the property RoleArn"),
    (setting("SweepFunctionOverdue", "ScheduleExpression", "at(noon)"), r"at\(noon\)"),
    (setting("PostFunction", "Role", {"Fn::Transform": {}}), r"PostFunction\..*Role: .*Transform"),
    (setting("ApplyRulesStateMachine", "DefinitionSubstitutions", {}), r"nothing is given for \$"),
    (without("PostFunction", "Handler"), "PostFunction: Handler is missing"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED, ids=[why for _, why in REFUSED])
def test_what_would_change_the_delivery_and_is_not_simulated_is_refused(
    change: Change, why: str
) -> None:
    with pytest.raises(NotUnderstood, match=why):
        template.deployed(change)


def test_an_unknown_kind_of_resource_is_refused() -> None:
    def change(expanded: dict[str, Any]) -> None:
        expanded["Resources"]["Stream"] = {"Type": "AWS::Kinesis::Stream"}

    with pytest.raises(NotUnderstood, match=r"Stream: the type AWS::Kinesis::Stream"):
        template.deployed(change)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(2 hours)", 7200),
        ("rate(1 day)", 86_400),
        ("cron(15 * * * ? *)", 3600),
        ("cron(0 3 * * ? *)", 86_400),
    ],
)
def test_a_schedule_is_read_as_seconds(expression: str, seconds: int) -> None:
    assert every(expression, "here") == seconds
