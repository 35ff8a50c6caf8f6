"""Write samples/settlement/: what a scheme would send for the stories of the samples.

    PYTHONPATH=src python -m samples.make_settlement

The dollars were bought at 0.911, below the rate of the purchase: the difference is a gain.
"""

import json
from pathlib import Path
from typing import Any

from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE, Story

TARGET = Path(__file__).parent / "settlement"
FILE = TARGET / "visa-2026-11-21.json"


def settlement() -> dict[str, Any]:
    """The file of one day with a purchase in dollars and one in euros."""
    return {
        "kind": "settlement",
        "schema": "1.0",
        "network": "VISA",
        "settlement_date": "2026-11-21",
        "file_id": "VSS-20261121-1",
        "lines": [_line(1, FOREIGN_PURCHASE, "USD"), _line(2, BLOCKED_PURCHASE, "EUR")],
        "totals": [
            {"currency": "EUR", "lines": 1, "debits": 4_500, "credits": 0},
            {
                "currency": "USD",
                "lines": 1,
                "debits": 12_345,
                "credits": 0,
                "paid": {"currency": "EUR", "amount": 11_246, "rate": "0.911"},
            },
        ],
    }


def _line(n: int, story: Story, currency: str) -> dict[str, Any]:
    de = story.line.de
    return {
        "n": n,
        "reference": {"acquirer": de["32"], "rrn": de["37"], "stan": de["11"]},
        "amount": int(de["4"]),
        "currency": currency,
        "direction": "DEBIT",
    }


def document(file: dict[str, Any]) -> str:
    """One line of the file on a line of the document, so that a change reads well."""
    head = {name: value for name, value in file.items() if name not in {"lines", "totals"}}
    parts = [json.dumps(head)[:-1]]
    for name in ("lines", "totals"):
        rows = ",\n".join("  " + json.dumps(row) for row in file[name])
        parts.append(f' "{name}": [\n{rows}\n]')
    return ",\n".join(parts) + "}\n"


def write() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    FILE.write_text(document(settlement()), encoding="utf-8")


if __name__ == "__main__":
    write()
