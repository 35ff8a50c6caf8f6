"""Write samples/reference/*.json: the reference data that the sample batches need.

python -m samples.make_reference
"""

import json
from pathlib import Path
from typing import Any

import iso18245

from domain.reference import BATCHED
from samples.population import ACCOUNTS, CARDS, MERCHANTS, SHARED

TARGET = Path(__file__).parent / "reference"
OPENED = "2026-11-01T00:00:00Z"
WATCHED = ["7995", "6051", "6211"]
LIMITS = {"EUR": 500_000, "USD": 500_000}
# In seconds: how long a message waits for the one that it follows.
WAITS = {"reversal": 900, "refund": 900, "increment": 900, "clearing": 0, "request": 900}
CORRECTION_CAPS = {"EUR": 20_000, "USD": 20_000}
# In whole percent of what was authorised: how much more a purchase of a category may clear.
OVER_CLEARING = {
    "DEFAULT": 0,
    **dict.fromkeys(("5812", "5813", "5814"), 20),  # restaurants, bars, fast food: tips
    **dict.fromkeys(("5541", "5542"), 20),  # service stations, automated fuel
    **dict.fromkeys(("7011", "7512"), 15),  # lodging, car rental
    "4121": 20,  # taxis
}
HOMES = {"DEFAULT": ["DE"], "TRAVEL": ["DE", "AT", "FR", "NL"], "DOLLAR": ["US"]}

type Rows = list[dict[str, Any]]

# What one unit of the quote currency costs in the base currency, by the day from which it holds.
_RATES = {
    ("EUR", "USD"): {"2026-11-18": "0.910000", "2026-11-19": "0.905000", "2026-11-20": "0.912345"},
    ("EUR", "JPY"): {"2026-11-18": "0.006100", "2026-11-20": "0.006123"},
    ("EUR", "KWD"): {"2026-11-18": "2.970000", "2026-11-20": "2.987654"},
    ("EUR", "GBP"): {"2026-11-18": "1.170000", "2026-11-20": "1.172345"},
    ("USD", "EUR"): {"2026-11-18": "1.099000", "2026-11-20": "1.096076"},
    ("USD", "GBP"): {"2026-11-18": "1.280000", "2026-11-20": "1.284980"},
    ("USD", "JPY"): {"2026-11-20": "0.006711"},
}
# A later rate that no message of the batch may be converted at.
_NEXT_DAY = {"EUR": "0.950000", "USD": "1.200000"}


def accounts() -> Rows:
    return [
        {**account._asdict(), "opened_at": OPENED, **_posted(account.account_id)}
        for account in ACCOUNTS
    ]


def _posted(account_id: str) -> dict[str, str]:
    return {"posting_mode": BATCHED} if account_id == SHARED else {}


def cards() -> Rows:
    return [
        {"card_number": card.card_number, "account_id": card.account.account_id}
        for card in CARDS
        if card.account
    ]


def products() -> Rows:
    priced = (
        ("CLASSIC", "Current account with debit card", "EUR", "2.0", 150, 250, False),
        ("TRAVEL", "Travel account without foreign charges", "EUR", "0", 0, 0, False),
        ("BUSINESS", "Business account", "EUR", "1.5", 100, 300, True),
        ("DOLLAR", "Dollar account", "USD", "2.0", 175, 275, False),
    )
    names = ("product", "description", "currency", "fx_markup", "fx_fee", "cash_fee")
    return [
        dict(zip((*names, "fx_fee_on_billed"), row, strict=True)) | {"funds_policy": "OVERDRAW"}
        for row in priced
    ]


def merchants() -> Rows:
    names = ("merchant_id", "name", "mcc", "country", "city")
    return [{name: getattr(merchant, name) for name in names} for merchant in MERCHANTS]


def mcc() -> Rows:
    """ISO 18245 as the package has it today; the table in the sample does not change by itself."""
    rows = []
    for code in iso18245.get_all_mccs():
        description = code.iso_description or code.visa_description or code.mastercard_description
        rows.append({"mcc": code.mcc, "description": description or code.range.description})
    return sorted(rows, key=lambda row: row["mcc"])


def holds() -> Rows:
    """How long a hold lives, in hours. * is any network or category; the most particular row
    counts, a category before a network.
    """
    days = (
        ("*", "*", "FINAL", 7),
        ("*", "*", "PRE", 30),
        ("VISA", "*", "FINAL", 5),
        ("AMEX", "*", "FINAL", 7),
        ("*", "5542", "FINAL", 1),  # automated fuel
        ("*", "7011", "PRE", 31),  # lodging
    )
    return [
        {"network": network, "mcc": mcc, "authorisation": kind, "hours": 24 * count}
        for network, mcc, kind, count in days
    ]


def fx() -> Rows:
    rows = [
        {"base": base, "quote": quote, "as_of": f"{day}T00:00:00Z", "rate": rate}
        for (base, quote), by_day in _RATES.items()
        for day, rate in by_day.items()
    ]
    rows += [
        {
            "base": base,
            "quote": "USD" if base == "EUR" else "EUR",
            "as_of": "2026-11-21T00:00:00Z",
            "rate": rate,
        }
        for base, rate in _NEXT_DAY.items()
    ]
    return [{**row, "source": "SAMPLE"} for row in rows]


def rules() -> Rows:
    return [
        {"id": "FOREIGN_TRANSACTION", "params": {"home_countries": HOMES}},
        {"id": "CURRENCY_CONVERSION", "params": {"enabled": True}},
        {"id": "WATCHED_CATEGORY", "params": {"mccs": WATCHED}},
        {"id": "AMOUNT_LIMIT", "params": {"limits": LIMITS}},
        {"id": "MATCH_WAITS", "params": WAITS},
        {"id": "CORRECTION_CAP", "params": {"caps": CORRECTION_CAPS}},
        {"id": "OVER_CLEARING", "params": {"percent": OVER_CLEARING}},
    ]


KINDS = (products, accounts, cards, merchants, mcc, holds, fx, rules)


def document(kind: str, rows: Rows) -> str:
    """One row a line, so that a change reads well."""
    head = {"kind": kind, "schema": "1.0"} | ({"rule_version": "v1"} if kind == "rules" else {})
    start = json.dumps(head, ensure_ascii=False)[:-1]
    lines = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{start}, "rows": [\n{lines}\n]}}\n'


def write(target: Path = TARGET) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for make in KINDS:
        text = document(make.__name__, make())
        (target / f"{make.__name__}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
