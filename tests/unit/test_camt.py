"""camt.053 and camt.054: valid by the published schemas, and saying what was booked."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import charging, chart
from domain.booking import BalanceRow, posted_of
from domain.camt053 import camt053
from domain.camt054 import camt054
from domain.camt_xml import rate
from domain.errors import Contradiction
from domain.events import CustomerEffect, Decided, Posted
from domain.money import Money
from domain.posting import Posting, legs_of
from domain.record_booking import book_decided
from domain.reference import Account
from domain.statement import Line, Span, Statement, state
from tests.iso20022 import parsed, text, texts
from tests.unit.decided_records import RATE_USD, TRAVEL, account, decided
from tests.unit.ledger_tables import NOON

CUSTOMER = chart.customer("A1")
DAY = date(2026, 11, 20)
# Decimals of the minor unit: none, two, three and four.
CURRENCIES = ("JPY", "EUR", "KWD", "CLF")
PRINTABLE = st.text(st.characters(codec="utf-8"), max_size=600)


def posted(record: Decided, balance: int = 0, number: int = 1) -> tuple[Posted, CustomerEffect]:
    """The header of a record that is booked to its customer."""
    assert record.account is not None
    terms = _row(record.account.currency, balance)
    booking = book_decided("e-0", "2026-11-20T10:11:12Z", record, terms, None)
    effect = _effect(record.account.currency, booking.net, balance, number)
    return posted_of(booking, effect, NOON), effect


def moved(
    currency: str, amount: int, balance: int = 0, number: int = 1, narrative: str | None = None
) -> Posted:
    """The header of any movement of the customer's money."""
    legs = legs_of(
        [Posting(CUSTOMER, f"settle:VISA:{currency}", Money(abs(amount), currency), "PRINCIPAL")]
    )
    purchase, _ = posted(decided(Money(4500, "EUR")))
    return msgspec.structs.replace(
        purchase,
        header_id=f"J#msg_{number:026}",
        legs=legs,
        narrative=narrative,
        customer=_effect(currency, amount, balance, number),
    )


def _effect(currency: str, net: int, balance: int, number: int) -> CustomerEffect:
    return CustomerEffect(
        account=CUSTOMER,
        currency=currency,
        net=net,
        balance_after=balance + net,
        posting_no=number,
    )


def _row(currency: str, balance: int) -> BalanceRow:
    return BalanceRow(
        account=CUSTOMER,
        currency=currency,
        status="OPEN",
        overdraft_limit=0,
        posted_d=0,
        posted_c=balance,
        held=0,
        available=balance,
        version=1,
        posting_no=0,
    )


def statement_of(headers: Sequence[Posted], currency: str = "EUR", opening: int = 0) -> Statement:
    lines = [line_of(header) for header in headers]
    span = Span(1, len(lines))
    return state(CUSTOMER, currency, DAY, DAY + timedelta(days=1), span, opening, lines)


def line_of(header: Posted) -> Line:
    effect = header.customer
    assert effect is not None
    return Line(
        posting_no=effect.posting_no,
        header_id=header.header_id,
        amount=effect.net,
        balance_after=effect.balance_after,
        purpose=header.purpose,
        value_date=header.value_date,
        booked_at=header.booked_at,
        narrative=header.narrative,
    )


def written(headers: Sequence[Posted], currency: str = "EUR", iban: str | None = None) -> bytes:
    found = statement_of(headers, currency)
    return camt053(found, {each.header_id: each for each in headers}, NOON, iban)


def read053(content: bytes) -> object:
    return parsed("camt.053.001.08", content)


