"""Correcting a booking: the mirror of the wrong one and the right one, in one sequence.

What was booked stays as it is. A correction takes the slot `{header}#CORRECT`, once; a correction
that is wrong is corrected by the next one, `{header}#CORRECT#CORRECT`.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from domain import chart
from domain.announcement import posted_event_id
from domain.booking import Booking
from domain.charging import SUSPEND
from domain.dispute_order import PURPOSES
from domain.errors import Refused
from domain.header import StoredHeader
from domain.money import Money
from domain.posting import POSTED, Leg, Posting, legs_of, movements_of, postings_of
from domain.reversing import mirror
from domain.sequence import SEQUENCE
from domain.settlement_matching import root_of
from domain.settling import BREAK_REASON, CORRECT

PRINCIPAL = "PRINCIPAL"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is right instead: `amounts` by the posting's code, in minor units, zero leaves it out;
    `void` leaves nothing.
    """

    void: bool = False
    amounts: dict[str, int] = msgspec.field(default_factory=dict)


def correction_header_id(header_id: str) -> str:
    return f"{header_id}#CORRECT"


def chain_of(header_id: str) -> list[str]:
    """The header and those that it corrects, from the first booking on."""
    chain = [root_of(header_id)]
    while chain[-1] != header_id:
        chain.append(correction_header_id(chain[-1]))
    return chain


def in_force(chain: Sequence[StoredHeader]) -> tuple[Posting, ...]:
    """What holds after the last header of a chain: of a correction, the part behind its mirror.

    Raises Refused for legs that came from outside, which need not come in pairs.
    """
    if chain[0].posted.purpose == SEQUENCE:
        raise Refused("IS_A_SEQUENCE", "whoever said the sequence corrects it by another one")
    holding = postings_of(chain[0].posted.legs)
    for header in chain[1:]:
        holding = postings_of(header.posted.legs)[len(holding) :]
    return holding


def correct(chain: Sequence[StoredHeader], change: Change, order_id: str) -> Booking:
    """The correction of the last header of a chain. Raises Refused."""
    wrong = chain[-1].posted
    if wrong.purpose == SUSPEND:
        raise Refused("IN_SUSPENSE", "a suspense booking is released or returned, not corrected")
    if wrong.purpose in PURPOSES:
        raise Refused("IS_A_DISPUTE", "a dispute is decided by './posting dispute win' or 'lose'")
    holding = in_force(chain)
    if any(_is_receivable(posting) for posting in holding):
        raise Refused("MOVES_RECEIVABLE", "what the account lacked is paid by its next credits")
    if not holding:
        raise Refused("NOTHING_IN_FORCE", f"{wrong.header_id} has left nothing to correct")
    if any(posting.layer != POSTED for posting in holding):
        raise Refused("IS_A_HOLD", "a hold moves no money: it is released, not corrected")
    right = _right(holding, change)
    if chain[0].posted.reason != BREAK_REASON and _in_suspense(right) != _in_suspense(holding):
        raise Refused("MOVES_SUSPENSE", "what a release or a return took out of suspense is final")
    if right == holding:
        raise Refused("NOTHING_CHANGES", f"{wrong.header_id} says that already")
    legs = legs_of((*mirror(holding, 1, 0, 1), *right))
    customers = {leg.account for leg in legs if leg.account.startswith("cust:")}
    content = msgspec.json.encode([wrong.checksum, legs_of(right)])
    return Booking(
        header_id=correction_header_id(wrong.header_id),
        purpose=CORRECT,
        msg_id=wrong.msg_id,
        ingest_id=wrong.ingest_id,
        fingerprint=hashlib.sha256(content).hexdigest(),
        legs=legs,
        value_date=wrong.value_date,
        customer=next(iter(customers), None),
        currency=wrong.customer.currency if wrong.customer else None,
        network=wrong.network,
        mti=wrong.mti,
        token=wrong.token,
        last4=wrong.last4,
        narrative=f"Correction: {wrong.narrative or wrong.header_id}",
        rule_version=wrong.rule_version,
        ref_version=wrong.ref_version,
        corrects=wrong.header_id,
        causation_id=order_id or posted_event_id(wrong.header_id),
        business_time=chain[-1].business_time,
    )


def is_above(booking: Booking, caps: Mapping[str, int]) -> bool:
    """Whether it moves more on any account than one person may; without a cap, anything is."""
    return any(
        abs(moved.net) > caps.get(currency, 0)
        for (_, currency), moved in movements_of(booking.legs).items()
    )


def principal_given_back(legs: Sequence[Leg], customer: str) -> int:
    """What a correction credits the customer of the purchases themselves, without their fees."""
    owed = {customer, chart.overdrawn(chart.account_id_of(customer))}
    return sum(
        leg.amount if leg.side == "C" else -leg.amount
        for leg in legs
        if leg.account in owed and leg.code == PRINCIPAL
    )


def _right(holding: Sequence[Posting], change: Change) -> tuple[Posting, ...]:
    codes = [posting.code for posting in holding]
    for code, amount in change.amounts.items():
        if codes.count(code) != 1:
            raise Refused(
                "UNKNOWN_PART" if code not in codes else "AMBIGUOUS_PART",
                f"{codes.count(code)} parts are called {code}; there are {', '.join(codes)}",
            )
        if amount < 0:
            raise Refused("NEGATIVE_AMOUNT", f"{code} cannot be {amount}: void the booking instead")
    if change.void:
        return ()
    return tuple(
        msgspec.structs.replace(posting, amount=Money(amount, posting.amount.currency))
        for posting in holding
        if (amount := change.amounts.get(posting.code, posting.amount.amount))
    )


def _is_receivable(posting: Posting) -> bool:
    return chart.overdrawn("") in posting.debit or chart.overdrawn("") in posting.credit


def _in_suspense(postings: Sequence[Posting]) -> list[Posting]:
    return [
        posting
        for posting in postings
        if posting.debit.startswith("susp:") or posting.credit.startswith("susp:")
    ]
