"""Three card messages on their way: what each step makes of them, by the code that is deployed.

A foreign purchase is booked to its customer, a purchase of a blocked account to suspense, and a
declined one not at all. The rules' verdict is written down here, because the workflow is no Python.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec

from adapters.vault import IndexKey
from domain import cain, identity
from domain.announcement import announce
from domain.booking import BalanceRow, Booking, posted_of
from domain.chart import customer
from domain.conversion import FxRate
from domain.enrichment import Known, enrich, rate_needed
from domain.events import (
    CustomerEffect,
    Decided,
    Decision,
    Posted,
    RuleRef,
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPosted,
)
from domain.header import StoredHeader
from domain.iso8583.decode import decode_json
from domain.iso8583.decoded import Decoded
from domain.lifecycle import Change, message_of, take
from domain.missing_funds import OVERDRAW
from domain.payment_booking import book_for_payment
from domain.received import Received
from domain.record_booking import book_decided
from domain.reference import Account, Merchant, MerchantCategory, Pricing
from domain.standardise import to_cain
from domain.transaction import read_transaction
from samples import make_reference
from samples.make_batch import SEED
from samples.population import BY_STATUS, merchants_in
from samples.scenarios import USD, Day, Line, held_by

CALLER = "arn:aws:sts::123456789012:assumed-role/partner-gateway"
RULES = (
    "FOREIGN_TRANSACTION",
    "CURRENCY_CONVERSION",
    "WATCHED_CATEGORY",
    "AMOUNT_LIMIT",
    "ACCOUNT_STATUS",
)
RULE_VERSION, LOAD = "v1", 1
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
# A real index key is made by the deployment and known to nobody.
INDEX = IndexKey("v1", b"sample index key, worth nothing")


@dataclass(frozen=True)
class Story:
    """One message. `token` stands for the random one that the vault would give its card."""

    line: Line
    request_key: str
    token: str
    decision: Decision

    @property
    def message(self) -> dict[str, Any]:
        """As its partner sends it; the only place where the card number stands."""
        return {"network": self.line.network, "mti": self.line.mti, "de": self.line.de}

    @property
    def content(self) -> bytes:
        return msgspec.json.encode(self.message)

    @property
    def decoded(self) -> Decoded:
        found = decode_json(self.message, network=None, received_at=NOON)
        assert isinstance(found, Decoded), found
        return found

    @property
    def received_at(self) -> datetime:
        sent = datetime.fromisoformat(self.decoded.transmitted_at)
        return sent + timedelta(milliseconds=1_214)

    @property
    def booked_at(self) -> datetime:
        return self.received_at + timedelta(seconds=3)

    @property
    def received(self) -> Received:
        decoded = self.decoded
        msg_id = identity.message_id(decoded)
        fields = identity.business_fields(decoded, self.token)
        return Received(
            ingest_id=identity.ingest_id_for_api(CALLER, self.request_key, 0),
            msg_id=msg_id,
            fingerprint=identity.fingerprint(fields),
            fields=fields,
            network=decoded.network,
            mti=decoded.mti,
            token=self.token,
            last4=decoded.card_number.last4,
            cain=cain.to_json(to_cain(decoded, self.token, msg_id)),
            business_time=decoded.transmitted_at,
            received_at=self.received_at.isoformat(timespec="milliseconds"),
            door="api",
            source_ref="api#0",
            content_digest=INDEX.digest(self.content),
        )

    @property
    def authorized(self) -> TransactionAuthorized:
        return self.received.authorized()

    @property
    def enriched(self) -> TransactionEnriched:
        event = self.authorized
        transaction = read_transaction(event.data.mti, event.data.network, event.data.cain)
        known = known_of(self.line.de["2"], transaction.merchant_id, transaction.mcc)
        pair = rate_needed(transaction, known.account)
        rate = rate_at(*pair, event.meta.business_time) if pair else None
        return enrich(event, known, rate)

    def decided[Outcome: msgspec.Struct](self, outcome: type[Outcome]) -> Outcome:
        """The verdict as the workflow puts it on the bus, with the id that enrichment made."""
        event = self.enriched
        ids = msgspec.to_builtins(event.data.outcome_ids)
        values = {name: getattr(event.data, name) for name in Decided.__struct_fields__[:-1]}
        meta = msgspec.structs.replace(
            event.meta, event_id=ids[outcome.__name__], causation_id=event.meta.event_id
        )
        return outcome(meta=meta, data=Decided(**values, decision=self.decision))


@dataclass(frozen=True)
class Booked:
    """A booking of the story, and the header that it became."""

    booking: Booking
    posted: Posted

    @property
    def event(self) -> TransactionPosted:
        return announce(
            StoredHeader(
                posted=self.posted,
                causation_id=self.booking.causation_id,
                business_time=self.booking.business_time,
            )
        )


def book(event: Any, balance: BalanceRow, booked_at: datetime) -> Booked:
    """The booking of a decided record by a customer's balance row."""
    meta, record = event.meta, event.data
    booking = book_decided(meta.event_id, meta.business_time, record, balance, None)
    if booking.customer:
        message = message_of(record, booking.header_id, meta.business_time)
        change = take(message, None)
        assert isinstance(change, Change)
        booking = book_for_payment(message, change, {}, meta.event_id, balance, OVERDRAW) or booking
    effect = CustomerEffect(
        account=balance.account,
        currency=balance.currency,
        net=booking.net,
        balance_after=balance.posted + booking.net,
        posting_no=balance.posting_no + 1,
    )
    return Booked(booking, posted_of(booking, effect if booking.customer else None, booked_at))


