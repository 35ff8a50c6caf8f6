"""Invariant 12: the same message makes the same ids and the same legs, whenever it is worked on.

Ids of events are made again from what the events say; headers from their message and purpose; the
legs of a suspense booking from the record that its header keeps.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from cli.audit.finding import Break, Row
from domain import charging
from domain.acceptance import ACCEPTED
from domain.booking import primary_header_id
from domain.dispute_order import PURPOSES
from domain.events import Decided
from domain.identity import event_id
from domain.posting import legs_of


def determinism(headers: Mapping[str, Row], told: Iterable[Row]) -> Iterator[Break]:
    """`told` are events before the ledger: `detail_type`, `detail`."""
    first: dict[tuple[str, str], str] = {}
    for header_id, header in headers.items():
        # What was corrected wrongly is corrected again: each header once.
        of = header.get("corrects") or f"message {header['msg_id']}"
        slot = of, header["purpose"]
        # A hold that an increment opens again expires again, each time under another version; a
        # payment may be disputed, and its excess be accepted, in parts, each under its amount.
        several = "#EXPIRE" in header_id or header["purpose"] in {ACCEPTED, *PURPOSES}
        if not several and first.setdefault(slot, header_id) != header_id:
            yield Break(12, header_id, f"a second {slot[1]} of {of}: {first[slot]}")
        if header["purpose"] == charging.SUSPEND:
            yield from _suspended(header)
    for event in told:
        # A leg comes from outside, under an id of its sender's.
        if "ingest_id" in event["detail"]["data"]:
            yield from _event(event)


def _suspended(header: Row) -> Iterator[Break]:
    if header["pk"] != primary_header_id(header["msg_id"]):
        yield Break(12, header["pk"], f"not the slot of message {header['msg_id']}")
    if header.get("record") is None:
        return
    record = msgspec.json.decode(header["record"], type=Decided)
    again = legs_of(charging.suspend(record, header["reason"]))
    if [*map(msgspec.to_builtins, again)] != [*header["legs"]]:
        yield Break(12, header["pk"], "its record makes other legs")


def _event(event: Row) -> Iterator[Break]:
    meta, data = event["detail"]["meta"], event["detail"]["data"]
    right = event_id(data["msg_id"], data["ingest_id"], event["detail_type"])
    if (meta["event_id"], meta["msg_id"]) != (right, data["msg_id"]):
        name = f"{event['detail_type']} {meta['event_id']}"
        yield Break(12, data["ingest_id"], f"{name} is not the id of its record and message")
