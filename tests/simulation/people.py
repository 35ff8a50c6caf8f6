"""What people do while messages are under way: reload reference data, change accounts, repair."""

import hashlib
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from samples import make_reference
from tests.simulation.deployment import account_row, cards_of
from tests.simulation.dues import PATIENCE_SECONDS, SOONEST_SECONDS, until_due
from tests.simulation.scenario import ANYTHING, BUSY, NEWCOMER, Focus, Scenario
from tests.simulation.services.bus import Event

if TYPE_CHECKING:
    from tests.simulation.cloud import CloudRun

_TRIES = 8
_ASKED_FOR = 0.9
_INTERNAL, _RESUM = {"S": "internal"}, {"resum": True}
_QUARREL, _AGREEMENT = ("release", "discard", "discard"), ("discard", "release", "release")


class People:
    """`touched` accounts and `decided` records are those about which nothing certain can be said
    beforehand any more. Of `disputed` accounts, a refund may find that a dispute has given the
    money back already. `tampered` events are those that nobody may take for a repeat: their
    fingerprints, and the records whose ids they bear.
    """

    def __init__(
        self, run: "CloudRun", rng: random.Random, focus: Focus = ANYTHING, *, repairs: bool
    ) -> None:
        self.touched: set[str] = set()
        self.decided: set[str] = set()
        self.disputed: set[str] = set()
        self.tampered: dict[str, str] = {}
        self.edited = False
        self._opened = False
        self._repairs = repairs
        self._focus = focus
        self._run = run
        self._rng = rng

    def plan(self, scenario: Scenario) -> None:
        """Some of these, at any time from the first message to well after the last."""
        acts: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.12, self._new_rate),
            (0.12, self._new_rules),
            (0.25, self._other_policy),
            (0.12, self._other_status),
            (0.15, self._newcomer),
            (0.20, self._release),
            (0.15, self._release),
            (0.10, self._discard),
            (0.08, self._give_back),
            (0.15, self._quarrel),
            (0.25, self._watch),
            (0.20, self._settle_suspense),
            (0.12, self._tamper),
            (0.20, self._rebuild),
            (0.08, self._contradict_the_rules),
            (0.10, self._watch_the_timers),
        )
        repairs: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.15, self._sweep),
            (0.10, self._sweep),
            (0.10, self._republish),
            (0.15, self._resum),
            (0.15, self._replay),
        )
        early = (self._watch, self._other_policy, self._watch_the_timers)
        for likely, act in (*acts, *repairs) if self._repairs else acts:
            asked_for = act.__name__.removeprefix("_") in self._focus.acts
            if self._rng.random() < (_ASKED_FOR if asked_for else likely):
                latest = 1.0 if act in early else scenario.until * 1.5 + 30.0
                when = self._run.clock.seconds + self._rng.uniform(0.0, latest)
                self._run.scheduler.at(when, act)

    # --- reference data

    def _new_rate(self) -> None:
        """A rate that holds for messages which are under way."""
        rate = {"base": "EUR", "quote": "USD", "as_of": "2026-11-20T06:00:00Z"}
        self._load("fx", [rate | {"rate": "0.900001", "source": "SAMPLE"}])

    def _new_rules(self) -> None:
        rows = make_reference.rules()
        load = {"action": "rules", "rule_version": "v2", "rows": rows}
        self._by_one_or_two(partial(self._ask, "LoadReferenceFunction", load))
        order = {"rule_version": "v2", "by": "an operator", "note": "the board decided"}
        self._ask("LoadReferenceFunction", {"action": "activate", **order})

    def _contradict_the_rules(self) -> None:
        """Other content under a version that is loaded: refused, whoever was first."""
        for wait, limit in ((0.0, 1), (self._rng.uniform(0.0, 0.3), 2)):
            rows = make_reference.rules()
            rows[0] = rows[0] | {"params": {"limit": limit}}
            load = {"action": "rules", "rule_version": "v3", "rows": rows}
            ask = partial(self._ask, "LoadReferenceFunction", load)
            self._run.scheduler.later(wait, ask)

    def _other_policy(self) -> None:
        """From now on, what an account lacks is a receivable."""
        rows = [row | {"funds_policy": "SPLIT"} for row in make_reference.products()]
        self._load("products", rows)

    def _other_status(self) -> None:
        account, status = self._rng.choice(BUSY), self._rng.choice(("HOLD_DEBIT", "HOLD_ALL"))
        self.touched.add(account)
        row = account_row(account)
        for more in self._rng.choice(((777,), (777, 12_345))):
            limit = row["overdraft_limit"] + more
            self._load("accounts", [row | {"status": status, "overdraft_limit": limit}])

    def _newcomer(self) -> None:
        """A new account with opening money, and its card."""
        self._opened = True
        self._by_one_or_two(partial(self._load, "accounts", _newcomer()))
        self._load("cards", cards_of((NEWCOMER,)))

    # --- decisions about records that are not booked to their customer

    def _release(self) -> None:
        self._decide("release", as_distinct=self._rng.random() < 0.3)

    def _discard(self) -> None:
        self._decide("discard")

    def _give_back(self) -> None:
        self._decide("return")

    def _decide(self, action: str, **more: Any) -> None:
        known = sorted({*self._run.books.parked_ids(), *self._run.books.suspended_ids()})
        if known:
            ingest_id = self._rng.choice(known)
            self.decided.add(ingest_id)
            order = {"action": action, "ingest_id": ingest_id, "by": "somebody", **more}
            self._ask("ReleaseFunction", order)

    def _quarrel(self, times: int = 60) -> None:
        """Several people decide about one record at the same moment, as soon as one waits."""
        waiting = sorted(self._run.books.waiting_ids())
        if waiting:
            ingest_id = self._rng.choice(waiting)
            self.decided.add(ingest_id)
            for action in self._rng.choice((_QUARREL, _AGREEMENT, _AGREEMENT[1:])):
                order = {"action": action, "ingest_id": ingest_id, "by": action}
                ask = partial(self._ask, "ReleaseFunction", order)
                self._run.scheduler.later(self._rng.uniform(0.0, 0.5), ask)
        elif times:
            self._run.scheduler.later(5.0, lambda: self._quarrel(times - 1))

    def _settle_suspense(self, times: int = 60) -> None:
        """Somebody releases all that lies in suspense at once, as soon as there are several."""
        suspended = self._run.books.suspended_ids()
        if len(suspended) < 2 and times:
            self._run.scheduler.later(5.0, lambda: self._settle_suspense(times - 1))
            return
        for ingest_id in suspended:
            self.decided.add(ingest_id)
            order = {"action": "release", "ingest_id": ingest_id, "by": "somebody thorough"}
            ask = partial(self._ask, "ReleaseFunction", order)
            self._run.scheduler.later(self._rng.uniform(0.0, 0.3), ask)

    def _watch(self, times: int = 300) -> None:
        """Somebody who lets repeats go on as soon as they are parked, originals booked or not."""
        for ingest_id in self._run.books.repeats():
            if ingest_id not in self.decided:
                self.decided.add(ingest_id)
                order = {"action": "release", "ingest_id": ingest_id, "by": "somebody quick"}
                self._ask("ReleaseFunction", order)
        if times:
            self._run.scheduler.later(0.4, lambda: self._watch(times - 1))

    def _watch_the_timers(self, times: int = 240) -> None:
        """Somebody who cannot wait for the schedule when a hold expires."""
        dues = (
            row["due_at"]["S"]
            for row in self._run.database.tables["PaymentsTable"].items.values()
            if "due_at" in row
        )
        wait = until_due(dues, self._run.clock.now(), otherwise=5.0)
        if wait == SOONEST_SECONDS:
            self._ask("TimersFunction", {})
        if wait < PATIENCE_SECONDS and times:
            self._run.scheduler.later(wait, lambda: self._watch_the_timers(times - 1))

    # --- what nobody should do

    def _tamper(self) -> None:
        """A decision about a booked record comes again, with other content under the same ids."""
        bus, booked = self._run.bus, self._run.books.booked_ids()
        decisions = [
            event.content
            for event in bus.archive
            if event.content["detail-type"].startswith("TransactionPosting")
            and event.content["detail"]["data"]["ingest_id"] in booked
        ]
        if decisions:
            content = self._rng.choice(decisions)
            data = content["detail"]["data"]
            forged = hashlib.sha256(f"forged {data['ingest_id']}".encode()).hexdigest()
            self.tampered[forged] = data["ingest_id"]
            detail = content["detail"] | {"data": data | {"fingerprint": forged}}
            self._run.note(f"forged {content['id']}")
            bus.route("posting", Event(content | {"detail": detail}))

    # --- repairs

    def _sweep(self) -> None:
        self._ask("SweepFunction", {"min_age_minutes": self._rng.choice((0, 0, 1))})

    def _republish(self) -> None:
        self._ask("RepublishFunction", {"header_ids": self._run.books.header_ids()})

    def _rebuild(self) -> None:
        now = self._run.clock.now()
        since = now - timedelta(minutes=15)
        span = {"since": since.isoformat(), "until": now.isoformat()}
        self._ask("RebuildBalancesFunction", span)

    def _resum(self, times: int = 60) -> None:
        """An internal balance was changed by hand; one sums anew while others fold."""
        if not self._run.books.unfolded() and times:
            self._run.scheduler.later(0.5, lambda: self._resum(times - 1))
            return
        rows = self._run.database.tables["BalancesTable"].items
        internal = [key for key, row in rows.items() if row.get("account_kind") == _INTERNAL]
        if internal:
            key = self._rng.choice(sorted(internal))
            wrong = int(rows[key]["posted_d"]["N"]) + 111
            rows[key] = rows[key] | {"posted_d": {"N": str(wrong)}}
            self.edited = True
        self._ask("RebuildBalancesFunction", _RESUM, then=self._mended)
        for _ in range(3):
            self._run.scheduler.later(self._rng.uniform(0.0, 20.0), self._rebuild)

    def _mended(self) -> None:
        self.edited = False

    def resum(self, ask: Callable[[str, dict[str, Any]], Any]) -> None:
        """What was changed by hand and not made good by then, by a last summing."""
        if self.edited:
            ask("RebuildBalancesFunction", _RESUM)

    def _replay(self) -> None:
        """A slice of the archive, in any order."""
        events = list(self._run.bus.archive)
        start = self._rng.randrange(len(events) + 1)
        for event in events[start : start + self._rng.randrange(12)]:
            again = partial(self._run.bus.replay, "posting", event)
            self._run.scheduler.later(self._rng.uniform(0.0, 60.0), again)

    def openings_missing(self) -> Iterator[str]:
        """Opening money that was ordered is booked in the end."""
        header_id = f"J#OPENING#{NEWCOMER}#EUR"
        if self._opened and header_id not in self._run.books.header_ids():
            yield f"{header_id} was ordered and is not booked"

    # --- how they ask

    def _by_one_or_two(self, act: Callable[[], None]) -> None:
        """Two people do not always know of each other."""
        act()
        if self._rng.random() < 0.5:
            self._run.scheduler.later(self._rng.uniform(0.0, 1.0), act)

    def _load(self, kind: str, rows: list[dict[str, Any]]) -> None:
        event = {"action": "rows", "kind": kind, "version": 2, "rows": rows}
        self._ask("LoadReferenceFunction", event)

    def _ask(
        self,
        function: str,
        event: dict[str, Any],
        tries: int = 0,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Again after a failure, as a person would; `then` after it went well."""
        self._run.note(f"somebody invokes {function} {event.get('action', '')}")

        def done(_result: Any, error: BaseException | None) -> None:
            if error is not None and tries < _TRIES:
                again = partial(self._ask, function, event, tries + 1, then)
                self._run.scheduler.later(30.0, again)
            elif error is None and then is not None:
                then()

        self._run.functions.invoke(function, event, done)


def _newcomer() -> list[dict[str, Any]]:
    return [row for row in make_reference.accounts() if row["account_id"] == NEWCOMER]
