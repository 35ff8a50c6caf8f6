"""Cutting batch files into records: nothing raises, nothing is lost in silence."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch_file import (
    FORMATS,
    LONGEST_LINE,
    Reader,
    format_of,
    read_bin,
    read_hex,
    read_jsonl,
)
from domain.framing import LONGEST_MESSAGE
from domain.record import Record, Unreadable
from domain.stream_window import StreamWindow
from tests.unit.card_messages import as_bytes

MESSAGES = [as_bytes(de11=f"{n:06}") for n in range(5)]


def framed(body: bytes, length: int | None = None) -> bytes:
    return (len(body) if length is None else length).to_bytes(2, "big") + body


def chunked(raw: bytes, size: int = 7) -> Iterator[bytes]:
    return (raw[at : at + size] for at in range(0, len(raw), size))


def read(reader: Reader, raw: bytes, size: int = 7) -> list[Record | Unreadable]:
    return list(reader(chunked(raw, size)))


def summary(records: list[Record | Unreadable]) -> list[bytes | str]:
    return [r.body if isinstance(r, Record) else r.problem.code for r in records]


def test_framed_messages_are_read_one_by_one_with_their_offsets() -> None:
    records = read(read_bin, b"".join(map(framed, MESSAGES)))

    assert summary(records) == MESSAGES
    assert [r.ordinal for r in records] == [0, 1, 2, 3, 4]
    assert [r.offset for r in records] == [n * (len(MESSAGES[0]) + 2) for n in range(5)]


def test_lines_are_read_one_by_one_without_their_ends() -> None:
    records = read(read_jsonl, b'{"a":1}\r\n\n  \n{"b":2}\n{"c":3}')

    assert summary(records) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']
    assert [(r.ordinal, r.offset) for r in records] == [(0, 0), (1, 13), (2, 21)]


@pytest.mark.parametrize("reader", [read_jsonl, read_bin, read_hex])
def test_an_empty_file_is_a_problem(reader: Reader) -> None:
    assert summary(read(reader, b"")) == ["EMPTY_FILE"]


def test_a_file_of_blank_lines_is_empty() -> None:
    assert summary(read(read_jsonl, b"\n\r\n \n")) == ["EMPTY_FILE"]


@pytest.mark.parametrize("cut", [1, 5, 100])
def test_a_cut_off_last_message_is_a_problem_and_the_others_are_read(cut: int) -> None:
    raw = b"".join(map(framed, MESSAGES))

    assert summary(read(read_bin, raw[:-cut])) == [*MESSAGES[:4], "TRUNCATED_RECORD"]


def test_a_single_byte_at_the_end_is_a_cut_off_message() -> None:
    assert summary(read(read_bin, framed(MESSAGES[0]) + b"\x00")) == [
        MESSAGES[0],
        "TRUNCATED_RECORD",
    ]


@pytest.mark.parametrize("wrong", [-30, -1, 1, 30, 5_000, 60_000])
@pytest.mark.parametrize("place", [0, 2])
def test_a_wrong_length_costs_one_message_and_no_more(wrong: int, place: int) -> None:
    bodies = [framed(m, len(m) + (wrong if n == place else 0)) for n, m in enumerate(MESSAGES)]

    records = read(read_bin, b"".join(bodies))

    assert summary(records) == ["WRONG_LENGTH" if n == place else m for n, m in enumerate(MESSAGES)]
    assert records[place].offset == place * (len(MESSAGES[0]) + 2)


def test_a_record_that_is_no_message_is_handed_on_and_the_next_ones_are_read() -> None:
    garbage = b"garbage that is framed"
    bodies = [MESSAGES[0], garbage, MESSAGES[1], garbage]

    assert summary(read(read_bin, b"".join(map(framed, bodies)))) == bodies


def test_good_messages_before_two_that_are_none_are_kept() -> None:
    bodies = [MESSAGES[0], b"one stranger", b"and another", MESSAGES[1]]

    records = summary(read(read_bin, b"".join(map(framed, bodies))))

    assert records[0] == MESSAGES[0]
    assert records[-1] == MESSAGES[1]


def test_an_empty_record_is_a_problem() -> None:
    raw = framed(MESSAGES[0]) + framed(b"") + framed(MESSAGES[1])

    assert summary(read(read_bin, raw)) == [MESSAGES[0], "EMPTY_RECORD", MESSAGES[1]]


def test_an_over_long_record_is_a_problem() -> None:
    raw = framed(MESSAGES[0]) + framed(b"x" * (LONGEST_MESSAGE + 1)) + framed(MESSAGES[1])

    assert summary(read(read_bin, raw, 4096)) == [MESSAGES[0], "RECORD_TOO_LONG", MESSAGES[1]]


@pytest.mark.parametrize("extra", [1, 2, LONGEST_LINE, 5 * LONGEST_LINE])
def test_an_over_long_line_is_a_problem_and_the_next_ones_are_read(extra: int) -> None:
    raw = b"{}\n" + b"x" * (LONGEST_LINE + extra) + b"\n[]\n"

    records = read(read_jsonl, raw, 4096)

    assert summary(records) == [b"{}", "RECORD_TOO_LONG", b"[]"]
    assert [r.offset for r in records] == [0, 3, len(raw) - 3]


def test_a_line_of_the_greatest_length_is_read() -> None:
    raw = b"x" * LONGEST_LINE

    assert summary(read(read_jsonl, raw + b"\n[]", 4096)) == [raw, b"[]"]
    assert summary(read(read_jsonl, raw, 4096)) == [raw]
    assert summary(read(read_jsonl, raw + b"x", 4096)) == ["RECORD_TOO_LONG"]


def test_bytes_without_any_message_are_one_problem() -> None:
    assert summary(read(read_bin, b"\xff" * 200_000, 4096)) == ["TRUNCATED_RECORD"]


def test_a_message_after_a_long_stretch_of_rubbish_is_found() -> None:
    raw = b"\xff" * 200_000 + b"".join(map(framed, MESSAGES))

    assert summary(read(read_bin, raw, 4096)) == ["WRONG_LENGTH", *MESSAGES]


def test_a_large_file_is_read_without_holding_it() -> None:
    block = b"".join(map(framed, MESSAGES)) * 1_000
    given_out = 0

    def chunks() -> Iterator[bytes]:
        nonlocal given_out
        for _ in range(10):
            given_out += len(block)
            yield block

    records = read_bin(chunks())

    assert isinstance(next(records), Record)
    assert given_out == len(block)
    assert sum(1 for _ in records) == 5 * 1_000 * 10 - 1


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: str(known.suffix))
def test_the_suffix_names_the_format(known: object) -> None:
    suffix = getattr(known, "suffix", "")

    assert format_of(f"day/batch{suffix}") is known
    assert format_of(f"day/batch{suffix.upper()}") is known
    assert format_of(f"day/batch{suffix}.manifest.json") is None


@given(st.binary(max_size=300), st.integers(1, 50))
def test_arbitrary_files_never_raise_and_chunks_make_no_difference(raw: bytes, size: int) -> None:
    for reader in (read_bin, read_jsonl):
        records = read(reader, raw, size)

        assert records == read(reader, raw, len(raw) or 1)
        assert [r.ordinal for r in records] == list(range(len(records)))
        assert records


@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=6), st.data())
def test_damage_to_one_byte_never_costs_more_than_two_messages(
    bodies: list[bytes], data: st.DataObject
) -> None:
    raw = bytearray(b"".join(map(framed, bodies)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))

    records = read(read_bin, bytes(raw), 64)

    whole = [r.body for r in records if isinstance(r, Record) and r.body in MESSAGES]
    assert len(whole) >= len(bodies) - 2


def test_a_window_gives_what_is_left_near_the_end() -> None:
    window = StreamWindow(iter([b"abc", b"", b"de"]))

    assert window.peek(1, 9) == b"bcde"
    window.drop_before(3)
    assert (window.peek(3, 4), window.reaches(4), window.reaches(5)) == (b"d", True, False)
    assert window.find(b"e", 3, 9) == 4
    assert window.find(b"a", 3, 9) == -1
