"""The deployed system on the embedded engine, with the calls that the tests make."""

import itertools
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.items import from_item, to_item
from adapters.landing import MANIFEST_SUFFIX
from cli import reference
from cli.api_door import ApiDoor, Receipt
from cli.audit import command as audit_command
from cli.audit.finding import Break
from cli.audit.reading import Books
from cli.invocation import invoke
from cli.landing_door import Landed, LandingDoor
from cli.outcomes import Outcome
from cli.queues import depths
from cli.reference_files import ReferenceFile
from cli.submission import Line, cut, new_submission_id
from cli.system import System
from cli.watch import Watch
from samples.population import sample_card_number, sample_iban
from tests.engine.messages import Message, manifest_of

PATIENCE = 60.0
LINGER = 5.0
POLL = 0.1
_serials = itertools.count(1)


def eventually(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Ask again and again; fail when it never holds."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(POLL)


@dataclass(frozen=True)
class Holder:
    """An account that no other test uses, and a card for it."""

    account_id: str
    card_number: str
    currency: str
    product: str

    @property
    def account(self) -> str:
        """Its name in the ledger."""
        return f"cust:{self.account_id}"


class Stack:
    """`cards_fed` are the card numbers that tests have sent in or loaded."""

    def __init__(self, system: System, home: Path) -> None:
        self.system = system
        self.home = home
        self.cards_fed: set[str] = set()
        self.ear = Ear(system)

    def client(self, service: str) -> Any:
        return self.system.client(service)

    # Accounts and cards

    def card_number(self, prefix: str = "411111") -> str:
        """A test card number that no other test uses."""
        number = sample_card_number(prefix, 700_000 + next(_serials))
        self.cards_fed.add(number)
        return number

    def holder(
        self,
        status: str = "OPEN",
        product: str = "CLASSIC",
        currency: str = "EUR",
        card_number: str | None = None,
        opening_money: int = 0,
        **more: str,
    ) -> Holder:
        """Load an account and its card as `reference load` does; `more` are fields of its row."""
        serial = next(_serials)
        made = Holder(f"T-{serial}", card_number or self.card_number(), currency, product)
        row = _account_row(made, serial, status, opening_money)
        self.load("accounts", [row | more])
        self.load("cards", [{"card_number": made.card_number, "account_id": made.account_id}])
        return made

    def set_status(self, holder: Holder, status: str) -> None:
        serial = int(holder.account_id.removeprefix("T-"))
        self.load("accounts", [_account_row(holder, serial, status, 0)])

    def load(self, kind: str, rows: list[dict[str, Any]]) -> None:
        files = [ReferenceFile(Path(f"{kind}.json"), kind, rows)]
        for result in reference.load_files(self.system, files):
            assert result["errors"] == []

    # The two doors

    def send(self, *messages: Message, key: str | None = None) -> list[Receipt]:
        """Through the REST API, signed; the receipts in order."""
        lines = (
            Line("test", number, json.dumps(message).encode(), alone=False)
            for number, message in enumerate(messages, start=1)
        )
        self._note_cards(messages)
        door = ApiDoor(self.system)
        told = door.submit(cut(lines), key or new_submission_id())
        return [receipt for receipts in told for receipt in receipts]

    def land(
        self, path: Path, raw: bytes, manifest: Mapping[str, Any] | None, key: str | None = None
    ) -> Landed:
        """Into the landing bucket as `submit` puts it, under a prefix of its own."""
        path.write_bytes(raw)
        if manifest is not None:
            path.with_name(path.name + MANIFEST_SUFFIX).write_text(json.dumps(manifest))
        return LandingDoor(self.system).put(path, key or new_submission_id())

    def land_messages(
        self,
        path: Path,
        messages: Collection[Message],
        form: Callable[[Iterable[Message]], bytes],
    ) -> Landed:
        """A file that its manifest describes truly."""
        self._note_cards(messages)
        raw = form(messages)
        return self.land(path, raw, manifest_of(messages, raw))

    def _note_cards(self, messages: Iterable[Message]) -> None:
        self.cards_fed |= {message["de"]["2"] for message in messages if "2" in message["de"]}

    # What became of it

    def outcomes(
        self,
        ingest_ids: Iterable[str] = (),
        landed: Iterable[Landed] = (),
        patience: float = PATIENCE,
    ) -> dict[str, Outcome]:
        """Of these records and of all records of these files, folded too; waits for them.

        `patience` counts from the last progress.
        """
        watch = Watch(self.system)
        watch.add(ingest_ids)
        for each in landed:
            watch.add_file(each)
        self.wait_for(watch, patience)
        return watch.outcomes

    def wait_for(self, watch: Watch, patience: float = PATIENCE) -> None:
        moved_at = time.monotonic()
        while watch.open or watch.unfolded() or watch.waiting:
            if watch.poll():
                moved_at = time.monotonic()
            waited = time.monotonic() - moved_at
            if watch.waiting and waited > LINGER and not (watch.open or watch.unfolded()):
                # It still waits for another message, which may never come.
                return
            assert waited < patience, f"{sorted(watch.open)[:5]} of {watch.total} are open"
            time.sleep(POLL)

    def outcome(self, ingest_id: str) -> Outcome:
        return self.outcomes([ingest_id])[ingest_id]

    def post(self, *messages: Message) -> list[Outcome]:
        """Send through the API and wait; the outcomes in order."""
        receipts = self.send(*messages)
        found = self.outcomes([receipt.ingest_id for receipt in receipts])
        return [found[receipt.ingest_id] for receipt in receipts]

    def row(self, table: str, **key: str) -> dict[str, Any]:
        """Plain values; empty when there is no such row."""
        answer = self.client("dynamodb").get_item(
            TableName=self.system.table(table), Key=to_item(key), ConsistentRead=True
        )
        return from_item(answer.get("Item", {}))

    def header(self, header_id: str) -> dict[str, Any]:
        return self.row("Journal", pk=header_id, sk="H")

    def parked(self, ingest_id: str) -> dict[str, Any]:
        return self.row("Parked", ingest_id=ingest_id)

    def balance(self, account: str, currency: str = "EUR") -> dict[str, Any]:
        return self.row("Balances", pk=f"B#{account}#{currency}")

    def header_ids(self) -> set[str]:
        pages = (
            self.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.system.table("Journal"),
                ProjectionExpression="pk, sk",
                FilterExpression="sk = :h",
                ExpressionAttributeValues={":h": {"S": "H"}},
            )
        )
        return {item["pk"]["S"] for page in pages for item in page["Items"]}

    def invoke(self, function: str, **payload: Any) -> dict[str, Any]:
        return invoke(self.system, function, payload)

    def sweep_now(self, since: datetime) -> dict[str, Any]:
        """Sweep from that moment on, the current minute included, which a real sweep leaves alone.

        The next sweep begins there again: it has to see what this minute still brings.
        """
        self.sweep_from(since)
        try:
            return self.invoke("Sweep", min_age_minutes=-1)
        finally:
            self.sweep_from(since)

    def sweep_from(self, moment: datetime) -> None:
        """As if a sweep had accounted for all that came before the minute of this moment."""
        minute = moment.replace(second=0, microsecond=0).isoformat()
        self.client("dynamodb").put_item(
            TableName=self.system.table("Claims"),
            Item=to_item({"msg_id": "SWEEP", "minute": minute}),
        )

    def decide(self, action: str, ingest_id: str, **more: Any) -> dict[str, Any]:
        """An operator's decision, as `./posting release` and its kin give it."""
        return self.invoke("Release", action=action, ingest_id=ingest_id, by="a test", **more)

    def audit(self, patience: float = 30.0) -> Books:
        """Check every invariant on what stands; fail with what breaks one."""
        books, found = audit_command.look(self.system, patience)
        breaks: list[Break] = [each for breaks in found.values() for each in breaks]
        assert breaks == [], breaks
        return books

    def quiet(self, patience: float = PATIENCE) -> None:
        """Wait until no queue on the money path has anything left."""
        eventually(
            lambda: (
                not any(
                    each.waiting + each.under_way
                    for each in depths(self.system)
                    if not each.dead_letters
                )
            ),
            patience,
        )

    @contextmanager
    def mapping_stopped(self, source: str) -> Iterator[None]:
        """No function is fed from this queue or stream (a part of its ARN) inside."""
        client = self.client("lambda")
        (mapping,) = (
            each
            for each in client.list_event_source_mappings()["EventSourceMappings"]
            if source in each["EventSourceArn"]
        )
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


