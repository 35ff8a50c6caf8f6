"""Invariant 13: each header has exactly one TransactionPosted, which says what the header says."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from adapters.journal import stored_header
from cli.audit.finding import Break, Row
from domain.announcement import announce


def events_are_the_ledger(headers: Mapping[str, Row], details: Iterable[Row]) -> Iterator[Break]:
    """`headers` by id; `details` of TransactionPosted events, which may be delivered repeatedly."""
    heard: dict[str, dict[str, Row]] = defaultdict(dict)
    for detail in details:
        header_id, event_id = detail["data"]["header_id"], detail["meta"]["event_id"]
        known = heard[header_id].setdefault(event_id, detail)
        if known != detail:
            yield Break(13, header_id, f"event {event_id} was delivered with two contents")
    for header_id in sorted(heard.keys() - headers.keys()):
        yield Break(13, header_id, "announced, but there is no such header")
    for header_id, header in headers.items():
        yield from _announced(header, heard.get(header_id, {}))


def _announced(header: Row, events: Mapping[str, Row]) -> Iterator[Break]:
    if not events:
        yield Break(13, header["pk"], "not announced in the audit trail yet", heals=True)
        return
    if len(events) > 1:
        yield Break(13, header["pk"], f"announced as {len(events)} different events")
    expected: Any = msgspec.to_builtins(announce(stored_header(header)))
    for event_id, detail in events.items():
        if event_id != expected["meta"]["event_id"]:
            yield Break(13, header["pk"], f"event {event_id} is not the header's own id")
        different = [
            name
            for name, value in expected["data"].items()
            if _plain(value) != detail["data"].get(name)
        ]
        if different:
            yield Break(13, header["pk"], f"its event says otherwise: {', '.join(different)}")


def _plain(value: Any) -> Any:
    """As it is after a way through JSON: sequences are lists."""
    return msgspec.json.decode(msgspec.json.encode(value))
