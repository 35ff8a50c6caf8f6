"""Permissions: exact actions on exact resources, and every service by account and source."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.doors import API, DOORS, POSTING, door_key
from domain.events import BUS_EVENTS, Event
from tests.template.reading import (
    expanded,
    granted,
    holders,
    identity_statements,
    listed,
    named,
    of_type,
    statements,
    written,
)

ROLES = sorted(of_type("AWS::IAM::Role"))

# AWS knows no resource for these actions.
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
OBJECTS = ("${LandingBucket.Arn}/", "${AuditBucket.Arn}/", "${NotificationsBucket.Arn}/")
VAULT_USERS = {"IngestRole", "IngestFileRole", "LoadReferenceRole", "DryRunRole"}
EXACT = "ForAllValues:StringEquals"
LEADING = "dynamodb:LeadingKeys"
PUBLISHERS = {
    "InboxPipeRole": {"TransactionAuthorized"},
    "SweepRole": {"TransactionAuthorized"},
    # Requests that waited in vain.
    "TimersRole": {"TransactionAuthorized"},
    "ReleaseRole": {"TransactionAuthorized"},
    "EnrichRole": {"TransactionEnriched"},
    "ApplyRulesRole": {
        "TransactionPostingApproved",
        "TransactionPostingSuspended",
        "TransactionRejected",
    },
    "PostRole": {"TransactionRejected"},
    "PostBatchRole": {"TransactionRejected"},
    "JournalPipeRole": {"TransactionPosted"},
    "RepublishRole": {"TransactionPosted"},
    # The bus's letters are events of every producer.
    "RedriveRole": {event.detail_type() for event in BUS_EVENTS},
}


def resource_policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy that lets somebody in, by the id of what it guards."""
    for name, resource in expanded()["Resources"].items():
        found = resource.get("Properties", {})
        for document in ("KeyPolicy", "AssumeRolePolicyDocument"):
            if document in found:
                yield name, found[document]
        if resource["Type"] in {
            "AWS::SQS::QueuePolicy",
            "AWS::SNS::TopicPolicy",
            "AWS::S3::BucketPolicy",
        }:
            yield name, found["PolicyDocument"]


def service_grants() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, statement)
        for name, document in resource_policies()
        for statement in statements(document)
        if statement["Effect"] == "Allow" and "Service" in statement["Principal"]
        # A function's role is passed inside its account only, and Lambda documents no source key.
        if statement["Principal"]["Service"] != "lambda.amazonaws.com"
    ]


def test_sam_adds_no_role_and_no_policy_of_its_own() -> None:
    def ours(template: dict[str, Any]) -> set[str]:
        return {
            name
            for name, resource in template["Resources"].items()
            if resource["Type"].startswith("AWS::IAM::")
        }

    assert ours(expanded()) == ours(written())


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_granted_actions_by_their_full_names(role: str) -> None:
    assert not [action for action, _ in granted(role) if "*" in action]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_acts_on_everything_only_where_aws_knows_no_resource(role: str) -> None:
    everywhere = {action for action, resource in granted(role) if resource == "*"}

    assert everywhere <= WITHOUT_RESOURCE


@pytest.mark.parametrize("role", ROLES)
def test_a_partly_open_resource_is_objects_of_one_of_our_buckets(role: str) -> None:
    for holder, statement in identity_statements():
        for resource in listed(statement["Resource"]):
            text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
            if holder == role and "*" in text and text != "*":
                assert text.startswith(OBJECTS)


@pytest.mark.parametrize(("guarded", "statement"), service_grants())
def test_a_service_is_let_in_for_our_account_and_a_named_source_only(
    guarded: str, statement: dict[str, Any]
) -> None:
    keys = {key for condition in statement.get("Condition", {}).values() for key in condition}

    # Some services name the resource in their encryption context, and no source.
    by_context = {key for key in keys if key.startswith("kms:EncryptionContext:aws:")}
    by_source = {"aws:SourceAccount", "aws:SourceArn"}
    looking = statement["Action"] == "kms:DescribeKey"
    assert keys == by_source or (keys and keys == by_context) or looking


