"""When an account may be closed: one rule, whoever asks for it."""

from domain.booking import BalanceRow
from domain.errors import Refused


def refuse_closing(account_id: str, balance: BalanceRow) -> None:
    """Raises Refused while anything is held on the account, stands on it, is owed by it, or is
    ordered for it.

    It holds for the version of the row that was read: the change must be written against it.
    """
    if balance.held:
        raise Refused(
            "MONEY_HELD",
            f"{balance.held} {balance.currency} minor units are held on account {account_id}:"
            " holds are cleared, reversed or expire first",
        )
    if balance.opening_due:
        raise Refused(
            "OPENING_UNDER_WAY",
            f"{balance.opening_due} {balance.currency} minor units of opening money are ordered for"
            f" account {account_id} and not booked: wait for it, or load its row again if the order"
            " was lost",
        )
    if balance.posted:
        raise Refused(
            "BALANCE_NOT_ZERO",
            f"account {account_id} stands at {balance.posted} {balance.currency} minor units:"
            " pay out or collect first",
        )
    if balance.receivable:
        raise Refused(
            "DEBT_OPEN",
            f"account {account_id} lacked {balance.receivable} {balance.currency} minor units:"
            " its next credits pay them first",
        )
