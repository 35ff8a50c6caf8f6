"""Clerks correct bookings, change accounts and settle files while messages are under way.

They draw by numbers of their own, so that everybody else does what they would do without them.
"""

import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from domain.cain import from_json
from domain.conversion import FxRate, convert
from domain.money import Money
from domain.reference import BATCHED, SINGLE
from domain.settlement_file import Reference
from domain.settlement_matching import root_of
from tests.simulation.deployment import account_row
from tests.simulation.insisting import insist
from tests.simulation.people import People
from tests.simulation.scenario import ANYTHING, BUSY, Focus, Scenario
from tests.simulation.services.database import INDEX_LAG_SECONDS

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

type Row = dict[str, Any]

_LIKELY = 0.15
_ASKED_FOR = 0.9
_NETWORK, _DAY = "VISA", "2026-11-21"
# Dollars are bought, all else is paid in its own currency.
_BOUGHT = FxRate("EUR", "USD", "0.911", _NETWORK, _DAY)


class Clerks:
    """After the drain `close` settles what no file has paid: then nothing may be left."""

    def __init__(self, run: "CloudRun", seed: int, people: People, focus: Focus = ANYTHING) -> None:
        self._focus = focus
        self._run = run
        self._people = people
        self._rng = random.Random(f"clerks of {seed}")
        self._paid: set[str] = set()
        self._files: list[Row] = []
        self._began = run.clock.now().isoformat()

    def plan(self, scenario: Scenario) -> None:
        # What is corrected after it was paid is for a person: a run has the one or the other.
        correct: tuple[Callable[[], None], ...] = (self._void, self._change, self._quarrel)
        settle: tuple[Callable[[], None], ...] = (self._settle, self._settle)
        for act in (self._account, *self._rng.choice((correct, settle)), self._mode):
            asked_for = act.__name__.removeprefix("_") in self._focus.acts
            if self._rng.random() < (_ASKED_FOR if asked_for else _LIKELY):
                when = self._run.clock.seconds + self._rng.uniform(5.0, scenario.until * 1.5)
                self._run.scheduler.at(when, act)

    def close(self, ask: Callable[[str, Row], Any]) -> Iterable[str]:
        """What is wrong with the last file, which pays for all that the others have not."""
        if not self._files:
            return
        # Until then a booking may be seen by no index, and so by no comparison.
        self._run.clock.seconds += INDEX_LAG_SECONDS
        for order in self._files:
            ask("SettleFunction", order | self._booked_until())
        told = ask("SettleFunction", self._file() | self._booked_until())
        for each in told.get("breaks", [{"kind": told.get("code"), "what": told}]):
            yield f"the last settlement file: {each['kind']} {each['what']}"

    def _booked_until(self) -> Row:
        """After the last booking there is nothing to look for, be it for a day."""
        booked = [row["booked_at"] for row in self._headers()]
        return {"booked_until": max(booked)} if booked else {}

    # --- corrections

    def _void(self) -> None:
        self._correct({"void": True})

    def _change(self) -> None:
        self._correct({"amounts": {"PRINCIPAL": self._rng.randrange(1, 900)}})

    def _quarrel(self) -> None:
        """Two people correct one booking in two ways."""
        header_id = self._some_header()
        if header_id is not None:
            for by, amount in (("ann", 100), ("bob", 200)):
                order = {"header_id": header_id, "change": {"amounts": {"PRINCIPAL": amount}}}
                ask = partial(self._ask, "CorrectFunction", order | {"by": by, "note": "a quarrel"})
                self._run.scheduler.later(self._rng.uniform(0.0, 0.5), ask)

    def _correct(self, change: Row) -> None:
        """One asks, another one approves: which does no harm where it was not needed."""
        header_id = self._some_header()
        if header_id is not None:
            order = {"header_id": header_id, "change": change, "note": "it was wrong"}
            self._ask("CorrectFunction", order | {"by": "ann"})
            approve = partial(self._ask, "CorrectFunction", order | {"by": "bob", "approve": True})
            self._run.scheduler.later(self._rng.uniform(1.0, 40.0), approve)

    def _some_header(self) -> str | None:
        known = [
            row["pk"]
            for row in self._headers()
            if row["purpose"] in {"CLEAR", "CASH", "REFUND", "RESUME", "CORRECT"}
        ]
        return self._rng.choice(sorted(known)) if known else None

    # --- accounts

    def _account(self) -> None:
        account = self._rng.choice(BUSY)
        self._people.touched.add(account)
        for terms in (
            {"action": "limit", "overdraft_limit": self._rng.randrange(90_000)},
            {"action": "close"},
            {"action": "status", "status": self._rng.choice(("HOLD_DEBIT", "OPEN"))},
        ):
            order = {"account_id": account, "by": "ann", "note": "asked for", **terms}
            self._run.scheduler.later(
                self._rng.uniform(0.0, 2.0), partial(self._ask, "AccountFunction", order)
            )
        rows = [account_row(account) | {"status": "CLOSED"}]
        closed = {"action": "rows", "kind": "accounts", "rows": rows}
        load = partial(self._ask, "LoadReferenceFunction", closed | {"version": 2})
        self._run.scheduler.later(self._rng.uniform(0.0, 2.0), load)

    def _mode(self) -> None:
        """Single accounts become batched and batched ones single, while records are under way."""
        for account in BUSY:
            mode = self._rng.choice((SINGLE, BATCHED))
            rows = [account_row(account) | {"posting_mode": mode}]
            order = {"action": "rows", "kind": "accounts", "version": 2, "rows": rows}
            self._people.touched.add(account)
            self._ask("LoadReferenceFunction", order)

    # --- settlement

    def _settle(self) -> None:
        self._ask("SettleFunction", self._file())

    def _file(self) -> Row:
        """What the scheme would send: a line for each booking that no file has paid yet."""
        lines = list(self._lines())
        currencies = sorted({each["currency"] for each in lines}) or ["EUR"]
        file = {
            "network": _NETWORK,
            "settlement_date": _DAY,
            "file_id": f"F{len(self._files) + 1}",
            "lines": lines,
            "totals": [_total(currency, lines) for currency in currencies],
        }
        self._files.append(
            {"file": file, "by": "ann", "note": "daily", "booked_since": self._began}
        )
        return self._files[-1]

    def _lines(self) -> Iterable[Row]:
        inbox = {row["ingest_id"]: row for row in self._run.books.rows("InboxTable")}
        owed: dict[tuple[str, str], int] = {}
        records: dict[str, str] = {}
        for header in self._headers():
            root = root_of(header["pk"])
            for leg in header["legs"]:
                if leg["account"].startswith(f"settle:{_NETWORK}:") and leg["layer"] == "posted":
                    signed = leg["amount"] if leg["side"] == "C" else -leg["amount"]
                    owed[root, leg["currency"]] = owed.get((root, leg["currency"]), 0) + signed
            records[root] = header["ingest_id"]
        left = {key: sum_ for key, sum_ in owed.items() if sum_ and key[0] not in self._paid}
        wanted = sorted(key for key in left if records[key[0]] in inbox)
        for n, (root, currency) in enumerate(wanted, start=1):
            self._paid.add(root)
            cain = from_json(inbox[records[root]]["cain"])
            reference = Reference(
                acquirer=cain.acquirer.id,
                rrn=cain.transaction_id.retrieval_reference,
                stan=cain.transaction_id.stan,
            )
            amount = left[root, currency]
            yield {
                "n": n,
                "reference": dict(part.split("=") for part in reference.key),
                "amount": abs(amount),
                "currency": currency,
                "direction": "DEBIT" if amount > 0 else "CREDIT",
            }

    def _headers(self) -> list[Row]:
        return [row for row in self._run.books.rows("JournalTable") if row["sk"] == "H"]

    def _ask(self, function: str, event: Row) -> None:
        insist(self._run, f"a clerk invokes {function}", function, event)


def _total(currency: str, lines: list[Row]) -> Row:
    mine = [each for each in lines if each["currency"] == currency]
    debits = sum(each["amount"] for each in mine if each["direction"] == "DEBIT")
    credits = sum(each["amount"] for each in mine if each["direction"] == "CREDIT")
    total = {"currency": currency, "lines": len(mine), "debits": debits, "credits": credits}
    if currency != _BOUGHT.quote:
        return total
    paid = convert(Money(abs(debits - credits), currency), _BOUGHT)
    return total | {"paid": {"currency": "EUR", "amount": paid.amount, "rate": _BOUGHT.rate}}
