"""The events' contract: samples, schemas, and the names that the deployed routes know them by."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from domain.card_number import contains_card_number
from domain.events import BUS_EVENTS, Event, UnknownEvent
from samples import make_events
from samples.event_schemas import breaks, name_of, schema_of
from samples.population import CARDS
from tests.template.reading import functions, states, workflow, written

EVENTS = Path(__file__).parents[2] / "events"
NAMES = [event.detail_type() for event in BUS_EVENTS]
each_event = pytest.mark.parametrize("event", BUS_EVENTS, ids=NAMES)


def sample(event: type[Event]) -> dict[str, Any]:
    return dict(json.loads((EVENTS / f"{event.detail_type()}.json").read_text()))


def schema(event: type[Event]) -> dict[str, Any]:
    return dict(json.loads((EVENTS / "schemas" / f"{name_of(event)}.json").read_text()))


def valid(event: type[Event], detail: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator(schema(event)).is_valid(detail))


def test_the_committed_files_are_what_the_code_makes() -> None:
    made = {path: make_events.as_text(each) for path, each in make_events.documents().items()}
    found = {str(path.relative_to(EVENTS)): path.read_text() for path in EVENTS.rglob("*.json")}

    assert found.keys() == made.keys()
    assert [path for path in made if found[path] != made[path]] == []


def test_every_event_has_a_sample_and_a_schema_and_every_function_an_invocation() -> None:
    assert {path.stem for path in EVENTS.glob("*.json")} == set(NAMES)
    assert {path.stem for path in (EVENTS / "schemas").iterdir()} == {*map(name_of, BUS_EVENTS)}
    assert {path.stem for path in (EVENTS / "invoke").iterdir()} == set(functions())


# --- samples


@each_event
def test_a_sample_round_trips(event: type[Event]) -> None:
    envelope = sample(event)

    read = event.from_envelope(json.dumps(envelope))

    assert json.loads(read.to_detail()) == envelope["detail"]
    assert (envelope["detail-type"], envelope["source"]) == (event.detail_type(), event.source)


@each_event
def test_a_field_that_a_reader_does_not_know_is_ignored(event: type[Event]) -> None:
    envelope = sample(event)
    known = event.from_envelope(json.dumps(envelope))
    envelope |= {"resources": ["arn:aws:events:eu-central-1:123456789012:x"], "replay-name": "r"}
    envelope["detail"]["meta"]["tenant"] = "new"
    envelope["detail"]["data"]["channel"] = {"name": "new"}

    assert event.from_envelope(json.dumps(envelope)) == known


@each_event
def test_a_sample_is_no_other_event(event: type[Event]) -> None:
    for other in BUS_EVENTS:
        if other is not event:
            with pytest.raises(UnknownEvent):
                event.from_envelope(json.dumps(sample(other)))


def test_the_samples_are_one_story_in_which_every_event_names_its_cause() -> None:
    authorized, enriched, approved, *_, posted = (sample(event)["detail"] for event in BUS_EVENTS)

    assert authorized["meta"]["causation_id"] == authorized["data"]["ingest_id"]
    assert enriched["meta"]["causation_id"] == authorized["meta"]["event_id"]
    assert approved["meta"]["causation_id"] == enriched["meta"]["event_id"]
    assert posted["meta"]["causation_id"] == approved["meta"]["event_id"]
    outcome_ids = enriched["data"]["outcome_ids"]
    assert approved["meta"]["event_id"] == outcome_ids["TransactionPostingApproved"]
    for name in ("msg_id", "correlation_id", "business_time"):
        assert len({each["meta"][name] for each in (authorized, enriched, approved, posted)}) == 1


def test_the_booked_sample_is_the_worked_case_of_a_foreign_purchase() -> None:
    posted = sample(BUS_EVENTS[-1])["detail"]["data"]

    assert posted["fx"]["rate"] == "0.912345"
    assert posted["totals"] == {"EUR": 11_638, "USD": 12_345}
    assert [(leg["account"], leg["side"], leg["amount"]) for leg in posted["legs"]] == [
        ("cust:A-1001", "D", 11_263),
        ("fxpos:EUR/USD", "C", 11_263),
        ("fxpos:USD/EUR", "D", 12_345),
        ("settle:VISA:USD", "C", 12_345),
        ("cust:A-1001", "D", 225),
        ("inc:fx_markup", "C", 225),
        ("cust:A-1001", "D", 150),
        ("inc:fx_fee", "C", 150),
    ]


def test_the_other_samples_are_a_blocked_account_and_a_declined_payment() -> None:
    decisions = {name: sample(event)["detail"]["data"].get("decision") for name, event in _named()}

    assert decisions["TransactionPostingSuspended"]["reason"] == "ACCOUNT_ON_HOLD"
    assert decisions["TransactionRejected"]["reason"] == "DECLINED"


def test_only_the_submission_holds_a_card_number_and_it_is_a_test_number() -> None:
    holders = {
        path.stem for path in EVENTS.rglob("*.json") if contains_card_number(path.read_text())
    }
    body = json.loads((EVENTS / "invoke" / "IngestFunction.json").read_text())["body"]

    assert holders == {"IngestFunction"}
    assert json.loads(body)["de"]["2"] in {card.card_number for card in CARDS}


# --- schemas


@each_event
def test_a_sample_satisfies_its_schema(event: type[Event]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(event))
    jsonschema.Draft202012Validator(schema(event)).validate(sample(event)["detail"])


@each_event
def test_a_schema_allows_fields_that_it_does_not_know(event: type[Event]) -> None:
    detail = sample(event)["detail"]
    detail["meta"]["tenant"], detail["data"]["channel"] = "new", 1

    assert valid(event, detail)


@each_event
def test_a_schema_refuses_what_a_reader_could_not_read(event: type[Event]) -> None:
    broken = list(_broken(sample(event)["detail"]))

    assert [detail for detail in broken if valid(event, detail)] == []


@each_event
def test_a_schema_belongs_to_one_major_version(event: type[Event]) -> None:
    detail = sample(event)["detail"]

    assert valid(event, {**detail, "meta": {**detail["meta"], "schema": "1.7"}})
    assert not valid(event, {**detail, "meta": {**detail["meta"], "schema": "2.0"}})


def test_a_new_field_is_no_break_and_any_other_change_is() -> None:
    published = schema_of(BUS_EVENTS[-1])

    def changed(edit: str) -> list[str]:
        proposed = json.loads(json.dumps(published))
        leg = proposed["$defs"]["Leg"]
        match edit:
            case "added":
                leg["properties"]["rate"] = {"type": "string"}
            case "removed":
                del leg["properties"]["side"]
            case "retyped":
                leg["properties"]["amount"] = {"type": "string"}
            case "optional":
                leg["required"].remove("code")
            case "gone":
                del proposed["$defs"]["Leg"]
        return breaks(published, proposed)

    assert changed("added") == []
    assert changed("removed") == ["Leg.side is gone"]
    assert changed("retyped") == ["Leg.amount has another type"]
    assert changed("optional") == ["Leg.code may be missing"]
    assert changed("gone") == ["Leg is gone"]


def test_a_schema_that_breaks_a_published_one_is_not_written(tmp_path: Path) -> None:
    make_events.write(tmp_path)
    path = tmp_path / "schemas" / f"{name_of(BUS_EVENTS[0])}.json"
    published = json.loads(path.read_text())
    published["$defs"]["Meta"]["properties"]["tenant"] = {"type": "string"}
    path.write_text(json.dumps(published))

    with pytest.raises(SystemExit, match=r"Meta\.tenant is gone"):
        make_events.write(tmp_path)
    assert json.loads(path.read_text()) == published


# --- what is deployed


def test_the_workflow_puts_the_outcomes_under_their_own_names() -> None:
    put = {
        entry["DetailType"]: entry["Source"]
        for _, state in states(workflow())
        for entry in state.get("Arguments", {}).get("Entries", [])
    }

    decided = [event for event in BUS_EVENTS if event.source == "payments.rules"]
    assert put == {event.detail_type(): event.source for event in decided}


def test_the_pipes_put_their_events_under_their_own_names() -> None:
    targets = [
        resource["Properties"]["TargetParameters"]["EventBridgeEventBusParameters"]
        for resource in written()["Resources"].values()
        if resource["Type"] == "AWS::Pipes::Pipe"
    ]

    put = {target["DetailType"]: target["Source"] for target in targets}
    assert put == {event.detail_type(): event.source for event in (BUS_EVENTS[0], BUS_EVENTS[-1])}


def test_the_workflow_writes_only_fields_that_the_decision_has() -> None:
    text = json.dumps(workflow())
    (written_fields,) = re.findall(r"'decision': \{(.*?)\}\}\]\)", text)

    decided = next(event for name, event in _named() if name == "TransactionPostingApproved")
    fields = sample(decided)["detail"]["data"]["decision"].keys()
    assert [name for name in fields if f"'{name}':" not in written_fields] == []


def _named() -> Iterator[tuple[str, type[Event]]]:
    return ((event.detail_type(), event) for event in BUS_EVENTS)


def _broken(detail: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A detail without each of its parts, and with a wrong type in a place."""
    for name in detail:
        yield {key: value for key, value in detail.items() if key != name}
    for name in ("event_id", "msg_id", "causation_id"):
        meta = {key: value for key, value in detail["meta"].items() if key != name}
        yield {**detail, "meta": meta}
    data = detail["data"]
    for name in data.keys() & {"ingest_id", "msg_id", "fingerprint", "sequence_id", "leg"}:
        yield {**detail, "data": {key: value for key, value in data.items() if key != name}}
        yield {**detail, "data": {**data, name: 7}}
    if "amounts" in data:
        amount = {"amount": "123.45", "currency": "USD"}
        yield {**detail, "data": {**data, "amounts": {**data["amounts"], "transaction": amount}}}
    if "legs" in data:
        yield {**detail, "data": {**data, "legs": [{**data["legs"][0], "amount": 1.5}]}}


def test_a_reader_refuses_what_the_schema_refuses() -> None:
    for event in BUS_EVENTS:
        for detail in _broken(sample(event)["detail"]):
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(json.dumps(detail), type=event)
