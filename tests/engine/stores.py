"""Everything that the system on the engine keeps, as bytes with the name of its place."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from local import folders
from tests.engine.live import Stack

# What the build leaves: code, and nothing that was sent.
CODE = {"build", "build-cache", "tmp"}


class Stores:
    """The landing bucket is left out: it keeps the files as they came, for a short time."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.landing = stack.system.output("LandingBucketName")

    def everything(self) -> Iterator[tuple[str, bytes]]:
        yield from self.tables()
        yield from self.streams()
        yield from self.queues()
        yield from self.logs()
        yield from self.buckets()
        yield from self.executions()

    def tables(self) -> Iterator[tuple[str, bytes]]:
        dynamodb = self.stack.client("dynamodb")
        for page in dynamodb.get_paginator("list_tables").paginate():
            for table in page["TableNames"]:
                for found in dynamodb.get_paginator("scan").paginate(TableName=table):
                    yield f"table {table}", _plain(found["Items"])

    def streams(self) -> Iterator[tuple[str, bytes]]:
        client = self.stack.client("dynamodbstreams")
        for stream in client.list_streams()["Streams"]:
            arn = stream["StreamArn"]
            for shard in client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
                iterator = client.get_shard_iterator(
                    StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
                )["ShardIterator"]
                while records := (page := client.get_records(ShardIterator=iterator))["Records"]:
                    yield f"stream {arn}", _plain(records)
                    iterator = page["NextShardIterator"]

    def queues(self) -> Iterator[tuple[str, bytes]]:
        """Dead letters too. What is read is visible again at once."""
        sqs = self.stack.client("sqs")
        for url in sqs.list_queues()["QueueUrls"]:
            seen: set[str] = set()
            while messages := [
                message
                for message in sqs.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5
                ).get("Messages", [])
                if message["MessageId"] not in seen
            ]:
                seen |= {message["MessageId"] for message in messages}
                yield f"queue {url}", _plain(messages)

    def logs(self) -> Iterator[tuple[str, bytes]]:
        logs = self.stack.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name = group["logGroupName"]
                for found in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                    yield f"log group {name}", _plain(found["events"])

    def buckets(self) -> Iterator[tuple[str, bytes]]:
        s3 = self.stack.client("s3")
        for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
            if bucket == self.landing:
                continue
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for entry in page.get("Contents", []):
                    key = entry["Key"]
                    yield f"name of s3://{bucket}/{key}", key.encode()
                    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                    yield f"object s3://{bucket}/{key}", body

    def executions(self) -> Iterator[tuple[str, bytes]]:
        states = self.stack.client("stepfunctions")
        machine = self.stack.system.output("ApplyRulesStateMachineArn")
        answer = states.list_executions(stateMachineArn=machine)
        for execution in answer["executions"]:
            told = states.describe_execution(executionArn=execution["executionArn"])
            yield f"execution {execution['name']}", _plain(told)

    def files(self) -> Iterator[Path]:
        """The engine's and the companion's own, the engine stopped: its state and its logs."""
        for path in folders.home().rglob("*"):
            inside = path.relative_to(folders.home()).parts
            if path.is_file() and inside[0] not in CODE and self.landing not in inside:
                yield path


def _plain(value: Any) -> bytes:
    """Every name and value in it, as it is: no quoting can hide anything."""
    return b"\0".join(_leaves(value))


def _leaves(value: Any) -> Iterator[bytes]:
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield str(name).encode()
            yield from _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    else:
        yield value if isinstance(value, bytes) else str(value).encode()


class Plot:
    """A table, a queue, a log group and a bucket of this name, to plant something in."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._name = name
        self._dynamodb, self._sqs = stack.client("dynamodb"), stack.client("sqs")
        self._logs, self._s3 = stack.client("logs"), stack.client("s3")
        self._url = ""

    def __enter__(self) -> Self:
        name = self._name
        self._dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._logs.create_log_group(logGroupName=name)
        self._logs.create_log_stream(logGroupName=name, logStreamName=name)
        self._s3.create_bucket(Bucket=name)
        return self

    def plant(self, planted: Mapping[str, bytes]) -> None:
        """Each under its name; what is no text only where bytes may stand."""
        texts = []
        for form, content in planted.items():
            item = {"pk": {"S": form}, "note": {"B": content}}
            self._dynamodb.put_item(TableName=self._name, Item=item)
            self._s3.put_object(Bucket=self._name, Key=form, Body=b"before " + content)
            if content.isascii():
                texts.append(f"before {content.decode()} after")
        self._s3.put_object(Bucket=self._name, Key=planted["plain"].decode(), Body=b"")
        self._sqs.send_message(QueueUrl=self._url, MessageBody="; ".join(texts))
        self._logs.put_log_events(
            logGroupName=self._name,
            logStreamName=self._name,
            logEvents=[{"timestamp": int(time.time() * 1000), "message": text} for text in texts],
        )

    def __exit__(self, *_: object) -> None:
        self._dynamodb.delete_table(TableName=self._name)
        self._sqs.delete_queue(QueueUrl=self._url)
        self._logs.delete_log_group(logGroupName=self._name)
        for entry in self._s3.list_objects_v2(Bucket=self._name).get("Contents", []):
            self._s3.delete_object(Bucket=self._name, Key=entry["Key"])
        self._s3.delete_bucket(Bucket=self._name)
