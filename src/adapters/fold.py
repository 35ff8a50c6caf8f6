"""The fold transaction: markers, netted balances of internal accounts and the count, or none of
them.

The marker makes any redelivery, re-cut or redrive exact: a header whose marker exists is left out
and the rest is netted again. Markers never expire.
"""

from collections.abc import Sequence
from typing import Any

from adapters import transactions
from adapters.balances import FOLD_ROW, balance_key, marker_key
from adapters.items import to_item
from domain.errors import Unavailable
from domain.events import Posted
from domain.folding import cut, net, without_repeats
from domain.posting import Movement

_KEYS_MAX = 100


class Fold:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def fold(self, headers: Sequence[Posted]) -> int:
        """Fold what is not folded yet; returns how many headers that were. Raises Unavailable."""
        return sum(self._fold_run(run) for run in cut(without_repeats(headers)))

    def unmarked(self, header_ids: Sequence[str]) -> list[str]:
        """Those of the headers that are not folded, read strongly."""
        marked: set[str] = set()
        for start in range(0, len(header_ids), _KEYS_MAX):
            keys = [
                {"pk": {"S": marker_key(header_id)}}
                for header_id in header_ids[start : start + _KEYS_MAX]
            ]
            request: Any = {self._table: {"Keys": keys, "ConsistentRead": True}}
            while request:
                answer = self._client.batch_get_item(RequestItems=request)
                marked |= {item["pk"]["S"] for item in answer["Responses"].get(self._table, [])}
                request = answer.get("UnprocessedKeys")
        return [header_id for header_id in header_ids if marker_key(header_id) not in marked]

    def _fold_run(self, run: list[Posted]) -> int:
        pending = run
        while pending:
            actions = [self._marker(posted) for posted in pending]
            actions += [self._add(key, moved) for key, moved in sorted(net(pending).items())]
            actions.append(self._count())
            refused = transactions.write(self._client, actions)
            if not refused:
                return len(pending)
            folded = {index for index in refused if index < len(pending)}
            if not folded:
                raise Unavailable(f"a fold of {len(pending)} headers was refused without a marker")
            pending = [posted for index, posted in enumerate(pending) if index not in folded]
        return 0

    def _marker(self, posted: Posted) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item({"pk": marker_key(posted.header_id)}),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _add(self, key: tuple[str, str], moved: Movement) -> dict[str, Any]:
        account, currency = key
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": balance_key(account, currency)}},
                "UpdateExpression": (
                    "SET account = :account, currency = :currency, account_kind = :internal"
                    " ADD posted_d :debit, posted_c :credit"
                ),
                "ExpressionAttributeValues": to_item(
                    {
                        ":account": account,
                        ":currency": currency,
                        ":internal": "internal",
                        ":debit": moved.debit,
                        ":credit": moved.credit,
                    }
                ),
            }
        }

    def _count(self) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"pk": {"S": FOLD_ROW}},
                "UpdateExpression": "ADD fold_no :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
        }
