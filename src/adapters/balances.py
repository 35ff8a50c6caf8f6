"""Rows of the Balances table: customers' balances and the fold's markers."""

from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters.items import from_item, to_item
from domain.booking import BalanceRow
from domain.posting import Movement
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
        # Rows from before there were receivables have none.
        return msgspec.convert({"receivable": 0} | row, BalanceRow)

    def create(self, account: str, currency: str, status: str, overdraft_limit: int) -> bool:
        """Make a customer's row with nothing booked, if there is none; whether it was made."""
        put = self.creation(account, currency, status, overdraft_limit)["Put"]
        try:
            self._client.put_item(**put)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def creation(
        self, account: str, currency: str, status: str, overdraft_limit: int
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
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def set_terms(self, row: BalanceRow, status: str, overdraft_limit: int) -> bool:
        """Change status and limit; False when the row moved."""
        try:
            self._client.update_item(**self.terms(row, status, overdraft_limit)["Update"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def terms(self, row: BalanceRow, status: str, overdraft_limit: int) -> dict[str, Any]:
        """A transaction's change of status and limit, which moves `available` by the limit's
        difference, on the version that was read.
        """
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": balance_key(row.account, row.currency)}},
                "UpdateExpression": (
                    "SET #status = :status, overdraft_limit = :limit,"
                    " available = available + :more, version = version + :one"
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
                    }
                ),
            }
        }

    def booked(
        self,
        row: BalanceRow,
        moved: Movement,
        receivable: int,
        held: int = 0,
        *,
        counts: bool = True,
    ) -> dict[str, Any]:
        """A transaction's update of a customer's row by one booking, on the version that was
        read; `receivable` is what the customer's debt for missing funds grows by, `held` the held
        money. A booking that posts nothing counts for no posting number.
        """
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": balance_key(row.account, row.currency)}},
                "UpdateExpression": (
                    "SET available = available + :net, held = held + :held,"
                    " version = version + :one, posting_no = posting_no + :counted"
                    " ADD posted_d :debit, posted_c :credit, receivable :receivable"
                ),
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": to_item(
                    {
                        ":net": moved.net - held,
                        ":held": held,
                        ":one": 1,
                        ":counted": int(counts),
                        ":debit": moved.debit,
                        ":credit": moved.credit,
                        ":receivable": receivable,
                        ":version": row.version,
                    }
                ),
            }
        }

    def funded(self, row: BalanceRow, held: int) -> dict[str, Any]:
        """A transaction's update that holds money which must be there, of an account that must be
        open.
        """
        return {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": balance_key(row.account, row.currency)}},
                "UpdateExpression": (
                    "SET available = available + :net, held = held + :held,"
                    " version = version + :one"
                ),
                "ConditionExpression": (
                    "version = :version AND #status = :open AND available >= :held"
                ),
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": to_item(
                    {
                        ":net": -held,
                        ":held": held,
                        ":one": 1,
                        ":version": row.version,
                        ":open": OPEN,
                    }
                ),
            }
        }
