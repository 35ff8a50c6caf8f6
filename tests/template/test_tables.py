"""Tables and buckets: what is stored survives mistakes, and lies under the key of its zone."""

from typing import Any

import pytest

from tests.template.reading import of_type, properties

TABLES = of_type("AWS::DynamoDB::Table")
STORES = TABLES | of_type("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
BUCKETS = sorted(of_type("AWS::S3::Bucket"))


def test_there_are_the_ten_tables_of_the_design() -> None:
    assert {name.removesuffix("Table") for name in TABLES} == {
        "Inbox",
        "Claims",
        "Parked",
        "Reference",
        "Journal",
        "Balances",
        "Payments",
        "Assemblies",
        "Vault",
        "Idempotency",
    }


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_is_restorable_encrypted_paid_by_use_and_hard_to_delete(table: str) -> None:
    found = properties(table)

    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert found["SSESpecification"]["SSEType"] == "KMS"
    assert found["DeletionProtectionEnabled"] == {"Fn::If": ["TablesProtected", True, False]}


@pytest.mark.parametrize("store", sorted(STORES))
def test_what_holds_data_or_keys_outlives_its_stack(store: str) -> None:
    assert STORES[store]["DeletionPolicy"] == "Retain"
    assert STORES[store]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize(
    ("table", "key"),
    [(name, "VaultKey" if name == "VaultTable" else "DataKey") for name in sorted(TABLES)],
)
def test_a_table_lies_under_the_key_of_its_trust_zone(table: str, key: str) -> None:
    assert properties(table)["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}


def test_only_received_records_and_answers_expire() -> None:
    expiring = {
        name: table["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        for name, table in TABLES.items()
        if "TimeToLiveSpecification" in table["Properties"]
    }

    assert expiring == {"InboxTable": "expires_at", "IdempotencyTable": "expiration"}


def test_only_inbox_and_journal_have_a_stream_and_it_shows_new_images() -> None:
    streams = {
        name: table["Properties"]["StreamSpecification"]["StreamViewType"]
        for name, table in TABLES.items()
        if "StreamSpecification" in table["Properties"]
    }

    assert streams == {"InboxTable": "NEW_IMAGE", "JournalTable": "NEW_IMAGE"}


def test_the_journal_stream_has_two_readers_and_no_third() -> None:
    readers = [
        name
        for name, resource in of_type("AWS::Pipes::Pipe", "AWS::Lambda::EventSourceMapping").items()
        if _source(resource["Properties"]) == {"Fn::GetAtt": ["JournalTable", "StreamArn"]}
    ]

    assert sorted(readers) == ["FoldFunctionJournal", "JournalPipe"]


def _source(found: dict[str, Any]) -> Any:
    return found.get("Source") or found.get("EventSourceArn")


def test_indexes_are_those_that_repairs_and_operators_walk() -> None:
    indexes = {
        name: {
            index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in table["Properties"]["GlobalSecondaryIndexes"]
        }
        for name, table in TABLES.items()
        if "GlobalSecondaryIndexes" in table["Properties"]
    }

    assert indexes == {
        "InboxTable": {"by-minute": ["received_minute", "ingest_id"]},
        "ParkedTable": {
            "by-reason-day": ["reason_day", "ingest_id"],
            "by-due": ["due_shard", "due_at"],
        },
        "JournalTable": {
            "by-minute": ["booked_minute", "pk"],
            "by-suspended-day": ["suspended_day", "pk"],
        },
        "PaymentsTable": {"by-due": ["due_shard", "due_at"]},
        "AssembliesTable": {"by-state": ["state_shard", "pk"]},
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_versioned_and_encrypted(bucket: str) -> None:
    found = properties(bucket)

    assert all(found["PublicAccessBlockConfiguration"].values())
    assert len(found["PublicAccessBlockConfiguration"]) == 4
    assert found["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = found["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_refuses_plain_text(bucket: str) -> None:
    document = properties(f"{bucket}Policy")["PolicyDocument"]

    assert document["Statement"][0]["Effect"] == "Deny"
    assert document["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_batch_files_have_their_own_key_and_a_short_life() -> None:
    landing = properties("LandingBucket")

    (rule,) = landing["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    key = rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert key == {"Fn::GetAtt": ["LandingKey", "Arn"]}
    (life,) = landing["LifecycleConfiguration"]["Rules"]
    assert life["ExpirationInDays"] <= 7
    assert life["NoncurrentVersionExpiration"]["NoncurrentDays"] <= 7


def test_notifications_expire_and_none_is_overwritten_unnoticed() -> None:
    (life,) = properties("NotificationsBucket")["LifecycleConfiguration"]["Rules"]

    assert life["ExpirationInDays"] == 90
    assert properties("NotificationsBucket")["VersioningConfiguration"] == {"Status": "Enabled"}
