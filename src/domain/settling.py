"""What the settlement of a file books: the payment, the gain of its currencies, and its breaks."""

from collections.abc import Mapping

import msgspec

from domain import chart
from domain.booking import Booking
from domain.charging import TEMPLATES
from domain.conversion import FxRate, convert
from domain.money import Money
from domain.posting import Posting, legs_of
from domain.reversing import mirror
from domain.settlement_file import Paid, SettlementFile, Total
from domain.settlement_matching import Matching, SettlementBreak

SETTLE, FX_GAIN, CORRECT = "SETTLE", "FX_GAIN", "CORRECT"
BREAK_REASON = "SETTLEMENT_BREAK"


def settlement_header_id(file: SettlementFile, currency: str) -> str:
    return f"J#SETTLE#{file.name}#{currency}"


def settle(file: SettlementFile, total: Total, tolerated: int) -> Booking | None:
    """Pay what the file says; None where it comes to nothing.

    `tolerated` is the sum of the small differences between file and journal: our own currency's
    become income or loss, those of another one belong to its position, and end in the gain.
    """
    currency = total.currency
    abroad = "_ABROAD" if total.paid_in != currency else ""
    names = {"network": file.network, "other_currency": total.paid_in}
    postings = _move("SETTLE" + abroad, total.net, currency, names)
    if total.paid is not None and abroad:
        bought = _bought(total, total.paid)
        postings += _move("SETTLE_COST", bought, total.paid_in, {"other_currency": currency})
    postings += _move("SETTLE_DIFFERENCE" + abroad, tolerated, currency, names)
    if not postings:
        return None
    header_id = settlement_header_id(file, currency)
    return _booking(file, header_id, SETTLE, postings, file.fingerprint(currency))


def realised(total: Total, matching: Matching) -> int:
    """What the positions of the settled presentments have earned, in minor units of the currency
    that was paid in; below zero is a loss.

    Whatever else the payment bought, for accounts in that currency or for lines that nothing is
    booked for, stays a position at the rate of the file.
    """
    pairs = [pair for pair in matching.pairs if pair.line.currency == total.currency]
    base, quote = total.paid_in, total.currency
    earned = sum(pair.presentment.positions.get(chart.position(base, quote), 0) for pair in pairs)
    if total.paid is None or base == quote:
        return earned
    held = -sum(pair.presentment.positions.get(chart.position(quote, base), 0) for pair in pairs)
    return earned - _cost(total, total.paid, held + matching.tolerated(quote))


def _cost(total: Total, paid: Paid, bought: int) -> int:
    """What so much of the currency has cost; all of it the amount that was paid."""
    if bought == total.net:
        return _bought(total, paid)
    rate = FxRate(paid.currency, total.currency, paid.rate, "", "")
    cost = convert(Money(abs(bought), total.currency), rate).amount
    return cost if bought > 0 else -cost


def _bought(total: Total, paid: Paid) -> int:
    return paid.amount if total.net > 0 else -paid.amount


def gain_header_id(file: SettlementFile, currency: str, number: int) -> str:
    """Of the first sweep, and of those of what was earned later: `#FXGAIN`, `#FXGAIN2` ..."""
    return f"{settlement_header_id(file, currency)}#FXGAIN{number if number > 1 else ''}"


def sweep_gain(file: SettlementFile, total: Total, gain: int, number: int = 1) -> Booking | None:
    """Move what a position has earned to income, or what it has lost from it; None for zero."""
    postings = _move("FX_GAIN", gain, total.paid_in, {"other_currency": total.currency})
    if not postings:
        return None
    header_id = gain_header_id(file, total.currency, number)
    return _booking(file, header_id, FX_GAIN, postings, file.fingerprint(total.currency))


def repair(file: SettlementFile, found: SettlementBreak) -> Booking | None:
    """Move the difference of a break between clearing and suspense; None where there is none."""
    names = {"network": file.network, "reason": BREAK_REASON, "code": found.kind}
    postings = _move("SETTLE_BREAK", found.difference, found.currency, names)
    if not postings:
        return None
    settled = settlement_header_id(file, found.currency)
    content = f"{found.kind} {found.there} {found.here} {found.currency}"
    booking = _booking(file, f"{settled}#{found.id}", CORRECT, postings, content)
    return msgspec.structs.replace(
        booking,
        reason=BREAK_REASON,
        corrects=found.header_id or settled,
        narrative=f"{found.kind} {found.what}",
    )


def _move(
    template: str, amount: int, currency: str, names: Mapping[str, str]
) -> tuple[Posting, ...]:
    """The template's postings, the other way round for a negative amount; none for zero."""
    if not amount:
        return ()
    made = TEMPLATES.post(template, names, {"settled": Money(abs(amount), currency)})
    return made if amount > 0 else mirror(made, 1, 0, 1)


def _booking(
    file: SettlementFile,
    header_id: str,
    purpose: str,
    postings: tuple[Posting, ...],
    fingerprint: str,
) -> Booking:
    """Booked for no record: its own id stands where a record's would."""
    return Booking(
        header_id=header_id,
        purpose=purpose,
        msg_id=header_id.removeprefix("J#"),
        ingest_id=header_id,
        fingerprint=fingerprint,
        legs=legs_of(postings),
        value_date=file.settlement_date,
        network=file.network,
        narrative=f"{file.network} settlement {file.settlement_date}, file {file.file_id}",
        causation_id=f"SETTLE#{file.name}",
        business_time=f"{file.settlement_date}T00:00:00Z",
    )
