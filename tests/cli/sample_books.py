"""Books in good order, small enough to know by heart, for tests that then break one thing.

Two accounts with opening money, a purchase of 45.00, a suspense booking of 20.00, one record that
was rejected, one that repeats the purchase and one that repeats it with another amount.
"""

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.journal import stored_header
from cli.audit.reading import Books
from domain.announcement import announce
from domain.booking import Booking, posted_of
from domain.cain import to_json
from domain.chart import customer, nostro, settlement, suspense
from domain.events import CustomerEffect
from domain.header import StoredHeader
from domain.iso8583.decode import decode_json
from domain.iso8583.decoded import Decoded
from domain.money import Money
from domain.posting import Posting, legs_of
from domain.standardise import to_cain
from tests.unit.card_messages import as_json

type Row = dict[str, Any]

NOW = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
PURCHASE, SUSPENDED, REJECTED, REPEAT, CHANGED = (
    "ing_purchase",
    "ing_suspended",
    "ing_rejected",
    "ing_repeat",
    "ing_changed",
)
PURCHASE_HEADER, SUSPENSE_HEADER = "J#msg_purchase", "J#msg_suspended"
ALICE, BOB = customer("A-1"), customer("A-2")


def books() -> Books:
    """A fresh copy each time, free to be broken."""
    return copy.deepcopy(_BOOKS)


def header(
    header_id: str,
    purpose: str,
    ingest_id: str,
    postings: tuple[Posting, ...],
    effect: CustomerEffect | None = None,
    reason: str | None = None,
) -> Row:
    """A stored header as a scan gives it: what is None is not there."""
    booking = Booking(
        header_id=header_id,
        purpose=purpose,
        msg_id=header_id.removeprefix("J#"),
        ingest_id=ingest_id,
        fingerprint=f"print of {ingest_id}",
        legs=legs_of(postings),
        value_date="2026-11-21",
        reason=reason,
        causation_id="caused",
        business_time="2026-11-20T10:11:12Z",
    )
    posted = posted_of(booking, effect, NOW)
    row = msgspec.to_builtins(posted) | {
        "pk": header_id,
        "sk": "H",
        "causation_id": "caused",
        "business_time": "2026-11-20T10:11:12Z",
    }
    stored = msgspec.json.decode(msgspec.json.encode(row))
    return {name: value for name, value in stored.items() if value is not None}


def event_of(row: Row) -> Row:
    """The detail of the header's TransactionPosted, as the audit trail has it."""
    stored: StoredHeader = stored_header(row)
    return dict(msgspec.json.decode(announce(stored).to_detail()))


def record(ingest_id: str, msg_id: str, fingerprint: str, amount: int) -> Row:
    """An Inbox row of a purchase in EUR."""
    decoded = decode_json(
        as_json(de4=f"{amount:012d}"), network="VISA", received_at=NOW, business_date=None
    )
    assert isinstance(decoded, Decoded)
    return {
        "ingest_id": ingest_id,
        "msg_id": msg_id,
        "fingerprint": fingerprint,
        "network": "VISA",
        "mti": decoded.mti,
        "token": "tok_alice",
        "last4": decoded.card_number.last4,
        "cain": to_json(to_cain(decoded, "tok_alice", msg_id)),
        "received_at": "2026-11-20T12:00:00.000+00:00",
    }


def parked(ingest_id: str, reason: str, code: str, **more: Any) -> Row:
    return {
        "ingest_id": ingest_id,
        "state": "PARKED",
        "reason": reason,
        "code": code,
        "message": "",
        "parked_at": "2026-11-20T12:00:01.000+00:00",
        "history": [],
    } | more


def line(account: str, number: int, header_id: str, amount: int, after: int) -> Row:
    return {
        "pk": f"S#{account}#EUR",
        "sk": f"{number:012d}",
        "header_id": header_id,
        "amount": amount,
        "balance_after": after,
        "purpose": "CLEAR",
        "value_date": "2026-11-21",
    }


