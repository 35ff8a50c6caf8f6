"""Tables, a bus, queues and buckets beside the deployed ones, for functions that are run by hand:
what they write reaches no deployed function, and no audit of what those did.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any

from adapters.items import from_item, to_item
from cli.system import System
from local import Endpoint, aws

TABLES = (
    "Inbox",
    "Claims",
    "Parked",
    "Reference",
    "Journal",
    "Balances",
    "Assemblies",
    "Payments",
    "Vault",
    "Idempotency",
)


def physical_names(system: System) -> dict[str, str]:
    """What stands in the stack, by logical id."""
    pages = system.client("cloudformation").get_paginator("list_stack_resources")
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages.paginate(StackName=system.stack)
        for each in page["StackResourceSummaries"]
    }


class OwnServices:
    def __init__(self, endpoint: Endpoint, deployed: Mapping[str, str]) -> None:
        """`deployed`: physical names by logical id; keys and indexes of its tables are copied."""
        self._endpoint = endpoint
        self._name = f"own-{uuid.uuid4().hex[:8]}"
        self.dynamodb = self.client("dynamodb")
        self.tables = {kind: self._copy(deployed[f"{kind}Table"]) for kind in TABLES}
        self.bus = self._name
        self.client("events").create_event_bus(Name=self.bus)
        self.heard, self.post, self.landing = map(self._queue, ("heard", "post", "landing"))
        self.notify, self.legs = self._queue("notify"), self._queue("legs")
        self._listen()
        self.files, self.audit = map(self._bucket, ("files", "audit"))
        self.notifications = self._bucket("notifications")

    def client(self, service: str) -> Any:
        return aws.client(self._endpoint, service)

    def settings(self, deployed: Mapping[str, str]) -> dict[str, str]:
        """A function's deployed settings, with these names instead of the deployed ones."""
        ours = {f"{kind.upper()}_TABLE": name for kind, name in self.tables.items()} | {
            "BUS_NAME": self.bus,
            "AUDIT_BUCKET": self.audit,
            "NOTIFICATIONS_BUCKET": self.notifications,
            "NOTIFY_QUEUE_URL": self.notify,
            "LEG_QUEUE_URL": self.legs,
            "POST_QUEUE_URL": self.post,
            "LANDING_QUEUE_URL": self.landing,
        }
        own = {name: ours.get(name, value) for name, value in deployed.items()}
        return own | self._endpoint.environment()

    def put(self, kind: str, row: Mapping[str, Any]) -> None:
        self.dynamodb.put_item(TableName=self.tables[kind], Item=to_item(row))

    def rows(self, kind: str) -> list[dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.tables[kind])
        return [from_item(item) for page in pages for item in page["Items"]]

    def received(self, url: str) -> list[str]:
        """The bodies that wait in a queue, taken out of it."""
        sqs, bodies = self.client("sqs"), []
        while messages := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def know_card(self, secret_arn: str, card_number: str, token: str) -> None:
        """The vault has this token for the card, as if it had drawn it."""
        answer = self.client("secretsmanager").get_secret_value(SecretId=secret_arn)
        secret = json.loads(answer["SecretString"])
        digest = hmac.new(secret["key"].encode(), card_number.encode(), hashlib.sha256).hexdigest()
        entry = {"token": token, "last4": card_number[-4:], "key_version": secret["version"]}
        self.put("Vault", {"pk": f"H#{secret['version']}#{digest}", **entry})

    def land(self, key: str, content: bytes) -> str:
        """The version id."""
        answer = self.client("s3").put_object(Bucket=self.files, Key=key, Body=content)
        return str(answer["VersionId"])

    def _copy(self, name: str) -> str:
        like = self.dynamodb.describe_table(TableName=name)["Table"]
        indexes = [
            {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
            for index in like.get("GlobalSecondaryIndexes", [])
        ]
        copy = f"{self._name}-{name}"
        self.dynamodb.create_table(
            TableName=copy,
            KeySchema=like["KeySchema"],
            AttributeDefinitions=like["AttributeDefinitions"],
            BillingMode="PAY_PER_REQUEST",
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
        return copy

    def _queue(self, name: str) -> str:
        answer = self.client("sqs").create_queue(QueueName=f"{self._name}-{name}")
        return str(answer["QueueUrl"])

    def _bucket(self, name: str) -> str:
        s3, bucket = self.client("s3"), f"{self._name}-{name}"
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        return bucket

    def _listen(self) -> None:
        sqs, events = self.client("sqs"), self.client("events")
        arn = sqs.get_queue_attributes(QueueUrl=self.heard, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": [{"prefix": "payments."}]})
        events.put_rule(Name=self._name, EventBusName=self.bus, EventPattern=pattern)
        events.put_targets(
            Rule=self._name,
            EventBusName=self.bus,
            Targets=[{"Id": "heard", "Arn": arn["Attributes"]["QueueArn"]}],
        )
