"""A posting sequence that arrives as single legs: whether it is whole and right, and its booking.

The legs and their order are the sender's; nothing is added, rounded or mended here.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from domain.booking import Booking
from domain.chart import CHART
from domain.chart_of_accounts import UnknownAccount, WrongCurrency
from domain.errors import Refused
from domain.events import SequenceLeg
from domain.posting import POSTED, Leg, imbalance_of, movements_of

SEQUENCE = "SEQUENCE"

CONFLICT = "CONFLICT"
CHECKSUM = "CHECKSUM"
INVALID_LEG = "INVALID_LEG"
UNBALANCED = "UNBALANCED"
UNKNOWN_ACCOUNT = "UNKNOWN_ACCOUNT"
WRONG_CURRENCY = "WRONG_CURRENCY"
RESERVED_ACCOUNT = "RESERVED_ACCOUNT"
SEVERAL_CUSTOMERS = "SEVERAL_CUSTOMERS"

_CUSTOMER, _OVERDRAWN = "customer", "overdrawn"


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A leg as it came, with what its event says of itself."""

    part: SequenceLeg
    event_id: str
    business_time: str


def header_id_of(sequence_id: str) -> str:
    return f"J#LEGS#{sequence_id}"


def sequence_checksum(sequence_id: str, value_date: str, legs: Sequence[Leg]) -> str:
    """SHA-256 in hex over compact JSON, legs by number: what its sender must have computed.

    `[sequence_id, value_date, [[n, account, currency, side, amount, layer, code], ...]]`
    """
    content = [sequence_id, value_date, [msgspec.structs.astuple(leg) for leg in legs]]
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def refuse_number(part: SequenceLeg) -> None:
    """Raises Refused for a leg that its own sequence cannot have."""
    if not 1 <= part.leg.n <= part.leg_count:
        raise Refused(INVALID_LEG, f"there is no leg {part.leg.n} of {part.leg_count}")


def assemble(arrived: Sequence[Arrived]) -> Booking:
    """The booking of all legs of a sequence, by number. Raises Refused with the first reason."""
    first = arrived[0].part
    legs = tuple(each.part.leg for each in arrived)
    if first.checksum != sequence_checksum(first.sequence_id, first.value_date, legs):
        raise Refused(CHECKSUM, "the legs are not those that the checksum was made of")
    for leg in legs:
        _refuse_leg(leg)
    _refuse_imbalance(legs)
    customer = _customer_of(legs)
    header_id = header_id_of(first.sequence_id)
    return Booking(
        header_id=header_id,
        purpose=SEQUENCE,
        msg_id=header_id.removeprefix("J#"),
        ingest_id=header_id,
        fingerprint=first.checksum,
        legs=legs,
        value_date=first.value_date,
        customer=customer[0] if customer else None,
        currency=customer[1] if customer else None,
        narrative=first.narrative,
        causation_id=arrived[0].event_id,
        business_time=arrived[0].business_time,
    )


def _refuse_leg(leg: Leg) -> None:
    if leg.amount <= 0 or leg.side not in {"D", "C"} or leg.layer != POSTED:
        raise Refused(INVALID_LEG, f"leg {leg.n} moves no positive amount of posted money")
    try:
        CHART.check(leg.account, leg.currency)
    except UnknownAccount as error:
        raise Refused(UNKNOWN_ACCOUNT, f"leg {leg.n}: {error}") from error
    except WrongCurrency as error:
        raise Refused(WRONG_CURRENCY, f"leg {leg.n}: {error}") from error
    if CHART.find(leg.account).name == _OVERDRAWN:
        # It stands on the customer's row, too, and only what the customer lacks moves both.
        raise Refused(
            RESERVED_ACCOUNT, f"leg {leg.n}: {leg.account} is moved by card bookings only"
        )


def _refuse_imbalance(legs: Sequence[Leg]) -> None:
    left = imbalance_of(legs)
    if left:
        sums = ", ".join(f"{total} {currency}" for currency, total in sorted(left.items()))
        raise Refused(UNBALANCED, f"debits less credits are {sums}")


def _customer_of(legs: Sequence[Leg]) -> tuple[str, str] | None:
    """The one balance of a customer that is moved, and its currency."""
    customers = [key for key in movements_of(legs) if CHART.find(key[0]).name == _CUSTOMER]
    if len(customers) > 1:
        named = ", ".join(f"{account} {currency}" for account, currency in customers)
        raise Refused(SEVERAL_CUSTOMERS, f"one transaction moves one customer's row, not {named}")
    return customers[0] if customers else None
