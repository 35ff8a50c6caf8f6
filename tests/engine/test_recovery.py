"""Every kind of dead letter, a lost event and a paused door, recovered by the command that the
runbook names, under the deployed roles.
"""

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import local
from adapters.journal import stored_header
from cli import app
from domain.announcement import announce, posted_event_id
from samples.envelopes import bus_event
from tests.engine.letter_box import LetterBox, stream_letter
from tests.engine.live import Stack, eventually
from tests.engine.messages import as_bin, as_jsonl, purchase
from tests.engine.own_services import physical_names
from tests.engine.stopping import Pipe

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

IDLE_SECONDS = 2.0


class Operator:
    """Types commands, as the runbook names them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def ask(self, *words: str, status: int = 0) -> Any:
        """The command's JSON."""
        self._capsys.readouterr()
        assert app.run([*words, "--json"]) == status
        return json.loads(self._capsys.readouterr().out)

    def redrive(self, queue: str, *more: str, status: int = 0) -> Any:
        (told,) = self.ask("redrive", queue, *more, status=status)
        return told

    def complaint(self, *words: str) -> str:
        """The last line that a failing command says."""
        self._capsys.readouterr()
        assert app.run(list(words)) == 1
        return self._capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    return Operator(capsys)


@pytest.fixture
def letters(stack: Stack) -> LetterBox:
    return LetterBox(stack)


@contextlib.contextmanager
def paused(operator: Operator, door: str) -> Iterator[None]:
    operator.ask("pause", door, "--note", "a test")
    try:
        yield
    finally:
        operator.ask("resume", door)


@contextlib.contextmanager
def rule_off(stack: Stack, name: str) -> Iterator[None]:
    """The rule delivers nothing inside, as if its target had refused for a day."""
    events, bus = stack.client("events"), stack.system.output("BusName")
    rule = f"{stack.system.stack}-{name}"
    events.disable_rule(Name=rule, EventBusName=bus)
    try:
        yield
    finally:
        events.enable_rule(Name=rule, EventBusName=bus)


@contextlib.contextmanager
def losing(stack: Stack, pipe: str) -> Iterator[None]:
    """What is written inside never passes the pipe; what was written before has passed it."""
    eventually(pipes_are_idle)
    with Pipe(stack, pipe).losing_records():
        yield


def pipes_are_idle() -> bool:
    since = [each["idle_since"] for each in local.status()["pipes"].values()]
    return all(each is not None and time.time() - each > IDLE_SECONDS for each in since)


def lost_posting(stack: Stack) -> tuple[str, dict[str, Any]]:
    """A booking that was never announced: its header's id, and the event that it should make."""
    with losing(stack, "Journal"):
        (outcome,) = stack.post(purchase(stack.holder().card_number, 4_500))
    header_id = outcome.header_id or ""
    event = announce(stored_header(stack.header(header_id)))
    return header_id, bus_event(event, datetime.now(UTC))


def announced(stack: Stack, header_id: str) -> bool:
    said = stack.ear.heard(header_id=header_id)
    return {each["detail"]["meta"]["event_id"] for each in said} == {posted_event_id(header_id)}


# Letters of queues


