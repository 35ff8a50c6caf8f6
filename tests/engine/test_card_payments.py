"""Card payments on the whole system: what is held, cleared, reversed and waits, in any order."""

import pytest

from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import Message, changed, purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]


def follower(message: Message, mti: str, stan: int, **de: str) -> Message:
    """Another message of the same payment: the same card and reference."""
    number = f"{int(message['de']['11']) + 300_000 + stan:06}"
    return changed(message, mti=mti, de11=number, **de)


def naming(message: Message, mti: str) -> str:
    """DE90 of a message that follows this one, under the type that its request had."""
    elements = message["de"]
    return f"{mti}{elements['11']}{elements['7']}{elements['32']:0>11}{'':0>11}"


def opened(stack: Stack, opening_money: int) -> Holder:
    """An account whose opening money is booked."""
    holder = stack.holder(opening_money=opening_money)
    eventually(lambda: stack.balance(holder.account)["posted_c"] == opening_money)
    return holder


def money(stack: Stack, holder: Holder) -> tuple[int, int, int]:
    row = stack.balance(holder.account)
    return row["posted_c"] - row["posted_d"], row["held"], row["available"]


def test_a_hold_is_placed_and_its_clearing_releases_it(stack: Stack) -> None:
    holder = opened(stack, 10_000)
    hold = purchase(holder.card_number, 6_000, mti="0110")

    (held,) = stack.post(hold)

    assert (held.kind, held.why) == ("POSTED", "HOLD")
    assert money(stack, holder) == (10_000, 6_000, 4_000)

    (cleared,) = stack.post(follower(hold, "0220", 1, de4=f"{4_500:012}"))

    assert (cleared.kind, cleared.why) == ("POSTED", "CLEAR")
    assert money(stack, holder) == (5_500, 0, 5_500)
    said = stack.ear.first(detail_type="TransactionPosted", header_id=str(cleared.header_id))
    payment = said["detail"]["data"]["payment"]
    assert payment["label"] == "CLEARED"
    assert payment["counters"] == {"authorised": 6_000, "cleared": 4_500}


def test_a_hold_that_the_account_does_not_cover_is_refused_by_name(stack: Stack) -> None:
    holder = opened(stack, 1_000)

    (refused,) = stack.post(purchase(holder.card_number, 6_000, mti="0110"))

    assert (refused.kind, refused.why) == ("REJECTED", "INSUFFICIENT_FUNDS")
    assert money(stack, holder) == (1_000, 0, 1_000)


def test_a_reversal_that_comes_first_waits_for_its_authorisation(stack: Stack) -> None:
    holder = opened(stack, 10_000)
    hold = purchase(holder.card_number, 6_000, mti="0110")
    reversal = follower(hold, "0420", 1, de90=naming(hold, "0100"))

    (waits,) = stack.post(reversal)
    assert waits.kind == "WAITING"
    stack.post(hold)

    eventually(lambda: stack.outcome(waits.ingest_id).kind == "POSTED")
    assert money(stack, holder) == (10_000, 0, 10_000)
