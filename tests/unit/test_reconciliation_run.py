"""A run: its window, its pages summed, the batches that it repairs, and its report."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.money import Money
from domain.reconciliation import (
    FOLD,
    REPUBLISH,
    RESUM,
    SHOWN_MAX,
    SWEEP,
    Break,
    Comparison,
    Findings,
    Total,
)
from domain.reconciliation_repairs import Mended, Repairs, batches_of
from domain.reconciliation_report import REMEDIES, Report, remedy_of
from domain.reconciliation_run import Asked, Run

STARTED = datetime(2026, 11, 22, 2, 30, 12, tzinfo=UTC)


def run(**asked: Any) -> Run:
    return Run.plan("run-1", STARTED, msgspec.convert(asked, Asked), 15)


def lost(number: int, repair: str | None = SWEEP) -> Break:
    return Break(kind="NO_OUTCOME", id=f"ing_{number:04d}", what="lost", repair=repair)


def test_the_daily_run_looks_at_the_day_before() -> None:
    made = run(window="yesterday", repair=True)

    assert (made.since, made.until) == (
        datetime(2026, 11, 21, tzinfo=UTC),
        datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert made.repair
    assert made.folder == "reconciliation/2026-11-22/run-1"


def test_without_a_window_it_is_the_last_three_hours_with_this_minute() -> None:
    made = run(balances=False)

    assert made.until == datetime(2026, 11, 22, 2, 31, tzinfo=UTC)
    assert made.until - made.since == timedelta(hours=3)
    assert not made.repair
    assert [name for name, each in made.first_pass().items() if each.more] == ["records", "events"]


def test_a_window_in_another_time_zone_is_brought_to_utc() -> None:
    made = run(since="2026-11-22T02:00:30+01:00", until="2026-11-22T02:02:00+01:00")

    assert made.since.isoformat() == "2026-11-22T01:00:00+00:00"
    assert len(list(made.minute_shards())) == 8


def test_a_page_goes_on_behind_the_share_that_it_reached() -> None:
    made = run(since="2026-11-22T01:00:00Z", until="2026-11-22T01:02:00Z")
    shares = list(made.minute_shards())

    assert shares[0] == "2026-11-22T01:00#0"
    assert list(made.minute_shards(shares[4])) == shares[5:]
    assert list(made.minute_shards(shares[-1])) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-11-22T02:00:00Z", "until": "2026-11-22T01:00:00Z"},
        {"window": "tomorrow"},
        {"sincee": "2026-11-22T02:00:00Z"},
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises((ValueError, msgspec.ValidationError)):
        run(**asked)


def test_pages_are_summed_and_the_breaks_for_a_person_are_shown_first() -> None:
    comparison = Comparison()
    for _ in range(2):
        found = Findings(looked_at=3, breaks=[lost(n) for n in range(SHOWN_MAX)])
        found.totals.add("received", Money(200, "EUR"))
        found.note("late", 2)
        found.breaks.append(Break(kind="AMOUNT_DIFFERS", id="ing_other", what="other"))
        comparison.add(found)

    assert comparison.looked_at == 6
    assert comparison.totals == {"received": {"EUR": Total(count=2, amount=400)}}
    assert comparison.notes == {"late": 4}
    assert comparison.kinds == {"NO_OUTCOME": 2 * SHOWN_MAX, "AMOUNT_DIFFERS": 2}
    assert (comparison.breaks, comparison.repairable) == (2 * SHOWN_MAX + 2, 2 * SHOWN_MAX)
    assert len(comparison.shown) == SHOWN_MAX
    assert [each.kind for each in comparison.shown[:3]] == [
        "AMOUNT_DIFFERS",
        "AMOUNT_DIFFERS",
        "NO_OUTCOME",
    ]


def test_what_travels_with_a_run_stays_small() -> None:
    comparison = Comparison()
    comparison.add(Findings(breaks=[lost(n) for n in range(10_000)]))

    assert len(msgspec.json.encode(comparison)) < 16_000


def test_repairs_come_in_batches_and_in_their_order() -> None:
    breaks = [lost(0, RESUM), lost(1, RESUM), lost(2, FOLD), lost(3, REPUBLISH), lost(4, None)]
    breaks += [lost(n) for n in range(1_001)] + [lost(7)]

    batches = batches_of(breaks)

    assert [(repair, len(ids)) for repair, ids in batches] == [
        (SWEEP, 500),
        (SWEEP, 500),
        (SWEEP, 1),
        (REPUBLISH, 1),
        (FOLD, 1),
        (RESUM, 2),
    ]


def test_repairs_go_from_batch_to_batch_and_count_what_was_done() -> None:
    breaks, repairs = [lost(1), lost(2), lost(3, RESUM)], Repairs()

    repairs.go_on(breaks)
    assert (repairs.repair, repairs.ids) == (SWEEP, ["ing_0001", "ing_0002"])
    repairs.told({"resent": ["ing_0001"], "parked": ["ing_0002"]})
    repairs.go_on(breaks)
    assert (repairs.repair, repairs.ids) == (RESUM, ["ing_0003"])
    repairs.told({"corrected": {"settle": {}}})
    repairs.go_on(breaks)

    assert (repairs.repair, repairs.ids) == (None, [])
    assert repairs.done == {SWEEP: Mended(asked=2, mended=2), RESUM: Mended(asked=1, mended=1)}


def test_a_refused_announcement_is_not_counted_as_mended() -> None:
    repairs = Repairs()
    repairs.go_on([lost(1, REPUBLISH), lost(2, REPUBLISH)])
    repairs.told({"republished": ["a", "b"], "refused": 1})

    assert repairs.done == {REPUBLISH: Mended(asked=2, mended=1)}


def report(*breaks: Break) -> Report:
    found, clean = Comparison(pages=1), Comparison(pages=1)
    findings = Findings(looked_at=2, breaks=[*breaks])
    findings.totals.add("received", Money(12_345, "KWD"), 2)
    found.add(findings)
    comparisons = {"records": found, "balances": Comparison(more=False), "events": clean}
    return Report(
        run=run(repair=True),
        finished_at=STARTED,
        found=comparisons,
        repairs={SWEEP: Mended(asked=1, mended=1)},
        remaining=comparisons,
    )


def test_the_report_states_amounts_in_minor_units_and_people_read_decimals() -> None:
    made = report(lost(1))
    values = json.loads(made.as_json())

    total = values["remaining"]["records"]["totals"]["received"]["KWD"]
    assert total == {"count": 2, "amount": 12_345}
    assert "| received | KWD | 2 | 12.345 |" in made.as_markdown()
    assert (values["breaks_found"], values["breaks_remaining"]) == (1, 1)
    assert values["in_agreement"] is False
    assert msgspec.json.decode(made.as_json(), type=Report) == made


def test_the_report_names_each_break_and_what_to_do() -> None:
    text = report(lost(1), Break(kind="AMOUNT_DIFFERS", id="ing_2", what="45 or 44")).as_markdown()

    assert "**2 breaks remain**" in text
    assert "| NO_OUTCOME | ing_0001 | lost | repair SWEEP |" in text
    assert f"| AMOUNT_DIFFERS | ing_2 | 45 or 44 | {REMEDIES['AMOUNT_DIFFERS']} |" in text
    assert "| SWEEP | 1 | 1 |" in text


def test_a_comparison_that_was_not_asked_for_is_not_in_the_text() -> None:
    text = report().as_markdown()

    assert "in agreement" in text
    assert "journal = balances" not in text


def test_what_a_repair_mends_needs_no_person() -> None:
    assert remedy_of(lost(1)) == "repair SWEEP"
