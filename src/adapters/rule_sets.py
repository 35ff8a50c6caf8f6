"""Rule sets by version: put once, never changed, and one of them in force.

Rows of the Reference table: `RULES#v2` / `AMOUNT_LIMIT` ... holds the parameters, `RULES` /
`SET#v2` says that the set is whole, `RULES` / `CURRENT` which version is in force, and `RULES` /
`AT#...` each activation of one, for ever.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from adapters import transactions
from adapters.items import to_item
from adapters.reference import CURRENT, RULES, Row
from adapters.refusals import standing_item
from domain.errors import Refused

SET, AT = "SET#", "AT#"
_FIRST_NOTE = "the first rule set"


class RuleSetChanged(ValueError):
    """A rule set's version names one content for ever."""


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """`was` is the version that was in force before, None for the first; `by` who, `note` why."""

    rule_version: str
    was: str | None
    at: str
    by: str
    note: str


class RuleSets:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def load(self, rule_version: str, rows: Sequence[Row], at: str) -> int:
        """Put a rule set, which must be new or the same as before; returns how many rows are new.

        It is not in force by that, unless there is none: nothing could be decided without one.
        """
        added = sum(self._put_rule(f"{RULES}#{rule_version}", row) for row in rows)
        self._put_once({"pk": RULES, "sk": f"{SET}{rule_version}", "loaded_at": at})
        if self.in_force() is None:
            first = Activation(
                rule_version=rule_version, was=None, at=at, by="reference load", note=_FIRST_NOTE
            )
            # Another load may be first: then its set is in force.
            self._write(first)
        return added

    def in_force(self) -> str | None:
        """The version that enrichment names in its events, read strongly."""
        answer = self._client.get_item(
            TableName=self._table,
            Key={"pk": {"S": RULES}, "sk": {"S": CURRENT}},
            ConsistentRead=True,
        )
        return answer["Item"]["rule_version"]["S"] if "Item" in answer else None

    def activate(
        self, rule_version: str, by: str, note: str, at: str, *, dry_run: bool
    ) -> Activation:
        """Put a loaded version in force for what is enriched from now on.

        One that is in force already stays so, and nothing is written. Raises Refused for a version
        that is not loaded or lacks a check of the one in force, or when somebody else was faster.
        """
        was = self.in_force()
        new = self._checks_of(rule_version)
        if not new:
            raise Refused("UNKNOWN_RULE_VERSION", f"rule set {rule_version} is not loaded")
        missing = sorted(self._checks_of(was) - new) if was else []
        if missing:
            raise Refused(
                "RULE_SET_INCOMPLETE", f"{rule_version} has no {', '.join(missing)}, as {was} has"
            )
        ordered = Activation(rule_version=rule_version, was=was, at=at, by=by, note=note)
        if not dry_run and was != rule_version and not self._write(ordered):
            raise Refused("OTHER_ACTIVATION", "another version was put in force meanwhile")
        return ordered

    def _checks_of(self, rule_version: str) -> set[str]:
        """The ids of its checks; {} where the set is not whole."""
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :version",
            ExpressionAttributeValues={":version": {"S": f"{RULES}#{rule_version}"}},
            ConsistentRead=True,
        )
        whole = self._client.get_item(
            TableName=self._table,
            Key={"pk": {"S": RULES}, "sk": {"S": f"{SET}{rule_version}"}},
            ConsistentRead=True,
        )
        return {item["sk"]["S"] for item in answer["Items"]} if "Item" in whole else set()

    def _write(self, ordered: Activation) -> bool:
        """The pointer and its story in one transaction; False when the pointer is not as read."""
        told = msgspec.to_builtins(ordered)
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": to_item({"pk": RULES, "sk": CURRENT} | told),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if ordered.was is not None:
            put |= {
                "ConditionExpression": "rule_version = :was",
                "ExpressionAttributeValues": {":was": {"S": ordered.was}},
            }
        story = {
            "TableName": self._table,
            "Item": to_item({"pk": RULES, "sk": f"{AT}{ordered.at}#{ordered.rule_version}"} | told),
        }
        return not transactions.write(self._client, [{"Put": put}, {"Put": story}])

    def _put_rule(self, key: str, row: Row) -> int:
        # The workflow parses the parameters: their shape is the rule's own.
        item = {
            "pk": key,
            "sk": row["id"],
            "params": json.dumps(row["params"], sort_keys=True),
        }
        standing = self._put_once(item)
        if standing is not None and standing != item:
            raise RuleSetChanged(
                f"rule {row['id']} of {key} is loaded with other content:"
                " give the set a new version"
            )
        return 0 if standing else 1

    def _put_once(self, row: Row) -> Row | None:
        """None when it is put, else the row that stands there."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(row),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            return None
        except ClientError as error:
            return standing_item(error)
