"""Redrive: each kind of letter goes where it belongs, once, and none is lost on the way."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.parked_row import DUPLICATE, FAILED, REJECTED, ParkedRow, parked_item
from domain.announcement import posted_event_id
from domain.errors import Refused
from domain.events import OpeningRequested
from domain.letters import QUEUES
from handlers import fold, post, redrive
from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE
from samples.invocations import batched
from samples.make_events import bookings
from tests.fakes.cloud import SETTINGS, Cloud
from tests.fakes.runtime import Context, Crash, crash_in
from tests.fakes.streams import SHARD
from tests.handlers import given

RECORD = FOREIGN_PURCHASE.received
HEADER = bookings()[0].posted.header_id
AUTHORIZED = given.sample("TransactionAuthorized")
ENRICHED = given.sample("TransactionEnriched")
APPROVED = given.sample("TransactionPostingApproved")
LEG = given.sample("PostingLegCreated")
POSTED = given.sample("TransactionPosted")
NOTICE = given.invocation("IngestFileFunction")["Records"][0]["body"]
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function"


def url_of(queue: str) -> str:
    """PostDeadLetters -> its URL."""
    words = "".join(f"_{each}" if each.isupper() else each for each in queue).upper()
    return SETTINGS[f"{words[1:]}_URL"]


def lay(
    cloud: Cloud,
    queue: str,
    event: Any,
    attributes: dict[str, str] | None = None,
    sent_ms: int = 0,
) -> str:
    """A letter of this event, or of this text; its id."""
    body = event if isinstance(event, str) else json.dumps(event)
    return cloud.queues.put(url_of(queue), body, sent_ms, **(attributes or {}))


def run(queue: str, context: Any, **more: Any) -> dict[str, Any]:
    return redrive.handler({"queue": queue} | more, context)


def left(cloud: Cloud, queue: str) -> int:
    """How many letters lie there, in hand or not."""
    return len(cloud.queues.waiting.get(url_of(queue), []))


def parked(cloud: Cloud, reason: str, state: str = "PARKED", story: Any = FOREIGN_PURCHASE) -> None:
    row = ParkedRow(
        ingest_id=story.received.ingest_id,
        reason=reason,
        code="FOR_A_TEST",
        message="",
        parked_at="2026-11-20T10:00:00.000+00:00",
        state=state,
    )
    cloud.dynamodb.put_item(TableName="parked", Item=parked_item(row))


# Letters that are the message itself


def test_a_letter_of_a_queue_goes_to_the_queue_it_came_for(cloud: Cloud, context: Any) -> None:
    lay(cloud, "PostDeadLetters", APPROVED)

    answer = run("PostDeadLetters", context)

    assert answer["resent"] == [RECORD.ingest_id]
    assert (answer["received"], answer["settled"], answer["failed"]) == (1, [], [])
    assert (answer["more"], answer["dry_run"]) == (False, False)
    assert [json.loads(body) for body in cloud.queues.bodies] == [APPROVED]
    assert left(cloud, "PostDeadLetters") == 0


def test_a_letter_of_a_batched_account_goes_back_into_its_group_once(
    cloud: Cloud, context: Any
) -> None:
    """Under its own name: a run that ended before it deleted the letter sends it in vain."""
    letter = lay(cloud, "PostBatchDeadLetters", batched(APPROVED))
    cloud.queues.before = crash_in("DeleteMessage")
    with pytest.raises(Crash):
        run("PostBatchDeadLetters", context)
    cloud.queues.before = lambda _operation: None
    for each in cloud.queues.waiting[url_of("PostBatchDeadLetters")]:
        each.hidden = False

    answer = run("PostBatchDeadLetters", context)

    assert answer["resent"] == [RECORD.ingest_id]
    (sent,) = cloud.queues.in_groups
    assert sent.url == SETTINGS["POST_BATCH_QUEUE_URL"]
    assert (sent.group, sent.name) == ("A-1001", letter)
    assert left(cloud, "PostBatchDeadLetters") == 0


def test_a_letter_without_an_account_does_not_go_into_a_group(cloud: Cloud, context: Any) -> None:
    lay(cloud, "PostBatchDeadLetters", given.changed(APPROVED, account=None))

    (failed,) = run("PostBatchDeadLetters", context)["failed"]

    assert "no account" in failed["why"]
    assert left(cloud, "PostBatchDeadLetters") == 1


def test_a_letter_that_is_redriven_books_once_whatever_was_booked_meanwhile(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    lay(cloud, "PostDeadLetters", APPROVED)
    cloud.queues.bodies.clear()

    run("PostDeadLetters", context)
    given.booked(cloud, "TransactionPostingApproved")
    records = [{"messageId": "again", "body": body} for body in cloud.queues.bodies]

    assert post.handler({"Records": records}, context) == {"batchItemFailures": []}
    assert len([row for row in cloud.rows("journal") if row["sk"] == "H"]) == 1


def test_what_has_its_booking_is_settled_and_not_sent_again(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    cloud.queues.bodies.clear()
    for queue, event in (
        ("EnrichDeadLetters", AUTHORIZED),
        ("RulesDeadLetters", ENRICHED),
        ("PostDeadLetters", APPROVED),
        ("BusDeadLetters", AUTHORIZED),
    ):
        lay(cloud, queue, event)

        answer = run(queue, context)

        assert (answer["settled"], answer["resent"]) == ([RECORD.ingest_id], [])
        assert left(cloud, queue) == 0
    assert cloud.queues.bodies + cloud.bus.entries + cloud.workflows.inputs == []


def test_a_record_that_is_booked_with_other_content_is_left_to_a_person(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    cloud.queues.bodies.clear()
    letter = lay(cloud, "PostDeadLetters", given.changed(APPROVED, fingerprint="0" * 64))

    (failed,) = run("PostDeadLetters", context)["failed"]

    assert failed["letter"] == letter
    assert "FINGERPRINT_MISMATCH" in failed["why"]
    assert cloud.queues.bodies == []
    assert left(cloud, "PostDeadLetters") == 1


def test_opening_money_is_sent_until_it_is_booked(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    command = next(body for body in cloud.queues.bodies if OpeningRequested.__name__ in body)
    lay(cloud, "PostDeadLetters", command)
    assert run("PostDeadLetters", context)["resent"] == ["opening of A-1001 EUR"]

    given.openings_booked(cloud)
    lay(cloud, "PostDeadLetters", command)

    assert run("PostDeadLetters", context)["settled"] == ["opening of A-1001 EUR"]


def test_a_failed_record_whose_decision_lies_in_the_letters_is_booked_after_all(
    cloud: Cloud, context: Any
) -> None:
    parked(cloud, FAILED)
    lay(cloud, "PostDeadLetters", APPROVED)

    assert run("PostDeadLetters", context)["resent"] == [RECORD.ingest_id]


@pytest.mark.parametrize(("reason", "state"), [(DUPLICATE, "PARKED"), (FAILED, "DISCARDED")])
def test_a_parked_record_is_settled(cloud: Cloud, context: Any, reason: str, state: str) -> None:
    parked(cloud, reason, state)
    lay(cloud, "EnrichDeadLetters", AUTHORIZED)

    assert run("EnrichDeadLetters", context)["settled"] == [RECORD.ingest_id]


def test_a_released_record_is_in_flight_again(cloud: Cloud, context: Any) -> None:
    parked(cloud, FAILED, "RELEASED")
    lay(cloud, "EnrichDeadLetters", AUTHORIZED)

    assert run("EnrichDeadLetters", context)["resent"] == [RECORD.ingest_id]
    assert [json.loads(body) for body in cloud.queues.bodies] == [AUTHORIZED]


def test_a_notice_of_a_file_goes_to_the_landing_queue(cloud: Cloud, context: Any) -> None:
    lay(cloud, "LandingDeadLetters", NOTICE)

    answer = run("LandingDeadLetters", context)

    assert answer["resent"] == [json.loads(NOTICE)["detail"]["object"]["key"]]
    assert cloud.queues.bodies == [NOTICE]


def test_a_letter_of_the_rules_starts_the_workflow_with_the_whole_event(
    cloud: Cloud, context: Any
) -> None:
    lay(cloud, "RulesDeadLetters", ENRICHED)

    assert run("RulesDeadLetters", context)["resent"] == [RECORD.ingest_id]
    assert [json.loads(each) for each in cloud.workflows.inputs] == [ENRICHED]


def test_a_rejection_that_was_written_and_not_told_is_told_by_the_workflow(
    cloud: Cloud, context: Any
) -> None:
    parked(cloud, REJECTED, story=DECLINED_PURCHASE)
    event = given.changed(ENRICHED, ingest_id=DECLINED_PURCHASE.received.ingest_id)
    lay(cloud, "RulesDeadLetters", event)

    run("RulesDeadLetters", context)

    assert [json.loads(each) for each in cloud.workflows.inputs] == [event]


def test_a_letter_of_the_bus_is_put_there_again_in_its_own_words(
    cloud: Cloud, context: Any
) -> None:
    newer = {"meta": POSTED["detail"]["meta"], "data": POSTED["detail"]["data"] | {"new": "field"}}
    lay(cloud, "BusDeadLetters", POSTED | {"detail": newer})

    answer = run("BusDeadLetters", context)

    (entry,) = cloud.bus.entries
    assert answer["resent"] == [HEADER]
    assert (entry["Source"], entry["DetailType"]) == ("payments.ledger", "TransactionPosted")
    assert json.loads(entry["Detail"]) == newer


def test_an_event_that_only_tells_is_told_again_although_its_record_is_settled(
    cloud: Cloud, context: Any
) -> None:
    parked(cloud, REJECTED, story=DECLINED_PURCHASE)
    lay(cloud, "BusDeadLetters", given.sample("TransactionRejected"))

    assert run("BusDeadLetters", context)["settled"] == []
    assert [entry["DetailType"] for entry in cloud.bus.entries] == ["TransactionRejected"]


def test_an_event_that_the_bus_refuses_inside_its_answer_stays_a_letter(
    cloud: Cloud, context: Any
) -> None:
    cloud.bus.refused = {"TransactionAuthorized"}
    lay(cloud, "BusDeadLetters", AUTHORIZED)

    (failed,) = run("BusDeadLetters", context)["failed"]

    assert failed["why"] == "the bus keeps refusing the event"
    assert left(cloud, "BusDeadLetters") == 1


@pytest.mark.parametrize(
    "target", [SETTINGS["AUDIT_STREAM_ARN"], SETTINGS["POSTING_FAILURES_TOPIC_ARN"]]
)
def test_only_the_consumer_that_missed_an_event_gets_it(
    cloud: Cloud, context: Any, target: str
) -> None:
    lay(cloud, "ConsumerDeadLetters", POSTED, {"RULE_ARN": "arn:rule", "TARGET_ARN": target})

    answer = run("ConsumerDeadLetters", context)

    told = [*cloud.delivery.records, *(each.encode() for each in cloud.topics.messages)]
    assert [json.loads(each) for each in told] == [POSTED]
    assert bool(cloud.delivery.records) == (target == SETTINGS["AUDIT_STREAM_ARN"])
    assert answer["resent"] == [f"TransactionPosted {posted_event_id(HEADER)}"]
    assert cloud.bus.entries == []


@pytest.mark.parametrize("attributes", [{}, {"TARGET_ARN": "arn:aws:sns:eu-central-1:1:other"}])
def test_a_letter_of_no_consumer_of_ours_stays(
    cloud: Cloud, context: Any, attributes: dict[str, str]
) -> None:
    lay(cloud, "ConsumerDeadLetters", POSTED, attributes)

    assert len(run("ConsumerDeadLetters", context)["failed"]) == 1
    assert left(cloud, "ConsumerDeadLetters") == 1


# Letters of the schedules


def report(function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What a function that failed leaves."""
    return {
        "version": "1.0",
        "requestContext": {
            "functionArn": f"{FUNCTION}:{function}:$LATEST",
            "condition": "RetriesExhausted",
        },
        "requestPayload": payload,
        "responsePayload": {"errorType": "Unavailable"},
    }


