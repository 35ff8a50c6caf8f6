"""What a posting sequence from outside must be before it is booked."""

from collections.abc import Sequence

import msgspec
import pytest

from domain.errors import Refused
from domain.events import PostingLegCreated, UnknownEvent
from domain.posting import Leg
from domain.sequence import Arrived, assemble, refuse_number, sequence_checksum
from samples.leg_story import TRANSFER, legs_said


def leg(n: int, side: str, amount: int, account: str, currency: str = "EUR", **more: str) -> Leg:
    return Leg(n, account, currency, side, amount, more.get("layer", "posted"), "TRANSFER")


def arrived(*legs: Leg, checksum: str | None = None) -> list[Arrived]:
    return [
        Arrived(
            part=event.data,
            event_id=event.meta.event_id,
            business_time=event.meta.business_time,
        )
        for event in legs_said("TRF-1", legs, checksum)
    ]


def refusal_of(parts: Sequence[Arrived]) -> str:
    with pytest.raises(Refused) as refused:
        assemble(parts)
    return refused.value.code


def test_a_whole_sequence_becomes_one_booking_of_its_legs_as_they_came() -> None:
    parts = arrived(
        leg(1, "D", 700, "nostro:EUR"),
        leg(2, "D", 300, "inc:fx_fee"),
        leg(3, "C", 1000, "cust:A-1001"),
    )

    booking = assemble(parts)

    assert booking.header_id == "J#LEGS#TRF-1"
    assert booking.purpose == "SEQUENCE"
    assert booking.legs == tuple(each.part.leg for each in parts)
    assert (booking.customer, booking.currency, booking.net) == ("cust:A-1001", "EUR", 1000)
    assert booking.fingerprint == parts[0].part.checksum
    assert booking.causation_id == parts[0].event_id


def test_a_sequence_need_not_move_a_customer() -> None:
    booking = assemble(
        arrived(leg(1, "D", 5, "nostro:JPY", "JPY"), leg(2, "C", 5, "inc:fx_gain", "JPY"))
    )

    assert (booking.customer, booking.net) == (None, 0)


@pytest.mark.parametrize(
    ("legs", "reason"),
    [
        ((leg(1, "D", 100, "nostro:EUR"), leg(2, "C", 99, "cust:A1")), "UNBALANCED"),
        (
            (leg(1, "D", 100, "nostro:EUR"), leg(2, "C", 100, "cust:A1", "USD")),
            "UNBALANCED",
        ),
        ((leg(1, "D", 100, "cash:EUR"), leg(2, "C", 100, "cust:A1")), "UNKNOWN_ACCOUNT"),
        ((leg(1, "D", 100, "nostro:USD"), leg(2, "C", 100, "cust:A1")), "WRONG_CURRENCY"),
        ((leg(1, "D", 0, "nostro:EUR"), leg(2, "C", 0, "cust:A1")), "INVALID_LEG"),
        ((leg(1, "D", -5, "nostro:EUR"), leg(2, "C", -5, "cust:A1")), "INVALID_LEG"),
        ((leg(1, "DEBIT", 5, "nostro:EUR"), leg(2, "C", 5, "cust:A1")), "INVALID_LEG"),
        (
            (
                leg(1, "D", 5, "cust:A1", layer="pending"),
                leg(2, "C", 5, "nostro:EUR", layer="pending"),
            ),
            "INVALID_LEG",
        ),
        ((leg(1, "D", 5, "cust:A1"), leg(2, "C", 5, "cust:A2")), "SEVERAL_CUSTOMERS"),
        (
            (
                leg(1, "D", 5, "cust:A1"),
                leg(2, "C", 5, "fxpos:EUR/USD"),
                leg(3, "D", 6, "fxpos:USD/EUR", "USD"),
                leg(4, "C", 6, "cust:A1", "USD"),
            ),
            "SEVERAL_CUSTOMERS",
        ),
        ((leg(1, "D", 5, "recv:overdrawn:A1"), leg(2, "C", 5, "nostro:EUR")), "RESERVED_ACCOUNT"),
    ],
)
def test_a_sequence_that_cannot_be_booked_is_refused_by_name(
    legs: tuple[Leg, ...], reason: str
) -> None:
    assert refusal_of(arrived(*legs)) == reason


def test_legs_that_the_checksum_was_not_made_of_are_refused() -> None:
    parts = arrived(leg(1, "D", 5, "nostro:EUR"), leg(2, "C", 5, "cust:A1"), checksum="f" * 64)

    assert refusal_of(parts) == "CHECKSUM"


@pytest.mark.parametrize("n", [0, -1, 3])
def test_a_leg_beyond_its_sequence_is_refused(n: int) -> None:
    part = legs_said()[0].data

    with pytest.raises(Refused, match="INVALID_LEG"):
        refuse_number(msgspec.structs.replace(part, leg=msgspec.structs.replace(part.leg, n=n)))


def test_the_checksum_is_the_one_that_the_documentation_describes() -> None:
    legs = (
        Leg(1, "nostro:EUR", "EUR", "D", 25_000, "posted", "TRANSFER"),
        Leg(2, "cust:A-1001", "EUR", "C", 25_000, "posted", "TRANSFER"),
    )

    assert sequence_checksum(TRANSFER, "2026-11-20", legs) == (
        "9bd4b25960583328f42e9794bcae8888c833a90e2ca7d26350bd043d6249a1d0"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("sequence_id", "A#B"), ("sequence_id", "x" * 37), ("leg_count", 0), ("leg_count", 101)],
)
def test_an_event_that_names_no_sequence_is_not_read(name: str, value: object) -> None:
    event = msgspec.to_builtins(legs_said()[0])
    event["data"][name] = value
    body = msgspec.json.encode({"detail-type": "PostingLegCreated", "detail": event})

    with pytest.raises(UnknownEvent):
        PostingLegCreated.from_envelope(body)