def customer_row(account: str, debit: int, credit: int, postings: int) -> Row:
    return {
        "pk": f"B#{account}#EUR",
        "account": account,
        "currency": "EUR",
        "account_kind": "customer",
        "status": "OPEN",
        "overdraft_limit": 10_000,
        "held": 0,
        "available": credit - debit + 10_000,
        "posted_d": debit,
        "posted_c": credit,
        "posting_no": postings,
        "version": postings + 1,
    }


def internal_row(account: str, debit: int, credit: int) -> Row:
    return {
        "pk": f"B#{account}#EUR",
        "account": account,
        "currency": "EUR",
        "account_kind": "internal",
        "posted_d": debit,
        "posted_c": credit,
    }


def _opening(account: str, amount: int) -> Row:
    header_id = f"J#OPENING#{account.removeprefix('cust:')}#EUR"
    moved = Posting(nostro("EUR"), account, Money(amount, "EUR"), "OPENING")
    effect = CustomerEffect(
        account=account, currency="EUR", net=amount, balance_after=amount, posting_no=1
    )
    return header(header_id, "OPENING", header_id, (moved,), effect)


def _headers() -> list[Row]:
    purchase = Posting(ALICE, settlement("VISA", "EUR"), Money(4500, "EUR"), "PRINCIPAL")
    effect = CustomerEffect(
        account=ALICE, currency="EUR", net=-4500, balance_after=5500, posting_no=2
    )
    suspended = Posting(
        suspense("UNKNOWN_ACCOUNT", "EUR"),
        settlement("VISA", "EUR"),
        Money(2000, "EUR"),
        "PRINCIPAL",
    )
    return [
        _opening(ALICE, 10_000),
        _opening(BOB, 5_000),
        header(PURCHASE_HEADER, "CLEAR", PURCHASE, (purchase,), effect),
        header(SUSPENSE_HEADER, "SUSPEND", SUSPENDED, (suspended,), reason="UNKNOWN_ACCOUNT"),
    ]


def _make() -> Books:
    headers = _headers()
    inbox = [
        record(PURCHASE, "msg_purchase", "print of ing_purchase", 4500),
        record(SUSPENDED, "msg_suspended", "print of ing_suspended", 2000),
        record(REJECTED, "msg_rejected", "print of ing_rejected", 700),
        record(REPEAT, "msg_purchase", "print of ing_purchase", 4500),
        record(CHANGED, "msg_purchase", "print of ing_changed", 4600),
    ]
    outcomes = [
        parked(REJECTED, "REJECTED", "DECLINED", msg_id="msg_rejected"),
        parked(
            REPEAT,
            "DUPLICATE",
            "REPEATED",
            original=PURCHASE,
            msg_id="msg_purchase",
            fingerprint="print of ing_purchase",
        ),
        parked(
            CHANGED,
            "CONFLICT",
            "OTHER_CONTENT",
            original=PURCHASE,
            msg_id="msg_purchase",
            fingerprint="print of ing_changed",
        ),
    ]
    return Books(
        at=NOW,
        inbox={row["ingest_id"]: row for row in inbox},
        parked={row["ingest_id"]: row for row in outcomes},
        headers={row["pk"]: row for row in headers},
        lines=[
            line(ALICE, 1, "J#OPENING#A-1#EUR", 10_000, 10_000),
            line(ALICE, 2, PURCHASE_HEADER, -4500, 5500),
            line(BOB, 1, "J#OPENING#A-2#EUR", 5_000, 5_000),
        ],
        balances=[
            customer_row(ALICE, 4500, 10_000, 2),
            customer_row(BOB, 0, 5_000, 1),
            internal_row("nostro:EUR", 15_000, 0),
            internal_row("settle:VISA:EUR", 0, 6_500),
            internal_row("susp:UNKNOWN_ACCOUNT:EUR", 2_000, 0),
        ],
        payments=[],
        markers=frozenset(row["pk"] for row in headers),
        announced=[event_of(row) for row in headers],
    )


_BOOKS = _make()
