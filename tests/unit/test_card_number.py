import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.card_number import CardNumber, contains_card_number, is_card_number, luhn_valid, mask

CARDS = [
    "4111111111111111",
    "4761739001010119",
    "5555555555554444",
    "2223000048400011",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "3530111333300000",
    "4222222222222",
    "6200000000000000000",
]


def test_a_card_number_never_prints_more_than_its_last_four_digits() -> None:
    card = CardNumber("4761739001010119")

    for text in (str(card), repr(card), f"{card}", f"{card:>30}", f"{[card]}"):
        assert "0119" in text
        assert "476173900101" not in text
    assert card.reveal() == "4761739001010119"


def test_a_card_number_cannot_be_serialised_by_accident() -> None:
    card = CardNumber("4761739001010119")

    with pytest.raises(TypeError):
        pickle.dumps(card)
    with pytest.raises(TypeError):
        json.dumps({"card": card})


def test_card_numbers_are_equal_by_their_digits() -> None:
    assert CardNumber("4222222222222") == CardNumber("4222222222222")
    assert CardNumber("4222222222222") != "4222222222222"
    assert len({CardNumber("4222222222222"), CardNumber("4222222222222")}) == 1


@pytest.mark.parametrize("digits", CARDS)
def test_card_numbers_are_found_and_cut_to_their_last_four(digits: str) -> None:
    text = f"batch/{digits}.jsonl"

    assert is_card_number(digits)
    assert contains_card_number(text)
    assert mask(text) == f"batch/{'*' * (len(digits) - 4)}{digits[-4:]}.jsonl"


@pytest.mark.parametrize(
    "text",
    ["4761 7390 0101 0119", "4761-7390-0101-0119", "3782 822463 10005", "3056-930902-5904"],
)
def test_card_numbers_are_found_in_the_groups_that_are_printed_on_cards(text: str) -> None:
    assert contains_card_number(f"card {text} lost")
    assert not contains_card_number(mask(f"card {text} lost"))


@pytest.mark.parametrize(
    "text",
    [
        "4761739001010118",
        "batches/2026-11-20/000001.jsonl",
        "batches/2026-11-20-000001.jsonl",
        "20261120101112",
        "1795380000000",
        "tok_4jx5nq7c2m6zr3w2yb4k6d8f0a",
        "632410000123",
        "",
    ],
)
def test_dates_counters_and_tokens_are_no_card_numbers(text: str) -> None:
    assert not contains_card_number(text)
    assert mask(text) == text


def test_a_card_number_inside_a_raw_message_is_masked_with_all_digits_around_it() -> None:
    raw = "0210723A40010AC08000164761739001010119000000000000004500"

    assert "4761739001010119" not in mask(raw)
    assert "0119" not in mask(raw)


def test_the_check_digit_is_that_of_luhn() -> None:
    assert luhn_valid("4761739001010119")
    assert not luhn_valid("4761739001010191")
    assert not luhn_valid("4761-7390")
    assert not luhn_valid("")


@given(st.text(alphabet="0123456789 -x", max_size=60))
def test_nothing_is_left_to_find_after_masking(text: str) -> None:
    assert not contains_card_number(mask(text))
