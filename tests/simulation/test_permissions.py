"""Permissions of roles: what their statements say, unless somebody refuses it."""

from typing import Any

import pytest

from tests.simulation import template
from tests.simulation.permissions import Permissions
from tests.simulation.plan import Plan
from tests.simulation.reading.refusal import NotUnderstood
from tests.simulation.template_changes import with_policy, with_statement

PLAN = template.deployed()
HEADER = {"pk": {"S": "J#msg_1"}, "sk": {"S": "H"}}


def may(role: str, operation: str, call: dict[str, Any], plan: Plan = PLAN) -> bool:
    return Permissions(plan).refusal(role, operation, call) is None


def put(table: str, **item: Any) -> dict[str, Any]:
    return {"TableName": table, "Item": item}


def update(table: str, **key: Any) -> dict[str, Any]:
    return {"TableName": table, "Key": key, "UpdateExpression": "SET a = :a"}


def entries(*said: tuple[str, str]) -> dict[str, Any]:
    return {
        "Entries": [
            {"EventBusName": "posting", "Source": source, "DetailType": kind, "Detail": "{}"}
            for source, kind in said
        ]
    }


def test_posting_may_put_a_journal_item_and_may_not_change_or_delete_one() -> None:
    assert may("PostRole", "PutItem", put("JournalTable", **HEADER))
    assert not may("PostRole", "UpdateItem", update("JournalTable", **HEADER))
    assert not may("PostRole", "DeleteItem", {"TableName": "JournalTable", "Key": HEADER})


def test_a_refusal_names_the_action_and_the_resource() -> None:
    refused = Permissions(PLAN).refusal("PostRole", "UpdateItem", update("JournalTable", **HEADER))

    assert refused is not None
    assert refused.action == "dynamodb:UpdateItem"
    assert refused.resource == PLAN.tables["JournalTable"].arn


def test_a_transaction_asks_for_the_action_of_each_of_its_parts() -> None:
    call = {
        "TransactItems": [
            {"Put": put("JournalTable", **HEADER)},
            {"Update": update("BalancesTable", pk={"S": "B#1"})},
            {"ConditionCheck": {"TableName": "ParkedTable", "Key": {"ingest_id": {"S": "ing_1"}}}},
        ]
    }
    asked = [need.action for need in Permissions(PLAN).actions_for("TransactWriteItems", call)]

    assert [each for each in asked if each.startswith("dynamodb:")] == [
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "dynamodb:ConditionCheckItem",
    ]
    assert may("PostRole", "TransactWriteItems", call)
    call["TransactItems"][1] = {"Update": update("JournalTable", **HEADER)}
    assert not may("PostRole", "TransactWriteItems", call)


def test_a_right_on_an_index_is_no_right_on_its_table() -> None:
    by_minute = {
        "TableName": "JournalTable",
        "IndexName": "by-minute",
        "KeyConditionExpression": "booked_minute = :minute",
        "ExpressionAttributeValues": {":minute": {"S": "2026-11-20T12:00#1"}},
    }
    by_key = {
        "TableName": "JournalTable",
        "KeyConditionExpression": "#p = :p AND begins_with(sk, :s)",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": "J#msg_1"}, ":s": {"S": "H"}},
    }

    assert may("RepublishRole", "Query", by_minute)
    assert not may("RepublishRole", "Query", by_key)
    (need, *_) = Permissions(PLAN).actions_for("Query", by_key)
    assert need.context == {"dynamodb:LeadingKeys": ("J#msg_1",)}


def test_a_right_on_some_leading_keys_is_none_on_others() -> None:
    plan = with_statement(
        "QueryRole",
        {
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:BatchWriteItem"],
            "Resource": {"Fn::GetAtt": ["IdempotencyTable", "Arn"]},
            "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["mine#*"]}},
        },
    )
    permissions = Permissions(plan)

    def reads(key: str) -> bool:
        call = {"TableName": "IdempotencyTable", "Key": {"id": {"S": key}}}
        return permissions.refusal("QueryRole", "GetItem", call) is None

    def writes(*keys: str) -> bool:
        puts = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in keys]
        call = {"RequestItems": {"IdempotencyTable": puts}}
        return permissions.refusal("QueryRole", "BatchWriteItem", call) is None

    assert reads("mine#1")
    assert not reads("yours#1")
    assert writes("mine#1", "mine#2")
    assert not writes("mine#1", "yours#2")


def test_a_publisher_says_its_own_events_only_in_every_entry() -> None:
    own = ("payments.enrichment", "TransactionEnriched")

    assert may("EnrichRole", "PutEvents", entries(own, own))
    assert not may("EnrichRole", "PutEvents", entries(own, ("payments.rules", own[1])))
    assert not may("EnrichRole", "PutEvents", entries(("payments.enrichment", "Other")))


def test_a_card_number_is_encrypted_under_its_token_only_and_never_decrypted() -> None:
    call = {"KeyId": PLAN.keys["VaultKey"], "Plaintext": b"", "EncryptionContext": {"token": "t"}}

    assert may("IngestRole", "Encrypt", call)
    assert not may("IngestRole", "Encrypt", call | {"EncryptionContext": {"other": "t"}})
    assert not may("IngestRole", "Decrypt", call)
    assert may(
        "IngestRole", "GetItem", {"TableName": "IdempotencyTable", "Key": {"id": {"S": "1"}}}
    )