def test_a_repair_that_failed_is_run_with_its_own_payload(cloud: Cloud, context: Any) -> None:
    lay(cloud, "ScheduleDeadLetters", report("republish", {"since": "2026-11-20T10:00:00Z"}))

    assert run("ScheduleDeadLetters", context)["resent"] == ["republish"]
    ((name, payload),) = cloud.mappings.invoked
    assert (name, json.loads(payload)) == ("republish", {"since": "2026-11-20T10:00:00Z"})


def test_a_repair_that_its_schedule_did_not_reach_is_run_once_for_all_its_letters(
    cloud: Cloud, context: Any
) -> None:
    for _ in range(3):
        lay(cloud, "ScheduleDeadLetters", "{}", {"TARGET_ARN": f"{FUNCTION}:sweep"})

    answer = run("ScheduleDeadLetters", context)

    assert (answer["resent"], answer["settled"]) == (["sweep"], ["sweep", "sweep"])
    assert cloud.mappings.invoked == [("sweep", b"{}")]
    assert left(cloud, "ScheduleDeadLetters") == 0


def test_a_reconciliation_that_its_schedule_did_not_start_is_started(
    cloud: Cloud, context: Any
) -> None:
    body = '{"balances": false, "repair": true}'
    lay(cloud, "ScheduleDeadLetters", body, {"TARGET_ARN": SETTINGS["RECONCILE_ARN"]})

    assert run("ScheduleDeadLetters", context)["resent"] == ["reconcile"]
    assert cloud.workflows.inputs == [body]


