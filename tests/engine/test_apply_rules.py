"""The workflow on the embedded engine: every decision, a rejection twice, every way to fail.

It runs on a bus and tables of its own, so that nothing it says reaches the deployed functions.
"""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.live import Stack

pytestmark = pytest.mark.engine

ASL = Path(__file__).parents[2] / "statemachine" / "apply_rules.asl.json"
SECONDS_MAX = 30
RULES = {
    "FOREIGN_TRANSACTION": {"home_countries": {"DEFAULT": ["DE"], "CLASSIC": ["DE", "AT"]}},
    "CURRENCY_CONVERSION": {"enabled": True},
    "WATCHED_CATEGORY": {"mccs": ["7995"]},
    "AMOUNT_LIMIT": {"limits": {"EUR": 100_000}},
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
USD = {"amount": 5000, "currency": "USD"}
NOTHING = {"amount": 0, "currency": "EUR"}


def enriched(**changed: Any) -> dict[str, Any]:
    """A domestic purchase of 45.00 EUR; `account__status="CLOSED"` changes a nested field."""
    ingest_id, msg_id = f"ing_{uuid.uuid4().hex[:26]}", f"msg_{uuid.uuid4().hex[:26]}"
    eur = {"amount": 4500, "currency": "EUR"}
    data: dict[str, Any] = {
        "ingest_id": ingest_id,
        "msg_id": msg_id,
        "fingerprint": "f1",
        "network": "VISA",
        "mti": "0220",
        "token": "tok_abcdefghijklmnopqrstuvwxyz",
        "last4": "1111",
        "received_at": "2026-11-20T10:11:13.000Z",
        "door": "api",
        "source_ref": "api#0",
        "cain": {"TxId": {"SysTracAudtNb": "000001"}},
        "type": "00",
        "direction": "DEBIT",
        "amounts": {"transaction": eur, "settlement": eur, "billing": eur},
        "account": {"account_id": "1", "status": "OPEN", "currency": "EUR", "product": "CLASSIC"},
        "merchant": None,
        "mcc": {"mcc": "5411", "description": "Grocery Stores"},
        "country": "DE",
        "fx": None,
        "response_code": "00",
        "approval_code": "123456",
        "rule_version": "v1",
        "ref_version": 1,
        "outcome_ids": {
            "TransactionPostingApproved": "id-approved",
            "TransactionPostingSuspended": "id-suspended",
            "TransactionRejected": "id-rejected",
        },
    }
    for path, value in changed.items():
        *parents, name = path.split("__")
        place = data
        for parent in parents:
            place[parent] = dict(place[parent])
            place = place[parent]
        place[name] = value
    meta = {
        "event_id": "id-enriched",
        "schema": "1.0",
        "msg_id": msg_id,
        "correlation_id": ingest_id,
        "causation_id": "id-authorized",
        "business_time": "2026-11-20T10:11:12Z",
    }
    return {"detail-type": "TransactionEnriched", "detail": {"meta": meta, "data": data}}


class Bench:
    """A state machine with a bus, tables and queues of its own."""

    def __init__(self, stack: Stack) -> None:
        self.dynamodb = stack.client("dynamodb")
        self._sqs = stack.client("sqs")
        self._events = stack.client("events")
        self._states = stack.client("stepfunctions")
        self._iam = stack.client("iam")
        self.name = f"bench-{uuid.uuid4().hex[:8]}"
        self._role = self._iam.create_role(
            RoleName=self.name, AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        self.tables = {
            "ReferenceTable": self._table("reference", "pk", "sk"),
            "ParkedTable": self._table("parked", "ingest_id"),
            "JournalTable": self._table("journal", "pk", "sk"),
        }
        self.letters = self._queue("letters")
        self.said = self._queue("said")
        self._listen()
        self.machine = self._define(self.letters)
        for rule, params in RULES.items():
            self.put(
                "ReferenceTable",
                pk={"S": "RULES#v1"},
                sk={"S": rule},
                params={"S": json.dumps(params)},
            )

    def judge(self, event: dict[str, Any], machine: str | None = None) -> str:
        """Run the workflow; returns the execution's status."""
        execution = self._states.start_execution(
            stateMachineArn=machine or self.machine, input=json.dumps(event)
        )["executionArn"]
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            status = str(self._states.describe_execution(executionArn=execution)["status"])
            if status != "RUNNING":
                return status
            time.sleep(0.05)
        raise AssertionError(f"the workflow ran longer than {SECONDS_MAX} s")

    def heard(self) -> list[dict[str, Any]]:
        """The events since the last call."""
        return self._drain(self.said)

    def letters_left(self) -> list[dict[str, Any]]:
        return self._drain(self.letters)

    def parked(self, event: dict[str, Any]) -> dict[str, Any] | None:
        row: dict[str, Any] | None = self.dynamodb.get_item(
            TableName=self.tables["ParkedTable"],
            Key={"ingest_id": {"S": event["detail"]["data"]["ingest_id"]}},
        ).get("Item")
        return row

    def park(self, event: dict[str, Any], **attributes: str) -> None:
        """A row as another function would have left it."""
        self.put(
            "ParkedTable",
            ingest_id={"S": event["detail"]["data"]["ingest_id"]},
            history={"L": []},
            **{name: {"S": value} for name, value in attributes.items()},
        )

    def book(self, event: dict[str, Any], ingest_id: str) -> None:
        """A header for the event's message."""
        self.put(
            "JournalTable",
            pk={"S": f"J#{event['detail']['data']['msg_id']}"},
            sk={"S": "H"},
            ingest_id={"S": ingest_id},
        )

    def put(self, table: str, **item: Any) -> None:
        self.dynamodb.put_item(TableName=self.tables[table], Item=item)

    def without(self, table: str) -> str:
        """The same workflow, except that this table cannot be reached."""
        return self._define(self.letters, **{table: f"{self.name}-nowhere"})

    def close(self) -> None:
        for machine in self._machines:
            self._states.delete_state_machine(stateMachineArn=machine)
        self._events.remove_targets(Rule=self.name, EventBusName=self.name, Ids=["said"])
        self._events.delete_rule(Name=self.name, EventBusName=self.name)
        self._events.delete_event_bus(Name=self.name)
        for queue in (self.said, self.letters):
            self._sqs.delete_queue(QueueUrl=queue)
        for table in self.tables.values():
            self.dynamodb.delete_table(TableName=table)
        self._iam.delete_role(RoleName=self.name)

    _machines: tuple[str, ...] = ()

    def _define(self, letters: str, **other: str) -> str:
        names = self.tables | {"BusName": self.name, "RulesDeadLettersUrl": letters} | other
        definition = ASL.read_text()
        for name, value in names.items():
            definition = definition.replace(f"${{{name}}}", value)
        machine = str(
            self._states.create_state_machine(
                name=f"{self.name}-{len(self._machines)}",
                definition=definition,
                type="EXPRESS",
                roleArn=self._role,
            )["stateMachineArn"]
        )
        self._machines += (machine,)
        return machine

    def _table(self, name: str, *keys: str) -> str:
        table = f"{self.name}-{name}"
        self.dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
        )
        return table

    def _queue(self, name: str) -> str:
        return str(self._sqs.create_queue(QueueName=f"{self.name}-{name}")["QueueUrl"])

    def _listen(self) -> None:
        self._events.create_event_bus(Name=self.name)
        self._events.put_rule(
            Name=self.name,
            EventBusName=self.name,
            EventPattern=json.dumps({"source": ["payments.rules"]}),
        )
        arn = self._sqs.get_queue_attributes(QueueUrl=self.said, AttributeNames=["QueueArn"])
        self._events.put_targets(
            Rule=self.name,
            EventBusName=self.name,
            Targets=[{"Id": "said", "Arn": arn["Attributes"]["QueueArn"]}],
        )

    def _drain(self, queue: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def shared_bench(stack: Stack) -> Iterator[Bench]:
    bench = Bench(stack)
    yield bench
    bench.close()


@pytest.fixture
def bench(shared_bench: Bench) -> Bench:
    shared_bench.heard()
    shared_bench.letters_left()
    return shared_bench


def test_an_approved_event_is_the_enriched_one_with_its_decision(bench: Bench) -> None:
    event = enriched()

    assert bench.judge(event) == "SUCCEEDED"

    (said,) = bench.heard()
    enriched_data = event["detail"]["data"]
    assert said["detail-type"] == "TransactionPostingApproved"
    assert said["detail"]["meta"] == event["detail"]["meta"] | {
        "event_id": "id-approved",
        "causation_id": "id-enriched",
    }
    decision = said["detail"]["data"].pop("decision")
    assert said["detail"]["data"] == {
        name: value for name, value in enriched_data.items() if name != "outcome_ids"
    }
    assert decision == {
        "outcome": "APPROVED",
        "reason": None,
        "flags": [],
        "rules": [{"id": rule, "version": "v1"} for rule in [*RULES, "ACCOUNT_STATUS"]],
        "rule_version": "v1",
    }


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({"country": "US"}, ["FOREIGN_TRANSACTION"]),
        ({"country": "AT"}, []),
        ({"country": "AT", "account__product": "TRAVEL"}, ["FOREIGN_TRANSACTION"]),
        ({"country": None, "mcc": None}, []),
        ({"amounts__transaction": USD}, ["CURRENCY_CONVERSION"]),
        ({"mcc": {"mcc": "7995", "description": "Betting"}}, ["WATCHED_CATEGORY"]),
    ],
)
def test_a_flag_changes_nothing_about_the_posting(
    bench: Bench, changed: dict[str, Any], flags: list[str]
) -> None:
    bench.judge(enriched(**changed))

    (said,) = bench.heard()
    assert said["detail-type"] == "TransactionPostingApproved"
    assert said["detail"]["data"]["decision"]["flags"] == flags


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"response_code": None, "approval_code": None}, "NO_APPROVAL_DATA"),
        ({"mti": "0210", "response_code": None}, "NO_APPROVAL_DATA"),
        ({"type": "02"}, "UNSUPPORTED_TRANSACTION_TYPE"),
        ({"account": None, "amounts__billing": None}, "UNKNOWN_ACCOUNT"),
        ({"account__status": "CLOSED"}, "ACCOUNT_CLOSED"),
        ({"account__status": "HOLD_DEBIT"}, "ACCOUNT_ON_HOLD"),
        (
            {"account__status": "HOLD_ALL", "direction": "CREDIT", "type": "20"},
            "ACCOUNT_ON_HOLD",
        ),
        ({"amounts__billing": None}, "NO_RATE"),
        ({"amounts__billing": {"amount": 100_001, "currency": "EUR"}}, "OVER_LIMIT"),
    ],
)
def test_what_cannot_be_booked_to_the_customer_is_suspended(
    bench: Bench, changed: dict[str, Any], reason: str
) -> None:
    bench.judge(enriched(**changed))

    (said,) = bench.heard()
    assert said["detail-type"] == "TransactionPostingSuspended"
    assert said["detail"]["meta"]["event_id"] == "id-suspended"
    assert said["detail"]["data"]["decision"]["outcome"] == "SUSPENDED"
    assert said["detail"]["data"]["decision"]["reason"] == reason