class Ear:
    """A consumer's queue, subscribed by a rule to everything that the bus says."""

    def __init__(self, system: System) -> None:
        self._sqs = system.client("sqs")
        events, bus = system.client("events"), system.output("BusName")
        self._url = self._sqs.create_queue(QueueName="test-ear")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        events.put_rule(
            Name="test-ear",
            EventBusName=bus,
            EventPattern=json.dumps({"source": [{"prefix": "payments."}]}),
        )
        events.put_targets(
            Rule="test-ear",
            EventBusName=bus,
            Targets=[{"Id": "ear", "Arn": arn["Attributes"]["QueueArn"]}],
        )
        self._heard: list[dict[str, Any]] = []

    def heard(self, **wanted: str) -> list[dict[str, Any]]:
        """Events so far, by `detail_type`, `msg_id` or `header_id`."""
        self._listen()
        return [event for event in self._heard if _fits(event, wanted)]

    def first(self, **wanted: str) -> dict[str, Any]:
        """The first such event, waited for."""
        eventually(lambda: self.heard(**wanted))
        return self.heard(**wanted)[0]

    def _listen(self) -> None:
        while messages := self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            self._heard += [json.loads(message["Body"]) for message in messages]
            self._sqs.delete_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                    for place, message in enumerate(messages)
                ],
            )


def _fits(event: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    known = {
        "detail_type": event["detail-type"],
        "msg_id": event["detail"]["meta"]["msg_id"],
        "ingest_id": event["detail"]["meta"]["correlation_id"],
        "header_id": event["detail"]["data"].get("header_id"),
    }
    return all(known[name] == value for name, value in wanted.items())


def _account_row(holder: Holder, serial: int, status: str, opening_money: int) -> dict[str, Any]:
    return {
        "account_id": holder.account_id,
        "iban": sample_iban(serial),
        "branch": "BERLIN",
        "holder": "Test Person",
        "product": holder.product,
        "currency": holder.currency,
        "status": status,
        "overdraft_limit": 0,
        "opening_money": opening_money,
        "opened_at": "2026-11-01T00:00:00Z",
    }


def legs(header: Mapping[str, Any]) -> list[tuple[str, str, str, int]]:
    """Side, account, currency, minor units of each leg."""
    return [(leg["side"], leg["account"], leg["currency"], leg["amount"]) for leg in header["legs"]]
