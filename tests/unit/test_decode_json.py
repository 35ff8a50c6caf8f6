"""The JSON form: every kind of bad input is a named problem, all of them at once."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.iso8583.decode import decode_json_bytes
from domain.iso8583.decoded import Decoded, Invalid
from domain.iso8583.elements import ELEMENTS, LIBRARY_SPEC
from domain.iso8583.problems import REMEDIES
from domain.message_type import KNOWN_MTIS
from tests.unit.card_messages import (
    CARD,
    PURCHASE,
    RECEIVED,
    as_bytes,
    as_json,
    decode,
    problems,
    valid,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read_bytes(raw: bytes) -> Decoded | Invalid:
    return decode_json_bytes(raw, network="VISA", received_at=RECEIVED)


def test_json_and_binary_form_are_the_same_message() -> None:
    in_hex = {"network": "VISA", "iso8583": as_bytes().hex()}

    assert decode(as_json()) == decode(in_hex) == valid()


def test_the_network_may_come_from_beside_the_message() -> None:
    value = {"mti": "0210", "de": PURCHASE}

    assert decode(value, network="VISA") == valid()
    assert problems(decode(value)) == {("network", "NETWORK")}
    assert problems(decode({**value, "network": "VIAS"})) == {("network", "NETWORK")}


@pytest.mark.parametrize("mti", sorted(KNOWN_MTIS))
def test_every_known_message_type_is_read(mti: str) -> None:
    assert valid(mti).mti == mti


@pytest.mark.parametrize("mti", ["0800", "0211", "0300", "1200", "210", "02100", "", "O21O"])
def test_other_message_types_are_refused(mti: str) -> None:
    assert problems(decode(as_json(mti))) == {("MTI", "MTI")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"de4": "000000000000"}, ("DE4", "AMOUNT_ZERO")),
        ({"de4": "-00000004500"}, ("DE4", "FORMAT")),
        ({"de4": "0000000045.0"}, ("DE4", "FORMAT")),
        ({"de4": "٠٠٠٠٠٠٠٠٤٥٠٠"}, ("DE4", "NOT_ASCII")),
        ({"de4": "0000000004500"}, ("DE4", "LENGTH")),
        ({"de4": "4500"}, ("DE4", "LENGTH")),
        ({"de4": ""}, ("DE4", "LENGTH")),
        ({"de4": None}, ("DE4", "MISSING")),
        ({"de3": None}, ("DE3", "MISSING")),
        ({"de7": None}, ("DE7", "MISSING")),
        ({"de11": None}, ("DE11", "MISSING")),
        ({"de32": None}, ("DE32", "MISSING")),
        ({"de49": None}, ("DE49", "MISSING")),
        ({"de39": None}, ("DE39", "MISSING")),
        ({"de39": "  "}, ("DE39", "MISSING")),
        ({"de41": None, "de42": None}, ("DE41", "MISSING")),
        ({"de2": None}, ("DE2", "MISSING")),
        ({"de2": "4761739001010118"}, ("DE2", "CARD_NUMBER")),
        ({"de2": "0000000000000000"}, ("DE2", "CARD_NUMBER")),
        ({"de2": "476173900101"}, ("DE2", "CARD_NUMBER")),
        ({"de2": "4761 7390 0101 0119"}, ("DE2", "FORMAT")),
        ({"de35": "4111111111111111=29122010"}, ("DE35", "CARD_NUMBER_DISAGREES")),
        ({"de42": "4222222222222"}, None),
        ({"de49": "999"}, ("DE49", "CURRENCY")),
        ({"de49": "EUR"}, ("DE49", "FORMAT")),
        ({"de5": "000000004100"}, ("DE50", "MISSING")),
        ({"de6": "000000004100", "de51": "999"}, ("DE51", "CURRENCY")),
        ({"de6": "000000000000", "de51": "978"}, ("DE6", "AMOUNT_ZERO")),
        ({"de7": "1120246000"}, ("DE7", "DATE")),
        ({"de7": "0230101112"}, ("DE7", "DATE")),
        ({"de12": "240000"}, ("DE12", "DATE")),
        ({"de13": "1131"}, ("DE13", "DATE")),
        ({"de13": "0229"}, ("DE13", "DATE")),
        ({"de9": "91234567"}, ("DE9", "RATE")),
        ({"de10": "70000000"}, ("DE10", "RATE")),
        ({"de28": "X00000100"}, ("DE28", "FORMAT")),
        ({"de29": "C00000100"}, ("DE50", "MISSING")),
        ({"de54": "0040978D00000000200"}, ("DE54", "ADDITIONAL_AMOUNT")),
        ({"de54": "0040999D000000002000"}, ("DE54", "ADDITIONAL_AMOUNT")),
        ({"de95": "0" * 24 + "C00000000" * 2}, ("DE95", "REPLACEMENT_AMOUNT")),
        ({"de43": "MÜLLER"}, ("DE43", "NOT_ASCII")),
        ({"de43": "x" * 41}, ("DE43", "LENGTH")),
        ({"de32": "1" * 12}, ("DE32", "LENGTH")),
        ({"de43": f"SHOP {CARD}"}, ("DE43", "CARD_NUMBER_MISPLACED")),
        ({"de63": "4761-7390-0101-0119"}, ("DE63", "CARD_NUMBER_MISPLACED")),
    ],
)
def test_a_bad_element_is_named(
    changes: dict[str, str | None], expected: tuple[str, str] | None
) -> None:
    assert problems(decode(as_json(**changes))) == ({expected} if expected else set())


def test_zero_is_an_amount_for_account_verification_only() -> None:
    assert valid("0100", de4="000000000000").elements["DE4"] == "000000000000"
    for mti in ("0200", "0220", "0400", "0420"):
        found = problems(decode(as_json(mti, de4="000000000000")))
        assert found == {("DE4", "AMOUNT_ZERO")}


@pytest.mark.parametrize("value", [None, [], "text", 7, True, 1.5])
def test_a_message_must_be_an_object(value: object) -> None:
    assert ("message", "TYPE") in problems(decode(value, network="VISA"))


@pytest.mark.parametrize("text", [True, 4500, 45.0, None, ["0"], {"a": "b"}])
def test_an_element_must_be_a_string(text: object) -> None:
    value = {"network": "VISA", "mti": "0210", "de": {**PURCHASE, "4": text}}

    result = decode(value)

    assert problems(result) == {("DE4", "TYPE")}
    assert isinstance(result, Invalid)
    assert result.errors[0].offset == "$.de.4"


@pytest.mark.parametrize("key", ["0", "1", "65", "129", "04", "DE4", "4 ", "", "٤", CARD])
def test_an_unknown_element_is_refused_without_repeating_it(key: str) -> None:
    value = {"network": "VISA", "mti": "0210", "de": {**PURCHASE, key: "1"}}

    result = decode(value)

    assert problems(result) == {("message", "UNKNOWN_ELEMENT")}
    assert CARD not in str(result)


def test_wrong_shapes_are_all_named() -> None:
    assert problems(decode({"network": 1, "mti": True, "de": [], "extra": 0}, network=None)) >= {
        ("message", "UNKNOWN_KEY"),
        ("message", "TYPE"),
        ("MTI", "TYPE"),
        ("network", "NETWORK"),
    }
    assert ("message", "MISSING") in problems(decode({"network": "VISA", "mti": "0210"}))
    assert ("message", "HEX") in problems(decode({"network": "VISA", "iso8583": "zz"}))
    assert ("message", "TYPE") in problems(decode({"network": "VISA", "iso8583": 7}))
    both = {**as_json(), "iso8583": as_bytes().hex()}
    assert problems(decode(both)) == {("message", "BOTH_FORMS")}


def test_problems_inside_hex_point_into_it() -> None:
    result = decode({"network": "VISA", "iso8583": as_bytes(de49="999").hex()})

    assert isinstance(result, Invalid)
    assert [found.offset[:11] for found in result.errors] == ["$.iso8583[1"]
    cut = decode({"network": "VISA", "iso8583": as_bytes().hex()[:-2]})
    assert problems(cut) == {("DE49", "TRUNCATED")}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff{}",
        b"\xef\xbb\xbf{}",
        b'{"mti": "0210", "mti": "0220"}',
        b'{"de": {"4": "000000004500", "4": "000000009900"}}',
        b'{"de": NaN}',
        b"[" * 100_000,
        b"9" * 5_000,
        b"{} {}",
    ],
)
def test_text_that_is_not_one_json_value_is_refused(raw: bytes) -> None:
    assert problems(read_bytes(raw)) == {("message", "JSON")}


def test_a_line_of_json_is_a_message() -> None:
    assert read_bytes(json.dumps(as_json()).encode()) == valid()


def test_a_card_number_may_come_from_track_2_which_is_then_dropped() -> None:
    decoded = valid(de2=None, de35=f"{CARD}=29122011234567890")

    assert decoded.card_number.reveal() == CARD
    assert decoded == valid()
    assert valid(de2=None, de35=f"{CARD}D29122011234567890") == valid()


def test_sensitive_authentication_data_never_leaves_the_decoder() -> None:
    decoded = valid(
        de14="2912",
        de35=f"{CARD}=29122011234567890",
        de45=f"B{CARD}^TEST/CARD^2912201",
        de48="CVV 123",
        de52="0123456789ABCDEF",
        de53="2600000000000000",
        de55="9F2608C0FFEE0123456789",
    )

    assert decoded == valid()


def test_a_message_with_its_card_number_cannot_be_serialised_by_accident() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(valid())


def test_a_refusal_never_repeats_card_or_track_data() -> None:
    changes = {"de35": f"{CARD}=2912X", "de45": CARD, "de4": CARD, "de11": CARD[:12], "de49": "000"}

    result = decode(as_json(**changes))

    assert isinstance(result, Invalid)
    assert len(result.errors) >= 4
    assert CARD[:8] not in str(result)
    assert result.last4 == CARD[-4:]


def test_every_problem_has_a_remedy_an_offset_and_the_head_of_the_message() -> None:
    result = decode(as_json(de49="999"))

    assert isinstance(result, Invalid)
    assert (result.network, result.mti) == ("VISA", "0210")
    (found,) = result.errors
    assert found.offset == "$.de.49"
    assert found.remedy == REMEDIES["CURRENCY"]


def test_a_card_number_of_someone_else_in_free_text_is_masked() -> None:
    decoded = valid(de43="REF 4111111111111111")

    assert decoded.elements["DE43"] == "REF ************1111"


def test_the_life_cycle_id_is_kept_and_other_private_data_is_not() -> None:
    assert valid(de63="VT1234567890ABC").elements["DE63"] == "VT1234567890ABC"
    for private in ("a sentence with blanks", "4111111111111111"):
        assert "DE63" not in valid(de63=private).elements


def test_padding_is_no_content() -> None:
    assert valid(de41="TERM0001", de42="SHOP").elements == valid(de42="SHOP   ").elements


def test_the_table_has_every_element_once_for_us_and_for_the_library() -> None:
    assert sorted(ELEMENTS) == [n for n in range(2, 129) if n != 65]
    assert set(LIBRARY_SPEC) == {"h", "t", "p", "1"} | {str(n) for n in ELEMENTS}


@given(JSON_VALUES)
def test_arbitrary_json_never_raises(value: object) -> None:
    assert isinstance(decode(value), Invalid)
    assert isinstance(decode({"network": "VISA", "mti": "0210", "de": value}), Invalid)
    assert isinstance(decode({"network": value, "mti": value, "iso8583": value}), Invalid)


@given(st.sampled_from(sorted(ELEMENTS)), JSON_VALUES)
def test_arbitrary_content_of_an_element_never_raises(number: int, value: object) -> None:
    message = {"network": "VISA", "mti": "0210", "de": {**PURCHASE, str(number): value}}

    assert isinstance(decode(message), Decoded | Invalid)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_as_json_never_raise(raw: bytes) -> None:
    assert isinstance(read_bytes(raw), Invalid)