def test_nobody_changes_or_deletes_in_the_journal() -> None:
    verbs = {
        action for role in ROLES for action, resource in granted(role) if resource == "JournalTable"
    }

    assert verbs.isdisjoint(
        {"dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    )
    assert not [verb for verb in verbs if verb.startswith("dynamodb:PartiQL")]


def test_only_what_books_and_what_people_decide_write_to_the_journal() -> None:
    people = {"ReleaseRole", "SettleRole", "CorrectRole", "DisputeRole"}
    machines = {"PostRole", "PostBatchRole", "AssembleRole", "TimersRole"}

    assert holders("dynamodb:PutItem", "JournalTable") == machines | people


@pytest.mark.parametrize("role", ["AssembleRole", "TimersRole"])
def test_who_books_can_only_put_into_the_journal(role: str) -> None:
    assert {action for action, resource in granted(role) if resource == "JournalTable"} == {
        "dynamodb:PutItem"
    }


@pytest.mark.parametrize("role", ["PostRole", "PostBatchRole"])
def test_post_reads_and_puts_in_the_journal_and_changes_nothing(role: str) -> None:
    assert {action for action, resource in granted(role) if resource == "JournalTable"} == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:ConditionCheckItem",
    }


def test_sequences_are_changed_by_those_who_assemble_and_check_them_only() -> None:
    assert holders("dynamodb:PutItem", "AssembliesTable") == {"AssembleRole"}
    assert holders("dynamodb:UpdateItem", "AssembliesTable") == {
        "AssembleRole",
        "CheckSequencesRole",
    }


def test_notify_can_only_put_notifications_and_nobody_else_reaches_them() -> None:
    reached = {
        (role, action)
        for role in ROLES
        for action, resource in granted(role)
        if resource == "NotificationsBucket"
    }

    assert reached == {("NotifyRole", "s3:PutObject")}


def test_query_reads_and_changes_nothing() -> None:
    verbs = {action for action, resource in granted("QueryRole") if resource.endswith("Table")}

    read = {"GetItem", "BatchGetItem", "Query", "Scan"}
    assert verbs == {f"dynamodb:{each}" for each in read}
    assert not [action for action, _ in granted("QueryRole") if action.startswith("events:")]


def test_only_the_trial_balance_is_a_scan_of_query() -> None:
    assert [name for name in of_type("AWS::DynamoDB::Table") if _scans("QueryRole", name)] == [
        "BalancesTable"
    ]


def _scans(role: str, table: str) -> bool:
    return role in holders("dynamodb:Scan", table)


def test_rows_are_deleted_from_the_table_of_answers_only() -> None:
    deletions = {
        (role, resource)
        for role in ROLES
        for action, resource in granted(role)
        if action == "dynamodb:DeleteItem"
    }

    assert deletions == {("IngestRole", "IdempotencyTable")}


def test_only_those_who_tokenise_reach_the_vault() -> None:
    reached = {
        role
        for role in ROLES
        for _, resource in granted(role)
        if resource in {"VaultTable", "VaultKey", "IndexSecret", "IndexKey"}
    }

    assert reached == VAULT_USERS


def test_nobody_decrypts_a_card_number() -> None:
    for role, statement in identity_statements():
        if "VaultKey" in {named(each) for each in listed(statement["Resource"])}:
            actions = set(listed(statement["Action"]))
            through_the_table = "kms:ViaService" in str(statement.get("Condition"))
            assert actions == {"kms:Encrypt"} or through_the_table, role


def test_the_index_secret_is_readable_through_its_service_only() -> None:
    for _, statement in identity_statements():
        if "IndexKey" in {named(each) for each in listed(statement["Resource"])}:
            assert "secretsmanager." in str(
                statement["Condition"]["StringEquals"]["kms:ViaService"]
            )


def test_a_publisher_can_say_its_own_events_only() -> None:
    said: dict[str, set[str]] = {}
    sources = {event.detail_type(): event.source for event in Event.__subclasses__()}
    for role, statement in identity_statements():
        if "events:PutEvents" in listed(statement["Action"]):
            # AWS sends both keys with every entry; where none is sent there is nothing to compare.
            condition = statement["Condition"]["StringEqualsIfExists"]
            types = set(listed(condition["events:detail-type"]))
            assert {sources[each] for each in types} == {condition["events:source"]}
            said[role] = said.get(role, set()) | types

    assert said == PUBLISHERS


def test_letters_are_taken_by_redrive_only() -> None:
    letters = {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")}

    assert {holder for each in letters for holder in holders("sqs:ReceiveMessage", each)} == {
        "RedriveRole"
    }
    assert {each for each in letters if holders("sqs:DeleteMessage", each)} == letters


def test_only_those_who_watch_or_move_a_door_read_it_and_no_other_row_of_the_reference() -> None:
    read = {
        role: set(statement["Condition"][EXACT]["dynamodb:LeadingKeys"])
        for role, statement in identity_statements()
        if "dynamodb:LeadingKeys" in statement.get("Condition", {}).get(EXACT, {})
    }

    assert read["IngestRole"] == {door_key(API)}
    assert read["SweepRole"] == read["TimersRole"] == {door_key(POSTING)}
    assert read["DoorsRole"] == {door_key(each) for each in DOORS}


def test_those_who_let_a_request_wait_read_the_rules_and_no_other_row_of_the_reference() -> None:
    read = {
        (role, action, tuple(statement["Condition"]["ForAllValues:StringLike"][LEADING]))
        for role, statement in identity_statements()
        if LEADING in statement.get("Condition", {}).get("ForAllValues:StringLike", {})
        for action in listed(statement["Action"])
        if role not in {"LoadReferenceRole", "QueryRole"}
    }

    assert read == {
        (role, f"dynamodb:{action}", ("RULES*",))
        for role in ("DeduplicateRole", "SweepRole", "RedriveRole")
        for action in ("GetItem", "BatchGetItem")
    }


def test_a_pair_is_entered_by_those_who_admit_records_and_by_timers() -> None:
    assert holders("dynamodb:UpdateItem", "ClaimsTable") == {
        *("DeduplicateRole", "SweepRole", "RedriveRole", "TimersRole"),
        # The owner of a claim moves.
        "ReleaseRole",
    }


def test_timers_do_not_claim_and_do_not_park() -> None:
    assert ("dynamodb:PutItem", "ClaimsTable") not in granted("TimersRole")
    assert ("dynamodb:PutItem", "ParkedTable") not in granted("TimersRole")


def test_every_customer_key_rotates() -> None:
    keys = of_type("AWS::KMS::Key")

    assert keys.keys() == {"VaultKey", "IndexKey", "LandingKey", "DataKey", "LettersKey"}
    assert all(key["Properties"]["EnableKeyRotation"] for key in keys.values())
