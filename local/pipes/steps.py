"""The two calls a pipe makes for a batch: the enrichment, then the target."""

import json
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local import aws
from local.pipes import templates
from local.pipes.definition import Pipe
from local.pipes.faults import CustomerError, InternalError
from local.pipes.record import Record

# What one PutEvents call takes; a longer enrichment answer leaves the target uncalled.
BUS_BATCH_LIMIT = 10
# Failed entries with these codes failed in the service.
REPEATABLE_ENTRY = frozenset({"InternalFailure", "InternalException", "ThrottlingException"})
EMPTY_ANSWERS: tuple[Any, ...] = ("", {}, [])


class Clients(Protocol):
    """Where the steps get their clients: a session under the pipe's role."""

    def client(self, service: str) -> Any:
        """A client of the service."""

    def forget(self) -> None:
        """Begin a new session at the next use."""


class Steps:
    """Enrichment and target of one pipe."""

    def __init__(self, pipe: Pipe, clients: Clients) -> None:
        self._pipe = pipe
        self._clients = clients
        self._reserved = {
            "aws.pipes.pipe-arn": pipe.arn,
            "aws.pipes.pipe-name": pipe.name,
            "aws.pipes.source-arn": pipe.source_arn,
            "aws.pipes.enrichment-arn": pipe.enrichment_arn or "",
            "aws.pipes.target-arn": pipe.target_arn,
        }

    def deliver(self, records: list[Record]) -> list[Record]:
        """Carry a batch through; give the records that the target did not take.

        Which record an enriched item came from is unknown, so that any of them missing at the
        target means the whole batch again; without an enrichment it is known.
        """
        payloads = self._enriched(records)
        if payloads in EMPTY_ANSWERS:
            return []
        items = payloads if isinstance(payloads, list) else [payloads]
        if len(items) > BUS_BATCH_LIMIT:
            raise CustomerError(f"{len(items)} items, and the target takes {BUS_BATCH_LIMIT}")
        missed = self._put([self._entry(item) for item in items])
        if missed and self._pipe.enrichment_arn:
            raise CustomerError(f"the target refused {len(missed)} of {len(items)} items")
        return [records[index] for index in missed]

    def _enriched(self, records: list[Record]) -> Any:
        if self._pipe.enrichment_arn is None:
            return records
        template = self._pipe.enrichment_template
        batch = (
            [templates.fill(template, one, self._reserved) for one in records]
            if template
            else records
        )
        answer = self._call(
            lambda: self._clients.client("lambda").invoke(
                FunctionName=self._pipe.enrichment_arn,
                InvocationType="RequestResponse",
                Payload=json.dumps(batch).encode(),
            )
        )
        text = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise CustomerError(f"the enrichment failed: {text[:500]!r}")
        return _payload(text)

    def _entry(self, item: Any) -> dict[str, Any]:
        template = self._pipe.target_template
        payload = templates.fill(template, item, self._reserved) if template else item
        parameters = self._pipe.bus_parameters or {}
        fixed = {name: _dynamic(value, payload) for name, value in parameters.items()}
        return {
            # What the service puts when the pipe names neither.
            "DetailType": "Event from aws:dynamodb",
            "Source": f"Pipe {self._pipe.name}",
            **fixed,
            "EventBusName": self._pipe.target_arn,
            "Detail": json.dumps(payload),
        }

    def _put(self, entries: list[dict[str, Any]]) -> list[int]:
        """Put the entries on the bus; give the places of those that it refused."""
        answer = self._call(lambda: self._clients.client("events").put_events(Entries=entries))
        refused = {
            place: entry["ErrorCode"]
            for place, entry in enumerate(answer["Entries"])
            if entry.get("ErrorCode")
        }
        if refused and set(refused.values()) <= REPEATABLE_ENTRY and len(refused) == len(entries):
            raise InternalError(f"the target failed: {sorted(set(refused.values()))}")
        return list(refused)

    def _call(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (ClientError, BotoCoreError) as error:
            if aws.code_of(error) in aws.STALE_SESSION:
                self._clients.forget()
            if aws.is_repeatable(error):
                raise InternalError(str(error)) from error
            raise CustomerError(str(error)) from error


def _payload(text: bytes) -> Any:
    try:
        return json.loads(text) if text else ""
    except json.JSONDecodeError as error:
        raise CustomerError("the enrichment did not answer with JSON") from error


def _dynamic(value: Any, payload: Any) -> Any:
    if isinstance(value, list):
        return [_dynamic(one, payload) for one in value]
    dynamic = isinstance(value, str) and value.startswith("$.")
    return templates.at_path(value, payload) if dynamic else value
