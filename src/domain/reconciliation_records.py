"""Records = outcomes: every record received is booked, suspended, rejected, parked or under way."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.cain import from_json
from domain.events import Posted
from domain.holding import HOLD, RELEASE
from domain.money import Money
from domain.over_clearing import Excess
from domain.posting import POSTED
from domain.reconciliation import SWEEP, Break, Findings
from domain.reversing import REVERSE
from domain.transaction import read_transaction

type Row = Mapping[str, Any]

# The sides that the received ones must add up to.
BOOKED, SUSPENDED, REJECTED, IN_FLIGHT, MISSING = (
    "booked",
    "suspended",
    "rejected",
    "in flight",
    "without an outcome",
)
RECEIVED, ANSWERED = "received", "answered"
_ENDED = {"PARKED", "DISCARDED", "RESOLVED"}
# Outcomes that say that nothing is booked. FAILED is not one: a booking mends it.
_REFUSALS = {"REJECTED", "INVALID"}


REVERSED_UNMATCHED = "REVERSED_UNMATCHED"
EXCESS_ACCEPTED = "cleared beyond tolerance, and accepted by a person"

# A hold owes nothing yet; what undoes something gives back what that had booked, at its rate.
OWING_NOTHING_OF_THEIR_OWN = frozenset({HOLD, RELEASE, REVERSE})


def compare_records(
    records: Iterable[Row],
    booked: Mapping[str, Posted],
    parked: Mapping[str, Row],
    overdue_before: datetime,
    excesses: Mapping[str, Excess] | None = None,
) -> Findings:
    """Each record against its own header (`booked`) or its Parked row, both by ingest_id.

    `excesses` are of those whose payment cleared more than is tolerated, by ingest_id.

    A record without an outcome is in flight until `overdue_before` passes the moment of its
    reception, or of its release.
    """
    found = Findings()
    for record in records:
        found.looked_at += 1
        stated = scheme_amount(record)
        found.totals.add(RECEIVED, stated)
        header, row = booked.get(record["ingest_id"]), parked.get(record["ingest_id"])
        if header is not None:
            _booked(found, record["ingest_id"], stated, header, row)
            _over_cleared(found, record["ingest_id"], excesses or {})
        elif row is not None and row["state"] in _ENDED:
            _parked(found, stated, row)
        else:
            _under_way(found, record, stated, row, overdue_before)
    return found


def scheme_amount(record: Row) -> Money:
    """What the message is about: the settlement amount where it states one, else the transaction
    amount.
    """
    transaction = read_transaction(record["mti"], record["network"], from_json(record["cain"]))
    undone = transaction.amount_undone
    if undone is not None:
        return undone
    return transaction.settlement_amount or transaction.transaction_amount


def owed_amount(header: Posted, currency: str) -> Money:
    """What the booking says that the scheme is owed, or owes, in this currency."""
    owed = sum(
        leg.amount
        for leg in header.legs
        if leg.account.startswith("settle:") and leg.currency == currency and leg.layer == POSTED
    )
    return Money(owed, currency)


def _booked(
    found: Findings, ingest_id: str, stated: Money, header: Posted, row: Row | None
) -> None:
    owed = stated
    if header.purpose not in OWING_NOTHING_OF_THEIR_OWN:
        owed = owed_amount(header, stated.currency)
    found.totals.add(SUSPENDED if header.purpose == "SUSPEND" else BOOKED, owed)
    if owed != stated:
        what = (
            f"the message is about {stated.amount} {stated.currency} minor units,"
            f" {header.header_id} books {owed.amount}"
        )
        found.breaks.append(Break(kind="AMOUNT_DIFFERS", id=ingest_id, what=what))
    if row is not None and is_refused(row):
        what = f"{header.header_id} is booked, and the record is {row['state']} {row['reason']}"
        found.breaks.append(Break(kind="BOOKED_AND_REFUSED", id=ingest_id, what=what))


def is_refused(row: Row) -> bool:
    """It says that nothing is booked, and nobody has released the record since."""
    refused = row["state"] == "PARKED" and row["reason"] in _REFUSALS
    return refused or row["state"] == "DISCARDED"


def _over_cleared(found: Findings, ingest_id: str, excesses: Mapping[str, Excess]) -> None:
    """Booked whole, as the scheme is owed it; whether that is right, a person must find out. What
    one has found right is told, and is no break.
    """
    excess = excesses.get(ingest_id, Excess(0))
    if excess.accepted:
        found.note(EXCESS_ACCEPTED)
    if excess.left:
        what = f"{excess.left} minor units are cleared beyond authorisation and tolerance"
        what += f", beside {excess.accepted} that are accepted" if excess.accepted else ""
        found.breaks.append(Break(kind="OVER_CLEARED", id=ingest_id, what=what))


def _parked(found: Findings, stated: Money, row: Row) -> None:
    reason = row["reason"]
    if row["state"] == "RESOLVED" and "response" in row:
        # A request: what it asked for is booked, or declined, as its response.
        found.totals.add(ANSWERED, stated)
        return
    found.totals.add(REJECTED if reason == REJECTED.upper() else f"parked {reason}", stated)
    if (row["state"], row.get("code")) == ("PARKED", REVERSED_UNMATCHED):
        what = "the scheme reverses what we never heard of"
        found.breaks.append(Break(kind="REVERSED_UNMATCHED", id=row["ingest_id"], what=what))
    if row["state"] == "RESOLVED":
        what = "parked as RESOLVED by a booking that does not exist"
        found.breaks.append(Break(kind="RESOLVED_BY_NOTHING", id=row["ingest_id"], what=what))


def _under_way(
    found: Findings, record: Row, stated: Money, row: Row | None, overdue_before: datetime
) -> None:
    since, what = record["received_at"], "received"
    if row is not None:
        since, what = row["history"][-1]["at"], "released"
    if datetime.fromisoformat(since) >= overdue_before:
        found.totals.add(IN_FLIGHT, stated)
        return
    found.totals.add(MISSING, stated)
    found.breaks.append(
        Break(
            kind="NO_OUTCOME",
            id=record["ingest_id"],
            what=f"{what} at {since}, and neither booked nor parked",
            repair=SWEEP,
        )
    )
