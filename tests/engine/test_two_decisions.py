"""Both decisions about one message on the posting queue, in either order: one booking."""

import json
from typing import Any

import pytest

from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

HELD = "ACCOUNT_ON_HOLD"


class Desk:
    """The posting queue with its function stopped, so that a test says what is delivered when."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._sqs = stack.client("sqs")
        self._url = stack.system.output("PostQueueUrl")

    def decided(self, holder: Holder) -> dict[str, Any]:
        """The workflow's real decision about a purchase, taken off the queue."""
        with self.stack.mapping_stopped(self._url.rpartition("/")[2]):
            self.stack.quiet()
            self.stack.send(purchase(holder.card_number, 4_500))
            taken: list[dict[str, Any]] = []

            def arrived() -> bool:
                taken.extend(self._taken())
                return bool(taken)

            eventually(arrived)
        (message,) = taken
        return message

    def deliver(self, event: dict[str, Any]) -> None:
        """Twice, as a queue may do."""
        for _ in range(2):
            self._sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(event))
        self.stack.quiet()

    def _taken(self) -> list[dict[str, Any]]:
        messages = self._sqs.receive_message(QueueUrl=self._url).get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


def other_decision(event: dict[str, Any]) -> dict[str, Any]:
    """What the workflow says of the same record while the account is blocked."""
    other: dict[str, Any] = json.loads(json.dumps(event))
    other["detail-type"] = "TransactionPostingSuspended"
    other["detail"]["meta"]["event_id"] = "b1b8c1a0-5f0d-5a4e-9a41-000000000000"
    other["detail"]["data"]["decision"] |= {"outcome": "SUSPENDED", "reason": HELD}
    other["detail"]["data"]["account"]["status"] = "HOLD_DEBIT"
    return other


@pytest.mark.parametrize(("approved_first", "purpose"), [(True, "CLEAR"), (False, "SUSPEND")])
def test_the_decision_that_arrives_first_is_booked_and_the_other_changes_nothing(
    stack: Stack, approved_first: bool, purpose: str
) -> None:
    desk, holder = Desk(stack), stack.holder()
    approved = desk.decided(holder)
    first, second = approved, other_decision(approved)
    if not approved_first:
        first, second = second, first
    header_id = f"J#{approved['detail']['meta']['msg_id']}"
    desk.deliver(first)
    booked, balance = stack.header(header_id), stack.balance(holder.account)

    stack.set_status(holder, "HOLD_DEBIT" if approved_first else "OPEN")
    stack.set_status(holder, "HOLD_ALL")
    desk.deliver(second)
    desk.deliver(first)

    assert booked["purpose"] == purpose
    assert stack.header(header_id) == booked
    after = stack.balance(holder.account)
    moved = ("posted_d", "posted_c", "available", "posting_no")
    assert [after[name] for name in moved] == [balance[name] for name in moved]
    assert stack.parked(booked["ingest_id"]) == {}


def test_a_status_that_changed_after_the_decision_chooses_the_legs(stack: Stack) -> None:
    desk, holder = Desk(stack), stack.holder()
    approved = desk.decided(holder)
    stack.set_status(holder, "HOLD_DEBIT")

    desk.deliver(approved)

    header = stack.header(f"J#{approved['detail']['meta']['msg_id']}")
    assert (header["purpose"], header["reason"]) == ("SUSPEND", HELD)
