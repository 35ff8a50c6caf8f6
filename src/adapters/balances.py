"""Rows of the Balances table: customers' balances and the fold's markers."""

from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters.items import from_item, to_item
from domain.booking import BalanceRow
from domain.reference import OPEN

FOLD_ROW = "FOLD"


def balance_key(account: str, currency: str) -> str:
    return f"B#{account}#{currency}"


def marker_key(header_id: str) -> str:
    """The row that says: this header is in the balances of the internal accounts."""
    return f"F#{header_id}"


class BalanceTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def read(self, account: str, currency: str) -> BalanceRow | None:
        """A customer's row, read strongly; None where `reference load` has made none."""
        answer = self._client.get_item(
            TableName=self.table,
            Key={"pk": {"S": balance_key(account, currency)}},
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        row = from_item(answer["Item"])
        return msgspec.convert(row, BalanceRow)

    def create(
        self,
        account: str,
        currency: str,
        status: str,
        overdraft_limit: int,
        opening_due: int = 0,
    ) -> bool:
        """Make a customer's row with nothing booked, if there is none; whether it was made."""
        put = self.creation(account, currency, status, overdraft_limit, opening_due)["Put"]
        try:
            self._client.put_item(**put)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def creation(
        self,
        account: str,
        currency: str,
        status: str,
        overdraft_limit: int,
        opening_due: int = 0,
    ) -> dict[str, Any]:
        """A transaction's put of a customer's row with nothing booked, which must not exist."""
        row = {
            "pk": balance_key(account, currency),
            "account": account,
            "currency": currency,
            "account_kind": "customer",
            "status": status,
            "overdraft_limit": overdraft_limit,
            "available": overdraft_limit,
            "posted_d": 0,
            "posted_c": 0,
            "held": 0,
            "version": 1,
            "posting_no": 0,
            "receivable": 0,
            "opening_due": opening_due,
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def set_terms(
        self, row: BalanceRow, status: str, overdraft_limit: int, opening_due: int = 0
    ) -> bool:
        """Change status and limit, and say what opening money is ordered; False when the row
        moved.
        """
        terms = self.terms(row, status, overdraft_limit, opening_due)
        try:
            self._client.update_item(**terms["Update"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def terms(
        self, row: BalanceRow, status: str, overdraft_limit: int, opening_due: int = 0
    ) -> dict[str, Any]:
        """A transaction's change of status and limit, which moves `available` by the limit's
        difference, on the version that was read. Opening money of zero leaves what is due.
        """
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": balance_key(row.account, row.currency)}},
                "UpdateExpression": (
                    "SET #status = :status, overdraft_limit = :limit,"
                    " available = available + :more, version = version + :one,"
                    " opening_due = :due"
                ),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":status": status,
                        ":limit": overdraft_limit,
                        ":more": overdraft_limit - row.overdraft_limit,
                        ":one": 1,
                        ":version": row.version,
                        ":due": opening_due or row.opening_due,
                    }
                ),
            }
        }

    def moved(
        self, before: BalanceRow, after: BalanceRow, funds: int | None = None
    ) -> dict[str, Any]:
        """A transaction's update of a customer's row by the bookings that lie between the row as it
        was read and `after`, on the version that was read.

        `funds`: what must be available for the holds among them, of an account that must be open.
        """
        condition: dict[str, Any] = {"ConditionExpression": "version = :version"}
        values: dict[str, Any] = {":version": before.version}
        if funds is not None:
            condition = {
                "ConditionExpression": (
                    "version = :version AND #status = :open AND available >= :funds"
                ),
                "ExpressionAttributeNames": {"#status": "status"},
            }
            values |= {":open": OPEN, ":funds": funds}
        update = {
            "TableName": self.table,
            "Key": {"pk": {"S": balance_key(before.account, before.currency)}},
            "UpdateExpression": (
                "SET available = available + :net, held = held + :held,"
                " version = version + :bookings, posting_no = posting_no + :counted"
                " ADD posted_d :debit, posted_c :credit, receivable :receivable,"
                " opening_due :opened"
            ),
            **condition,
            "ExpressionAttributeValues": to_item(
                values
                | {
                    ":net": after.available - before.available,
                    ":held": after.held - before.held,
                    ":bookings": after.version - before.version,
                    ":counted": after.posting_no - before.posting_no,
                    ":debit": after.posted_d - before.posted_d,
                    ":credit": after.posted_c - before.posted_c,
                    ":receivable": after.receivable - before.receivable,
                    ":opened": after.opening_due - before.opening_due,
                }
            ),
        }
        return {"Update": update}