@pytest.mark.parametrize(
    "changed",
    [
        {"response_code": None},
        {"response_code": "10", "mti": "0210"},
        {"account__status": "HOLD_DEBIT", "direction": "CREDIT", "type": "20"},
        {"amounts__billing": {"amount": 100_000, "currency": "EUR"}},
        {"amounts__billing": {"amount": 100_001, "currency": "JPY"}},
    ],
)
def test_a_case_at_the_edge_is_approved(bench: Bench, changed: dict[str, Any]) -> None:
    bench.judge(enriched(**changed))

    (said,) = bench.heard()
    assert said["detail-type"] == "TransactionPostingApproved"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mti": "0200"}, "REQUEST_WITHOUT_RESPONSE"),
        ({"mti": "0201", "account": None}, "REQUEST_WITHOUT_RESPONSE"),
        ({"mti": "0100", "amounts__transaction": NOTHING}, "VERIFICATION"),
        ({"amounts__transaction": NOTHING}, "VERIFICATION"),
        ({"mti": "0100"}, "REQUEST_WITHOUT_RESPONSE"),
        ({"mti": "0800"}, "UNSUPPORTED_TYPE"),
        ({"type": "40"}, "UNSUPPORTED_TYPE"),
        ({"response_code": "05"}, "DECLINED"),
        ({"response_code": "51", "account__status": "CLOSED"}, "DECLINED"),
    ],
)
def test_what_owes_nobody_is_rejected_with_a_row_and_then_an_event(
    bench: Bench, changed: dict[str, Any], reason: str
) -> None:
    event = enriched(**changed)

    assert bench.judge(event) == "SUCCEEDED"

    (said,) = bench.heard()
    assert said["detail-type"] == "TransactionRejected"
    assert said["detail"]["meta"]["event_id"] == "id-rejected"
    assert said["detail"]["data"]["decision"]["reason"] == reason
    row = bench.parked(event)
    assert row is not None
    assert (row["state"]["S"], row["reason"]["S"], row["code"]["S"]) == (
        "PARKED",
        "REJECTED",
        reason,
    )
    assert row["reason_day"]["S"] == f"REJECTED#{row['parked_at']['S'][:10]}"
    assert json.loads(row["cain"]["S"]) == event["detail"]["data"]["cain"]
    for name in ("msg_id", "fingerprint", "token", "last4", "network", "mti", "source_ref"):
        assert row[name]["S"] == event["detail"]["data"][name]
    assert row["history"] == {"L": []}


