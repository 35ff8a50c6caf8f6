"""Examples of answers, made by the deployed code from the stories of the sample events."""

from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec

from adapters.claims import Claim
from adapters.full_story import FullStory
from adapters.items import from_item
from adapters.pairs import Pair
from adapters.parked_row import PARKED, ParkedRow, parked_item
from domain import foresight
from domain.booking import BalanceRow
from domain.events import TransactionPostingApproved, TransactionPostingSuspended
from domain.foresight import BalanceMove
from domain.header import StoredHeader
from domain.life import Life
from domain.lifecycle import Change, message_of, take
from domain.page_token import Mark, token_of
from domain.statement import Line, Span, state
from domain.statement_json import balance_body, page_body
from domain.trial_balance import trial_balance_body, trial_balance_of
from domain.waiting_json import parked_body, suspense_body
from samples.event_story import (
    BLOCKED_PURCHASE,
    DECLINED_PURCHASE,
    FOREIGN_PURCHASE,
    Booked,
    account_row,
    balance_of,
    book,
)

ACCOUNT = "A-1001"


class _Rows:
    """A table that holds these rows."""

    def __init__(self, **rows: Any) -> None:
        self._rows = rows

    def get(self, key: str) -> Any:
        return self._rows.get(key)

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        return {key: self._rows[key] for key in keys if key in self._rows}


class _Payment:
    """The Payments table after the purchase."""

    def get(self, _payment_id: str) -> Life:
        event = FOREIGN_PURCHASE.decided(TransactionPostingApproved)
        header_id = _booked().posted.header_id
        change = take(message_of(event.data, header_id, event.meta.business_time), None)
        assert isinstance(change, Change)
        return change.after


class _Pairs:
    def get(self, _key: str) -> Pair:
        return Pair()


class _Balance:
    def read(self, _account: str, _currency: str) -> BalanceRow:
        return _balance()


@cache
def _booked() -> Booked:
    event = FOREIGN_PURCHASE.decided(TransactionPostingApproved)
    return book(event, balance_of(account_row(ACCOUNT)), FOREIGN_PURCHASE.booked_at)


@cache
def _suspended() -> Booked:
    event = BLOCKED_PURCHASE.decided(TransactionPostingSuspended)
    return book(event, balance_of(account_row("A-1046")), BLOCKED_PURCHASE.booked_at)


def _balance() -> BalanceRow:
    """The account after its purchase."""
    return balance_of(account_row(ACCOUNT))


def receipts() -> dict[str, Any]:
    record = FOREIGN_PURCHASE.received
    names = {"ingest_id": record.ingest_id, "msg_id": record.msg_id}
    return {"results": [{"index": 0, "status": "RECEIVED", **names}]}


def foreseen() -> dict[str, Any]:
    record, posted = FOREIGN_PURCHASE.received, _booked().posted
    effect, before = posted.customer, balance_of(account_row(ACCOUNT))
    assert effect is not None
    balance = BalanceMove(
        account=effect.account,
        currency=effect.currency,
        net=effect.net,
        posted_before=before.posted,
        posted_after=effect.balance_after,
        held_before=before.held,
        held_after=before.held,
        available_before=before.available,
        available_after=before.available + effect.net,
        posting_no=effect.posting_no,
    )
    event = FOREIGN_PURCHASE.decided(TransactionPostingApproved)
    told = foresight.decided(foresight.of_record(record, foresight.KNOWN_CARD, "", ""), event.data)
    result = {"index": 0} | msgspec.to_builtins(foresight.booked(told, posted, balance))
    return {"dry_run": True, "results": [result]}


def message() -> dict[str, Any]:
    """A submission: a test card number, as in the sample batch."""
    return FOREIGN_PURCHASE.message


def story() -> dict[str, Any]:
    record, posted = FOREIGN_PURCHASE.received, _booked().posted
    header = StoredHeader(posted=posted, causation_id="", business_time=record.business_time)
    claimed_at = (FOREIGN_PURCHASE.received_at + timedelta(milliseconds=44)).isoformat(
        timespec="milliseconds"
    )
    claim = Claim(owner=record.ingest_id, fingerprint="", fields={}, claimed_at=claimed_at)
    tables: Any = (
        _Rows(**{record.ingest_id: record.to_row()}),
        _Rows(),
        _Rows(**{posted.header_id: header}),
        _Rows(**{record.msg_id: claim}),
        _Balance(),
        _Pairs(),
        _Payment(),
    )
    found = FullStory(*tables).of(record.ingest_id)
    assert found is not None
    return found


def balances() -> dict[str, Any]:
    return {"account_id": ACCOUNT, "balances": [balance_body(_balance())]}


def statement() -> dict[str, Any]:
    posted = _booked().posted
    effect = posted.customer
    assert effect is not None
    day = date.fromisoformat(posted.booking_date)
    line = Line(
        posting_no=effect.posting_no,
        header_id=posted.header_id,
        amount=effect.net,
        balance_after=effect.balance_after,
        purpose=posted.purpose,
        value_date=posted.value_date,
        booked_at=posted.booked_at,
        narrative=posted.narrative,
    )
    span, after = Span(line.posting_no, line.posting_no), day + timedelta(days=1)
    opening = effect.balance_after - effect.net
    found = state(effect.account, effect.currency, day, after, span, opening, [line])
    period = Span(line.posting_no, line.posting_no + 1)
    mark = Mark(period=period, next=line.posting_no + 1, latest=line.moment)
    token = token_of(effect.account, effect.currency, day, after, mark)
    return page_body(found, period, opening, found.closing, token)


def parked() -> dict[str, Any]:
    record = DECLINED_PURCHASE.received
    row = ParkedRow(
        ingest_id=record.ingest_id,
        reason="REJECTED",
        code="DECLINED",
        message="the issuer declined it: response code 51",
        parked_at=record.received_at,
        state=PARKED,
        msg_id=record.msg_id,
        cain=record.cain,
        last4=record.last4,
        network=record.network,
        mti=record.mti,
        business_time=record.business_time,
        received_at=record.received_at,
        source_ref=record.source_ref,
    )
    return parked_body(from_item(parked_item(row)))


def parked_page() -> dict[str, Any]:
    return {"items": [parked()]}


def resumed() -> dict[str, Any]:
    posted = _suspended().posted
    slot = {"header_id": f"{posted.header_id}#RESOLVE", "reason": posted.reason}
    return {"ingest_id": posted.ingest_id, "dry_run": False, "result": "RESUME", **slot}


def returned() -> dict[str, Any]:
    return resumed() | {"result": "RETURN"}


def discarded() -> dict[str, Any]:
    record = {"ingest_id": DECLINED_PURCHASE.received.ingest_id, "reason": "REJECTED"}
    return {**record, "dry_run": False, "result": "DISCARDED"}


def suspense() -> dict[str, Any]:
    return {"items": [suspense_body(_suspended().posted)]}


def trial_balance() -> dict[str, Any]:
    """The blocked purchase alone, folded."""
    rows = [
        {
            "account": leg.account,
            "currency": leg.currency,
            "account_kind": "internal",
            "posted_d": leg.amount if leg.side == "D" else 0,
            "posted_c": leg.amount if leg.side == "C" else 0,
        }
        for leg in _suspended().posted.legs
    ]
    return {"complete": True} | trial_balance_body(trial_balance_of(rows, []))


def document() -> dict[str, Any]:
    return {"openapi": "3.1.1"}
