"""Reconcile: its steps over services in memory, called as the state machine calls them."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters import reconcile_balances
from handlers import dispute, doors, fold, rebuild_balances, reconcile, republish, sweep
from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE
from samples.make_events import bookings
from tests.fakes.cloud import Cloud
from tests.handlers import given
from tests.handlers.test_republish import heard

PURCHASE, SUSPENSE = (each.posted.header_id for each in bookings())
STORIES = (FOREIGN_PURCHASE, BLOCKED_PURCHASE)
CUSTOMER = "cust:A-1001#EUR"
SUSPENDED = "susp:ACCOUNT_ON_HOLD:EUR#EUR"


@pytest.fixture(autouse=True)
def books(cloud: Cloud, context: Any) -> None:
    """Two records, booked, folded and heard of; an hour has passed."""
    cloud.time = FOREIGN_PURCHASE.received_at - timedelta(hours=1)
    given.reference(cloud)
    given.openings_booked(cloud)
    given.admitted(cloud, *STORIES)
    given.booked(cloud)
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    cloud.time += timedelta(hours=1)
    announce(cloud)


def announce(cloud: Cloud, *left_out: str) -> None:
    """The trail has every header's event but these."""
    cloud.buckets.objects.clear()
    headers = [row["pk"] for row in cloud.rows("journal") if row["sk"] == "H"]
    for header_id in sorted(set(headers) - set(left_out)):
        cloud.bus.entries.clear()
        republish.handler({"header_ids": [header_id]}, given.CONTEXT)
        line = given.sample("TransactionPosted") | {"detail": cloud.bus.details[0]}
        heard(cloud, cloud.time, line)
    cloud.bus.entries.clear()


class Machine:
    """The state machine's work; each step is called `times`, as when an answer is lost."""

    def __init__(self, cloud: Cloud, context: Any) -> None:
        self.cloud = cloud
        self.context = context
        self.pages = 0
        self.times = 1
        self.run: dict[str, Any] = {}

    def step(self, step: str, **event: Any) -> Any:
        event = json.loads(json.dumps({"step": step, **event}))
        for _ in range(self.times):
            answer = reconcile.handler(event, self.context)
        return json.loads(json.dumps(answer))

    def compare(self, **asked: Any) -> dict[str, Any]:
        planned = self.step(
            "plan", run_id="run-1", started_at=self.cloud.time.isoformat(), asked=asked
        )
        self.run = planned.pop("run")
        for name, so_far in planned.items():
            while so_far["more"]:
                so_far = self.step(name, run=self.run, so_far=so_far)
                self.pages += 1
            planned[name] = so_far
        return dict(planned)

    def repair(self, found: dict[str, Any]) -> dict[str, Any]:
        so_far: dict[str, Any] = {}
        answer: Any = {}
        while True:
            so_far = self.step("repairs", run=self.run, found=found, so_far=so_far, answer=answer)
            match so_far["repair"]:
                case "SWEEP":
                    answer = sweep.handler({"ingest_ids": so_far["ids"]}, self.context)
                case "REPUBLISH":
                    answer = republish.handler({"header_ids": so_far["ids"]}, self.context)
                case "FOLD":
                    answer = rebuild_balances.handler({"header_ids": so_far["ids"]}, self.context)
                case "RESUM":
                    answer = rebuild_balances.handler({"resum": True}, self.context)
                case _:
                    return so_far


@pytest.fixture
def machine(cloud: Cloud, context: Any) -> Machine:
    return Machine(cloud, context)


def shown(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["kind"], each["id"]) for part in found.values() for each in part["shown"]}


def delete(cloud: Cloud, table: str, **key: str) -> None:
    cloud.dynamodb.delete_item(
        TableName=table, Key={name: {"S": value} for name, value in key.items()}
    )


def unfold(cloud: Cloud, context: Any, left_out: str) -> None:
    """As if the fold had never seen this header."""
    for row in cloud.rows("balances"):
        if row["pk"].startswith("F#") or row.get("account_kind") == "internal":
            delete(cloud, "balances", pk=row["pk"])
    records = [
        record
        for record in cloud.inserts("journal", sk="H")
        if record["dynamodb"]["Keys"]["pk"]["S"] != left_out
    ]
    fold.handler({"Records": records}, context)


