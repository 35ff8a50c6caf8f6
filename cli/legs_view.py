"""Legs of a sequence, and what a correction does, on the screen."""

from typing import Any

from cli import screen
from cli.amounts import amount, money
from domain.posting import POSTED

type Told = dict[str, Any]


def show_legs(legs: list[Told]) -> None:
    """Nothing for a booking that only counts something."""
    if not legs:
        return
    rows = [
        (
            leg["n"],
            leg["account"],
            leg["currency"],
            amount(leg["amount"], leg["currency"]) if leg["side"] == "D" else "",
            amount(leg["amount"], leg["currency"]) if leg["side"] == "C" else "",
            _part(leg),
        )
        for leg in legs
    ]
    columns = (">leg", "account", "currency", ">debit", ">credit", "part")
    screen.out.print(screen.table("", columns, rows))


def show_correction(told: Told) -> None:
    """One correction: refused, waiting, done, or what it would do."""
    if told["result"] == "REFUSED":
        screen.complain(f"{told.get('header_id', '')} {told['message']} ({told['code']})".strip())
        return
    again = " (it was done before)" if told.get("already") else ""
    screen.line(f"{told['result']} {told['header_id']}{again}")
    if told.get("needs_approval"):
        screen.out.print("  above the cap: a second person approves it with --approve")
    show_legs(told["legs"])
    customer = told.get("customer")
    if customer:
        currency = customer["currency"]
        screen.line(
            f"  {customer['account']} {money(customer['before'], currency)}"
            f" by {'+' if customer['net'] > 0 else ''}{money(customer['net'], currency)}"
            f" to {money(customer['after'], currency)}"
        )


def _part(leg: Told) -> str:
    """What the leg is for; what is only held says so."""
    layer = leg.get("layer", POSTED)
    return str(leg["code"]) if layer == POSTED else f"{leg['code']} ({layer})"
