"""A batch that is on its way while things go wrong, and what must have become of it afterwards."""

import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli import trial_balance
from cli.errors import UserError
from cli.redrive import drive
from cli.submission import new_submission_id
from cli.watch import Watch
from domain.letters import QUEUES
from tests.engine.live import Stack, eventually
from tests.engine.messages import Message, as_jsonl, changed, purchase

PATIENCE = 90.0
TRIES = 3
HOLDERS = 3


class Load:
    """Purchases by three customers, half through each door, and some of those of the API twice."""

    def __init__(self, stack: Stack, folder: Path, messages: int = 60, repeated: int = 6) -> None:
        self.stack = stack
        self._folder = folder
        self._messages, self._repeated = messages, repeated
        self.began = datetime.now(UTC)
        self.holders = [stack.holder() for _ in range(HOLDERS)]
        self.watch = Watch(stack.system)

    @property
    def total(self) -> int:
        """How many records are sent."""
        return self._messages + self._repeated

    def send(self) -> None:
        """Returns when the API has taken its half; all else is on its way."""
        cards = [holder.card_number for holder in self.holders]
        messages = [purchase(cards[n % HOLDERS], 1_000 + n) for n in range(self._messages)]
        half = self._messages // 2
        landed = self.stack.land_messages(self._folder / "load.jsonl", messages[:half], as_jsonl)
        self.watch.add_file(landed)
        again = [changed(message) for message in messages[half : half + self._repeated]]
        self.watch.add(self._sent([*messages[half:], *again]))

    def _sent(self, messages: list[Message]) -> list[str]:
        """Through the API, and as a person would: the same submission again until it is taken."""
        key = new_submission_id()
        for _ in range(TRIES):
            with contextlib.suppress(UserError):
                return [receipt.ingest_id for receipt in self.stack.send(*messages, key=key)]
        raise AssertionError("the API takes nothing in")

    def check(self) -> None:
        """Each message is booked once, each repeat is parked, and every invariant holds."""
        self.stack.wait_for(self.watch, PATIENCE)
        kinds = [outcome.kind for outcome in self.watch.outcomes.values()]
        assert kinds.count("POSTED") == self._messages
        assert kinds.count("DUPLICATE") == self._repeated == len(kinds) - self._messages
        for n, holder in enumerate(self.holders):
            amounts = range(1_000 + n, 1_000 + self._messages, HOLDERS)
            balance = self.stack.balance(holder.account)
            assert balance["available"] == -sum(amounts)
            assert balance["posting_no"] == len(amounts)
        self.stack.audit()
        assert trial_balance.read(self.stack.system).is_zero

    def mend(self) -> None:
        """What an operator runs after a crash of everything, in this order."""

        def nothing_open() -> bool:
            self.stack.sweep_now(self.began)
            deadline = time.monotonic() + 5.0
            while self.watch.open and time.monotonic() < deadline:
                self.watch.poll()
                time.sleep(0.2)
            return not self.watch.open

        eventually(nothing_open, PATIENCE)
        for queue in QUEUES:
            told = drive(lambda asked: self.stack.invoke("Redrive", **asked), queue, dry_run=False)
            assert told["failed"] == [], queue
        self.stack.quiet()
        until = datetime.now(UTC) + timedelta(minutes=1)
        window = {"since": self.began.isoformat(), "until": until.isoformat()}
        self.stack.invoke("RebuildBalances", **window)
        self.stack.invoke("Republish", **window)