def balance_of(account: dict[str, Any]) -> BalanceRow:
    """The balance after opening money, before anything else."""
    money, limit = account["opening_money"], account["overdraft_limit"]
    return BalanceRow(
        account=customer(account["account_id"]),
        currency=account["currency"],
        status=account["status"],
        overdraft_limit=limit,
        posted_d=0,
        posted_c=money,
        held=0,
        available=money + limit,
        version=2,
        posting_no=1,
    )


def account_row(account_id: str) -> dict[str, Any]:
    return next(row for row in make_reference.accounts() if row["account_id"] == account_id)


@cache
def merchant_categories() -> Sequence[dict[str, Any]]:
    """Reading the standard's table takes a while."""
    return make_reference.mcc()


def known_of(card_number: str, merchant_id: str | None, mcc: str | None) -> Known:
    """What the sample reference data says about a card and a merchant."""
    card = _row(make_reference.cards(), "card_number", card_number)
    account = _row(make_reference.accounts(), "account_id", card["account_id"])
    product = _row(make_reference.products(), "product", account["product"])
    described = account | {"description": product["description"]}
    return Known(
        account=msgspec.convert(described, Account),
        pricing=msgspec.convert(product, Pricing),
        merchant=msgspec.convert(
            _row(make_reference.merchants(), "merchant_id", merchant_id), Merchant
        ),
        mcc=msgspec.convert(_row(merchant_categories(), "mcc", mcc), MerchantCategory),
        rule_version=RULE_VERSION,
        ref_version=LOAD,
    )


def rate_at(base: str, quote: str, business_time: str) -> FxRate:
    fitting = [
        row
        for row in make_reference.fx()
        if (row["base"], row["quote"]) == (base, quote) and row["as_of"] <= business_time
    ]
    return msgspec.convert(max(fitting, key=lambda row: row["as_of"]), FxRate)


def _row(rows: Sequence[dict[str, Any]], name: str, value: str | None) -> dict[str, Any]:
    return next(row for row in rows if row[name] == value)


def _decision(outcome: str, reason: str | None, flags: Sequence[str] = ()) -> Decision:
    return Decision(
        outcome=outcome,
        reason=reason,
        flags=tuple(flags),
        rules=tuple(RuleRef(rule, RULE_VERSION) for rule in RULES),
        rule_version=RULE_VERSION,
    )


def _stories() -> Iterator[Story]:
    day = Day(random.Random(SEED))
    buyer = next(a for a in BY_STATUS["OPEN"] if a.product == "CLASSIC" and a.currency == "EUR")
    home, abroad = merchants_in("DE")[0], merchants_in("US")[0]
    blocked = held_by(BY_STATUS["HOLD_DEBIT"][0])
    yield Story(
        day.line(held_by(buyer), abroad, 12_345, "posted.CLEAR", currency=USD),
        "order-2026-11-20-0001",
        "tok_sampleaaaaaaaaaaaaaaaaaaaa",
        _decision("APPROVED", None, RULES[:2]),
    )
    yield Story(
        day.line(blocked, home, 4_500, "suspended.ACCOUNT_ON_HOLD"),
        "order-2026-11-20-0002",
        "tok_samplebbbbbbbbbbbbbbbbbbbb",
        _decision("SUSPENDED", "ACCOUNT_ON_HOLD"),
    )
    yield Story(
        day.line(held_by(buyer), home, 4_500, "parked.REJECTED", de39="05", de38=None),
        "order-2026-11-20-0003",
        "tok_sampleaaaaaaaaaaaaaaaaaaaa",
        _decision("REJECTED", "DECLINED"),
    )


FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE = _stories()
