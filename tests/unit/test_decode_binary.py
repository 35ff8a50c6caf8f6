"""Binary messages: what breaks them, and that nothing makes the decoder raise."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.iso8583.decode import decode_binary, decode_hex
from domain.iso8583.decoded import Decoded, Invalid
from tests.unit.card_messages import CARD, RECEIVED, as_bytes, problems


def read(raw: bytes, network: str | None = "VISA") -> Decoded | Invalid:
    return decode_binary(raw, network=network, received_at=RECEIVED)


def refused(raw: bytes) -> Invalid:
    result = read(raw)
    assert isinstance(result, Invalid)
    return result


def test_a_message_is_read_with_its_elements_and_without_its_card_number() -> None:
    decoded = read(as_bytes())

    assert isinstance(decoded, Decoded)
    assert (decoded.network, decoded.mti) == ("VISA", "0210")
    assert decoded.transmitted_at == "2026-11-20T10:11:12Z"
    assert decoded.card_number.reveal() == CARD
    assert decoded.elements["DE4"] == "000000004500"
    assert "DE2" not in decoded.elements
    assert "DE14" not in decoded.elements
    assert CARD not in str(decoded)


def test_the_same_message_in_hex_digits_is_the_same_message() -> None:
    text = as_bytes().hex().encode()

    decoded = decode_hex(text, network="VISA", received_at=RECEIVED)

    assert decoded == read(as_bytes())


@pytest.mark.parametrize("text", [b"", b"0", b"0g", b"30 31", b"0x30"])
def test_hex_must_be_whole_bytes(text: bytes) -> None:
    result = decode_hex(text, network="VISA", received_at=RECEIVED)

    assert problems(result) == {("message", "HEX")}


def test_an_empty_message_says_so() -> None:
    assert ("message", "EMPTY") in problems(refused(b""))


def test_a_message_that_ends_before_its_bitmap_is_truncated() -> None:
    assert ("message", "TRUNCATED") in problems(refused(as_bytes()[:12]))


@pytest.mark.parametrize("bitmap", [b"G" * 16, b"72 A40010AC08000", b"0x3A40010AC08000"])
def test_a_broken_bitmap_is_named_with_its_offset(bitmap: bytes) -> None:
    result = refused(b"0210" + bitmap + as_bytes()[20:])

    assert [found.offset for found in result.errors if found.code == "BITMAP"] == ["4"]


def test_a_third_bitmap_is_refused() -> None:
    result = refused(b"0210" + b"F2" + b"0" * 14 + b"8" + b"0" * 15 + b"0" * 200)

    assert ("bitmap", "BITMAP") in problems(result)


def test_every_cut_off_message_is_refused() -> None:
    whole = as_bytes()

    for end in range(len(whole)):
        assert isinstance(read(whole[:end]), Invalid)


def test_a_cut_names_the_element_that_it_went_through_and_nothing_as_missing() -> None:
    result = refused(as_bytes()[:-1])

    assert problems(result) == {("DE49", "TRUNCATED")}


def test_trailing_bytes_are_refused_with_their_offset() -> None:
    whole = as_bytes()

    result = refused(whole + b"00")

    assert [(found.code, found.offset) for found in result.errors] == [
        ("TRAILING_BYTES", str(len(whole)))
    ]


def test_characters_outside_ascii_are_refused_with_their_offset() -> None:
    whole = bytearray(as_bytes())
    whole[30] = 0xE9

    assert [found.offset for found in refused(bytes(whole)).errors][:1] == ["30"]


@pytest.mark.parametrize("prefix", [b"+5", b" 6", b"6_", b"xx"])
def test_a_length_prefix_must_be_a_number(prefix: bytes) -> None:
    whole = as_bytes()
    at = whole.index(b"06476173")

    result = refused(whole[:at] + prefix + whole[at + 2 :])

    assert ("DE32", "LENGTH") in problems(result)


def test_a_length_prefix_above_the_greatest_length_is_refused() -> None:
    raw = as_bytes().replace(b"16" + CARD.encode(), b"99" + CARD.encode())

    assert ("DE2", "LENGTH") in problems(refused(raw))


def test_problems_in_several_elements_are_all_named() -> None:
    result = refused(as_bytes(de4="00000000ABCD", de49="000", de7="1399101112", de13="0230"))

    assert problems(result) == {
        ("DE4", "FORMAT"),
        ("DE49", "CURRENCY"),
        ("DE7", "DATE"),
        ("DE13", "DATE"),
    }


def test_the_offset_is_the_byte_where_the_element_starts() -> None:
    raw = as_bytes(de4="00000000ABCD")

    (found,) = refused(raw).errors

    assert int(found.offset) == raw.index(b"00000000ABCD")


def test_the_network_comes_from_beside_the_message() -> None:
    result = read(as_bytes(), network=None)

    assert problems(result) == {("network", "NETWORK")}


@given(st.binary(max_size=400))
@example(b"0210" + b"FFFFFFFFFFFFFFFF" * 2)
@example(b"0200" + b"8000000000000000" + b"8000000000000000")
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    assert isinstance(read(raw), Invalid)
    assert isinstance(decode_hex(raw, network="VISA", received_at=RECEIVED), Invalid)


@given(st.data())
def test_damage_anywhere_never_raises_and_never_shows_the_card(data: st.DataObject) -> None:
    raw = bytearray(as_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))

    result = read(bytes(raw))

    if isinstance(result, Invalid):
        assert "476173900101" not in str(result)
