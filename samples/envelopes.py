"""What AWS wraps around a message on its way to a function: bus, queue, stream, API, schedule."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid5

from adapters.items import to_item
from domain.events import Event
from domain.identity import NAMESPACE

ACCOUNT, REGION, STACK = "123456789012", "eu-central-1", "posting"


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def made_up_id(*parts: str) -> str:
    """An id that AWS would draw at random; here the same for every run."""
    return str(uuid5(NAMESPACE, "|".join(("sample", *parts))))


def bus_event(event: Event, at: datetime) -> dict[str, Any]:
    """The event as a rule's target gets it. EventBridge sets id, time, and an empty `resources`."""
    return {
        "version": "0",
        "id": made_up_id("bus", event.detail_type(), str(at)),
        "detail-type": event.detail_type(),
        "source": event.source,
        "account": ACCOUNT,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [],
        "detail": json.loads(event.to_detail()),
    }


def queued(queue: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """A batch of messages from a queue."""
    return {"Records": [_message(queue, n, body) for n, body in enumerate(bodies)]}


def in_group(queue: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """A batch of messages from a FIFO queue, in the groups of their accounts."""
    batch = queued(queue, *bodies)
    for position, (message, body) in enumerate(zip(batch["Records"], bodies, strict=True)):
        message["eventSourceARN"] += ".fifo"
        message["attributes"] |= {
            "SequenceNumber": f"{18_850_000_000_000_000_000 + position}",
            "MessageGroupId": body["detail"]["data"]["account"]["account_id"],
            "MessageDeduplicationId": made_up_id("message", "post", str(position)),
        }
    return batch


def _message(queue: str, position: int, body: dict[str, Any]) -> dict[str, Any]:
    sent = str(int(datetime.fromisoformat(body["time"]).timestamp() * 1000))
    return {
        "messageId": made_up_id("message", queue, str(position)),
        "receiptHandle": "AQEBsample",
        "body": json.dumps(body, ensure_ascii=False),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AIDAJXNJGGKNS7OSV23OI",
            "ApproximateFirstReceiveTimestamp": sent,
        },
        "messageAttributes": {},
        "md5OfBody": made_up_id("digest", queue, str(position)).replace("-", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn("sqs", f"{STACK}-{queue}"),
        "awsRegion": REGION,
    }


def stream_record(
    table: str, key: tuple[str, ...], row: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """An INSERT on a table's stream, as a pipe and an event source mapping hand it over."""
    item = to_item(row)
    stream = f"table/{STACK}-{table}/stream/2026-11-01T00:00:00.000"
    return {
        "eventID": made_up_id("stream", table, *(str(row[name]) for name in key)).replace("-", ""),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": int(at.timestamp()),
            "Keys": {name: item[name] for name in key},
            "NewImage": item,
            "SequenceNumber": "100000000000000000001",
            "SizeBytes": len(json.dumps(item)),
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": arn("dynamodb", stream),
    }


def api_request(
    method: str,
    resource: str,
    caller: str,
    *,
    path: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """A request signed in a session of the caller's role, as API Gateway hands it over."""
    return {
        "resource": resource,
        "path": resource.format(**(path or {})),
        "httpMethod": method,
        "headers": {"Accept": "application/json", "Host": "api.example.com"} | (headers or {}),
        "queryStringParameters": None,
        "pathParameters": path,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "a1b2c3d4e5",
            "httpMethod": method,
            "identity": {
                "sourceIp": "203.0.113.7",
                "userAgent": "example/1.0",
                "userArn": f"{caller}/gateway-1",
            },
            "path": f"/live{resource.format(**(path or {}))}",
            "requestId": made_up_id("request", method, resource),
            "requestTimeEpoch": 1_795_132_800_000,
            "resourcePath": resource,
            "stage": "live",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def scheduled(name: str, at: datetime) -> dict[str, Any]:
    """What EventBridge Scheduler sends where a schedule states no input."""
    return {
        "version": "0",
        "id": made_up_id("schedule", name),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [arn("scheduler", f"schedule/default/{STACK}-{name}")],
        "detail": "{}",
    }


def landed(bucket: str, key: str, size: int, at: datetime) -> dict[str, Any]:
    """The notice that a file lies in the landing bucket."""
    return {
        "version": "0",
        "id": made_up_id("landed", key),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": size,
                "etag": made_up_id("etag", key).replace("-", ""),
                "version-id": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
                "sequencer": "00673D3E80A1B2C3D4",
            },
            "request-id": "C3D13FE58DE4C810",
            "requester": ACCOUNT,
            "source-ip-address": "203.0.113.7",
            "reason": "PutObject",
        },
    }