def test_a_rejection_that_comes_twice_is_written_once_and_told_with_the_same_id(
    bench: Bench,
) -> None:
    event = enriched(response_code="05")
    bench.judge(event)
    row = bench.parked(event)

    assert bench.judge(event) == "SUCCEEDED"

    first, second = bench.heard()
    assert first["detail"] == second["detail"]
    assert bench.parked(event) == row


def test_a_rejection_over_a_released_row_keeps_its_story(bench: Bench) -> None:
    event = enriched(response_code="05")
    bench.park(event, state="RELEASED", reason="DUPLICATE", code="DUPLICATE", parked_at="then")

    bench.judge(event)

    row = bench.parked(event)
    assert row is not None
    assert row["reason"]["S"] == "REJECTED"
    (story,) = row["history"]["L"]
    assert story["M"]["reason"] == {"S": "DUPLICATE"}
    assert story["M"]["parked_at"] == {"S": "then"}


@pytest.mark.parametrize("state", ["PARKED", "DISCARDED", "RESOLVED"])
def test_a_row_that_stands_is_left_alone(bench: Bench, state: str) -> None:
    event = enriched(response_code="05")
    bench.park(event, state=state, reason="DUPLICATE", parked_at="then")
    row = bench.parked(event)

    assert bench.judge(event) == "SUCCEEDED"

    assert bench.heard() == []
    assert bench.parked(event) == row