def test_one_version_of_an_object_is_another_right_than_the_object() -> None:
    call = {"Bucket": "LandingBucket", "Key": "batch.json"}

    asked = [Permissions(PLAN).actions_for("GetObject", call | more)[0] for more in ({}, _VERSION)]
    assert [need.action for need in asked] == ["s3:GetObject", "s3:GetObjectVersion"]
    assert may("IngestFileRole", "GetObject", call | _VERSION)
    assert not may("IngestFileRole", "PutObject", call)
    assert not may("IngestFileRole", "ListObjectsV2", {"Bucket": "LandingBucket"})


_VERSION = {"VersionId": "1"}


def test_a_role_may_stop_the_mapping_that_it_is_told_and_no_other() -> None:
    identity = PLAN.functions["RebuildBalancesFunction"].environment["FOLD_MAPPING_ID"]
    others = [each.uuid for each in PLAN.mappings if each.uuid != identity]

    assert may("RebuildBalancesRole", "UpdateEventSourceMapping", {"UUID": identity})
    assert others
    for other in others:
        assert not may("RebuildBalancesRole", "UpdateEventSourceMapping", {"UUID": other})


@pytest.mark.parametrize("name", PLAN.functions)
def test_the_runtime_may_write_the_logs_and_traces_of_a_function(name: str) -> None:
    spec = PLAN.functions[name]

    assert Permissions(PLAN).may_run(name)
    assert Permissions(PLAN).may_assume("lambda.amazonaws.com", spec.role, spec.arn)


def test_whoever_feeds_a_function_may_read_in_its_name() -> None:
    for each in PLAN.mappings:
        role = PLAN.functions[each.function].role
        if each.source == "queue":
            call = {"QueueUrl": PLAN.queues[each.source_name].url}
            wanted = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
        else:
            call = {"StreamArn": PLAN.tables[each.source_name].stream_arn or ""}
            wanted = ("DescribeStream", "GetShardIterator", "GetRecords")
        assert all(may(role, operation, call) for operation in wanted)


def test_a_queue_under_a_customers_key_needs_the_key_too() -> None:
    def change(expanded: dict[str, Any]) -> None:
        expanded["Resources"]["PostRole"]["Properties"]["ManagedPolicyArns"] = []

    refused = Permissions(template.deployed(change)).refusal(
        "PostRole", "ReceiveMessage", {"QueueUrl": PLAN.queues["PostQueue"].url}
    )
    assert refused is not None
    assert (refused.action, refused.resource) == ("kms:Decrypt", PLAN.keys["DataKey"])


def test_a_key_listens_to_roles_only_where_it_leaves_that_to_the_account() -> None:
    call = {"KeyId": PLAN.keys["VaultKey"], "EncryptionContext": {"token": "t"}}
    others = {"AWS": "arn:aws:iam::123456789012:role/Other"}
    plan = with_policy(
        "VaultKey",
        "KeyPolicy",
        {"Effect": "Allow", "Principal": others, "Action": "kms:*", "Resource": "*"},
    )

    assert may("IngestRole", "Encrypt", call)
    assert not may("IngestRole", "Encrypt", call, plan)


def test_a_refusal_wins_over_every_grant() -> None:
    plan = with_statement(
        "PostRole", {"Effect": "Deny", "Action": "dynamodb:Put*", "Resource": "*"}
    )

    assert not may("PostRole", "PutItem", put("JournalTable", **HEADER), plan)
    assert may("PostRole", "UpdateItem", update("BalancesTable", pk={"S": "B#1"}), plan)


def test_the_refusal_of_a_resource_wins_too() -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    plan = with_policy("PostQueuePolicy", "PolicyDocument", deny)
    call = {"QueueUrl": PLAN.queues["PostQueue"].url}

    assert may("PostRole", "ReceiveMessage", call)
    assert not may("PostRole", "ReceiveMessage", call, plan)


@pytest.mark.parametrize(
    ("statement", "scan", "delete"),
    [
        ({"Action": "dynamodb:*", "Resource": "*"}, True, True),
        ({"Action": "DYNAMODB:sc?n", "Resource": "*"}, True, False),
        ({"Action": "*", "Resource": "arn:aws:dynamodb:*:*:table/Vault*"}, False, False),
        ({"NotAction": "dynamodb:DeleteItem", "Resource": "*"}, True, False),
        ({"Action": "*", "NotResource": "arn:aws:dynamodb:*:*:table/Journal*"}, False, False),
    ],
    ids=str,
)
def test_stars_question_marks_and_exceptions_are_read_as_in_iam(
    statement: dict[str, Any], scan: bool, delete: bool
) -> None:
    plan = with_statement("PostRole", {"Effect": "Allow", **statement})

    assert may("PostRole", "Scan", {"TableName": "JournalTable"}, plan) is scan
    call = {"TableName": "JournalTable", "Key": HEADER}
    assert may("PostRole", "DeleteItem", call, plan) is delete


def test_an_unknown_condition_in_any_statement_is_refused_at_once() -> None:
    plan = with_statement(
        "PostRole",
        {
            "Effect": "Allow",
            "Action": "dynamodb:Scan",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestTag/owner": "me"}},
        },
    )

    with pytest.raises(NotUnderstood, match=r"PostRole\.more.*aws:RequestTag/owner"):
        Permissions(plan)


def test_a_call_that_nobody_knows_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="ExecuteStatement"):
        may("PostRole", "ExecuteStatement", {"Statement": "SELECT * FROM JournalTable"})
