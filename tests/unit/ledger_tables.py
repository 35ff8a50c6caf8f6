"""The system's tables in memory, with the keys and indexes that the template declares."""

from datetime import UTC, datetime

from adapters.balances import BalanceTable
from adapters.claims import ClaimTable
from adapters.inbox import InboxTable
from adapters.items import from_item
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.parked import ParkedTable
from adapters.posting import Poster
from tests.fakes.dynamodb import MemoryDynamoDB, Table

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Tables:
    """All tables, and the adapters over them."""

    def __init__(self) -> None:
        self.dynamodb = MemoryDynamoDB(
            {
                "inbox": Table(
                    "ingest_id", indexes={"by-minute": ("received_minute", "ingest_id")}
                ),
                "claims": Table("msg_id"),
                "parked": Table(
                    "ingest_id", indexes={"by-reason-day": ("reason_day", "ingest_id")}
                ),
                "reference": Table("pk", "sk"),
                "journal": Table("pk", "sk", indexes={"by-minute": ("booked_minute", "pk")}),
                "balances": Table("pk"),
                "vault": Table("pk"),
            }
        )
        self.inbox = InboxTable(self.dynamodb, "inbox")
        self.claims = ClaimTable(self.dynamodb, "claims")
        self.parked = ParkedTable(self.dynamodb, "parked")
        self.journal = JournalTable(self.dynamodb, "journal")
        self.balances = BalanceTable(self.dynamodb, "balances")
        self.ledger = Ledger(self.dynamodb, self.journal, self.balances, self.parked)
        self.poster = Poster(self.ledger, self.balances, self.parked, lambda: NOON)

    def open_account(self, status: str = "OPEN", currency: str = "EUR", limit: int = 0) -> None:
        self.balances.create("cust:A1", currency, status, limit)

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
