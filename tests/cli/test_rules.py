"""`rules`: versions and activations are shown, and a shadow run says what would change."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from adapters.items import to_item
from cli import app, rules, rules_shadow, screen
from cli.audit.trail import Event
from cli.rules_shadow import report
from tests.fakes.dynamodb import MemoryDynamoDB, Table

HOUR = ["--since", "2026-11-20T10:00:00Z", "--until", "2026-11-20T11:00:00Z"]


class MemorySystem:
    def __init__(self) -> None:
        self.dynamodb = MemoryDynamoDB({"reference": Table("pk", "sk")})
        for row in (
            {"pk": "RULES", "sk": "CURRENT", "rule_version": "v1"},
            {"pk": "RULES", "sk": "SET#v1", "loaded_at": "2026-11-01T00:00:00Z"},
            {"pk": "RULES", "sk": "SET#v2", "loaded_at": "2026-11-02T00:00:00Z"},
            {
                "pk": "RULES",
                "sk": "AT#2026-11-01T00:00:00Z#v1",
                "rule_version": "v1",
                "at": "2026-11-01T00:00:00Z",
                "by": "reference load",
                "note": "the first rule set",
            },
            {"pk": "RULES#v2", "sk": "AMOUNT_LIMIT", "params": '{"limits": {"EUR": 1}}'},
        ):
            self.dynamodb.put_item(TableName="reference", Item=to_item(row))

    def client(self, _service: str) -> Any:
        return self.dynamodb

    def table(self, kind: str) -> str:
        return kind.lower()


class MemoryTrail:
    def __init__(self, _system: Any) -> None:
        self.lines = [
            line("e1", "2026-11-20T10:10:00Z", 700),
            line("e1", "2026-11-20T10:10:05Z", 700),
            line("e2", "2026-11-20T10:20:00Z", 50),
            line("e3", "2026-11-20T10:30:00Z", 900),
            line("late", "2026-11-20T11:30:00Z", 900),
            Event("TransactionPosted", {"meta": {"event_id": "p"}}, "2026-11-20T10:10:00Z"),
        ]

    def events(self, *_: Any) -> list[Event]:
        return self.lines


def line(event_id: str, time: str, amount: int) -> Event:
    return Event("TransactionEnriched", {"meta": {"event_id": event_id}, "amount": amount}, time)


class Function:
    """Decides like a limit of 100 in the other version."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []

    def __call__(self, _system: Any, _function: str, order: dict[str, Any]) -> dict[str, Any]:
        self.orders.append(order)
        if order["action"] == "activate":
            return order | {"was": "v1", "at": ""}
        return {"results": [compared(each) for each in order["events"]]}


def compared(event: dict[str, Any]) -> dict[str, Any]:
    over = event["amount"] > 100
    return {
        "ingest_id": f"ing_{event['meta']['event_id']}",
        "amount": {"amount": event["amount"], "currency": "EUR"},
        "before": {"outcome": "APPROVED"},
        "after": {"outcome": "SUSPENDED", "reason": "OVER_LIMIT"}
        if over
        else {"outcome": "APPROVED"},
    }


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    made, system = Function(), MemorySystem()
    for module in (rules, rules_shadow):
        monkeypatch.setattr(module, "connect", lambda _context: system)
        monkeypatch.setattr(module, "invoke", made)
    monkeypatch.setattr(rules, "caller", lambda _system: "operator")
    monkeypatch.setattr(rules_shadow, "Trail", MemoryTrail)
    return made


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    page = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=page, width=120, emoji=False, highlight=False))
    return page


def told(printed: pytest.CaptureFixture[str], *command: str) -> dict[str, Any]:
    assert app.run(["rules", *command, "--json"]) == 0
    return dict(json.loads(printed.readouterr().out))


@pytest.mark.usefixtures("function")
def test_the_list_says_which_version_is_in_force_and_who_put_it_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = told(capsys, "list")

    assert found["in_force"] == "v1"
    assert [(each["rule_version"], each["in_force"]) for each in found["versions"]] == [
        ("v1", True),
        ("v2", False),
    ]
    assert [each["by"] for each in found["activations"]] == ["reference load"]


@pytest.mark.usefixtures("function")
def test_a_version_is_shown_check_by_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "show", "v2")["rows"] == [
        {"id": "AMOUNT_LIMIT", "params": {"limits": {"EUR": 1}}}
    ]


def test_an_activation_names_who_and_why_and_may_be_tried(
    function: Function, shown: io.StringIO
) -> None:
    assert app.run(["rules", "activate", "v2", "--note", "decided", "--dry-run"]) == 0

    order = function.orders[0]
    assert (order["by"], order["note"], order["dry_run"]) == ("operator", "decided", True)
    assert "v2 would be in force, after v1." in shown.getvalue()


def test_a_shadow_run_counts_what_would_change_each_event_once(
    function: Function, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, "shadow", "v2", *HOUR)

    assert (found["decided"], found["changed"], found["unchanged"]) == (3, 2, 1)
    assert found["changes"] == [
        {
            "from": "APPROVED",
            "to": "SUSPENDED OVER_LIMIT",
            "count": 2,
            "amounts": {"EUR": 1_600},
            "examples": ["ing_e1", "ing_e3"],
        }
    ]
    assert {order["rule_version"] for order in function.orders} == {"v2"}


@pytest.mark.usefixtures("function")
def test_a_shadow_run_stops_at_its_limit_and_says_where_to_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = told(capsys, "shadow", "v2", *HOUR, "--limit", "2")

    assert (found["events"], found["decided"]) == (3, 2)
    assert found["next_since"] == "2026-11-20T10:30:00Z"


def test_a_version_that_is_not_loaded_is_refused_before_anything_is_read(
    function: Function,
) -> None:
    assert app.run(["rules", "shadow", "v9", *HOUR]) == 1
    assert function.orders == []


def test_other_flags_are_no_other_decision_and_failures_stand_apart() -> None:
    base = {"ingest_id": "ing", "amount": {"amount": 5, "currency": "EUR"}}
    approved = {"outcome": "APPROVED"}

    found = report(
        [
            base | {"before": approved, "after": approved | {"flags": ["WATCHED_CATEGORY"]}},
            base | {"before": approved, "after": {"outcome": "FAILED", "reason": "rule"}},
        ]
    )

    assert (found["changed"], found["flags_only"], found["unchanged"]) == (0, 1, 0)
    assert found["undecided"] == [{"ingest_id": "ing", "why": "rule"}]