def test_a_record_that_is_booked_is_not_rejected_any_more(bench: Bench) -> None:
    event = enriched(response_code="05")
    bench.book(event, event["detail"]["data"]["ingest_id"])

    assert bench.judge(event) == "SUCCEEDED"

    assert bench.heard() == []
    assert bench.parked(event) is None


def test_a_message_that_is_booked_for_another_record_needs_a_person(bench: Bench) -> None:
    event = enriched(response_code="05")
    bench.book(event, "ing_of_another_record")

    assert bench.judge(event) == "FAILED"

    row = bench.parked(event)
    assert row is not None
    assert (row["reason"]["S"], row["code"]["S"]) == ("FAILED", "BookedForAnotherRecord")


def test_a_missing_rule_parks_the_record_and_approves_nothing(bench: Bench) -> None:
    event = enriched(rule_version="v2")

    assert bench.judge(event) == "FAILED"

    assert bench.heard() == []
    row = bench.parked(event)
    assert row is not None
    assert (row["state"]["S"], row["reason"]["S"]) == ("PARKED", "FAILED")
    assert row["code"]["S"] == "States.QueryEvaluationError"
    assert row["message"]["S"].endswith("is missing")
    assert json.loads(row["cain"]["S"]) == event["detail"]["data"]["cain"]


def test_a_failure_does_not_overwrite_what_is_parked(bench: Bench) -> None:
    event = enriched(rule_version="v2")
    bench.park(event, state="DISCARDED", reason="DUPLICATE", parked_at="then")
    row = bench.parked(event)

    assert bench.judge(event) == "FAILED"

    assert bench.parked(event) == row
    assert bench.letters_left() == []


def test_an_event_that_cannot_even_be_parked_becomes_a_letter(bench: Bench) -> None:
    event = enriched(rule_version="v2")

    assert bench.judge(event, bench.without("ParkedTable")) == "FAILED"

    assert bench.letters_left() == [event]


def test_an_event_without_its_record_becomes_a_letter(bench: Bench) -> None:
    event = enriched(rule_version="v2")
    del event["detail"]["data"]["ingest_id"]

    assert bench.judge(event) == "FAILED"

    assert bench.letters_left() == [event]


@pytest.mark.parametrize(
    "absent", ["account", "amounts__billing", "response_code", "type", "direction"]
)
def test_absent_data_never_approves(bench: Bench, absent: str) -> None:
    event = enriched(approval_code=None)
    *parents, name = absent.split("__")
    place = event["detail"]["data"]
    for parent in parents:
        place = place[parent]
    del place[name]
    if absent == "direction":
        event["detail"]["data"]["account"]["status"] = "HOLD_DEBIT"

    bench.judge(event)

    assert [each["detail-type"] for each in bench.heard()] != ["TransactionPostingApproved"]
