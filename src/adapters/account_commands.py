"""Opening and closing accounts, and changing their terms: each change with who, when and why.

One transaction moves the balance row on its version, the account's row in the Reference table, and
a row of its history (`A#{account}` / `V#{version}`), or none of them.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from adapters import transactions
from adapters.balances import BalanceTable
from adapters.items import to_item
from adapters.reference import CURRENT, ReferenceTable, account_key, product_key
from adapters.reference_loading import ReferenceLoading
from domain import chart
from domain.booking import BalanceRow
from domain.closing import refuse_closing
from domain.currency import UnknownCurrency, exponent_of
from domain.errors import Refused, Unavailable
from domain.reference import CLOSED, OPEN, STATUSES

_ATTEMPTS = 10

type Row = dict[str, Any]


class AccountOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is the person, `note` why. The limit is in minor units of the account's currency."""

    action: Literal["open", "close", "status", "limit"]
    account_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,12}$")]
    by: str
    note: str
    dry_run: bool = False
    status: str | None = None
    overdraft_limit: int | None = None
    currency: str | None = None
    product: str | None = None
    holder: str | None = None
    iban: str | None = None
    branch: str | None = None


class AccountCommands:
    """Raises Refused, Unavailable."""

    def __init__(
        self,
        client: Any,
        balances: BalanceTable,
        reference: ReferenceTable,
        loading: ReferenceLoading,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._balances = balances
        self._reference = reference
        self._loading = loading
        self._now = now

    def carry_out(self, order: AccountOrder) -> Row:
        """Do it, or say what it would do."""
        if not order.note.strip():
            raise Refused("NO_NOTE", "say why: the note is kept with the change")
        for _ in range(_ATTEMPTS):
            told = self._open(order) if order.action == "open" else self._change(order)
            if told is not None:
                return told
        raise Unavailable(f"the balance row of {order.account_id} keeps moving")

    def _open(self, order: AccountOrder) -> Row | None:
        row = _new_row(order)
        keys = {account_key(order.account_id), product_key(row["product"])}
        known = self._reference.current(keys)
        if account_key(order.account_id) in known:
            raise Refused("ACCOUNT_EXISTS", f"account {order.account_id} exists")
        if product_key(row["product"]) not in known:
            raise Refused("UNKNOWN_PRODUCT", f"there is no product {row['product']}: load it first")
        account = chart.customer(order.account_id)
        made = self._balances.creation(
            account, row["currency"], row["status"], row["overdraft_limit"]
        )
        return self._write(order, None, row, made)

    def _change(self, order: AccountOrder) -> Row | None:
        before = self._reference.current({account_key(order.account_id)})
        if not before:
            raise Refused("UNKNOWN_ACCOUNT", f"there is no account {order.account_id}")
        row = before[account_key(order.account_id)]
        balance = self._balances.read(chart.customer(order.account_id), row["currency"])
        if balance is None:
            raise Refused("UNKNOWN_ACCOUNT", f"account {order.account_id} has no balance row")
        changed = row | _terms(order, balance)
        if _terms_of(changed) == (balance.status, balance.overdraft_limit) == _terms_of(row):
            raise Refused("NOTHING_CHANGES", f"account {order.account_id} is so already")
        moved = self._balances.terms(balance, *_terms_of(changed))
        return self._write(order, row, changed, moved)

    def _write(
        self, order: AccountOrder, before: Row | None, after: Row, balance: Row
    ) -> Row | None:
        """None when a row moved between our read and our write."""
        told = {
            "account_id": order.account_id,
            "before": _shown(before),
            "after": _shown(after),
        }
        if order.dry_run:
            return told | {"result": f"WOULD_{order.action.upper()}"}
        version, at = self._loading.next_version(), self._now()
        content = after | {"pk": account_key(order.account_id), "version": version}
        change = {
            "action": order.action,
            "by": order.by,
            "at": at.isoformat(timespec="milliseconds"),
            "note": order.note,
            "before": _shown(before),
        }
        history = content | {"sk": f"V#{version:08d}", "changed": change}
        refused = transactions.write(
            self._client,
            [
                balance,
                self._put(content | {"sk": CURRENT}, before),
                {"Put": {"TableName": self._reference.table, "Item": to_item(history)}},
            ],
        )
        return None if refused else told | {"result": _DONE[order.action], "version": version}

    def _put(self, row: Row, before: Row | None) -> Row:
        """A transaction's put of the account's row over the one that was read."""
        put: Row = {
            "TableName": self._reference.table,
            "Item": to_item(row),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if before is not None:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = to_item({":version": before["version"]})
        return {"Put": put}


_DONE = {"open": "OPENED", "close": "CLOSED", "status": "CHANGED", "limit": "CHANGED"}


def _new_row(order: AccountOrder) -> Row:
    if order.currency is None or order.product is None:
        raise Refused("INCOMPLETE", "an account needs a currency and a product")
    try:
        exponent_of(order.currency)
    except UnknownCurrency as error:
        raise Refused("UNKNOWN_CURRENCY", str(error)) from error
    row = {
        "account_id": order.account_id,
        "status": _status(order.status or OPEN),
        "currency": order.currency,
        "product": order.product,
        "overdraft_limit": _limit(order.overdraft_limit or 0),
        "holder": order.holder,
        "iban": order.iban,
        "branch": order.branch,
    }
    return {name: value for name, value in row.items() if value is not None}


def _terms(order: AccountOrder, balance: BalanceRow) -> Row:
    """The status and the limit that the order leads to."""
    now = {"status": balance.status, "overdraft_limit": balance.overdraft_limit}
    if order.action == "close":
        refuse_closing(order.account_id, balance)
        return now | {"status": CLOSED}
    if order.action == "status":
        return now | {"status": _status(order.status or "")}
    if balance.status == CLOSED:
        raise Refused("ACCOUNT_CLOSED", f"account {order.account_id} is closed")
    if order.overdraft_limit is None:
        raise Refused("INCOMPLETE", "say which limit")
    return now | {"overdraft_limit": _limit(order.overdraft_limit)}


def _status(status: str) -> str:
    if status not in STATUSES:
        raise Refused("UNKNOWN_STATUS", f"there is no status {status}: use {', '.join(STATUSES)}")
    if status == CLOSED:
        raise Refused("CLOSE_IT", "an account is closed by 'close', which looks at its balance")
    return status


def _limit(limit: int) -> int:
    if limit < 0:
        raise Refused("NEGATIVE_LIMIT", "an overdraft limit is zero or more")
    return limit


def _terms_of(row: Row) -> tuple[str, int]:
    return row["status"], row["overdraft_limit"]


def _shown(row: Row | None) -> Row | None:
    hidden = {"pk", "sk"}
    return row and {name: value for name, value in row.items() if name not in hidden}