def test_no_function_is_run_but_the_repairs(cloud: Cloud, context: Any) -> None:
    lay(cloud, "ScheduleDeadLetters", report("release", {"action": "discard"}))

    assert "no repair of ours" in run("ScheduleDeadLetters", context)["failed"][0]["why"]
    assert cloud.mappings.invoked == []


# Letters that name stream records


def stream_letter(cloud: Cloud, table: str, *, by_pipe: bool = True) -> dict[str, Any]:
    """Of all that the table's stream holds."""
    stamps = [each["dynamodb"]["SequenceNumber"] for each in cloud.stream(table)]
    moment = f"{cloud.time:%Y-%m-%dT%H:%M:%S}Z"
    batch = {
        "shardId": SHARD,
        "startSequenceNumber": stamps[0],
        "endSequenceNumber": stamps[-1],
        "approximateArrivalOfFirstRecord": moment,
        "approximateArrivalOfLastRecord": moment,
        "batchSize": len(stamps),
        "streamArn": f"arn:aws:dynamodb:eu-central-1:123456789012:table/{table}/stream/2026",
    }
    who = "context" if by_pipe else "requestContext"
    return {who: {"condition": "RetryAttemptsExhausted"}, "version": "1.0"} | {
        "timestamp": moment,
        "DDBStreamBatchInfo": batch,
    }


