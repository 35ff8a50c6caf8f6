"""CPU milliseconds of single operations in the engine's process; run by the engine's interpreter.

    AUTH=true PERSIST_STATE=0 PYTHONPATH=local python bench/in_engine.py [MEND ...]

The named mends of `local/mends` are in place, and nothing else: no socket, no other process. Prints
one JSON object.
"""

import asyncio
import importlib
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

for name in sys.argv[1:]:
    importlib.import_module(f"mends.{name}").mend()

from ministack import app as engine  # noqa: E402 (after the mends, as in the engine's process)
from ministack.services import dynamodb, eventbridge, iam, sts  # noqa: E402
from ministack.services import stepfunctions as states  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "127.0.0.1:4600"
KEY, SECRET, TOKEN = "ASIABENCH", "secret", "token"
TABLES = {"ReferenceTable": ("pk", "sk"), "ParkedTable": ("ingest_id",), "JournalTable": ("pk",)}
ROUNDS = 100
ROLE = "arn:aws:iam::000000000000:role/bench"
ROW = {"pk": {"S": "B#1"}, "n": {"N": "12"}, "text": {"S": "x" * 900}}
ONCE = "attribute_not_exists(pk) OR n < :n"


def prepare() -> None:
    """Tables, a bus, and a role with ten statements of which the last one counts."""
    for table, keys in TABLES.items():
        schema = [
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ]
        kinds = [{"AttributeName": key, "AttributeType": "S"} for key in keys]
        dynamodb._create_table(
            {
                "TableName": table,
                "KeySchema": schema,
                "AttributeDefinitions": kinds,
                "BillingMode": "PAY_PER_REQUEST",
            }
        )
    eventbridge._create_event_bus({"Name": "BusName"})
    others = [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:*:*:q{number}"}
        for number in range(9)
    ]
    writing = {"Effect": "Allow", "Action": "dynamodb:*Item", "Resource": "*"}
    iam._roles["bench"] = {"InlinePolicies": {"all": json.dumps({"Statement": [*others, writing]})}}
    sts._sessions[KEY] = {
        "Arn": "arn:aws:sts::000000000000:assumed-role/bench/bench",
        "SecretAccessKey": SECRET,
        "SessionToken": TOKEN,
        "PrincipalType": "AssumedRole",
        "UserId": "AROABENCH:bench",
        "Expiration": time.time() + 3600,
    }


def call(operation: str, content: dict[str, Any]) -> Callable[[], None]:
    """A signed call of DynamoDB through the whole application, ready to be made many times."""
    body = json.dumps(content).encode()
    asked = AWSRequest(
        "POST",
        f"http://{ADDRESS}/",
        data=body,
        headers={
            "Host": ADDRESS,
            "Content-Length": str(len(body)),
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        },
    )
    credentials = Credentials(KEY, SECRET, TOKEN)
    SigV4Auth(credentials, "dynamodb", "us-east-1").add_auth(asked)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in asked.headers.items()],
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"{operation}: {message['status']}")

    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(engine.app(scope, receive, send))


def workflow() -> Callable[[], None]:
    """One run of the project's workflow, from its start to its end: what the sample event gets."""
    event = json.loads((ROOT / "events/TransactionEnriched.json").read_text("utf-8"))
    version = event["detail"]["data"]["rule_version"]
    for rule in json.loads((ROOT / "samples/reference/rules.json").read_text("utf-8"))["rows"]:
        params = {"S": json.dumps(rule["params"])}
        row = {"pk": {"S": f"RULES#{version}"}, "sk": {"S": rule["id"]}, "params": params}
        dynamodb._put_item({"TableName": "ReferenceTable", "Item": row})
    definition = (ROOT / "statemachine/apply_rules.asl.json").read_text("utf-8")
    named = re.sub(r"\$\{(\w+)\}", r"\1", definition)
    made = states._create_state_machine(
        {"name": "bench", "definition": named, "roleArn": ROLE, "type": "EXPRESS"}
    )
    started = {
        "stateMachineArn": json.loads(made[2])["stateMachineArn"],
        "input": json.dumps(event),
    }

    def run() -> None:
        arn = json.loads(states._start_execution(started)[2])["executionArn"]
        while states._executions[arn]["status"] == "RUNNING":
            time.sleep(0.002)
        if states._executions[arn]["status"] != "SUCCEEDED":
            raise RuntimeError(states._executions[arn])

    return run


def cpu_of(operation: Callable[[], None]) -> float:
    """CPU milliseconds of one of many, the first left out."""
    operation()
    began = time.process_time()
    for _ in range(ROUNDS):
        operation()
    return (time.process_time() - began) / ROUNDS * 1000


def main() -> None:
    """Measure, and print."""
    logging.disable(logging.WARNING)
    prepare()
    put = {"TableName": "JournalTable", "Item": ROW}
    condition = {
        "ConditionExpression": ONCE,
        "ExpressionAttributeValues": {":n": {"N": "13"}},
    }
    items = [
        {"Put": {**put, **condition, "Item": {**ROW, "pk": {"S": f"B#{number}"}}}}
        for number in range(5)
    ]
    operations = {
        "a run of the workflow": workflow(),
        "a conditional write": call("PutItem", {**put, **condition}),
        "a transaction of five": call("TransactWriteItems", {"TransactItems": items}),
    }
    sys.stdout.write(json.dumps({name: cpu_of(one) for name, one in operations.items()}))


if __name__ == "__main__":
    main()