def test_books_in_good_order_agree(machine: Machine) -> None:
    found = machine.compare()

    assert shown(found) == set()
    totals = {name: each["totals"] for name, each in found.items()}
    assert totals["records"]["received"]["USD"] == {"count": 1, "amount": 12_345}
    assert totals["records"]["booked"]["USD"] == {"count": 1, "amount": 12_345}
    assert totals["records"]["suspended"]["EUR"] == totals["records"]["received"]["EUR"]
    debits = {side: by["EUR"]["amount"] for side, by in totals["balances"].items()}
    assert debits["booked"] == debits["balances"] > 0
    assert totals["events"]["booked"] == totals["events"]["announced"]


def test_pages_that_end_at_once_find_the_same(
    cloud: Cloud, machine: Machine, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete(cloud, "claims", msg_id=FOREIGN_PURCHASE.received.msg_id)
    given.received(cloud, DECLINED_PURCHASE)
    unfold(cloud, context, PURCHASE)
    announce(cloud, SUSPENSE)
    whole = machine.compare()
    pages = machine.pages
    monkeypatch.setattr(reconcile_balances, "_ITEMS_MAX", 2)
    context.remaining = lambda: 1_000

    cut = machine.compare()
    machine.times = 2
    again = machine.compare()

    assert pages == 3
    assert again == cut
    assert machine.pages > 100
    for name in whole:
        assert {**whole[name], "pages": 0, "lists": []} == {**cut[name], "pages": 0, "lists": []}


def test_the_hourly_run_leaves_the_balances_alone(machine: Machine) -> None:
    assert machine.compare(balances=False)["balances"]["pages"] == 0


def test_planted_breaks_are_found_and_repeating_mends_them(
    cloud: Cloud, machine: Machine, context: Any
) -> None:
    given.received(cloud, DECLINED_PURCHASE)
    unfold(cloud, context, PURCHASE)
    announce(cloud, SUSPENSE)
    row = cloud.row("balances", pk=f"B#{SUSPENDED}")
    cloud.put("balances", **row | {"posted_d": row["posted_d"] + 99})
    lost = DECLINED_PURCHASE.received.ingest_id

    found = machine.compare()
    done = machine.repair(found)["done"]

    assert shown(found) == {
        ("NO_OUTCOME", lost),
        ("NOT_FOLDED", PURCHASE),
        ("NOT_ANNOUNCED", SUSPENSE),
        ("INTERNAL_DIFFERS", SUSPENDED),
    }
    assert done == {name: {"asked": 1, "mended": 1} for name in done}
    assert list(done) == ["SWEEP", "REPUBLISH", "FOLD", "RESUM"]
    assert {entry["DetailType"] for entry in cloud.bus.entries} == {
        "TransactionAuthorized",
        "TransactionPosted",
    }
    announce(cloud)
    assert shown(machine.compare()) == {("NO_OUTCOME", lost)}


def test_a_repeat_whose_parked_row_is_gone_is_parked_again(
    cloud: Cloud, machine: Machine, context: Any
) -> None:
    original = FOREIGN_PURCHASE.received
    row = cloud.row("inbox", ingest_id=original.ingest_id)
    cloud.put("inbox", **row | {"ingest_id": "ing_repeat"})

    found = machine.compare()
    machine.repair(found)

    assert shown(found) == {("NO_OUTCOME", "ing_repeat")}
    parked = cloud.row("parked", ingest_id="ing_repeat")
    assert (parked["reason"], parked["original"]) == ("DUPLICATE", original.ingest_id)
    assert shown(machine.compare()) == set()


def test_while_posting_is_paused_no_record_is_sent_on(
    cloud: Cloud, machine: Machine, context: Any
) -> None:
    given.received(cloud, DECLINED_PURCHASE)
    found = machine.compare()
    close = {"action": "pause", "doors": ["posting"], "by": "a test", "note": "maintenance"}
    doors.handler(close, context)

    done = machine.repair(found)["done"]

    assert done == {"SWEEP": {"asked": 1, "mended": 0}}
    assert cloud.bus.entries == []


def test_what_only_a_person_mends_is_named_and_left_alone(cloud: Cloud, machine: Machine) -> None:
    row = cloud.row("balances", pk=f"B#{CUSTOMER}")
    cloud.put("balances", **row | {"posted_c": row["posted_c"] + 7})
    detail = bookings()[0].event
    delete(cloud, "journal", pk=PURCHASE, sk="H")
    number = cloud.row("balances", pk=f"B#{CUSTOMER}")["posting_no"]

    found = machine.compare()
    before = {table: sorted(map(str, cloud.rows(table))) for table in cloud.dynamodb.tables}

    assert ("CUSTOMER_DIFFERS", CUSTOMER) in shown(found)
    assert ("EVENT_WITHOUT_HEADER", detail.data.header_id) in shown(found)
    assert number > 0
    events_only = {name: each for name, each in found.items() if name == "events"}
    assert machine.repair(events_only)["done"] == {}
    assert before == {table: sorted(map(str, cloud.rows(table))) for table in cloud.dynamodb.tables}


def test_the_audit_trail_may_hold_what_nobody_can_read(cloud: Cloud, machine: Machine) -> None:
    key = f"{cloud.time:%Y/%m/%d/%H}/broken"
    cloud.buckets.put("audit", key, b"{not an event\n")

    assert shown(machine.compare()) == {("TRAIL_UNREADABLE", key)}


def test_the_full_list_of_breaks_is_stored(cloud: Cloud, machine: Machine) -> None:
    announce(cloud, PURCHASE, SUSPENSE)

    found = machine.compare()["events"]

    (key,) = found["lists"]
    stored = json.loads(cloud.buckets.objects["audit", key])
    assert key == f"reconciliation/{cloud.time:%Y-%m-%d}/run-1/events-01-0000.json"
    assert {each["id"] for each in stored} == {PURCHASE, SUSPENSE}


def test_the_report_is_stored_twice_and_counts_what_remains(
    cloud: Cloud, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(cloud, SUSPENSE)
    found = machine.compare()

    told = machine.step(
        "report", run=machine.run, found=found, repairs={"done": {}}, remaining=found
    )

    key = told["report"]
    values = json.loads(cloud.buckets.objects["audit", key])
    text = cloud.buckets.objects["audit", key.replace(".json", ".md")].decode()
    assert told["breaks_remaining"] == values["breaks_remaining"] == 1
    assert SUSPENSE in text
    (metric,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert metric["ReconciliationBreaks"] == [1.0]
    assert metric["service"] == "reconcile"
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Posting"


def test_a_window_is_what_was_asked_for(cloud: Cloud, machine: Machine) -> None:
    moment = datetime.fromisoformat(FOREIGN_PURCHASE.received.received_at)

    found = machine.compare(
        since=(moment - timedelta(minutes=1)).isoformat(), until=moment.isoformat()
    )

    assert found["records"]["looked_at"] == 1
    assert found["balances"]["looked_at"] == 4


def test_a_dry_run_writes_nothing_but_its_own_lists(cloud: Cloud, machine: Machine) -> None:
    announce(cloud, SUSPENSE)
    before = {table: sorted(map(str, cloud.rows(table))) for table in cloud.dynamodb.tables}

    machine.compare()

    assert before == {table: sorted(map(str, cloud.rows(table))) for table in cloud.dynamodb.tables}
    assert cloud.bus.entries == []
    new = [key for _, key in cloud.buckets.objects if key.startswith("reconciliation/")]
    assert len(new) == 1


def over_cleared(cloud: Cloud) -> tuple[str, str]:
    """100.00 were authorised of what cleared with 112.63: the break, and the record that has it."""
    header = cloud.row("journal", pk=PURCHASE, sk="H")
    cloud.put("journal", **header | {"flags": ["OVER_CLEARED", "OVER_TOLERANCE"]})
    (payment,) = [row for row in cloud.rows("payments") if row.get("cleared")]
    cloud.put("payments", **payment | {"authorised": 10_000})
    return "OVER_CLEARED", FOREIGN_PURCHASE.received.ingest_id


def test_what_was_cleared_beyond_tolerance_is_a_break_until_it_is_given_back(
    cloud: Cloud, machine: Machine, context: Any
) -> None:
    over = over_cleared(cloud)

    (told,) = [e for e in machine.compare()["records"]["shown"] if e["kind"] == "OVER_CLEARED"]
    assert (told["kind"], told["id"]) == over
    assert "1263 minor units" in told["what"]
    assert "repair" not in told

    order = {"action": "open", "id": PURCHASE, "amount": 1263, "currency": "EUR"}
    dispute.handler(order | {"reason": "12.5", "by": "ann"}, context)
    assert over not in shown(machine.compare())


def test_what_a_person_accepts_of_an_over_clearing_is_no_break_and_stays_in_the_report(
    cloud: Cloud, machine: Machine, context: Any
) -> None:
    over = over_cleared(cloud)

    order = {"action": "accept", "id": PURCHASE, "amount": 1263, "currency": "EUR"}
    told = dispute.handler(order | {"note": "a tip", "by": "ann"}, context)

    assert told["result"] == "ACCEPTED"
    found = machine.compare()
    assert over not in shown(found)
    assert found["records"]["notes"] == {"cleared beyond tolerance, and accepted by a person": 1}