def received(cloud: Cloud) -> None:
    cloud.time = FOREIGN_PURCHASE.received_at
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE)


def test_inbox_rows_of_a_letter_go_the_sweep_s_way_and_settled_ones_stay(
    cloud: Cloud, context: Any
) -> None:
    received(cloud)
    lay(cloud, "InboxPipeDeadLetters", stream_letter(cloud, "inbox"))
    parked(cloud, REJECTED, story=DECLINED_PURCHASE)

    answer = run("InboxPipeDeadLetters", context)

    lost = [FOREIGN_PURCHASE.received.ingest_id, BLOCKED_PURCHASE.received.ingest_id]
    assert answer["resent"] == lost
    assert answer["settled"] == [DECLINED_PURCHASE.received.ingest_id]
    assert cloud.bus.event_ids == [
        FOREIGN_PURCHASE.authorized.meta.event_id,
        BLOCKED_PURCHASE.authorized.meta.event_id,
    ]
    assert {row["owner"] for row in cloud.rows("claims") if "owner" in row} == set(lost)
    assert left(cloud, "InboxPipeDeadLetters") == 0


def test_after_the_stream_has_forgotten_the_rows_are_found_by_their_time(
    cloud: Cloud, context: Any
) -> None:
    received(cloud)
    letter = lay(cloud, "InboxPipeDeadLetters", stream_letter(cloud, "inbox"))
    cloud.streams.trimmed = True

    answer = run("InboxPipeDeadLetters", context)

    assert FOREIGN_PURCHASE.received.ingest_id in answer["resent"]
    (searched,) = answer["by_time"]
    began = cloud.time.replace(microsecond=0) - timedelta(minutes=10)
    assert (searched["letter"], searched["since"]) == (letter, began.isoformat())
    assert left(cloud, "InboxPipeDeadLetters") == 0


