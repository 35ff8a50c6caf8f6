"""A first run is held against what the sample batch says of itself."""

from pathlib import Path

from cli.expected import counted, differences, read_expected
from cli.outcomes import Outcome

OUTCOMES = [
    Outcome("a", "POSTED", "CLEAR"),
    Outcome("b", "POSTED", "CLEAR"),
    Outcome("c", "SUSPENDED", "NO_RATE"),
    Outcome("d", "REJECTED", "DECLINED"),
    Outcome("e", "DUPLICATE", "REPEATED"),
    Outcome("f", "INVALID", "FORMAT"),
    Outcome("g", "INVALID", "DATE"),
]
COUNTS = {
    "posted": {"CLEAR": 2},
    "suspended": {"NO_RATE": 1},
    "rejected": {"DECLINED": 1},
    "parked": {"DUPLICATE": 1, "INVALID": 2},
}


def test_outcomes_are_counted_in_the_batchs_own_form() -> None:
    assert counted(OUTCOMES) == COUNTS


def test_equal_counts_differ_in_nothing() -> None:
    assert differences(COUNTS, counted(OUTCOMES)) == []


def test_every_other_count_is_named_on_both_sides() -> None:
    assert differences({"posted": {"CLEAR": 2, "CASH": 1}}, {"posted": {"CLEAR": 3}}) == [
        "posted CASH: 0, expected 1",
        "posted CLEAR: 3, expected 2",
    ]


def test_the_batch_states_its_outcomes() -> None:
    expected = read_expected(Path("samples/batch"))

    assert set(expected) == {"answered", "posted", "suspended", "waiting", "rejected", "parked"}
