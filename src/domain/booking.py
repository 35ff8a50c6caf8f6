"""A booking: the legs of one posting sequence and the identity of the journal header it will
have.
"""

from datetime import UTC, datetime

import msgspec

from domain import charging, chart
from domain.conversion import FxRate
from domain.events import (
    CustomerEffect,
    HoldEffect,
    Opening,
    OpeningRequested,
    Posted,
)
from domain.lifecycle import Change
from domain.missing_funds import (
    OVERDRAW,
    OVERDRAWN,
    debt_moved,
    funds_postings,
)
from domain.posting import (
    POSTED,
    Leg,
    Movement,
    checksum_of,
    legs_of,
    movements_of,
    totals_of,
)


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, before the balance is known.

    `record` is the decided record as JSON, kept for bookings in suspense so that they can be
    resumed after the Inbox row has expired. `decided` says who ordered it, when and why, where a
    person did. `change` is what the booking does to its payment; `funded`: it holds money that must
    be there.
    """

    header_id: str
    purpose: str
    msg_id: str
    ingest_id: str
    fingerprint: str
    legs: tuple[Leg, ...]
    value_date: str
    reason: str | None = None
    flags: tuple[str, ...] = ()
    customer: str | None = None
    currency: str | None = None
    purchase_id: str | None = None
    network: str | None = None
    mti: str | None = None
    token: str | None = None
    last4: str | None = None
    narrative: str | None = None
    fx: FxRate | None = None
    rule_version: str | None = None
    ref_version: int | None = None
    corrects: str | None = None
    causation_id: str
    business_time: str
    record: str | None = None
    decided: dict[str, str] | None = None
    change: Change | None = None
    funded: bool = False

    @property
    def totals(self) -> dict[str, int]:
        return totals_of(self.legs)

    @property
    def checksum(self) -> str:
        return checksum_of(self.header_id, self.purpose, self.fingerprint, self.legs)

    @property
    def net(self) -> int:
        """What the customer's balance changes by, in minor units of the account's currency."""
        if self.customer is None or self.currency is None:
            return 0
        return self.moved.net

    @property
    def moved(self) -> Movement:
        """Both sides of what is posted to the customer; nothing where all of it is a receivable."""
        return movements_of(self.legs).get(
            (self.customer or "", self.currency or ""), Movement(0, 0)
        )

    @property
    def posts(self) -> bool:
        """Whether anything is posted: then it has a number and a line. A hold posts nothing."""
        return any(leg.layer == POSTED for leg in self.legs)

    @property
    def held(self) -> int:
        """What the customer's held money changes by."""
        return self.change.held if self.change else 0

    @property
    def moves_balance(self) -> bool:
        """Whether the customer's row is changed by it."""
        return self.customer is not None and (self.posts or self.held != 0)

    @property
    def receivable(self) -> int:
        """What the customer's debt for missing funds grows by, in minor units."""
        if self.customer is None or self.currency is None:
            return 0
        return debt_moved(self.legs, self.customer, self.currency)


class BalanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's balance as read strongly, in minor units; credit-normal: posted_c - posted_d.

    `receivable` is what the account lacked for purchases that were split, and has not paid yet;
    `opening_due` is opening money that was ordered for it, and is not booked yet.
    """

    account: str
    currency: str
    status: str
    overdraft_limit: int
    posted_d: int
    posted_c: int
    held: int
    available: int
    version: int
    posting_no: int
    receivable: int = 0
    opening_due: int = 0

    @property
    def posted(self) -> int:
        return self.posted_c - self.posted_d

    def after(self, booking: Booking) -> "BalanceRow":
        """The next version of the row: what the posting transaction of this booking makes of it.

        A booking that posts nothing counts for no posting number.
        """
        moved, held = booking.moved, booking.held
        return msgspec.structs.replace(
            self,
            posted_d=self.posted_d + moved.debit,
            posted_c=self.posted_c + moved.credit,
            available=self.available + moved.net - held,
            held=self.held + held,
            receivable=self.receivable + booking.receivable,
            version=self.version + 1,
            posting_no=self.posting_no + int(booking.posts),
            opening_due=0 if booking.purpose == charging.OPENING else self.opening_due,
        )


def primary_header_id(msg_id: str) -> str:
    return f"J#{msg_id}"


def resolution_header_id(msg_id: str) -> str:
    """The one slot that the resume and the return of a suspense booking compete for."""
    return f"J#{msg_id}#RESOLVE"


def flag_overdrawn(booking: Booking, balance: BalanceRow | None) -> Booking:
    """A debit that leaves the account below its limit says so."""
    left = balance.available + booking.net - booking.held if balance else 0
    if booking.net >= 0 or left >= 0:
        return booking
    return msgspec.structs.replace(booking, flags=(*booking.flags, OVERDRAWN))


def book_opening(event: OpeningRequested, balance: BalanceRow | None = None) -> Booking:
    """Opening money: one slot for an account and a currency, once for ever.

    Like any credit it first pays what the account lacked.
    """
    opening: Opening = event.data
    postings = charging.open_account(opening.account_id, opening.amount)
    if balance is not None and balance.receivable:
        postings = (
            funds_postings(
                postings,
                opening.account_id,
                available=balance.available,
                receivable=balance.receivable,
                policy=OVERDRAW,
            )
            or postings
        )
    header_id = opening_header_id(opening.account_id, opening.amount.currency)
    return Booking(
        header_id=header_id,
        purpose=charging.OPENING,
        msg_id=header_id.removeprefix("J#"),
        ingest_id=header_id,
        fingerprint=f"{opening.amount.amount} {opening.amount.currency}",
        legs=legs_of(postings),
        value_date=opening.value_date,
        customer=chart.customer(opening.account_id),
        currency=opening.amount.currency,
        narrative="Opening balance",
        causation_id=event.meta.event_id,
        business_time=event.meta.business_time,
    )


def opening_header_id(account_id: str, currency: str) -> str:
    return f"J#OPENING#{account_id}#{currency}"


def posted_of(
    booking: Booking,
    effect: CustomerEffect | None,
    booked_at: datetime,
    hold: HoldEffect | None = None,
) -> Posted:
    """The journal header of a booking, with what it did to the balance it met."""
    moment = booked_at.astimezone(UTC)
    return Posted(
        header_id=booking.header_id,
        purpose=booking.purpose,
        msg_id=booking.msg_id,
        ingest_id=booking.ingest_id,
        fingerprint=booking.fingerprint,
        legs=booking.legs,
        leg_count=len(booking.legs),
        totals=booking.totals,
        checksum=booking.checksum,
        booked_at=moment.isoformat(timespec="milliseconds"),
        booking_date=moment.date().isoformat(),
        value_date=booking.value_date,
        reason=booking.reason,
        flags=booking.flags,
        customer=effect,
        network=booking.network,
        mti=booking.mti,
        token=booking.token,
        last4=booking.last4,
        narrative=booking.narrative,
        fx=booking.fx,
        rule_version=booking.rule_version,
        ref_version=booking.ref_version,
        corrects=booking.corrects,
        hold=hold,
        payment=booking.change.after.state if booking.change else None,
    )
