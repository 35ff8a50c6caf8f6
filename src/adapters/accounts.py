"""Accounts in the ledger: their balance row, their terms, and the command for their opening
money.
"""

from typing import Any, NamedTuple

from adapters.balances import BalanceTable
from adapters.journal import JournalTable
from domain import chart, identity
from domain.booking import opening_header_id
from domain.closing import refuse_closing
from domain.correcting import correction_header_id
from domain.errors import Refused, Unavailable
from domain.events import Meta, Opening, OpeningRequested, Posted
from domain.money import Money
from domain.reference import CLOSED

_ATTEMPTS = 10


class Settled(NamedTuple):
    """Whether the balance row changed, and the command to send now that it says so."""

    changed: bool
    opening: OpeningRequested | None


class Accounts:
    def __init__(self, balances: BalanceTable, journal: JournalTable) -> None:
        self._balances = balances
        self._journal = journal

    def settle(self, row: dict[str, Any], at: str) -> Settled:
        """Bring the account's balance row to the status and limit of its reference row, and write
        on it what opening money is ordered.

        Raises Refused for closing what may not be closed and for opening money that cannot be
        ordered, and Unavailable when the row keeps moving.
        """
        account, currency = chart.customer(row["account_id"]), row["currency"]
        status, limit = row["status"], row["overdraft_limit"]
        for _ in range(_ATTEMPTS):
            # The row first: if the money is booked after we looked for it, the row has moved.
            balance = self._balances.read(account, currency)
            opening = self._opening(row, at)
            due = opening.data.amount.amount if opening else 0
            if balance is None:
                if self._balances.create(account, currency, status, limit, due):
                    return Settled(changed=True, opening=opening)
                continue
            standing = (balance.status, balance.overdraft_limit, balance.opening_due)
            if standing == (status, limit, due or balance.opening_due):
                return Settled(changed=False, opening=opening)
            if status == CLOSED and balance.status != CLOSED:
                refuse_closing(row["account_id"], balance)
            if self._balances.set_terms(balance, status, limit, due):
                return Settled(changed=True, opening=opening)
        raise Unavailable(f"the balance row of {row['account_id']} keeps moving")

    def _opening(self, row: dict[str, Any], at: str) -> OpeningRequested | None:
        """The command for opening money that is not booked yet, or None.

        Raises Refused when another amount was booked: that is a correction, not an opening; and for
        a closed account.
        """
        amount = Money(row.get("opening_money") or 0, row["currency"])
        header_id = opening_header_id(row["account_id"], row["currency"])
        booked = self._journal.get(header_id)
        if booked is not None:
            booked_amount = self._opened_with(booked.posted)
            if booked_amount == amount.amount:
                return None
            raise Refused(
                "OPENING_MONEY_CHANGED",
                f"account {row['account_id']}: opening money of {booked_amount} {amount.currency}"
                f" minor units is booked: './posting correct {header_id}' corrects it",
            )
        if not amount.amount:
            return None
        if row["status"] == CLOSED:
            raise Refused(
                "ACCOUNT_CLOSED",
                f"account {row['account_id']} is closed and has opening money: load it open first",
            )
        detail_type = OpeningRequested.detail_type()
        return OpeningRequested(
            meta=Meta(
                event_id=identity.ledger_event_id(header_id, detail_type),
                msg_id=header_id.removeprefix("J#"),
                correlation_id=header_id,
                causation_id=header_id,
                business_time=row.get("opened_at") or at,
            ),
            data=Opening(
                account_id=row["account_id"],
                amount=amount,
                value_date=(row.get("opened_at") or at)[:10],
            ),
        )

    def _opened_with(self, opening: Posted) -> int:
        """What the opening and its corrections have left on the account."""
        amount, header_id = opening.customer.net if opening.customer else 0, opening.header_id
        while correction := self._journal.get(correction_header_id(header_id)):
            amount += correction.posted.customer.net if correction.posted.customer else 0
            header_id = correction.posted.header_id
        return amount