@given(st.sampled_from(CURRENCIES), st.lists(st.integers(-(10**12), 10**12), max_size=8), PRINTABLE)
def test_any_statement_is_valid_and_adds_up_in_its_own_decimals(
    currency: str, amounts: list[int], narrative: str
) -> None:
    headers, balance = [], 0
    for number, amount in enumerate(amounts, start=1):
        header = moved(currency, amount or 1, balance, number, narrative)
        headers.append(header)
        balance = line_of(header).balance_after

    root = read053(written(headers, currency))

    opening, closing = signed_balances(root)
    net = sum(signed_entries(root), Decimal(0))
    assert (opening, closing) == (Decimal(0), net)
    assert closing == Decimal(balance).scaleb(-Money(0, currency).exponent)
    exponents = {Decimal(each).as_tuple().exponent for each in texts(root, "Bal/Amt")}
    assert exponents == {-Money(0, currency).exponent}


def signed_balances(root: object) -> list[Decimal]:
    return signed(texts(root, "Bal/Amt"), texts(root, "Bal/CdtDbtInd"))


def signed_entries(root: object) -> list[Decimal]:
    return signed(texts(root, "Ntry/Amt"), texts(root, "Ntry/CdtDbtInd"))


def signed(amounts: list[str], directions: list[str]) -> list[Decimal]:
    signs = {"CRDT": 1, "DBIT": -1}
    return [signs[way] * Decimal(each) for each, way in zip(amounts, directions, strict=True)]


def test_a_foreign_purchase_shows_its_currency_rate_markup_and_fee() -> None:
    header, effect = posted(decided(Money(12_345, "USD"), rate=RATE_USD, pricing=TRAVEL))

    root = parsed("camt.054.001.08", camt054(header, effect))

    assert (text(root, "Ntry/Amt"), text(root, "Ntry/CdtDbtInd")) == ("116.38", "DBIT")
    assert text(root, "TxAmt/Amt") == "123.45"
    exchanged = [text(root, f"CcyXchg/{name}") for name in ("SrcCcy", "TrgtCcy", "XchgRate")]
    assert exchanged == ["USD", "EUR", "0.912345"]
    assert texts(root, "Rcrd/Amt") == ["2.25", "1.50"]
    assert texts(root, "Rcrd/Tp/Prtry/Id") == ["FX_MARKUP", "FX_FEE"]
    assert text(root, "TtlChrgsAndTaxAmt") == "3.75"


def test_a_billed_amount_shows_the_amount_abroad_and_no_rate_of_ours() -> None:
    record = decided(Money(12_345, "USD"), billing=Money(11_300, "EUR"))
    header, effect = posted(record)

    root = parsed("camt.054.001.08", camt054(header, effect))

    assert (text(root, "Ntry/Amt"), text(root, "TxAmt/Amt")) == ("113.00", "123.45")
    assert texts(root, "CcyXchg/XchgRate") == []


def test_cash_shows_its_fee_inside_the_amount() -> None:
    record = decided(Money(10_000, "EUR"), type="01", network="ATM", pricing=TRAVEL)
    header, effect = posted(record)

    root = parsed("camt.054.001.08", camt054(header, effect))

    assert text(root, "Ntry/Amt") == "102.50"
    assert texts(root, "Rcrd/Amt") == ["2.50"]
    assert texts(root, "Rcrd/ChrgInclInd") == ["true"]


@pytest.mark.parametrize(
    ("record", "code", "way"),
    [
        (decided(Money(4500, "EUR")), "PMNT CCRD POSD", "DBIT"),
        (decided(Money(4500, "EUR"), type="01"), "PMNT CCRD CWDL", "DBIT"),
        (decided(Money(4500, "EUR"), type="20", direction="CREDIT"), "PMNT CCRD RIMB", "CRDT"),
    ],
)
def test_a_card_transaction_has_the_code_of_its_kind(record: Decided, code: str, way: str) -> None:
    header, effect = posted(record)

    root = parsed("camt.054.001.08", camt054(header, effect))

    names = ("Domn/Cd", "Domn/Fmly/Cd", "Domn/Fmly/SubFmlyCd")
    assert " ".join(text(root, f"Ntry/BkTxCd/{name}") for name in names) == code
    assert text(root, "Ntry/CdtDbtInd") == way
    assert text(root, "BkTxCd/Prtry/Cd") == header.purpose


