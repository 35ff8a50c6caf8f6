"""Planted breaks of every kind: found by a dry run, mended by a repair where repeating mends them,
and named where only a person can.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.items import to_item
from cli.reconcile import follow, start
from cli.reports import Reports, Stored
from samples.make_events import bus_events
from tests.engine.live import Stack, eventually
from tests.engine.messages import purchase
from tests.engine.stopping import Pipe

# The sum anew waits a minute for running folds.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("audited"),
]

NOBODY = "J#msg_nobodybookedthis"
INTERNAL = "settle:MASTERCARD:EUR"


def reconcile(stack: Stack, since: datetime, *, repair: bool = False) -> Stored:
    """A run from the minute of `since` to this one. Nothing is given time to arrive by itself."""
    asked = {"since": since.isoformat(), "repair": repair, "patience_minutes": 0, "wait_seconds": 2}
    run = start(stack.system, asked)
    follow(stack.system, run)
    return Reports(stack.system).read(run)


def breaks(report: Stored, which: str = "remaining") -> set[tuple[str, str]]:
    """Kind and id of every break of the first pass (`found`) or of the last look (`remaining`)."""
    comparisons = getattr(report.made, which).values()
    return {(each.kind, each.id) for comparison in comparisons for each in comparison.shown}


@dataclass(frozen=True)
class Planted:
    """What a repetition mends, and what only a person can: kind and id of each break."""

    began: datetime
    mendable: frozenset[tuple[str, str]]
    for_a_person: frozenset[tuple[str, str]]


def add(stack: Stack, pk: str, attribute: str, minor: int) -> None:
    stack.client("dynamodb").update_item(
        TableName=stack.system.table("Balances"),
        Key={"pk": {"S": pk}},
        UpdateExpression=f"ADD {attribute} :more",
        ExpressionAttributeValues={":more": {"N": str(minor)}},
    )


def delete(stack: Stack, table: str, **key: str) -> None:
    stack.client("dynamodb").delete_item(TableName=stack.system.table(table), Key=to_item(key))


def unfold(stack: Stack, header_id: str) -> None:
    """As if the fold had never seen this header."""
    delete(stack, "Balances", pk=f"F#{header_id}")
    for leg in stack.header(header_id)["legs"]:
        if not leg["account"].startswith("cust:"):
            side = "posted_d" if leg["side"] == "D" else "posted_c"
            add(stack, f"B#{leg['account']}#{leg['currency']}", side, -leg["amount"])


@contextmanager
def moved_by_hand(stack: Stack, pk: str) -> Iterator[None]:
    add(stack, pk, "posted_c", 7)
    yield
    add(stack, pk, "posted_c", -7)


@contextmanager
def without_line(stack: Stack, header_id: str) -> Iterator[None]:
    effect = stack.header(header_id)["customer"]
    key = {
        "pk": f"S#{effect['account']}#{effect['currency']}",
        "sk": f"{effect['posting_no']:012d}",
    }
    line = stack.row("Journal", **key)
    delete(stack, "Journal", **key)
    yield
    stack.client("dynamodb").put_item(TableName=stack.system.table("Journal"), Item=to_item(line))


@contextmanager
def event_without_header(stack: Stack) -> Iterator[None]:
    """In the audit trail, as of this minute."""
    now = datetime.now(UTC)
    event: dict[str, Any] = bus_events()["TransactionPosted"]
    event["detail"]["data"] |= {"header_id": NOBODY, "booked_at": now.isoformat()}
    place = {"Bucket": stack.system.output("AuditBucketName")}
    place["Key"] = f"{now:%Y/%m/%d/%H}/planted"
    stack.client("s3").put_object(**place, Body=json.dumps(event).encode() + b"\n")
    yield
    stack.client("s3").delete_object(**place)


def lost_on_the_way(stack: Stack, began: datetime) -> frozenset[tuple[str, str]]:
    """What a repetition mends: an event, an announcement, a fold, a Parked row, an internal sum."""
    (folded,) = stack.post(purchase(stack.holder().card_number, 1_100))
    with Pipe(stack, "Journal").losing_records():
        (silent,) = stack.post(purchase(stack.holder().card_number, 1_200))
    with Pipe(stack, "Inbox").losing_records():
        (lost,) = stack.send(purchase(stack.holder().card_number, 1_300))
    twice = purchase(stack.holder().card_number, 1_400)
    stack.post(twice)
    (repeat,) = stack.post(twice)
    arrived(stack, began, but=silent.header_id or "")
    unfold(stack, folded.header_id or "")
    delete(stack, "Parked", ingest_id=repeat.ingest_id)
    add(stack, f"B#{INTERNAL}#EUR", "posted_d", 99)
    return frozenset(
        {
            ("NO_OUTCOME", lost.ingest_id),
            ("NO_OUTCOME", repeat.ingest_id),
            ("NOT_FOLDED", folded.header_id or ""),
            ("NOT_ANNOUNCED", silent.header_id or ""),
            ("INTERNAL_DIFFERS", f"{INTERNAL}#EUR"),
        }
    )


def arrived(stack: Stack, began: datetime, but: str) -> None:
    """Nothing is under way any more: all is folded, and announced in the trail but one header."""

    def told(function: str) -> dict[str, Any]:
        until = datetime.now(UTC).isoformat()
        return stack.invoke(function, since=began.isoformat(), until=until, dry_run=True)

    stack.quiet()
    eventually(lambda: told("RebuildBalances")["folded"] == [])
    eventually(lambda: told("Republish")["republished"] == [but])


@pytest.fixture
def planted(stack: Stack) -> Iterator[Planted]:
    began, victim = datetime.now(UTC), stack.holder(opening_money=5_000)
    reader = stack.holder()
    (lineless,) = stack.post(purchase(reader.card_number, 1_500, network="MASTERCARD"))
    mendable = lost_on_the_way(stack, began)
    header_id = lineless.header_id or ""
    with ExitStack() as undone:
        undone.enter_context(moved_by_hand(stack, f"B#{victim.account}#EUR"))
        undone.enter_context(without_line(stack, header_id))
        undone.enter_context(event_without_header(stack))
        yield Planted(
            began,
            mendable,
            frozenset(
                {
                    ("CUSTOMER_DIFFERS", f"{victim.account}#EUR"),
                    ("STATEMENT_BROKEN", f"{victim.account}#EUR"),
                    ("LINE_MISSING", header_id),
                    ("STATEMENT_BROKEN", f"{reader.account}#EUR"),
                    ("EVENT_WITHOUT_HEADER", NOBODY),
                }
            ),
        )


def test_planted_breaks_of_every_kind_are_found_and_mended_or_named(
    stack: Stack, planted: Planted
) -> None:
    dry = reconcile(stack, planted.began)

    assert breaks(dry) == planted.mendable | planted.for_a_person
    assert dry.made.repairs == {}

    mended = reconcile(stack, planted.began, repair=True)

    assert breaks(mended, "found") == planted.mendable | planted.for_a_person
    assert breaks(mended) == planted.for_a_person
    done = {repair: (each.asked, each.mended) for repair, each in mended.made.repairs.items()}
    assert done == {"SWEEP": (2, 2), "REPUBLISH": (1, 1), "FOLD": (1, 1), "RESUM": (1, 1)}


def test_books_in_good_order_agree_and_their_totals_say_so(stack: Stack) -> None:
    began = datetime.now(UTC)
    stack.post(purchase(stack.holder().card_number, 2_000))
    stack.quiet()

    # The trail is gathered for some seconds.
    eventually(lambda: reconcile(stack, began).values["in_agreement"])

    report = reconcile(stack, began)
    events = report.made.remaining["events"].totals
    assert events["announced"] == events["booked"]
    records = report.made.remaining["records"].totals
    ended = sum(
        sides["EUR"].amount
        for side, sides in records.items()
        if side != "received" and "EUR" in sides
    )
    assert ended == records["received"]["EUR"].amount
    assert Reports(stack.system).newest()[0].endswith(f"/{report.made.run.run_id}.json")
