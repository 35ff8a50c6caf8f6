"""`pause` and `resume`: which doors are meant, and what is told of them."""

from typing import Any

import pytest

from adapters.items import to_item
from cli.doors import chosen, complaints, line_of, standing
from cli.errors import UserError
from tests.fakes.dynamodb import MemoryDynamoDB, Table
from tests.fakes.services import MemoryMappings

PAUSED: dict[str, Any] = {
    "name": "posting",
    "state": "PAUSED",
    "at": "2026-11-20T12:00:00.000+00:00",
    "by": "ops",
    "note": "the scheme asked",
}


class Stack:
    """What is read of a system."""

    def __init__(self) -> None:
        self.services: dict[str, Any] = {
            "dynamodb": MemoryDynamoDB({"Reference": Table("pk", "sk")}),
            "lambda": MemoryMappings(),
        }

    def client(self, service: str) -> Any:
        return self.services[service]

    def table(self, kind: str) -> str:
        return kind

    def output(self, name: str) -> str:
        return name


def test_doors_are_named_or_all_of_them_are_meant() -> None:
    assert chosen(["files", "api", "files"], everything=False) == ["files", "api"]
    assert chosen([], everything=True) == ["api", "files", "posting"]


@pytest.mark.parametrize(
    ("named", "everything", "said"),
    [
        ([], False, "or give --all"),
        (["api"], True, "or give --all"),
        (["window"], False, "there is no door window"),
    ],
)
def test_no_door_an_unknown_one_and_both_ways_at_once_are_refused(
    named: list[str], everything: bool, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        chosen(named, everything=everything)


def test_a_door_that_moved_says_what_waits_and_one_that_stood_so_says_since_when() -> None:
    moved, stood = PAUSED | {"changed": True}, PAUSED | {"changed": False}

    assert line_of(moved, dry_run=False) == (
        "posting: PAUSED; decided transactions wait in their queue, for 14 days at most"
    )
    assert line_of(moved, dry_run=True).startswith("posting: would be PAUSED")
    assert line_of(stood, dry_run=False) == (
        "posting: PAUSED already since 2026-11-20T12:00:00.000+00:00 by ops (the scheme asked)"
    )


def test_doors_that_nobody_touched_are_open_and_no_reason_to_complain() -> None:
    found: Any = standing(Stack())  # type: ignore[arg-type]

    assert [(door["name"], door["state"]) for door in found] == [
        ("api", "OPEN"),
        ("files", "OPEN"),
        ("posting", "OPEN"),
    ]
    assert complaints(found) == []


def test_a_paused_door_is_told_with_who_when_why_and_the_way_to_open_it() -> None:
    stack: Any = Stack()
    row = {name: value for name, value in PAUSED.items() if name != "name"}
    item = to_item({"pk": "DOOR#posting", "sk": "CURRENT"} | row)
    stack.client("dynamodb").put_item(TableName="Reference", Item=item)
    stack.client("lambda").off = {"PostingMappingId", "BatchPostingMappingId"}

    assert complaints(standing(stack)) == [
        "posting is paused since 2026-11-20T12:00:00.000+00:00 by ops (the scheme asked):"
        " './posting resume posting'"
    ]


@pytest.mark.parametrize("off", ["PostingMappingId", "BatchPostingMappingId"])
def test_a_door_of_two_queues_is_told_when_one_of_them_stands_otherwise(off: str) -> None:
    stack: Any = Stack()
    stack.client("lambda").off = {off}

    assert complaints(standing(stack)) == [
        "posting runs otherwise than it says: repeat './posting resume posting'"
    ]


@pytest.mark.parametrize(
    ("state", "mapping", "order"),
    [
        ("PAUSED", "Enabled", "pause posting --note WHY"),
        ("OPEN", "Disabled", "resume posting"),
    ],
)
def test_a_door_that_runs_otherwise_than_it_says_is_told_with_what_to_repeat(
    state: str, mapping: str, order: str
) -> None:
    found = complaints([PAUSED | {"state": state, "mapping": mapping}])

    assert found[-1] == f"posting runs otherwise than it says: repeat './posting {order}'"