def test_a_record_that_the_bus_refuses_keeps_its_letter(cloud: Cloud, context: Any) -> None:
    received(cloud)
    cloud.bus.refused = {FOREIGN_PURCHASE.authorized.meta.event_id}
    for trimmed in (False, True):
        lay(cloud, "InboxPipeDeadLetters", stream_letter(cloud, "inbox"))
        cloud.streams.trimmed = trimmed
        assert RECORD.ingest_id in run("InboxPipeDeadLetters", context)["failed"][0]["why"]
    assert left(cloud, "InboxPipeDeadLetters") == 2


def booked(cloud: Cloud) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")


@pytest.mark.parametrize("trimmed", [False, True])
def test_bookings_of_a_letter_are_announced_with_their_ids(
    cloud: Cloud, context: Any, trimmed: bool
) -> None:
    booked(cloud)
    lay(cloud, "JournalPipeDeadLetters", stream_letter(cloud, "journal"))
    cloud.streams.trimmed = trimmed
    cloud.time += timedelta(minutes=5)

    answer = run("JournalPipeDeadLetters", context)

    assert HEADER in answer["resent"]
    assert posted_event_id(HEADER) in cloud.bus.event_ids
    assert bool(answer["by_time"]) is trimmed


def test_by_time_only_bookings_are_announced_that_the_trail_misses(
    cloud: Cloud, context: Any
) -> None:
    booked(cloud)
    lay(cloud, "JournalPipeDeadLetters", stream_letter(cloud, "journal"))
    cloud.streams.trimmed = True
    line = gzip.compress(json.dumps(POSTED).encode())
    cloud.buckets.put("audit", f"{cloud.time:%Y/%m/%d/%H}/trail", line)

    assert HEADER not in run("JournalPipeDeadLetters", context)["resent"]


def test_bookings_that_the_bus_refuses_keep_their_letter(cloud: Cloud, context: Any) -> None:
    booked(cloud)
    cloud.bus.refused = {posted_event_id(HEADER)}
    lay(cloud, "JournalPipeDeadLetters", stream_letter(cloud, "journal"))

    assert HEADER in run("JournalPipeDeadLetters", context)["failed"][0]["why"]


@pytest.mark.parametrize("trimmed", [False, True])
def test_bookings_of_a_letter_are_folded_once(cloud: Cloud, context: Any, trimmed: bool) -> None:
    booked(cloud)
    letter = stream_letter(cloud, "journal", by_pipe=False)
    cloud.streams.trimmed = trimmed
    lay(cloud, "FoldDeadLetters", letter)
    assert run("FoldDeadLetters", context)["resent"] == [HEADER]

    # The stream delivers it after all, and the letter comes a second time.
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    lay(cloud, "FoldDeadLetters", letter)
    again = run("FoldDeadLetters", context)

    assert again["resent"] == []
    assert again["settled"] == ([] if trimmed else [HEADER])
    assert cloud.row("balances", pk="B#settle:VISA:USD#USD")["posted_c"] == 12_345


