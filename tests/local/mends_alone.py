"""What single mends do that the engine by itself does not; run by the engine's interpreter.

Prints one JSON object: for each name what was seen.
"""

import json
import time
from typing import Any

from mends import replays, served, trails, windows, workflows
from ministack.services import dynamodb, eventbridge, firehose, iam, lambda_svc, pipes
from ministack.services import stepfunctions as states

ACCOUNT, REGION = "000000000000", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/trail"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
STREAM = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/trail"


def two_events_to_a_stream(action: str) -> list[str]:
    """The bodies of the objects after two events, when the role allows `action`."""
    document = {"Statement": {"Effect": "Allow", "Action": action, "Resource": STREAM}}
    iam._roles["trail"] = {"InlinePolicies": {"write": json.dumps(document)}}
    written: list[str] = []
    firehose._put_s3_object = lambda _bucket, _key, body: written.append(body.decode())
    for number in (1, 2):
        entry = {"Source": "s", "DetailType": "d", "Detail": json.dumps({"n": number})}
        eventbridge._put_events({"Entries": [entry]})
    trails.trails.flush()
    return written


def rules_reached(*filter_arns: str) -> list[str]:
    """The rules that an event reaches, and then a replay of it with these filters."""
    eventbridge._ensure_default_bus()
    reached: list[str] = []
    delivering = eventbridge._invoke_target
    eventbridge._invoke_target = replays.passing_over(
        lambda _target, _event, rule, _view=None: reached.append(rule["Name"])
    )
    pattern = json.dumps({"source": ["r"]})
    for name in ("wanted", "other"):
        eventbridge._put_rule({"Name": name, "EventPattern": pattern, "State": "ENABLED"})
        eventbridge._put_targets({"Rule": name, "Targets": [{"Id": "1", "Arn": STREAM}]})
    archive = f"archive-{len(filter_arns)}"
    eventbridge._create_archive({"ArchiveName": archive, "EventSourceArn": BUS})
    entry = {"Source": "r", "DetailType": "d", "Detail": "{}"}
    eventbridge._put_events({"Entries": [entry]})
    source = f"arn:aws:events:{REGION}:{ACCOUNT}:archive/{archive}"
    destination = {"Arn": BUS, "FilterArns": list(filter_arns)}
    span = {"EventStartTime": 0, "EventEndTime": time.time() + 60}
    replay = {"ReplayName": archive, "EventSourceArn": source, "Destination": destination}
    eventbridge._start_replay(replay | span)
    while eventbridge._replays[archive]["State"] != "COMPLETED":
        time.sleep(0.01)
    eventbridge._invoke_target = delivering
    return reached


def rule_to_a_stream() -> None:
    """A rule on the default bus with a delivery stream as target."""
    destination = {"BucketARN": "arn:aws:s3:::trail", "RoleARN": ROLE}
    firehose._create_delivery_stream(
        {"DeliveryStreamName": "trail", "ExtendedS3DestinationConfiguration": destination}
    )
    eventbridge._ensure_default_bus()
    pattern = json.dumps({"source": ["s"]})
    eventbridge._put_rule({"Name": "trail", "EventPattern": pattern, "State": "ENABLED"})
    target = {"Id": "1", "Arn": STREAM, "RoleArn": ROLE}
    eventbridge._put_targets({"Rule": "trail", "Targets": [target]})


def rest_after(read: int, waiting: int) -> int:
    """For how many seconds a mapping rests that has read so far of so many records."""
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/rows/stream/1"
    mapping = {"UUID": "m", "EventSourceArn": table, "BatchSize": 10}
    lambda_svc._esms["m"] = {**mapping, "MaximumBatchingWindowInSeconds": 5}
    lambda_svc._dynamodb_stream_positions["m"] = 0
    lambda_svc._esm_backoff_until.clear()
    dynamodb._stream_records["rows"] = [{"dynamodb": {}}] * (read + waiting)

    def poll() -> bool:
        lambda_svc._dynamodb_stream_positions["m"] = read
        return True

    windows._poll = poll
    assert lambda_svc._poll_dynamodb_streams()
    until = float(lambda_svc._esm_backoff_until.get("m", 0.0))
    return round(max(0.0, until - time.time()))


def express() -> dict[str, Any]:
    """What an execution leaves behind besides its end."""
    heard: list[Any] = []
    workflows._emit_of_any = heard.append
    definition = json.dumps({"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}})
    seen = {}
    for kind in ("EXPRESS", "STANDARD"):
        given = {"name": kind, "definition": definition, "roleArn": ROLE, "type": kind}
        arn = json.loads(states._create_state_machine(given)[2])["stateMachineArn"]
        started = json.loads(states._start_execution({"stateMachineArn": arn, "input": "{}"})[2])
        execution = states._executions[started["executionArn"]]
        while execution["status"] == "RUNNING":
            time.sleep(0.01)
        seen[kind] = [event["type"] for event in execution["events"]]
    return {"events": seen, "told": [one["stateMachineArn"].rpartition(":")[2] for one in heard]}


def polled_pipes() -> list[str]:
    """The targets of pipes whose streams the engine reads."""
    read: list[str] = []
    from mends import pipes as mend

    mend._poll = lambda _tables, pipe, _account: read.append(pipe["Target"].split(":")[2])
    for service in ("events", "states", "sns"):
        pipes._poll_pipe(None, {"Target": f"arn:aws:{service}:{REGION}:{ACCOUNT}:x"}, ACCOUNT)
    return read


def main() -> None:
    """See, and say."""
    assert served.MENDS
    rule_to_a_stream()
    seen = {
        "denied": two_events_to_a_stream("firehose:ListTagsForDeliveryStream"),
        "allowed": two_events_to_a_stream("firehose:PutRecordBatch"),
        "pieces": [trails._fitting([b"x" * size] * 3) for size in (1, 400_000, 2_000_000)],
        "rest after a part of a batch": rest_after(read=4, waiting=0),
        "rest before a full batch": rest_after(read=4, waiting=10),
        "express": express(),
        "polled": polled_pipes(),
        "replayed": rules_reached(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/wanted"),
        "replayed to all": rules_reached(),
    }
    print(json.dumps(seen))  # noqa: T201 (this is the answer)


if __name__ == "__main__":
    main()
