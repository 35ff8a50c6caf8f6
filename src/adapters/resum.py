"""Setting the internal balances from the sum of all folded headers."""

from collections.abc import Iterator
from typing import Any

from adapters import transactions
from adapters.balances import FOLD_ROW, balance_key, marker_key
from adapters.items import from_item, to_item
from adapters.journal import JournalTable
from domain.errors import Unavailable
from domain.folding import net
from domain.posting import Movement

# One action of the hundred is the check that nothing was folded meanwhile.
_ROWS_MAX = 99


class Resum:
    def __init__(self, client: Any, table: str, journal: JournalTable) -> None:
        self._client = client
        self._table = table
        self._journal = journal

    def set_balances(self, *, dry_run: bool) -> dict[str, Any]:
        """Sum the marked headers, and set the rows that differ if no fold ran meanwhile.

        Returns the rows as they were and as they are now. Raises Unavailable when a fold ran.
        """
        fold_no = self._fold_no()
        marked, standing = self._scan()
        headers = self._journal.get_many(sorted(marked))
        sums = net(header.posted for header in headers.values())
        wrong = {
            key: (standing.get(key, Movement(0, 0)), sums.get(key, Movement(0, 0)))
            for key in sorted(sums.keys() | standing.keys())
            if standing.get(key, Movement(0, 0)) != sums.get(key, Movement(0, 0))
        }
        if not dry_run:
            self._set({key: right for key, (_, right) in wrong.items()}, fold_no)
        return {
            "summed": len(headers),
            "corrected": {
                f"{account} {currency}": {"was": was.net, "is": right.net}
                for (account, currency), (was, right) in wrong.items()
            },
            "dry_run": dry_run,
        }

    def _set(self, rows: dict[tuple[str, str], Movement], fold_no: int) -> None:
        keys = list(rows)
        for start in range(0, len(keys), _ROWS_MAX):
            actions = [self._unfolded_since(fold_no)]
            actions += [self._row(key, rows[key]) for key in keys[start : start + _ROWS_MAX]]
            if transactions.write(self._client, actions):
                raise Unavailable("a fold ran while the balances were summed: run it again")

    def _unfolded_since(self, fold_no: int) -> dict[str, Any]:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": {"pk": {"S": FOLD_ROW}},
                "ConditionExpression": "fold_no = :fold_no",
                "ExpressionAttributeValues": {":fold_no": {"N": str(fold_no)}},
            }
        }

    def _row(self, key: tuple[str, str], right: Movement) -> dict[str, Any]:
        account, currency = key
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": balance_key(account, currency)}},
                "UpdateExpression": (
                    "SET account = :account, currency = :currency, account_kind = :internal,"
                    " posted_d = :debit, posted_c = :credit"
                ),
                "ExpressionAttributeValues": to_item(
                    {
                        ":account": account,
                        ":currency": currency,
                        ":internal": "internal",
                        ":debit": right.debit,
                        ":credit": right.credit,
                    }
                ),
            }
        }

    def _fold_no(self) -> int:
        answer = self._client.get_item(
            TableName=self._table, Key={"pk": {"S": FOLD_ROW}}, ConsistentRead=True
        )
        return int(answer["Item"]["fold_no"]["N"]) if "Item" in answer else 0

    def _scan(self) -> tuple[set[str], dict[tuple[str, str], Movement]]:
        marked: set[str] = set()
        standing: dict[tuple[str, str], Movement] = {}
        prefix = marker_key("")
        for item in self._items():
            row = from_item(item)
            if row["pk"].startswith(prefix):
                marked.add(row["pk"].removeprefix(prefix))
            elif row.get("account_kind") == "internal":
                key = (row["account"], row["currency"])
                standing[key] = Movement(row["posted_d"], row["posted_c"])
        return marked, standing

    def _items(self) -> Iterator[Any]:
        request: dict[str, Any] = {"TableName": self._table, "ConsistentRead": True}
        while True:
            answer = self._client.scan(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
