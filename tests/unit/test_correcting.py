"""Case E14: the mirror of the wrong sequence and the right one, once for each header."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.booking import Booking, posted_of
from domain.camt054 import camt054
from domain.correcting import Change, chain_of, correct, in_force, is_above
from domain.errors import Refused
from domain.events import CustomerEffect
from domain.header import StoredHeader
from domain.holding import change_hold
from domain.missing_funds import funds_postings
from domain.money import Money
from domain.posting import imbalance_of, legs_of, movements_of, postings_of
from tests.iso20022 import parsed, text
from tests.unit.decided_records import RATE_JPY, RATE_KWD, RATE_USD, TRAVEL, decided
from tests.unit.ledger_tables import NOON
from tests.unit.test_camt import posted

CODES = ("PRINCIPAL", "FX", "FX_MARKUP", "FX_FEE")


def booked(currency: str = "USD") -> StoredHeader:
    """A foreign purchase with markup and fee, as its header is stored."""
    amount = Money(12345, currency)
    rates = {"USD": RATE_USD, "JPY": RATE_JPY, "KWD": RATE_KWD}
    header, _ = posted(decided(amount, rate=rates[amount.currency], pricing=TRAVEL))
    return StoredHeader(posted=header, causation_id="e-0", business_time="2026-11-20T10:11:12Z")


def stored(booking: Booking) -> StoredHeader:
    effect = CustomerEffect(
        account="cust:A1", currency="EUR", net=booking.net, balance_after=0, posting_no=2
    )
    made = posted_of(booking, effect, NOON)
    return StoredHeader(posted=made, causation_id="e-1", business_time=booking.business_time)


def amounts(*changes: tuple[str, int]) -> Change:
    return Change(amounts=dict(changes))


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_after_a_correction_every_account_stands_as_if_only_the_right_one_were_booked(
    currency: str,
) -> None:
    wrong = booked(currency)
    booking = correct([wrong], amounts(("FX", 12_000), ("PRINCIPAL", 10_000)), "")
    right = postings_of(booking.legs)[len(wrong.posted.legs) // 2 :]

    both = movements_of((*wrong.posted.legs, *booking.legs))

    assert imbalance_of(booking.legs) == {}
    alone = movements_of(legs_of(right))
    assert {key: moved.net for key, moved in both.items()} == {
        key: moved.net for key, moved in alone.items()
    }
    assert (
        alone["cust:A1", "EUR"].net
        == booking.net + movements_of(wrong.posted.legs)["cust:A1", "EUR"].net
    )


def test_the_value_date_and_the_record_are_those_of_the_wrong_booking() -> None:
    wrong = booked()

    booking = correct([wrong], Change(void=True), "ORDER#1")

    assert (booking.value_date, booking.msg_id) == (wrong.posted.value_date, wrong.posted.msg_id)
    assert (booking.corrects, booking.causation_id) == (wrong.posted.header_id, "ORDER#1")


@given(st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 99_999)), max_size=6))
def test_any_chain_of_corrections_leaves_what_its_last_one_says(
    changes: list[tuple[str, int]],
) -> None:
    chain = [booked()]
    for change in changes:
        # Nothing changes, or the part is gone: there is no correction then.
        with suppress(Refused):
            chain.append(stored(correct(chain, amounts(change), "")))

    everything = [leg for header in chain for leg in header.posted.legs]
    holding = legs_of(in_force(chain))

    left = {key: moved.net for key, moved in movements_of(everything).items() if moved.net}
    assert left == {key: moved.net for key, moved in movements_of(holding).items() if moved.net}
    assert [each.posted.header_id for each in chain] == chain_of(chain[-1].posted.header_id)


def test_a_part_that_is_there_twice_cannot_be_named() -> None:
    wrong = booked()
    twice = (*postings_of(wrong.posted.legs), *postings_of(wrong.posted.legs))
    header = msgspec.structs.replace(wrong.posted, legs=legs_of(twice))

    with pytest.raises(Refused, match="AMBIGUOUS_PART"):
        correct([msgspec.structs.replace(wrong, posted=header)], amounts(("FX_FEE", 1)), "")


def test_a_hold_is_released_and_not_corrected() -> None:
    wrong = booked()
    hold = legs_of(change_hold("A1", "VISA", Money(6000, "EUR")))
    header = msgspec.structs.replace(wrong.posted, legs=hold, purpose="HOLD")

    with pytest.raises(Refused, match="IS_A_HOLD"):
        correct([msgspec.structs.replace(wrong, posted=header)], Change(void=True), "")


@pytest.mark.parametrize(
    ("caps", "above"),
    [
        ({"EUR": 150, "USD": 0}, False),
        ({"EUR": 149, "USD": 0}, True),
        ({"USD": 150}, True),
        ({}, True),
    ],
)
def test_the_cap_is_for_what_moves_in_the_end_and_for_each_currency(
    caps: dict[str, int], above: bool
) -> None:
    assert is_above(correct([booked()], amounts(("FX_FEE", 0)), ""), caps) is above


def test_the_notice_of_a_waived_fee_is_valid_and_credits_it() -> None:
    made = stored(correct([booked()], amounts(("FX_FEE", 0)), "")).posted
    assert made.customer is not None

    root = parsed("camt.054.001.08", camt054(made, made.customer))

    assert (text(root, "Ntry/Amt"), text(root, "Ntry/CdtDbtInd")) == ("1.50", "CRDT")
    assert text(root, "Ntry/BkTxCd/Prtry/Cd") == "CORRECT"


def test_a_sequence_from_outside_is_corrected_by_whoever_said_it() -> None:
    wrong = booked()
    said = msgspec.structs.replace(wrong.posted, purpose="SEQUENCE")

    with pytest.raises(Refused, match="IS_A_SEQUENCE"):
        correct([msgspec.structs.replace(wrong, posted=said)], Change(void=True), "")


def test_what_the_account_lacked_is_paid_and_not_corrected() -> None:
    wrong = booked()
    split = funds_postings(
        postings_of(wrong.posted.legs), "A1", available=3000, receivable=0, policy="SPLIT"
    )
    said = msgspec.structs.replace(wrong.posted, legs=legs_of(split or ()))

    with pytest.raises(Refused, match="MOVES_RECEIVABLE"):
        correct([msgspec.structs.replace(wrong, posted=said)], Change(void=True), "")
