"""How the system writes to its tables and asks them: each expression, with what may fill it.

The texts are those of the source; a test compares the two.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_WORD = re.compile(r"#?\w+")

type Attributes = dict[str, dict[str, Any]]

# What the system itself writes into an attribute, or compares it with.
USUAL: Mapping[str, tuple[dict[str, Any], ...]] = {
    "state": ({"S": "PARKED"}, {"S": "RELEASED"}, {"S": "RESOLVED"}, {"S": "DISCARDED"}),
    "reason": ({"S": "FAILED"}, {"S": "INVALID"}, {"S": "REJECTED"}, {"S": "PENDING_MATCH"}),
    "moment": ({"S": "2026-11-20T12:00:00.000Z"}, {"S": "no row"}),
    "history": ({"L": []}, {"L": [{"M": {"by": {"S": "post"}}}]}),
    "owner": ({"S": "ing_1"}, {"S": "ing_2"}),
    "fields": ({"M": {"amount": {"S": "100"}}}, {"M": {}}),
    "text": ({"S": "fee:EUR"}, {"S": "settle:VISA:EUR"}),
    "day": ({"S": "~day 1"}, {"S": "~day 2"}),
    "minute": ({"S": "~minute 1"}, {"S": "~minute 2"}),
    "shard": ({"S": "~shard 1"}, {"S": "~shard 2"}),
    "due": ({"S": "2026-11-20T12:15:00Z"}, {"S": "2026-11-20T12:16:00Z"}),
    "version": ({"N": "1"}, {"N": "2"}),
    "number": ({"N": "0"}, {"N": "250"}, {"N": "-100"}),
    "sum": ({"N": "0"}, {"N": "250"}, {"N": "-100"}),
    "one": ({"N": "1"},),
    "kind": ({"S": "10"}, {"S": "20"}),
    "seconds": ({"N": "1763640000"}, {"N": "1763640060"}),
    "status": ({"S": "OPEN"}, {"S": "CLOSED"}),
    "progress": ({"S": "INPROGRESS"}, {"S": "COMPLETED"}),
    "sort key": ({"S": "H"}, {"S": "P"}, {"S": "CURRENT"}),
    "partition": ({"S": "~1"}, {"S": "~2"}),
}

# And what it never writes there. The engine takes a text for a "number" or a "history" in SET,
# which the service does not: that is among its lies.
ODD: Mapping[str, dict[str, Any]] = {
    "state": {"N": "1"},
    "reason": {"BOOL": True},
    "moment": {"N": "20261120"},
    "owner": {"N": "1"},
    "fields": {"S": "none"},
    "text": {"B": b"fee:EUR"},
    "day": {"N": "1"},
    "minute": {"N": "1"},
    "shard": {"N": "1"},
    "due": {"N": "1"},
    "sum": {"S": "250"},
    "kind": {"N": "10"},
    "seconds": {"S": "soon"},
    "status": {"N": "0"},
    "progress": {"N": "1"},
}

# The attributes of each table's items beside their keys, and what they hold.
ATTRIBUTES: Mapping[str, Mapping[str, str]] = {
    "Inbox": {"received_minute": "minute", "fingerprint": "text"},
    "Claims": {
        "owner": "owner",
        "fingerprint": "text",
        "fields": "fields",
        "claimed_at": "moment",
        "request": "owner",
        "response": "owner",
    },
    "Parked": {
        "state": "state",
        "reason": "reason",
        "parked_at": "moment",
        "history": "history",
        "msg_id": "text",
        "reason_day": "day",
        "due_shard": "shard",
        "due_at": "due",
        "response": "owner",
    },
    "Journal": {
        "booked_minute": "minute",
        "presented_as": "kind",
        "ingest_id": "owner",
        "suspended_day": "day",
    },
    "Reference": {"load_no": "sum", "rule_version": "text"},
    "Balances": {
        "version": "version",
        "status": "status",
        "overdraft_limit": "number",
        "available": "number",
        "held": "number",
        "posting_no": "number",
        "posted_d": "sum",
        "posted_c": "sum",
        "receivable": "sum",
        "opening_due": "sum",
        "fold_no": "sum",
        "account": "text",
        "currency": "text",
        "account_kind": "text",
    },
    "Assemblies": {
        "state": "state",
        "state_shard": "minute",
        "leg_count": "version",
        "checksum": "text",
        "value_date": "moment",
        "last_at": "moment",
        "got": "sum",
        "reason": "reason",
        "message": "text",
        "history": "history",
    },
    "Payments": {
        "version": "version",
        "payment_id": "owner",
        "due_shard": "day",
        "due_at": "minute",
    },
    "Vault": {"token": "text"},
    "Idempotency": {
        "expiration": "seconds",
        "in_progress_expiration": "seconds",
        "status": "progress",
    },
}


@dataclass(frozen=True)
class Use:
    """One expression or pair. `values` says for each placeholder what may stand there."""

    table: str
    kind: str
    condition: str | None = None
    update: str | None = None
    asks: str | None = None
    index: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = (self.table, self.kind, self.asks, self.update, self.condition)
        return " ".join(part for part in parts if part)

    @property
    def attributes(self) -> set[str]:
        """The names in its expressions, the words of the language among them."""
        found = {word for _, text in self.expressions() for word in _WORD.findall(text)}
        return {self.names.get(word, word) for word in found}

    def expressions(self) -> Iterator[tuple[str, str]]:
        """(kind of expression, text), as `expressions_in_source` gives them."""
        for kind, text in self._texts().items():
            if text is not None:
                yield kind, text

    def request(self, filled: Attributes) -> dict[str, Any]:
        """The part of a request that is about the expressions."""
        texts = {kind: text for kind, text in self._texts().items() if text is not None}
        named = {"ExpressionAttributeNames": dict(self.names)} if self.names else {}
        given = {"ExpressionAttributeValues": filled} if filled else {}
        index = {"IndexName": self.index} if self.index else {}
        return texts | named | given | index

    def _texts(self) -> dict[str, str | None]:
        return {
            "ConditionExpression": self.condition,
            "UpdateExpression": self.update,
            "KeyConditionExpression": self.asks,
        }


STATE = {"#state": "state"}
IDEMPOTENT = (
    "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND"
    " attribute_exists(#in_progress_expiry) AND #in_progress_expiry < :now_in_millis)"
)

WRITES = (
    Use("Inbox", "Put", "attribute_not_exists(ingest_id)"),
    Use("Claims", "Put", "attribute_not_exists(msg_id)"),
    Use("Claims", "Put"),
    Use(
        "Claims",
        "Update",
        "attribute_not_exists(msg_id) OR #owner = :old",
        "SET #owner = :new, fingerprint = :fingerprint, #fields = :fields, claimed_at = :at",
        names={"#owner": "owner", "#fields": "fields"},
        values={
            ":old": "owner",
            ":new": "owner",
            ":fingerprint": "text",
            ":fields": "fields",
            ":at": "moment",
        },
    ),
    Use(
        "Claims",
        "Update",
        update="SET #role = if_not_exists(#role, :this)",
        names={"#role": "response"},
        values={":this": "owner"},
    ),
    Use("Parked", "Put", "attribute_not_exists(ingest_id)"),
    Use(
        "Parked",
        "Put",
        "attribute_not_exists(ingest_id) OR (#state = :released AND parked_at = :read)",
        names=STATE,
        values={":released": "state", ":read": "moment"},
    ),
    Use(
        "Parked",
        "ConditionCheck",
        "attribute_not_exists(ingest_id)"
        " OR ((#state = :released OR #state = :resolved) AND msg_id = :msg_id)",
        names=STATE,
        values={":released": "state", ":resolved": "state", ":msg_id": "text"},
    ),
    Use(
        "Parked",
        "Update",
        "#state = :parked AND (reason = :failed OR reason = :waiting) AND msg_id = :msg_id",
        "SET #state = :resolved, history = list_append(history, :entry)",
        names=STATE,
        values={
            ":msg_id": "text",
            ":parked": "state",
            ":failed": "reason",
            ":waiting": "reason",
            ":resolved": "state",
            ":entry": "history",
        },
    ),
    Use(
        "Parked",
        "Put",
        "#state = :state AND parked_at = :read",
        names=STATE,
        values={":state": "state", ":read": "moment"},
    ),
    Use(
        "Parked",
        "Update",
        "#state = :parked AND reason <> :invalid",
        "SET #state = :to, history = list_append(history, :entry), msg_id = :msg_id,"
        " due_shard = :shard, due_at = :at",
        names=STATE,
        values={
            ":parked": "state",
            ":invalid": "reason",
            ":to": "state",
            ":entry": "history",
            ":msg_id": "text",
            ":shard": "shard",
            ":at": "due",
        },
    ),
    Use(
        "Parked",
        "Update",
        "#state = :released",
        "REMOVE due_shard",
        names=STATE,
        values={":released": "state"},
    ),
    Use(
        "Parked",
        "Update",
        "#state = :parked",
        "SET #state = :to, history = list_append(history, :entry) REMOVE due_shard",
        names=STATE,
        values={":parked": "state", ":to": "state", ":entry": "history"},
    ),
    Use(
        "Parked",
        "Update",
        "#state = :parked AND reason = :waiting",
        "SET #state = :to, history = list_append(history, :entry)",
        names=STATE,
        values={":parked": "state", ":waiting": "reason", ":to": "state", ":entry": "history"},
    ),
    Use(
        "Parked",
        "Update",
        "#state = :parked AND reason = :waiting",
        "SET #state = :to, history = list_append(history, :entry), #response = :response"
        " REMOVE due_shard",
        names=STATE | {"#response": "response"},
        values={
            ":parked": "state",
            ":waiting": "reason",
            ":to": "state",
            ":entry": "history",
            ":response": "owner",
        },
    ),
    Use("Journal", "Put", "attribute_not_exists(pk)"),
    Use("Journal", "ConditionCheck", "attribute_not_exists(pk)"),
    Use(
        "Journal",
        "ConditionCheck",
        "attribute_not_exists(pk) OR ingest_id <> :record",
        values={":record": "owner"},
    ),
    Use(
        "Journal",
        "Put",
        "attribute_not_exists(pk) OR presented_as = :kind",
        values={":kind": "kind"},
    ),
    Use("Reference", "Put", "attribute_not_exists(pk)"),
    Use("Reference", "Put"),
    Use("Reference", "Put", "rule_version = :was", values={":was": "text"}),
    Use("Reference", "Update", update="ADD load_no :one", values={":one": "one"}),
    Use("Balances", "Put", "attribute_not_exists(pk)"),
    Use(
        "Balances",
        "Update",
        "version = :version",
        "SET #status = :status, overdraft_limit = :limit,"
        " available = available + :more, version = version + :one, opening_due = :due",
        names={"#status": "status"},
        values={
            ":version": "version",
            ":status": "status",
            ":limit": "number",
            ":more": "number",
            ":one": "one",
            ":due": "number",
        },
    ),
    Use(
        "Balances",
        "Update",
        "version = :version AND #status = :open AND available >= :funds",
        "SET available = available + :net, held = held + :held,"
        " version = version + :bookings, posting_no = posting_no + :counted"
        " ADD posted_d :debit, posted_c :credit, receivable :receivable, opening_due :opened",
        names={"#status": "status"},
        values={
            ":open": "status",
            ":funds": "number",
            ":version": "version",
            ":net": "number",
            ":held": "number",
            ":bookings": "version",
            ":counted": "one",
            ":debit": "sum",
            ":credit": "sum",
            ":receivable": "sum",
            ":opened": "sum",
        },
    ),
    Use(
        "Balances",
        "Update",
        "version = :version",
        "SET available = available + :net, held = held + :held,"
        " version = version + :bookings, posting_no = posting_no + :counted"
        " ADD posted_d :debit, posted_c :credit, receivable :receivable, opening_due :opened",
        values={
            ":version": "version",
            ":net": "number",
            ":held": "number",
            ":bookings": "version",
            ":counted": "one",
            ":debit": "sum",
            ":credit": "sum",
            ":receivable": "sum",
            ":opened": "sum",
        },
    ),
    Use(
        "Balances",
        "Update",
        update="SET account = :account, currency = :currency, account_kind = :internal"
        " ADD posted_d :debit, posted_c :credit",
        values={
            ":account": "text",
            ":currency": "text",
            ":internal": "text",
            ":debit": "sum",
            ":credit": "sum",
        },
    ),
    Use(
        "Balances",
        "Update",
        update="SET account = :account, currency = :currency, account_kind = :internal,"
        " posted_d = :debit, posted_c = :credit",
        values={
            ":account": "text",
            ":currency": "text",
            ":internal": "text",
            ":debit": "sum",
            ":credit": "sum",
        },
    ),
    Use("Balances", "Update", update="ADD fold_no :one", values={":one": "one"}),
    Use("Balances", "ConditionCheck", "fold_no = :fold_no", values={":fold_no": "sum"}),
    Use("Assemblies", "Put", "attribute_not_exists(pk)"),
    Use(
        "Assemblies",
        "Update",
        "leg_count = :legs AND checksum = :checksum AND value_date = :day",
        "SET last_at = :at ADD got :one",
        values={
            ":legs": "version",
            ":checksum": "text",
            ":day": "moment",
            ":at": "moment",
            ":one": "one",
        },
    ),
    Use(
        "Assemblies",
        "Update",
        "#state = :open",
        "SET #state = :posted, last_at = :at REMOVE state_shard",
        names=STATE,
        values={":open": "state", ":posted": "state", ":at": "moment"},
    ),
    Use(
        "Assemblies",
        "Update",
        "#state = :one_state OR #state = :other_state",
        "SET #state = :state, state_shard = :listed, last_at = :at, reason = :reason,"
        " message = :message, history = list_append(history, :entry)",
        names=STATE,
        values={
            ":one_state": "state",
            ":other_state": "state",
            ":state": "state",
            ":listed": "minute",
            ":at": "moment",
            ":reason": "reason",
            ":message": "text",
            ":entry": "history",
        },
    ),
    Use("Payments", "Put", "attribute_not_exists(pk)"),
    Use("Payments", "Put", "version = :version", values={":version": "version"}),
    Use(
        "Payments",
        "Put",
        "attribute_not_exists(pk) OR payment_id = :payment",
        values={":payment": "owner"},
    ),
    Use("Vault", "Put", "attribute_not_exists(pk)"),
    # Powertools' own.
    Use(
        "Idempotency",
        "Put",
        IDEMPOTENT,
        names={
            "#id": "id",
            "#expiry": "expiration",
            "#in_progress_expiry": "in_progress_expiration",
            "#status": "status",
        },
        values={":now": "seconds", ":inprogress": "progress", ":now_in_millis": "seconds"},
    ),
    Use(
        "Idempotency",
        "Update",
        update="SET #expiry = :expiry, #status = :status",
        names={"#expiry": "expiration", "#status": "status"},
        values={":expiry": "seconds", ":status": "progress"},
    ),
)

QUERIES = (
    Use(
        "Inbox",
        "Query",
        asks="received_minute = :minute",
        index="by-minute",
        values={":minute": "minute"},
    ),
    Use(
        "Journal",
        "Query",
        asks="booked_minute = :minute",
        index="by-minute",
        values={":minute": "minute"},
    ),
    Use(
        "Parked",
        "Query",
        asks="due_shard = :shard AND due_at <= :until",
        index="by-due",
        values={":shard": "shard", ":until": "due"},
    ),
    Use(
        "Assemblies",
        "Query",
        asks="state_shard = :listed",
        index="by-state",
        values={":listed": "minute"},
    ),
    Use(
        "Reference",
        "Query",
        asks="pk = :pair AND sk <= :time",
        values={":pair": "partition", ":time": "sort key"},
    ),
    Use(
        "Journal",
        "Query",
        asks="pk = :pk AND sk BETWEEN :first AND :last",
        values={":pk": "partition", ":first": "sort key", ":last": "sort key"},
    ),
    Use("Reference", "Query", asks="pk = :version", values={":version": "partition"}),
    Use("Reference", "Query", asks="pk = :order", values={":order": "partition"}),
    Use(
        "Journal",
        "Query",
        asks="suspended_day = :day",
        index="by-suspended-day",
        values={":day": "day"},
    ),
    Use(
        "Payments",
        "Query",
        asks="due_shard = :shard AND due_at <= :until",
        index="by-due",
        values={":shard": "day", ":until": "minute"},
    ),
    Use(
        "Parked",
        "Query",
        asks="reason_day = :day",
        index="by-reason-day",
        values={":day": "day"},
    ),
    # The command line's, for a statement.
    Use("Journal", "Query", asks="pk = :pk", values={":pk": "partition"}),
)
