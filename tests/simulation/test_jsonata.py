"""Our JSONata is JSONata: its corners, what Step Functions adds, and what it refuses to compile."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.simulation import semantics
from tests.simulation.jsonata import CLOCK, MISSING, QueryFailed, compiled
from tests.simulation.jsonata_library import FAILED, evaluated, judged
from tests.simulation.semantics import INPUT, VARIABLES

CORNERS = [
    *semantics.NOTHING,
    *semantics.SEQUENCES,
    *semantics.TRUTH,
    *semantics.NUMBERS_AND_TEXT,
    *semantics.FUNCTIONS,
]
# The library differs from JSONata 2.0.6 here.
NOT_THE_LIBRARY = {"1 in [true]", "$count(null)"}


@pytest.mark.parametrize(("text", "expected"), CORNERS)
def test_an_expression_means_what_jsonata_says(text: str, expected: Any) -> None:
    made = evaluated(text, INPUT, VARIABLES)

    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    "text", [text for text, _ in CORNERS if text not in NOT_THE_LIBRARY], ids=str
)
def test_the_library_that_parses_agrees(text: str) -> None:
    assert judged(text, INPUT, VARIABLES) == evaluated(text, INPUT, VARIABLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true in [1]", False),
        ("1 in [true]", False),
        ('{"a": 1} in [{"a": 1}]', False),
        ("$count(null)", 1),
        ('$lookup({"a": 1}, null)', FAILED),
        ("$string(1e20)", "100000000000000000000"),
        ("$string(['ü'])", '["ü"]'),
    ],
)
def test_where_the_library_differs_the_language_wins(text: str, expected: Any) -> None:
    assert evaluated(text, INPUT, VARIABLES) == expected
    assert judged(text, INPUT, VARIABLES) != expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$parse('nonsense')", FAILED),
        ("$parse('NaN')", FAILED),
        ("$parse('1 2')", FAILED),
        ("$parse(nothing)", MISSING),
        ("$parse(5)", FAILED),
        (
            "$hash('abc', 'SHA-256')",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        ("$hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
        ("$hash('abc', 'ROT13')", FAILED),
        ("$range(1, 7, 2)", [1, 3, 5, 7]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(1, 2, 0)", FAILED),
        ("$range(1, 1001, 1)", FAILED),
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$partition([1, 2, 3], 0)", FAILED),
    ],
)
def test_the_functions_of_step_functions_are_there(text: str, expected: Any) -> None:
    assert evaluated(text, None, {}) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("$uuid()", "$uuid"),
        ("$random()", "$random"),
        ("$shuffle([1, 2])", "$shuffle"),
        ("$eval('1')", "$eval"),
        ("($f := 1; $g())", "$g"),
        ("items@$i.id", "tuple stream"),
        ("items#$i.id", "tuple stream"),
        ("items.tags.%.id", "tuple stream"),
        ("$ ~> |items|{'id': 1}|", "transform"),
        ("function($x)<n:n> {$x}", "signature"),
    ],
)
def test_what_is_not_known_is_refused_by_name_before_it_runs(text: str, named: str) -> None:
    with pytest.raises(NotImplementedError, match=named.replace("$", r"\$")):
        compiled(text)


def test_one_evaluation_has_one_time() -> None:
    times = iter([datetime(2026, 11, 20, 1, 2, 3, 456_789, tzinfo=UTC)])

    made = compiled("[$now(), $now(), $string($millis())]")(MISSING, {CLOCK: lambda: next(times)})

    assert made == ["2026-11-20T01:02:03.456Z", "2026-11-20T01:02:03.456Z", "1795136523456"]


def test_a_variable_hides_the_function_of_its_name() -> None:
    assert evaluated("($count := 5; $count)", None, {}) == 5
    assert evaluated("$count", None, {"count": 6}) == 6
    assert evaluated("$count([1])", None, {"count": 6}) == FAILED


def test_what_an_error_says_is_what_the_expression_said() -> None:
    with pytest.raises(QueryFailed, match=r"^rule X is missing$"):
        compiled("$error('rule ' & 'X' & ' is missing')")(MISSING, {})


def test_an_endless_recursion_is_an_error_of_the_query() -> None:
    assert evaluated("($f := function($n) {1 + $f($n)}; $f(1))", None, {}) == FAILED


def test_an_evaluation_changes_nothing_that_it_was_given() -> None:
    given: Mapping[str, Any] = {"v": {"list": [1, 2], "o": {"a": 1}}}

    compiled("[$v.list, $merge([$v.o, {'b': 2}]), $append($v.list, 3), $v.list[]]")(MISSING, given)

    assert given == {"v": {"list": [1, 2], "o": {"a": 1}}}
