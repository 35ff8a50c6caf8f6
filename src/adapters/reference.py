"""Reading the Reference table: accounts, products, merchants, rates and the rule set in force."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec

from adapters.items import from_item
from domain.conversion import FxRate
from domain.enrichment import Known
from domain.errors import Unavailable
from domain.missing_funds import OVERDRAW
from domain.reference import Account, FundsPolicy, Merchant, MerchantCategory, Pricing
from domain.transaction import Transaction

CURRENT = "CURRENT"
_KEYS_MAX = 100
_ROUNDS_MAX = 5

type Row = dict[str, Any]


def card_key(token: str) -> str:
    return f"T#{token}"


def account_key(account_id: str) -> str:
    return f"A#{account_id}"


def product_key(product: str) -> str:
    return f"P#{product}"


def merchant_key(merchant_id: str) -> str:
    return f"M#{merchant_id}"


def category_key(mcc: str) -> str:
    return f"MCC#{mcc}"


def rate_key(base: str, quote: str) -> str:
    return f"FX#{base}#{quote}"


def hold_keys(network: str, mcc: str | None, *, preauthorised: bool) -> tuple[str, ...]:
    """Where the lifetime of a hold may stand, the most particular place first; * is any."""
    kind = "PRE" if preauthorised else "FINAL"
    categories = (mcc, ANY) if mcc else (ANY,)
    return tuple(
        hold_key(each, category, kind) for category in categories for each in (network, ANY)
    )


def hold_key(network: str, mcc: str, kind: str) -> str:
    return f"HOLD#{network}#{mcc}#{kind}"


ANY = "*"
RULES = "RULES"
CORRECTION_CAP = "CORRECTION_CAP"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one record asks the reference data for."""

    token: str
    merchant_id: str | None
    mcc: str | None
    holds: tuple[str, ...] = ()

    @classmethod
    def by(cls, token: str, transaction: Transaction) -> Self:
        holds = hold_keys(
            transaction.network, transaction.mcc, preauthorised=transaction.preauthorised
        )
        return cls(
            token=token,
            merchant_id=transaction.merchant_id,
            mcc=transaction.mcc,
            holds=holds if transaction.mti_class == "authorisation" else (),
        )


class ReferenceTable:
    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self.table = table

    def look_up(self, wanted: Iterable[Wanted]) -> list[Known]:
        """What is known for each record, in three batched reads for the whole batch."""
        asked = list(wanted)
        first = {RULES}
        for want in asked:
            first.add(card_key(want.token))
            first |= {merchant_key(want.merchant_id)} if want.merchant_id else set()
            first |= {category_key(want.mcc)} if want.mcc else set()
            first |= set(want.holds)
        rows = self.current(first)
        cards = (rows.get(card_key(want.token)) for want in asked)
        rows |= self.current({account_key(card["account_id"]) for card in cards if card})
        accounts = [row for key, row in rows.items() if key.startswith("A#")]
        rows |= self.current({product_key(row["product"]) for row in accounts})
        return [_known(want, rows) for want in asked]

    def rate(self, base: str, quote: str, business_time: str) -> FxRate | None:
        """The latest rate not after the business time, or None."""
        answer = self._client.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pair AND sk <= :time",
            ExpressionAttributeValues={
                ":pair": {"S": rate_key(base, quote)},
                ":time": {"S": business_time},
            },
            ScanIndexForward=False,
            Limit=1,
        )
        if not answer["Items"]:
            return None
        row = from_item(answer["Items"][0])
        return FxRate(base, quote, row["rate"], row["source"], row["as_of"])

    def rule(self, rule_version: str, rule: str) -> str | None:
        """The parameters of one rule of a rule set as JSON text; None where it has no such rule."""
        answer = self._client.get_item(
            TableName=self.table,
            Key={"pk": {"S": f"{RULES}#{rule_version}"}, "sk": {"S": rule}},
        )
        return str(answer["Item"]["params"]["S"]) if "Item" in answer else None

    def funds_policy(self, account_id: str) -> FundsPolicy:
        """What the account's product says about missing funds, now."""
        account = self.current({account_key(account_id)}).get(account_key(account_id))
        product = product_key(account["product"]) if account else ""
        row = self.current({product}).get(product) if product else None
        return msgspec.convert(row, Pricing).funds_policy if row else OVERDRAW

    def correction_caps(self) -> dict[str, int]:
        """How much one person may correct, by currency in minor units; {} where no rule says."""
        rules = self.current({RULES}).get(RULES)
        if rules is None:
            return {}
        key = {"pk": {"S": f"{RULES}#{rules['rule_version']}"}, "sk": {"S": CORRECTION_CAP}}
        answer = self._client.get_item(TableName=self.table, Key=key)
        if "Item" not in answer:
            return {}
        params = msgspec.json.decode(answer["Item"]["params"]["S"])
        return {str(currency): int(cap) for currency, cap in params["caps"].items()}

    def current(self, keys: Iterable[str]) -> dict[str, Row]:
        """The rows in force of these partition keys, of those that exist. Raises Unavailable."""
        ordered = sorted(keys)
        rows: dict[str, Row] = {}
        for start in range(0, len(ordered), _KEYS_MAX):
            rows |= self._read(ordered[start : start + _KEYS_MAX])
        return rows

    def _read(self, keys: list[str]) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        request: Any = {
            self.table: {"Keys": [{"pk": {"S": key}, "sk": {"S": CURRENT}} for key in keys]}
        }
        for _ in range(_ROUNDS_MAX):
            answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self.table, []):
                row = from_item(item)
                rows[row["pk"]] = row
            request = answer.get("UnprocessedKeys")
            if not request:
                return rows
        raise Unavailable("the reference table keeps leaving keys unread")


def _known(want: Wanted, rows: Mapping[str, Row]) -> Known:
    card = rows.get(card_key(want.token))
    account = rows.get(account_key(card["account_id"])) if card else None
    product = rows.get(product_key(account["product"])) if account else None
    merchant = rows.get(merchant_key(want.merchant_id)) if want.merchant_id else None
    category = rows.get(category_key(want.mcc)) if want.mcc else None
    rules = rows.get(RULES)
    if rules is None:
        raise Unavailable("no rule set is loaded")
    lifetime = next((rows[key] for key in want.holds if key in rows), None)
    used = [row for row in (card, account, product, merchant, category, lifetime) if row]
    return Known(
        account=_account(account, product) if account else None,
        pricing=msgspec.convert(product, Pricing) if product else None,
        merchant=msgspec.convert(merchant, Merchant) if merchant else None,
        mcc=msgspec.convert(category, MerchantCategory) if category else None,
        hold_hours=lifetime["hours"] if lifetime else None,
        rule_version=rules["rule_version"],
        ref_version=max((row["version"] for row in used), default=0),
    )


def _account(account: Row, product: Row | None) -> Account:
    described = {"description": product["description"]} if product else {}
    return msgspec.convert(account | described, Account)