# What cannot be done, and what happens twice


@pytest.mark.parametrize(
    ("queue", "body"),
    [
        ("LandingDeadLetters", "{}"),
        ("InboxPipeDeadLetters", '{"context": {}}'),
        ("BusDeadLetters", '{"detail-type": "Something", "detail": {}}'),
        ("EnrichDeadLetters", json.dumps(POSTED)),
        ("RulesDeadLetters", "no JSON"),
        ("PostDeadLetters", json.dumps(APPROVED | {"detail": {}})),
        ("FoldDeadLetters", "[]"),
        ("ScheduleDeadLetters", '{"requestContext": {}}'),
    ],
)
def test_a_letter_that_nobody_can_read_stays_and_is_told_with_its_reason(
    cloud: Cloud, context: Any, queue: str, body: str
) -> None:
    letter = lay(cloud, queue, body)

    answer = run(queue, context)

    (failed,) = answer["failed"]
    assert failed["letter"] == letter
    assert failed["why"].startswith("UNREADABLE: ")
    assert (answer["received"], answer["resent"], answer["more"]) == (1, [], False)
    assert [each.message_id for each in cloud.queues.seen(url_of(queue))] == [letter]


def test_one_letter_that_cannot_be_read_does_not_hold_up_the_others(
    cloud: Cloud, context: Any
) -> None:
    lay(cloud, "PostDeadLetters", "no JSON")
    lay(cloud, "PostDeadLetters", APPROVED)

    answer = run("PostDeadLetters", context)

    assert (len(answer["failed"]), answer["resent"]) == (1, [RECORD.ingest_id])


def test_a_letter_whose_queue_takes_nothing_stays(cloud: Cloud, context: Any) -> None:
    cloud.queues.full = True
    lay(cloud, "PostDeadLetters", APPROVED)

    (failed,) = run("PostDeadLetters", context)["failed"]

    assert failed["why"] == "SendMessage failed with OverLimit"
    assert left(cloud, "PostDeadLetters") == 1


def test_a_crash_between_resending_and_deleting_repeats_the_letter(
    cloud: Cloud, context: Any
) -> None:
    lay(cloud, "PostDeadLetters", APPROVED)
    cloud.queues.before = crash_in("DeleteMessage")
    with pytest.raises(Crash):
        run("PostDeadLetters", context)
    cloud.queues.before = lambda _operation: None
    assert run("PostDeadLetters", context)["received"] == 0

    cloud.queues.time_passes()
    answer = run("PostDeadLetters", context)

    assert answer["resent"] == [RECORD.ingest_id]
    assert len(cloud.queues.bodies) == 2
    assert left(cloud, "PostDeadLetters") == 0


def test_a_crash_before_resending_loses_nothing(cloud: Cloud, context: Any) -> None:
    lay(cloud, "PostDeadLetters", APPROVED)
    cloud.queues.before = crash_in("SendMessage")

    with pytest.raises(Crash):
        run("PostDeadLetters", context)

    assert left(cloud, "PostDeadLetters") == 1


def test_a_second_command_finds_nothing_to_do(cloud: Cloud, context: Any) -> None:
    lay(cloud, "PostDeadLetters", APPROVED)
    run("PostDeadLetters", context)

    answer = run("PostDeadLetters", context)

    assert (answer["received"], answer["resent"], answer["more"]) == (0, [], False)
    assert len(cloud.queues.bodies) == 1


