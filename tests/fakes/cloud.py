"""The deployed system's services in memory, under the names that its functions are given."""

import json
from datetime import UTC, datetime
from typing import Any

from adapters.items import from_item, to_item
from tests.fakes.dynamodb import MemoryDynamoDB, Table, nothing
from tests.fakes.services import (
    MemoryBuckets,
    MemoryBus,
    MemoryDelivery,
    MemoryKms,
    MemoryMappings,
    MemoryQueues,
    MemorySecrets,
    MemoryTopics,
    MemoryWorkflows,
)
from tests.fakes.streams import MemoryStreams

LETTERS = (
    "LANDING",
    "INBOX_PIPE",
    "BUS",
    "ENRICH",
    "RULES",
    "POST",
    "POST_BATCH",
    "LEG",
    "JOURNAL_PIPE",
    "FOLD",
    "NOTIFY",
    "CONSUMER",
    "SCHEDULE",
)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INDEX_SECRET = "made up for tests"
SETTINGS = {
    "INBOX_TABLE": "inbox",
    "CLAIMS_TABLE": "claims",
    "PARKED_TABLE": "parked",
    "REFERENCE_TABLE": "reference",
    "JOURNAL_TABLE": "journal",
    "BALANCES_TABLE": "balances",
    "PAYMENTS_TABLE": "payments",
    "ASSEMBLIES_TABLE": "assemblies",
    "VAULT_TABLE": "vault",
    "IDEMPOTENCY_TABLE": "idempotency",
    "BUS_NAME": "bus",
    "AUDIT_BUCKET": "audit",
    "POST_QUEUE_URL": "https://sqs.example/post",
    "POST_BATCH_QUEUE_URL": "https://sqs.example/post-batch.fifo",
    "LANDING_QUEUE_URL": "https://sqs.example/landing",
    "NOTIFY_QUEUE_URL": "https://sqs.example/notify",
    "LEG_QUEUE_URL": "https://sqs.example/leg",
    "NOTIFICATIONS_BUCKET": "notifications",
    "ENRICH_QUEUE_URL": "https://sqs.example/enrich",
    **{f"{name}_DEAD_LETTERS_URL": f"https://sqs.example/{name}" for name in LETTERS},
    "DRY_RULES_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:dry-rules",
    "DRY_RUN_FUNCTION": "dry-run",
    "APPLY_RULES_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:apply-rules",
    "RECONCILE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:reconcile",
    "AUDIT_STREAM_ARN": "arn:aws:firehose:eu-central-1:123456789012:deliverystream/audit",
    "POSTING_FAILURES_TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:failures",
    "SWEEP_FUNCTION": "sweep",
    "TIMERS_FUNCTION": "timers",
    "REPUBLISH_FUNCTION": "republish",
    "REBUILD_BALANCES_FUNCTION": "rebuild-balances",
    "CHECK_SEQUENCES_FUNCTION": "check-sequences",
    "VAULT_KEY_ARN": "arn:aws:kms:eu-central-1:123456789012:key/vault",
    "INDEX_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:index",
    "INBOX_RETENTION_DAYS": "90",
    "SWEEP_AGE_MINUTES": "15",
    "SEQUENCE_PATIENCE_MINUTES": "15",
    "POWERTOOLS_METRICS_NAMESPACE": "Posting",
    "FOLD_MAPPING_ID": "00000000-0000-0000-0000-000000000000",
    "FOLD_TIMEOUT_SECONDS": "0",
    "FILES_MAPPING_ID": "00000000-0000-0000-0000-00000000000f",
    "POSTING_MAPPING_ID": "00000000-0000-0000-0000-000000000009",
    "BATCH_POSTING_MAPPING_ID": "00000000-0000-0000-0000-00000000000b",
}


class Cloud:
    """One for all tests, because a handler makes its clients once; `reset` empties it."""

    def __init__(self) -> None:
        self.dynamodb = MemoryDynamoDB(
            {
                "inbox": Table(
                    "ingest_id",
                    indexes={"by-minute": ("received_minute", "ingest_id")},
                    keys_only={"by-minute"},
                ),
                "claims": Table("msg_id"),
                "parked": Table(
                    "ingest_id",
                    indexes={
                        "by-reason-day": ("reason_day", "ingest_id"),
                        "by-due": ("due_shard", "due_at"),
                    },
                    keys_only={"by-due"},
                ),
                "reference": Table("pk", "sk"),
                "journal": Table(
                    "pk",
                    "sk",
                    indexes={
                        "by-minute": ("booked_minute", "pk"),
                        "by-suspended-day": ("suspended_day", "pk"),
                    },
                    keys_only={"by-minute", "by-suspended-day"},
                ),
                "balances": Table("pk"),
                "payments": Table(
                    "pk", indexes={"by-due": ("due_shard", "due_at")}, keys_only={"by-due"}
                ),
                "assemblies": Table(
                    "pk",
                    "sk",
                    indexes={"by-state": ("state_shard", "pk")},
                    keys_only={"by-state"},
                ),
                "vault": Table("pk"),
                "idempotency": Table("id"),
            }
        )
        self.bus = MemoryBus()
        self.queues = MemoryQueues()
        self.kms = MemoryKms()
        self.buckets = MemoryBuckets()
        self.mappings = MemoryMappings()
        self.workflows = MemoryWorkflows()
        self.delivery = MemoryDelivery()
        self.topics = MemoryTopics()
        self.streams = MemoryStreams(self.dynamodb)
        secret = json.dumps({"version": "v1", "key": INDEX_SECRET})
        self.secrets = MemorySecrets({SETTINGS["INDEX_SECRET_ARN"]: secret})
        self.time = NOON

    def client(self, service: str) -> Any:
        return {
            "dynamodb": self.dynamodb,
            "events": self.bus,
            "sqs": self.queues,
            "kms": self.kms,
            "secretsmanager": self.secrets,
            "s3": self.buckets,
            "lambda": self.mappings,
            "stepfunctions": self.workflows,
            "firehose": self.delivery,
            "sns": self.topics,
            "dynamodbstreams": self.streams,
        }[service]

    def now(self) -> datetime:
        return self.time

    def reset(self) -> None:
        for table in self.dynamodb.tables.values():
            table.items.clear()
            table.stream.clear()
        self.dynamodb.before = self.dynamodb.after = nothing
        self.streams.trimmed = False
        for service in (
            *(self.bus, self.queues, self.kms, self.buckets, self.mappings),
            *(self.workflows, self.delivery, self.topics),
        ):
            service.reset()
        self.time = NOON

    # --- what a test puts in and looks at

    def put(self, table: str, **row: Any) -> None:
        self.dynamodb.put_item(TableName=table, Item=to_item(row))

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [from_item(item) for item in self.dynamodb.rows(table)]

    def row(self, table: str, **wanted: Any) -> dict[str, Any]:
        """The one row with these values."""
        (found,) = [row for row in self.rows(table) if wanted.items() <= row.items()]
        return found

    def stream(self, table: str) -> list[dict[str, Any]]:
        """The records on a table's stream since the start of the test."""
        return list(self.dynamodb.tables[table].stream)

    def inserts(self, table: str, **keys: str) -> list[dict[str, Any]]:
        """Those that the pipes and the fold see: INSERT, with this key."""
        return [
            record
            for record in self.stream(table)
            if record["eventName"] == "INSERT"
            and all(record["dynamodb"]["Keys"][name]["S"] == text for name, text in keys.items())
        ]
