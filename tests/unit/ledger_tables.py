"""The system's tables in memory, with the keys and indexes that the template declares."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from adapters.balances import BalanceTable
from adapters.batch_posting import BatchPoster
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.correction_orders import OrderBook
from adapters.corrections import Corrections
from adapters.deduplication import Deduplication
from adapters.derivation import Derivation
from adapters.disputes import Disputes
from adapters.disputes import Tables as DisputeTables
from adapters.inbox import InboxTable
from adapters.items import from_item
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.match_waits import MatchWaitRules
from adapters.outcomes import Outcomes, Waker
from adapters.over_clearing_rules import OverClearingRules
from adapters.overlay import Tables as Names
from adapters.overlay import derivation_over
from adapters.pairing import Pairing
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.posting import Poster, Tools
from adapters.posting_queue import PostingQueue
from adapters.posting_rules import PostingRules
from adapters.reference import ReferenceTable
from adapters.reference_loading import ReferenceLoading
from adapters.request_timers import RequestTimers
from adapters.rule_sets import RuleSets
from adapters.timers import Timers
from tests.fakes.dynamodb import MemoryDynamoDB, Table
from tests.fakes.services import MemoryBus, MemoryQueues

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def _as_it_is(tables: MemoryDynamoDB) -> Any:
    return tables


class Tables:
    """All tables, and the adapters over them."""

    def __init__(self, reached_by: Callable[[MemoryDynamoDB], Any] = _as_it_is) -> None:
        """`reached_by` makes the client that the adapters have of the tables."""
        self.dynamodb = MemoryDynamoDB(
            {
                "inbox": Table(
                    "ingest_id", indexes={"by-minute": ("received_minute", "ingest_id")}
                ),
                "claims": Table("msg_id"),
                "parked": Table(
                    "ingest_id",
                    indexes={
                        "by-reason-day": ("reason_day", "ingest_id"),
                        "by-due": ("due_shard", "due_at"),
                    },
                ),
                "reference": Table("pk", "sk"),
                "journal": Table("pk", "sk", indexes={"by-minute": ("booked_minute", "pk")}),
                "balances": Table("pk"),
                "payments": Table("pk", indexes={"by-due": ("due_shard", "due_at")}),
                "vault": Table("pk"),
            }
        )
        client = reached_by(self.dynamodb)
        self.inbox = InboxTable(client, "inbox")
        self.claims = ClaimTable(client, "claims")
        self.parked = ParkedTable(client, "parked")
        self.journal = JournalTable(client, "journal")
        self.balances = BalanceTable(client, "balances")
        self.payments = PaymentTable(client, "payments")
        self.queue, self.bus = MemoryQueues(), MemoryBus()
        self.ledger = Ledger(client, self.journal, self.balances, self.parked, self.payments)
        self.reference = ReferenceTable(client, "reference")
        self.waits = MatchWaitRules(self.reference)
        self.rules = PostingRules(self.waits, OverClearingRules(self.reference))
        self.pairs = PairTable(client, "claims")
        self.pairing = Pairing(self.pairs, self.parked, self.waits)
        self.deduplication = Deduplication(self.claims, self.parked, self.journal, self.pairing)
        self.request_timers = RequestTimers(self.parked, self.pairing, Bus(self.bus, "bus"))
        self.waker = Waker(self.parked, PostingQueue(self.queue, "https://sqs.example/post"))
        self.timers = Timers(self.payments, self.balances, self.ledger, self.waker)
        self.now = NOON
        self.orders = OrderBook(client, "journal")
        self.disputes = Disputes(
            self.ledger,
            DisputeTables(self.journal, self.payments, self.balances, self.orders, self.reference),
            lambda: self.now,
        )
        self.corrections = Corrections(
            self.ledger,
            self.journal,
            self.balances,
            self.orders,
            self.reference,
            lambda: self.now,
            self.payments,
        )
        self.poster = Poster(
            Tools(
                ledger=self.ledger,
                derivation=Derivation(
                    self.payments,
                    self.balances,
                    self.journal,
                    self.rules,
                ),
                outcomes=Outcomes(
                    client,
                    self.journal,
                    self.parked,
                    self.payments,
                    Bus(self.bus, "bus"),
                ),
                waker=self.waker,
                journal=self.journal,
                balances=self.balances,
                parked=self.parked,
                payments=self.payments,
            ),
            lambda: self.now,
        )

        names = Names(client, "journal", "balances", "payments")
        self.batch = BatchPoster(
            self.poster,
            self.ledger,
            lambda so_far: derivation_over(names, self.rules, so_far),
            self.waker,
            lambda: self.now,
        )

    def open_account(self, status: str = "OPEN", currency: str = "EUR", limit: int = 0) -> None:
        self.balances.create("cust:A1", currency, status, limit)

    def set_rules(self, **rules: dict[str, Any]) -> None:
        """Rules of the version v1, which is in force."""
        loading = RuleSets(self.dynamodb, "reference")
        rows = [{"id": name, "params": params} for name, params in rules.items()]
        loading.load("v1", rows, "2026-11-20T00:00:00Z")

    def set_policy(self, policy: str) -> None:
        """What the product of the account A1 says about missing funds."""
        loading = ReferenceLoading(self.dynamodb, self.reference)
        loading.load("products", [{"product": "P1", "funds_policy": policy}], 1)
        loading.load("accounts", [{"account_id": "A1", "product": "P1"}], 1)

    def set_status(self, status: str) -> None:
        row = self.balances.read("cust:A1", "EUR")
        assert row is not None
        assert self.balances.set_terms(row, status, row.overdraft_limit)

    def headers(self) -> dict[str, str]:
        """Header id -> purpose."""
        rows = (from_item(item) for item in self.dynamodb.rows("journal"))
        return {row["pk"]: row["purpose"] for row in rows if row["sk"] == "H"}

    def balance(self) -> int:
        row = self.balances.read("cust:A1", "EUR")
        return row.posted if row else 0

    def lines(self) -> list[tuple[str, int, int]]:
        """(posting number, amount, balance after) of the customer's statement."""
        rows = (from_item(item) for item in self.dynamodb.rows("journal"))
        return sorted(
            (row["sk"], row["amount"], row["balance_after"])
            for row in rows
            if row["pk"].startswith("S#")
        )