@pytest.mark.parametrize("queue", sorted(redrive.queues))
def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    cloud: Cloud, context: Any, queue: str
) -> None:
    booked(cloud)
    given.received(cloud, BLOCKED_PURCHASE)
    cloud.bus.entries.clear()
    cloud.queues.bodies.clear()
    letters: dict[str, Any] = {
        "LandingDeadLetters": NOTICE,
        "InboxPipeDeadLetters": stream_letter(cloud, "inbox"),
        "JournalPipeDeadLetters": stream_letter(cloud, "journal"),
        "FoldDeadLetters": stream_letter(cloud, "journal", by_pipe=False),
        "RulesDeadLetters": given.changed(ENRICHED, ingest_id="ing_other"),
        "EnrichDeadLetters": given.changed(AUTHORIZED, ingest_id="ing_other"),
        "PostDeadLetters": given.changed(APPROVED, ingest_id="ing_other"),
        "PostBatchDeadLetters": given.changed(batched(APPROVED), ingest_id="ing_other"),
        "ScheduleDeadLetters": report("sweep", {}),
        "BusDeadLetters": POSTED,
        "NotifyDeadLetters": POSTED,
        "LegDeadLetters": LEG,
        "ConsumerDeadLetters": POSTED,
    }
    target = {"ConsumerDeadLetters": {"TARGET_ARN": SETTINGS["AUDIT_STREAM_ARN"]}}
    lay(cloud, queue, letters[queue], target.get(queue))
    before = {name: cloud.rows(name) for name in cloud.dynamodb.tables}

    answer = run(queue, context, dry_run=True)

    assert (answer["received"], answer["dry_run"], answer["more"]) == (1, True, False)
    assert answer["resent"] + answer["settled"]
    assert len(cloud.queues.seen(url_of(queue))) == 1
    assert {name: cloud.rows(name) for name in cloud.dynamodb.tables} == before
    said = (cloud.queues.bodies, cloud.bus.entries, cloud.workflows.inputs, cloud.mappings.invoked)
    assert (*said, cloud.delivery.records, cloud.topics.messages) == ([],) * 6


# In slices


def test_many_letters_are_done_in_slices_until_no_more_is_said(cloud: Cloud, context: Any) -> None:
    for number in range(redrive._SLICE + 1):
        lay(cloud, "LandingDeadLetters", NOTICE.replace("visa", f"visa-{number}"))

    first = run("LandingDeadLetters", context)
    second = run("LandingDeadLetters", context)

    assert (first["received"], first["more"]) == (redrive._SLICE, True)
    assert (second["received"], second["more"]) == (1, False)


def test_a_run_that_has_no_time_left_says_that_there_is_more(
    cloud: Cloud, context: Context
) -> None:
    context.remaining = lambda: 1_000
    for _ in range(2):
        lay(cloud, "LandingDeadLetters", NOTICE)

    answer = run("LandingDeadLetters", context)

    assert (answer["received"], answer["more"]) == (1, True)
    assert left(cloud, "LandingDeadLetters") == 1


def test_a_letter_that_comes_back_within_a_command_is_told_and_left(
    cloud: Cloud, context: Any
) -> None:
    first = run("RulesDeadLetters", context)
    now = int(cloud.time.timestamp() * 1_000)
    letter = lay(cloud, "RulesDeadLetters", ENRICHED, sent_ms=now + 5_000)

    answer = run("RulesDeadLetters", context, began=first["began"])

    assert answer["failed"][0]["letter"] == letter
    assert "it came back" in answer["failed"][0]["why"]
    assert cloud.workflows.inputs == []


def test_a_letter_that_is_known_to_stay_is_not_taken_up_again(cloud: Cloud, context: Any) -> None:
    lay(cloud, "PostDeadLetters", "no JSON")
    first = run("PostDeadLetters", context)
    lay(cloud, "PostDeadLetters", APPROVED)

    answer = run("PostDeadLetters", context, left=[each["letter"] for each in first["failed"]])

    assert (answer["received"], answer["failed"]) == (1, [])
    assert left(cloud, "PostDeadLetters") == 1


def test_every_queue_of_letters_has_its_mender() -> None:
    assert tuple(redrive.queues) == QUEUES
    assert all(redrive.mender_of(queue) for queue in QUEUES)


def test_a_queue_that_holds_no_letters_is_refused() -> None:
    with pytest.raises(Refused, match="holds no dead letters"):
        redrive.mender_of("PostQueue")