def test_a_decision_in_the_letters_is_booked_once(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    with paused(operator, "posting"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        letters.move("PostQueue", "PostDeadLetters")

    foreseen = operator.redrive("PostDeadLetters", "--dry-run")
    told = operator.redrive("PostDeadLetters")

    assert foreseen["resent"] == told["resent"] == [receipt.ingest_id]
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"
    assert letters.count("PostDeadLetters") == 0
    assert operator.redrive("PostDeadLetters")["received"] == 0


def test_a_letter_whose_record_was_booked_meanwhile_is_only_deleted(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    with stack.mapping_stopped("EnrichQueue"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        letters.move("EnrichQueue", "EnrichDeadLetters")
    began = datetime.now(UTC)
    stack.sweep_now(began - timedelta(minutes=2))
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"

    told = operator.redrive("enrich")

    assert (told["settled"], told["resent"]) == ([receipt.ingest_id], [])
    assert letters.count("EnrichDeadLetters") == 0


def test_a_record_whose_enrichment_lies_in_the_letters_goes_on(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    with stack.mapping_stopped("EnrichQueue"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        letters.move("EnrichQueue", "EnrichDeadLetters")

    assert operator.redrive("EnrichDeadLetters")["resent"] == [receipt.ingest_id]
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"


def test_a_file_whose_notice_lies_in_the_letters_is_received(
    stack: Stack, operator: Operator, letters: LetterBox, tmp_path: Path
) -> None:
    messages = [purchase(stack.holder().card_number, 100) for _ in range(2)]
    with paused(operator, "files"):
        landed = stack.land_messages(tmp_path / "day.bin", messages, as_bin)
        for notice in range(2):
            letters.move("LandingQueue", "LandingDeadLetters")
            assert letters.count("LandingDeadLetters") == notice + 1

    assert len(operator.redrive("LandingDeadLetters")["resent"]) == 2
    outcomes = stack.outcomes(landed=[landed])
    assert {each.kind for each in outcomes.values()} == {"POSTED"}
    assert outcomes.keys() == set(landed.ids)


# Letters of the workflow, of the bus, of consumers and of schedules


def test_an_execution_that_could_not_start_is_started(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    with rule_off(stack, "enriched"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        event = stack.ear.first(detail_type="TransactionEnriched", ingest_id=receipt.ingest_id)
    letters.plant("RulesDeadLetters", event, ERROR_CODE="THROTTLING")

    assert operator.redrive("RulesDeadLetters")["resent"] == [receipt.ingest_id]
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"


def test_a_rejection_that_could_not_be_told_is_told_under_its_id(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    (outcome,) = stack.post(purchase(stack.holder().card_number, 4_500, de39="51", de38=None))
    assert outcome.kind == "REJECTED"
    about = {"ingest_id": outcome.ingest_id}
    event = stack.ear.first(detail_type="TransactionEnriched", **about)
    letters.plant("RulesDeadLetters", event)

    assert operator.redrive("RulesDeadLetters")["resent"] == [outcome.ingest_id]

    def told_again() -> bool:
        return len(stack.ear.heard(detail_type="TransactionRejected", **about)) == 2

    eventually(told_again)
    first, second = stack.ear.heard(detail_type="TransactionRejected", **about)
    assert first["detail"]["meta"] == second["detail"]["meta"]


def test_an_event_that_the_bus_could_not_take_is_put_there_again(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    header_id, event = lost_posting(stack)
    letters.plant("BusDeadLetters", event, ERROR_CODE="KMS_DISABLED")

    assert operator.redrive("BusDeadLetters")["resent"] == [header_id]

    eventually(lambda: announced(stack, header_id))


@pytest.mark.parametrize("consumer", ["AuditStream", "PostingFailuresTopic"])
def test_a_consumer_that_missed_an_event_gets_it_alone(
    stack: Stack, operator: Operator, letters: LetterBox, consumer: str
) -> None:
    began = datetime.now(UTC)
    header_id, event = lost_posting(stack)
    name = physical_names(stack.system)[consumer]
    arn = name if name.startswith("arn:") else stream_arn(stack, name)
    letters.plant("ConsumerDeadLetters", event, RULE_ARN="arn:rule", TARGET_ARN=arn)

    told = operator.redrive("ConsumerDeadLetters")

    assert told["resent"] == [f"TransactionPosted {posted_event_id(header_id)}"]
    assert stack.ear.heard(header_id=header_id) == []
    window = {"since": began.isoformat(), "until": datetime.now(UTC).isoformat()}
    if consumer == "AuditStream":
        eventually(
            lambda: (
                header_id not in stack.invoke("Republish", dry_run=True, **window)["republished"]
            )
        )
    else:
        assert header_id in stack.invoke("Republish", **window)["republished"]


def stream_arn(stack: Stack, name: str) -> str:
    told = stack.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    return str(told["DeliveryStreamDescription"]["DeliveryStreamARN"])


def test_a_repair_that_failed_is_run_as_its_schedule_wanted_it(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    header_id, _ = lost_posting(stack)
    name = stack.system.output("RepublishFunctionName")
    arn = stack.client("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    report = {
        "requestContext": {"functionArn": f"{arn}:$LATEST", "condition": "RetriesExhausted"},
        "requestPayload": {"header_ids": [header_id]},
    }
    letters.plant("ScheduleDeadLetters", report)

    assert operator.redrive("ScheduleDeadLetters")["resent"] == [name]

    eventually(lambda: announced(stack, header_id))


# Letters that name stream records


def test_inbox_rows_that_a_pipe_gave_up_are_found_by_their_time(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    began = datetime.now(UTC)
    with losing(stack, "Inbox"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
    letters.plant("InboxPipeDeadLetters", stream_letter(stack, "Inbox", began))

    told = operator.redrive("InboxPipeDeadLetters")

    assert receipt.ingest_id in told["resent"]
    assert len(told["by_time"]) == 1
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"


def test_bookings_that_a_pipe_gave_up_are_announced(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    began = datetime.now(UTC)
    header_id, _ = lost_posting(stack)
    letters.plant("JournalPipeDeadLetters", stream_letter(stack, "Journal", began))

    assert header_id in operator.redrive("JournalPipeDeadLetters")["resent"]

    eventually(lambda: announced(stack, header_id))


def test_bookings_that_the_fold_gave_up_are_folded_once(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    began, account = datetime.now(UTC), "settle:DINERS:EUR"
    message = purchase(stack.holder().card_number, 4_500, network="DINERS")
    with stack.mapping_stopped("/stream/"):
        (receipt,) = stack.send(message)
        header_id = f"J#{receipt.msg_id}"
        eventually(lambda: stack.header(header_id))
        letters.plant("FoldDeadLetters", stream_letter(stack, "Journal", began))
        told = operator.redrive("FoldDeadLetters")
        before = stack.balance(account)["posted_c"]

    assert header_id in told["resent"]
    # Now the stream delivers it after all, and one more behind it.
    stack.post(purchase(stack.holder().card_number, 100, network="DINERS"))
    assert stack.balance(account)["posted_c"] == before + 100


# What stays


def test_a_letter_that_nobody_can_read_stays_and_does_not_stop_the_others(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    letter = letters.plant("PostDeadLetters", "no JSON")
    with paused(operator, "posting"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        letters.move("PostQueue", "PostDeadLetters")

    told = operator.redrive("PostDeadLetters", status=1)

    assert [each["letter"] for each in told["failed"]] == [letter]
    assert told["resent"] == [receipt.ingest_id]
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"
    assert letters.count("PostDeadLetters") == 1
    stack.client("sqs").purge_queue(QueueUrl=letters.url("PostDeadLetters"))


# Doors


def test_a_paused_api_turns_messages_away_in_one_line_and_takes_them_afterwards(
    stack: Stack, operator: Operator, tmp_path: Path
) -> None:
    path = tmp_path / "day.jsonl"
    path.write_bytes(as_jsonl([purchase(stack.holder().card_number, 4_500)]))
    key = f"sub-{path.parent.name}"
    # An instance that has just looked believes the door open for some seconds.
    operator.ask("pause", "api", "--note", "the scheme asked")
    try:
        eventually(lambda: "PAUSED" in said_by_api(stack))
        line = operator.complaint("submit", str(path), "--key", key)
        standing = operator.ask("status", status=1)
    finally:
        operator.ask("resume", "api")

    assert line.startswith("posting: the API is paused")
    assert f"--key {key}" in line
    (api,) = (door for door in standing["doors"] if door["name"] == "api")
    assert (api["state"], api["note"]) == ("PAUSED", "the scheme asked")
    assert api["by"].endswith(":root")
    assert any("'./posting resume api'" in each for each in standing["needs_attention"])

    eventually(lambda: "PAUSED" not in said_by_api(stack))
    assert operator.ask("submit", str(path), "--key", key, "--wait")["outcomes"]


def said_by_api(stack: Stack) -> str:
    """What the function behind the API says of an empty request."""
    name = physical_names(stack.system)["IngestFunction"]
    event = {
        "body": "[]",
        "headers": {},
        "requestContext": {"requestId": "door", "identity": {"userArn": "arn:test:user/door"}},
    }
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return str(answer["Payload"].read())


def test_posting_waits_while_it_is_paused_and_goes_on_when_it_is_resumed(
    stack: Stack, operator: Operator
) -> None:
    with paused(operator, "posting"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        stack.ear.first(detail_type="TransactionPostingApproved", ingest_id=receipt.ingest_id)
        assert stack.sweep_now(datetime.now(UTC) - timedelta(minutes=1))["paused"] is True
        assert stack.header(f"J#{receipt.msg_id}") == {}

    assert stack.outcome(receipt.ingest_id).kind == "POSTED"


def test_files_wait_while_their_door_is_paused(
    stack: Stack, operator: Operator, tmp_path: Path
) -> None:
    with paused(operator, "files"):
        # A reception that was under way when the door closed still takes what comes meanwhile.
        time.sleep(5)
        messages = [purchase(stack.holder().card_number, 100)]
        landed = stack.land_messages(tmp_path / "day.bin", messages, as_bin)
        mappings = {each["name"]: each.get("mapping") for each in doors(operator)}
        assert (mappings["files"], mappings["posting"]) == ("Disabled", "Enabled")
        assert stack.row("Inbox", ingest_id=landed.ids[0]) == {}

    assert {each.kind for each in stack.outcomes(landed=[landed]).values()} == {"POSTED"}


def doors(operator: Operator) -> Any:
    return operator.ask("status", status=1)["doors"]


# The archive


def test_a_replay_books_what_was_lost_and_changes_nothing_else(
    stack: Stack, operator: Operator, letters: LetterBox
) -> None:
    began = datetime.now(UTC)
    (posted,) = stack.post(purchase(stack.holder().card_number, 4_500))
    with paused(operator, "posting"):
        (receipt,) = stack.send(purchase(stack.holder().card_number, 4_500))
        letters.take("PostQueue")
    window = ("--since", began.isoformat())
    replay = ("replay", *window, "--until")

    def in_the_trail() -> bool:
        told = operator.ask(*replay, datetime.now(UTC).isoformat(), "--dry-run")
        return bool(told["records"] >= 2)

    eventually(in_the_trail)
    until = datetime.now(UTC).isoformat()
    first = operator.ask(*replay, until, "--types", "TransactionPostingApproved")
    heard = len(stack.ear.heard(ingest_id=posted.ingest_id))
    again = operator.ask(*replay, until)

    # The second in which it began may hold records of the test before.
    assert (first["applied"], first["conflict"]) == ([receipt.ingest_id], [])
    assert first["events"].keys() == {"TransactionPostingApproved"}
    assert first["no-op"] == first["records"] - 1 >= 1
    # Nobody else hears a replay: another rule on the bus, the audit trail, the topic.
    assert heard == 4
    assert (again["applied"], again["no-op"]) == ([], again["records"])
    assert again["state"] == "COMPLETED"
    assert stack.outcome(receipt.ingest_id).kind == "POSTED"
    assert posted.kind == "POSTED"
