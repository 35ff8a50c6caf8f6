"""Objects of the audit trail are read compressed or not, and only for what is in them."""

import gzip
import json

from cli.audit.trail import events_in

EVENT = {"version": "0", "detail-type": "TransactionPosted", "time": "T", "detail": {"meta": {}}}
LINES = f"{json.dumps(EVENT)}\n\n{json.dumps(EVENT)}\n".encode()


def test_each_line_is_an_event() -> None:
    assert [event.detail_type for event in events_in(LINES)] == ["TransactionPosted"] * 2


def test_a_compressed_object_reads_the_same() -> None:
    assert events_in(gzip.compress(LINES)) == events_in(LINES)


def test_a_line_of_somebody_else_is_left_out() -> None:
    assert events_in(b'{"message": "hello"}\nno json\n' + LINES) == events_in(LINES)
