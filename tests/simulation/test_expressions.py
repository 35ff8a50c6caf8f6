"""Every expression of every workflow gives what jsonata-python gives: over what real events make
of it, over faulty copies of that, and over variables that are made from its own paths.
"""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE
from tests.simulation import asked_for
from tests.simulation.definitions import every_expression, expressions
from tests.simulation.jsonata import CLOCK, MISSING
from tests.simulation.jsonata_library import FAILED, evaluated, judged
from tests.simulation.rules_bench import (
    DRY_RULES,
    RULES,
    START,
    Bench,
    Evaluation,
    Spec,
    enriched,
    recorded,
)

EXPRESSIONS = every_expression()
CANCELLED = ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")
# The library asks its own clock, so times are compared as times and nothing more.
INSTANT = re.compile(r"20\d\d-\d\d-\d\d(T[0-9:.]+Z)?")
FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_every_expression_of_the_rules_is_met_on_the_way_of_some_event() -> None:
    met = {each.text for each in evaluations()}

    deployed = [RULES.definition, DRY_RULES.definition]
    assert met == {text for each in deployed for text in expressions(each)}


def test_over_real_events_it_gives_what_the_library_gives() -> None:
    made = [agreed(each.text, each.variables) for each in evaluations()]

    assert len(made) > 300
    assert sum(each is FAILED for each in made) < 10


@given(st.data())
@settings(FEW, max_examples=300)
def test_over_faulty_copies_of_real_events_too(data: st.DataObject) -> None:
    chosen = evaluations()[data.draw(st.integers(0, len(evaluations()) - 1))]
    variables = deepcopy(chosen.variables)
    for _ in range(data.draw(st.integers(1, 2))):
        damage(data, variables)

    agreed(chosen.text, variables)


@pytest.mark.parametrize("text", EXPRESSIONS, ids=lambda text: text[:60])
def test_over_variables_made_from_its_own_paths_too(text: str) -> None:
    seen = []

    @given(asked_for.variables(text))
    @FEW
    def check(variables: dict[str, Any]) -> None:
        seen.append(agreed(text, variables))

    check()

    assert any(each is not FAILED and each is not MISSING for each in seen)


def agreed(text: str, variables: dict[str, Any]) -> Any:
    """What both give, as we give it."""
    ours = evaluated(text, MISSING, {**variables, CLOCK: lambda: START})
    theirs = judged(text, None, {name: each for name, each in variables.items() if name != CLOCK})

    assert shown(ours) == shown(theirs), (text, variables)
    return ours


def shown(value: Any) -> str:
    known = {id(FAILED): "FAILED", id(MISSING): "MISSING"}
    text = known.get(id(value)) or json.dumps(value, sort_keys=True)
    return INSTANT.sub("a time", text)


@cache
def evaluations() -> list[Evaluation]:
    """What the rules' expressions were given on the way of events that take every turn."""
    made: list[Evaluation] = []
    machines = {
        each.name: Spec(deepcopy(each.definition), each.name) for each in (RULES, DRY_RULES)
    }
    with recorded(made):
        for bench, event in ways():
            bench.machine = machines[bench.machine.name]
            bench.judge(event)
    return made


def ways() -> Iterator[tuple[Bench, dict[str, Any]]]:
    declined = enriched(DECLINED_PURCHASE)
    ingest_id, msg_id = (declined["detail"]["data"][name] for name in ("ingest_id", "msg_id"))
    for story in (FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE):
        yield Bench(), enriched(story)
    for status in ("HOLD_ALL", "HOLD_DEBIT", "CLOSED"):
        yield Bench(), enriched(FOREIGN_PURCHASE, account__status=status)
    for field, value in (
        ("account", None),
        ("mti", "0200"),
        ("type", "99"),
        ("response_code", None),
    ):
        yield Bench(), enriched(FOREIGN_PURCHASE, **{field: value})
    for state in ("PARKED", "RELEASED"):
        yield with_row(ingest_id, state, "REJECTED"), declined
        yield with_row(ingest_id, state, "DUPLICATE"), declined
        broken = with_row(ingest_id, state, "DUPLICATE")
        yield broken, enriched(DECLINED_PURCHASE, rule_version="v2")
    for owner in (ingest_id, "ing_of_another", None):
        bench = Bench(refuse={"TransactWriteItems": [CANCELLED]})
        if owner is not None:
            bench.put("JournalTable", pk=f"J#{msg_id}", sk="H", ingest_id=owner)
        yield bench, declined
    yield Bench(refused_entries=9), declined
    unknown = enriched(DECLINED_PURCHASE, rule_version="v2")
    yield Bench(), unknown
    nameless = deepcopy(unknown)
    del nameless["detail"]["data"]["ingest_id"]
    yield Bench(), nameless
    yield Bench(machine=DRY_RULES), enriched(FOREIGN_PURCHASE)
    yield Bench(machine=DRY_RULES), unknown


def with_row(ingest_id: str, state: str, reason: str) -> Bench:
    bench = Bench()
    bench.put(
        "ParkedTable",
        ingest_id=ingest_id,
        state=state,
        reason=reason,
        code="SAME",
        parked_at="2026-11-20T10:00:00.000Z",
        history={"L": [{"M": {"state": {"S": "PARKED"}}}]},
    )
    return bench


def damage(data: st.DataObject, variables: dict[str, Any]) -> None:
    """Drop a field somewhere inside, or put null or something of another type in its place."""
    place: Any = variables
    while True:
        names = [name for name in sorted(place) if name not in (CLOCK, "context")]
        if not names:
            return
        name = data.draw(st.sampled_from(names))
        below = place[name]
        if not isinstance(below, dict) or not below or data.draw(st.integers(0, 3)) == 0:
            break
        place = below
    kinds: list[Any] = ["drop", None, "", "other", 0, 7, [], {}, [below, below]]
    chosen = data.draw(st.sampled_from(kinds))
    if chosen == "drop":
        del place[name]
    else:
        place[name] = chosen