def test_a_resumed_booking_has_a_short_reference_and_its_whole_id_beside_it() -> None:
    header = msgspec.structs.replace(
        moved("EUR", -4500), header_id=f"J#msg_{'a' * 26}#RESOLVE", purpose=charging.RESUME
    )
    assert header.customer is not None

    root = parsed("camt.054.001.08", camt054(header, header.customer))

    assert len(text(root, "Ntry/AcctSvcrRef")) == 32
    assert text(root, "TxDtls/AddtlTxInf") == header.header_id


def test_a_notification_is_made_of_its_header_alone() -> None:
    header, effect = posted(decided(Money(4500, "EUR")))

    assert camt054(header, effect) == camt054(header, effect)
    root = parsed("camt.054.001.08", camt054(header, effect))
    assert text(root, "GrpHdr/CreDtTm") == header.booked_at
    assert text(root, "Acct/Id/Othr/Id") == "A1"


def test_neither_token_nor_card_number_nor_holder_is_told() -> None:
    record = decided(Money(4500, "EUR"), known=_with_owner())
    header, effect = posted(record)
    assert header.token is not None

    for content in (camt054(header, effect), written([header])):
        assert header.token.encode() not in content
        assert b"PlainCardData" not in content
        assert b"Ben Adler" not in content
        assert b"<AddtlCardData>card ending in" in content


def _with_owner() -> Account:
    return msgspec.structs.replace(account(), holder="Ben Adler", iban="NL39XPST0000000001")


def test_a_statement_names_the_account_by_its_iban_if_it_is_one() -> None:
    by_iban = read053(written([], iban="NL39XPST0000000001"))
    by_id = read053(written([], iban="to be given"))

    assert text(by_iban, "Acct/Id/IBAN") == "NL39XPST0000000001"
    assert text(by_id, "Acct/Id/Othr/Id") == "A1"


def test_the_same_statement_has_the_same_ids_and_a_longer_one_has_others() -> None:
    first, second = moved("EUR", 100, 0, 1), moved("EUR", -40, 100, 2)
    later = NOON + timedelta(hours=1)
    headers = {each.header_id: each for each in (first, second)}

    ids = [
        text(read053(camt053(statement_of(told), headers, at)), "GrpHdr/MsgId")
        for told, at in (([first], NOON), ([first], later), ([first, second], NOON))
    ]

    assert ids[0] == ids[1] != ids[2]


def test_the_period_is_told_by_its_first_and_last_moment_and_days() -> None:
    root = read053(written([]))

    assert text(root, "FrToDt/FrDtTm") == "2026-11-20T00:00:00.000+00:00"
    assert text(root, "FrToDt/ToDtTm") == "2026-11-20T23:59:59.999+00:00"
    assert texts(root, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "CLBD"]
    assert texts(root, "Bal/Dt/Dt") == ["2026-11-20", "2026-11-20"]


def test_a_statement_whose_header_says_something_else_is_refused() -> None:
    header = moved("EUR", 100)
    found = statement_of([header])

    for headers in ({}, {header.header_id: moved("EUR", 101)}):
        with pytest.raises(Contradiction, match="line 1"):
            camt053(found, headers, NOON)


@pytest.mark.parametrize(
    ("given_rate", "told"),
    [
        ("0.912345", "0.912345"),
        ("17250.1234567", "17250.123457"),
        ("0.00000123456789", "0.0000012346"),
        ("10", "10"),
    ],
)
def test_a_rate_fits_the_eleven_digits_of_the_schema(given_rate: str, told: str) -> None:
    assert rate(given_rate) == told


def test_the_time_of_creation_is_the_caller_s() -> None:
    moment = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    content = camt053(statement_of([]), {}, moment)

    assert text(read053(content), "GrpHdr/CreDtTm") == "2026-11-21T08:30:00.000+00:00"
