"""An account that many cards share, on the whole system: its records come together in order."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli import app
from tests.engine.letter_box import LetterBox
from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import Message, purchase
from tests.engine.test_card_payments import follower, naming

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]


def shared(stack: Stack, cards: int) -> tuple[Holder, list[str]]:
    """A company's account and the numbers of its cards."""
    holder = stack.holder(posting_mode="BATCHED")
    others = [stack.card_number() for _ in range(cards - 1)]
    stack.load("cards", [{"card_number": each, "account_id": holder.account_id} for each in others])
    return holder, [holder.card_number, *others]


def lines(stack: Stack, holder: Holder) -> list[dict[str, Any]]:
    """The statement, by number."""
    answer = stack.client("dynamodb").query(
        TableName=stack.system.table("Journal"),
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"S#{holder.account}#EUR"}},
        ConsistentRead=True,
    )
    found = [
        {
            "number": int(item["sk"]["S"]),
            "amount": int(item["amount"]["N"]),
            "after": int(item["balance_after"]["N"]),
            "at": item["booked_at"]["S"],
        }
        for item in answer["Items"]
    ]
    return sorted(found, key=lambda line: line["number"])


def in_its_queue(stack: Stack) -> int:
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.system.output("PostBatchQueueUrl"),
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@contextlib.contextmanager
def gathered(stack: Stack, messages: int) -> Iterator[None]:
    """What is sent inside waits in the group until all of it is there."""
    with stack.mapping_stopped("PostBatchQueue"):
        yield
        eventually(lambda: in_its_queue(stack) == messages)


def test_forty_messages_of_one_account_are_booked_in_four_writes_of_its_balance(
    stack: Stack,
) -> None:
    holder, cards = shared(stack, 8)
    many = [purchase(cards[n % 8], 100 + n) for n in range(40)]

    with gathered(stack, 40):
        receipts = [
            receipt for at in range(0, 40, 10) for receipt in stack.send(*many[at : at + 10])
        ]
    outcomes = stack.outcomes([receipt.ingest_id for receipt in receipts])

    assert {each.why for each in outcomes.values()} == {"CLEAR"}
    booked = lines(stack, holder)
    assert [line["number"] for line in booked] == list(range(1, 41))
    assert sorted(-line["amount"] for line in booked) == [100 + n for n in range(40)]
    total = 0
    for line in booked:
        total += line["amount"]
        assert line["after"] == total
    row = stack.balance(holder.account)
    assert (row["posted_d"], row["posting_no"], row["version"]) == (4_780, 40, 41)
    # What is written together has one time: a transaction writes the balance once.
    assert len({line["at"] for line in booked}) == 4


def test_a_payment_whose_messages_come_in_one_batch_ends_as_it_would_singly(stack: Stack) -> None:
    holder, (card,) = shared(stack, 1)
    hold = purchase(card, 6_000, mti="0120")
    clearing = follower(hold, "0220", 1, de4=f"{4_500:012}")
    undoing = follower(hold, "0420", 2, de4=f"{4_500:012}", de90=naming(clearing, "0220"))

    receipts = []
    with gathered(stack, 3):
        for at, message in enumerate((hold, clearing, undoing), start=1):
            receipts += stack.send(message)
            eventually(lambda at=at: in_its_queue(stack) == at)  # type: ignore[misc]
    found = stack.outcomes([receipt.ingest_id for receipt in receipts])

    assert [found[each.ingest_id].why for each in receipts] == ["HOLD", "CLEAR", "REVERSE"]
    row = stack.balance(holder.account)
    assert (row["posted_d"], row["posted_c"], row["held"]) == (4_500, 4_500, 0)
    assert len({line["at"] for line in lines(stack, holder)}) == 1


def test_a_reversal_that_waited_in_its_group_is_woken_within_the_queue_s_five_minutes(
    stack: Stack,
) -> None:
    holder, (card,) = shared(stack, 1)
    hold = purchase(card, 6_000, mti="0120")
    reversal: Message = follower(hold, "0420", 1, de90=naming(hold, "0100"))

    (waits,) = stack.post(reversal)
    assert waits.kind == "WAITING"
    stack.post(hold)

    eventually(lambda: stack.outcome(waits.ingest_id).kind == "POSTED")
    assert stack.balance(holder.account)["held"] == 0


def test_a_letter_of_a_batched_account_is_redriven_into_its_group(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder, (card,) = shared(stack, 1)
    letters = LetterBox(stack)
    with gathered(stack, 1):
        (receipt,) = stack.send(purchase(card, 4_500))
        letters.move("PostBatchQueue", "PostBatchDeadLetters")
        # `gathered` asks for one: this one stays.
        stack.send(purchase(card, 100))
    capsys.readouterr()

    assert app.run(["redrive", "PostBatchDeadLetters", "--json"]) == 0

    (told,) = json.loads(capsys.readouterr().out)
    assert told["resent"] == [receipt.ingest_id]
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"
    eventually(lambda: stack.balance(holder.account)["posted_d"] == 4_600)
    assert letters.count("PostBatchDeadLetters") == 0


def test_pausing_posting_stops_the_batches_too(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    holder, (card,) = shared(stack, 1)
    with gathered(stack, 1):
        (receipt,) = stack.send(purchase(card, 4_500))
    stack.outcome(receipt.ingest_id)
    assert app.run(["pause", "posting", "--note", "a test"]) == 0
    states = [
        stack.client("lambda").get_event_source_mapping(UUID=stack.system.output(name))["State"]
        for name in ("PostingMappingId", "BatchPostingMappingId")
    ]
    assert app.run(["resume", "posting"]) == 0
    capsys.readouterr()

    assert states == ["Disabled", "Disabled"]
    assert stack.balance(holder.account)["posted_d"] == 4_500
