"""Dry run: what is foreseen is what comes true, and nothing is written."""

import base64
import json
from collections import Counter
from collections.abc import Iterator
from itertools import batched, count
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from adapters.parked_row import PARKED, PENDING_MATCH
from cli.submission import Request, cut, lines_of, stated_network
from domain import identity
from domain.batch_file import format_of
from domain.record import Record
from handlers import deduplicate, dry_run, enrich, ingest, ingest_file, post, post_batch
from samples import make_reference
from samples.event_story import (
    BLOCKED_PURCHASE,
    DECLINED_PURCHASE,
    FOREIGN_PURCHASE,
    Story,
    merchant_categories,
)
from samples.make_batch import FILES, TARGET
from tests.fakes.cloud import Cloud
from tests.handlers import given
from tests.rules_machine import RulesMachine
from tests.unit.card_messages import as_json

API_FILES = [name for name, *_ in FILES if name.endswith(".jsonl")]
LANDED_FILES = [name for name, *_ in FILES if not name.endswith(".jsonl")]
BUCKET = "landing"
WAITS = "WAITING"
_REQUESTS = count(1)


@pytest.fixture(autouse=True)
def rules(cloud: Cloud, context: Any) -> RulesMachine:
    machine = RulesMachine(cloud, "DRY")
    cloud.workflows.machine = machine.sync
    cloud.mappings.function = lambda event: dry_run.handler(event, context)
    return machine


def ask(context: Any, *messages: Any, so_far: Any = None) -> dict[str, Any]:
    body = base64.b64encode(json.dumps(messages).encode()).decode()
    order = {"action": "messages", "body": body, "so_far": so_far}
    # Each question is an invocation of its own.
    context.aws_request_id = f"request-{next(_REQUESTS)}"
    return dict(json.loads(json.dumps(dry_run.handler(order, context))))


def foreseen(context: Any, *messages: Any) -> list[dict[str, Any]]:
    return list(ask(context, *messages)["results"])


def tables(cloud: Cloud) -> dict[str, list[Any]]:
    return {name: list(cloud.dynamodb.rows(name)) for name in cloud.dynamodb.tables}


def known_to_the_vault(cloud: Cloud, *stories: Story) -> None:
    for story in stories:
        given.known_card(cloud, story.line.de["2"], story.token)


@pytest.fixture
def books(cloud: Cloud) -> Cloud:
    given.reference(cloud)
    given.openings_booked(cloud)
    return cloud


def test_a_purchase_is_told_with_its_legs_and_the_balance_around_it(
    books: Cloud, context: Any
) -> None:
    (told,) = foreseen(context, FOREIGN_PURCHASE.message)

    assert (told["outcome"], told["reason"], told["card"]) == ("POSTED", "CLEAR", "KNOWN")
    assert told["totals"] == {"EUR": 11638, "USD": 12345}
    assert [(leg["account"], leg["side"], leg["amount"]) for leg in told["legs"][:2]] == [
        ("cust:A-1001", "D", 11263),
        ("fxpos:EUR/USD", "C", 11263),
    ]
    balance = told["balance"]
    assert balance["posted_after"] - balance["posted_before"] == balance["net"] == -11638
    assert balance["available_after"] - balance["available_before"] == -11638
    assert told["flags"] == ["FOREIGN_TRANSACTION", "CURRENCY_CONVERSION"]


def test_suspense_and_rejection_are_told_with_their_reasons(books: Cloud, context: Any) -> None:
    blocked, declined = foreseen(context, BLOCKED_PURCHASE.message, DECLINED_PURCHASE.message)

    assert (blocked["outcome"], blocked["reason"]) == ("SUSPENDED", "ACCOUNT_ON_HOLD")
    assert blocked["legs"][0]["account"] == "susp:ACCOUNT_ON_HOLD:EUR"
    assert "balance" not in blocked
    assert (declined["outcome"], declined["reason"]) == ("REJECTED", "DECLINED")
    assert "legs" not in declined


def test_nothing_is_written_and_nothing_is_said(
    books: Cloud, context: Any, rules: RulesMachine
) -> None:
    before = tables(books)

    foreseen(
        context,
        FOREIGN_PURCHASE.message,
        BLOCKED_PURCHASE.message,
        DECLINED_PURCHASE.message,
        FOREIGN_PURCHASE.message,
        as_json(),
        as_json(de4="12,50"),
    )

    assert tables(books) == before
    assert books.bus.entries == []
    assert books.queues.bodies == []
    assert set(rules.operations) == {"GetItem"}


def test_a_card_that_the_vault_does_not_know_gets_no_token(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    before = cloud.rows("vault")
    message = as_json()

    (told,) = foreseen(context, message)

    assert (told["card"], told["outcome"], told["reason"]) == (
        "NEW",
        "SUSPENDED",
        "UNKNOWN_ACCOUNT",
    )
    assert cloud.rows("vault") == before
    # The same one in each run: a repeat is told from a conflict.
    first = ask(context, message)
    (again,) = ask(context, message, so_far=first["so_far"])["results"]
    assert (again["outcome"], again["reason"]) == ("DUPLICATE", "REPEATED")


def test_a_message_that_was_received_is_a_duplicate_or_names_what_differs(
    books: Cloud, context: Any
) -> None:
    given.admitted(books, FOREIGN_PURCHASE)
    message = FOREIGN_PURCHASE.message
    other = message | {"de": message["de"] | {"4": "000000099999"}}

    repeat, conflict = foreseen(context, message, other)

    assert (repeat["outcome"], repeat["original"]) == (
        "DUPLICATE",
        FOREIGN_PURCHASE.received.ingest_id,
    )
    assert conflict["outcome"] == "CONFLICT"
    assert [each["field"] for each in conflict["differing"]] == ["DE4"]


def test_a_message_that_is_booked_without_a_claim_meets_its_header(
    books: Cloud, context: Any
) -> None:
    given.booked(books, "TransactionPostingApproved")

    (told,) = foreseen(context, FOREIGN_PURCHASE.message)

    assert (told["outcome"], told["original"]) == (
        "DUPLICATE",
        FOREIGN_PURCHASE.received.ingest_id,
    )


def test_messages_of_one_run_follow_one_another(books: Cloud, context: Any) -> None:
    message = FOREIGN_PURCHASE.message
    next_one = message | {"de": message["de"] | {"11": "987654", "37": "NEXT00000001"}}

    first, second, copy = foreseen(context, message, next_one, message)

    assert second["balance"]["posted_before"] == first["balance"]["posted_after"]
    assert second["balance"]["posting_no"] == first["balance"]["posting_no"] + 1
    assert copy["outcome"] == "DUPLICATE"


def test_a_failure_inside_the_rules_is_told_and_parks_nothing(books: Cloud, context: Any) -> None:
    for row in books.rows("reference"):
        if row["pk"] == "RULES#v1" and row["sk"] == "AMOUNT_LIMIT":
            books.dynamodb.delete_item(
                TableName="reference", Key={"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
            )

    (told,) = foreseen(context, FOREIGN_PURCHASE.message)

    assert (told["outcome"], told["reason"]) == ("FAILED", "States.QueryEvaluationError")
    assert books.rows("parked") == []


def test_bad_input_lists_the_problems_of_the_real_door(books: Cloud, context: Any) -> None:
    bad = [as_json(de4="12,50"), as_json(mti="9999"), {"network": "VISA"}, 7]
    event = given.submission(bad)

    asked = ingest.handler(event | {"queryStringParameters": {"dryRun": "true"}}, context)
    before = tables(books)
    told = json.loads(asked["body"])
    real = json.loads(ingest.handler(event, context)["body"])

    assert asked["statusCode"] == 200
    assert [each["errors"] for each in told["results"]] == [
        each["errors"] for each in real["results"]
    ]
    assert before["idempotency"] == before["parked"] == []


def test_the_api_answers_without_a_receipt_and_keeps_what_is_not_for_partners(
    books: Cloud, context: Any
) -> None:
    event = given.submission(FOREIGN_PURCHASE.message, key=None)

    answer = ingest.handler(event | {"queryStringParameters": {"dryRun": "true"}}, context)

    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["dry_run"]) == (200, True)
    assert told.keys() == {"dry_run", "results"}
    assert told["results"][0]["outcome"] == "POSTED"
    assert books.rows("inbox") == books.rows("idempotency") == []


@pytest.mark.parametrize("query", [{"dryRun": "yes"}, {"dry": "true"}])
def test_a_misspelt_question_is_no_submission(
    books: Cloud, context: Any, query: dict[str, str]
) -> None:
    event = given.submission(FOREIGN_PURCHASE.message)

    answer = ingest.handler(event | {"queryStringParameters": query}, context)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "BAD_PARAMETER")
    assert books.rows("inbox") == []


def test_every_message_of_the_sample_batch_becomes_what_was_foreseen(
    cloud: Cloud, context: Any
) -> None:
    whole_reference(cloud)
    told, so_far = all_foreseen(context)

    ids = [*through_the_api(cloud, context), *through_the_bucket(cloud, context)]
    for some in batched(cloud.inserts("inbox"), 10, strict=False):
        for detail in deduplicate.handler(list(some), context):
            carried(cloud, context, detail)

    assert len(told) == len(ids)
    real = outcomes(cloud)
    for dry, ingest_id in zip(told, ids, strict=True):
        outcome, reason, header = real[ingest_id]
        assert (dry["outcome"], dry["reason"]) == (outcome, reason), dry
        if header is not None:
            assert (dry["legs"], dry.get("totals", {})) == (header["legs"], header["totals"])
            assert dry.get("payment") == header.get("payment")
            moved, booked, held = (
                dry.get("balance", {}),
                header.get("customer") or {},
                header.get("hold") or {},
            )
            assert bool(moved) == bool(booked or held)
            if booked:
                assert moved["posted_after"] == booked["balance_after"]
                assert moved["posting_no"] == booked["posting_no"]
            if held:
                assert moved["held_after"] == held["held_after"]
    for key, row in so_far["balances"].items():
        assert row.items() <= cloud.row("balances", pk=key).items()
    counts = Counter(each["outcome"] for each in told)
    expected = json.loads((TARGET / "EXPECTED.json").read_text())["outcomes"]
    assert counts == {
        "POSTED": sum(expected["posted"].values()),
        "SUSPENDED": sum(expected["suspended"].values()),
        "REJECTED": sum(expected["rejected"].values()),
        "WAITING": sum(expected["waiting"].values()),
        "ANSWERED": sum(expected["answered"].values()),
        **expected["parked"],
    }


def all_foreseen(context: Any) -> tuple[list[dict[str, Any]], Any]:
    """A result for each message of the files, asked about in parts, and what they would change."""
    so_far: Any = None
    told: list[dict[str, Any]] = []
    for order in (*orders_by_api(), *orders_by_record()):
        context.aws_request_id = f"request-{next(_REQUESTS)}"
        answer = json.loads(json.dumps(dry_run.handler(order | {"so_far": so_far}, context)))
        anew = {each["msg_id"]: each for each in answer["changed"]}
        told = [anew.get(each.get("msg_id"), each) if _waits(each) else each for each in told]
        so_far, told = answer["so_far"], told + answer["results"]
    return told, so_far


def _waits(told: dict[str, Any]) -> bool:
    return bool(told["outcome"] == WAITS)


def orders_by_api() -> Iterator[dict[str, Any]]:
    for name in API_FILES:
        for request in requests_of(name):
            yield {"action": "messages", "body": base64.b64encode(request.body).decode()}


def requests_of(name: str) -> Iterator[Request]:
    path = TARGET / name
    return cut(lines_of(path, stated_network(path)))


def orders_by_record() -> Iterator[dict[str, Any]]:
    for name in LANDED_FILES:
        layout = format_of(name)
        assert layout is not None
        records = list(layout.read([(TARGET / name).read_bytes()]))
        manifest = json.loads((TARGET / f"{name}.manifest.json").read_text())
        yield {
            "action": "records",
            "format": layout.suffix,
            "network": manifest["network"],
            "business_date": manifest["business_date"],
            "records": [
                base64.b64encode(each.body).decode() for each in records if isinstance(each, Record)
            ],
        }


def through_the_api(cloud: Cloud, context: Any) -> Iterator[str]:
    for name in API_FILES:
        for request in requests_of(name):
            event = given.submission(request.body.decode(), key=request.key(name))
            answer = json.loads(ingest.handler(event, context)["body"])
            yield from (each["ingest_id"] for each in answer["results"])


def through_the_bucket(cloud: Cloud, context: Any) -> Iterator[str]:
    for name in LANDED_FILES:
        key, raw = f"batch/{name}", (TARGET / name).read_bytes()
        manifest = TARGET / f"{name}.manifest.json"
        cloud.buckets.put(BUCKET, f"{key}.manifest.json", manifest.read_bytes())
        version = cloud.buckets.put(BUCKET, key, raw)
        notice = {
            "detail": {"bucket": {"name": BUCKET}, "object": {"key": key, "version-id": version}}
        }
        ingest_file.handler({"Records": [{"body": json.dumps(notice)}]}, context)
        layout = format_of(name)
        assert layout is not None
        for each in layout.read([raw]):
            yield identity.ingest_id_for_s3(BUCKET, key, version, each.ordinal)


def whole_reference(cloud: Cloud) -> None:
    given.load("products", make_reference.products())
    given.load("accounts", make_reference.accounts())
    given.load("cards", make_reference.cards())
    given.load("merchants", make_reference.merchants())
    given.load("mcc", merchant_categories())
    given.load("fx", make_reference.fx())
    given.load("holds", make_reference.holds())
    given.rules("v1", make_reference.rules())
    given.openings_booked(cloud)


def carried(cloud: Cloud, context: Any, detail: dict[str, Any]) -> None:
    """One record from the first pipe to the ledger."""
    event = {"detail-type": "TransactionAuthorized", "detail": detail}
    said = len(cloud.bus.entries)
    assert enrich.handler(in_queue(event), context) == {"batchItemFailures": []}
    RulesMachine(cloud, "LIVE").run({"detail": json.loads(cloud.bus.entries[said]["Detail"])})
    decision = cloud.bus.entries[said + 1]
    if decision["DetailType"] != "TransactionRejected":
        decided = {"detail-type": decision["DetailType"], "detail": json.loads(decision["Detail"])}
        posted(cloud, decided, context)
    while cloud.queues.bodies:
        # What waited for it is sent on its way again.
        woken = json.loads(cloud.queues.bodies.pop(0))
        posted(cloud, woken, context)


def posted(cloud: Cloud, event: dict[str, Any], context: Any) -> None:
    """Also where its account is one that is booked in batches."""
    assert post.handler(in_queue(event), context) == {"batchItemFailures": []}
    cloud.queues.time_passes()
    while cloud.queues.in_groups:
        sent = cloud.queues.in_groups.pop(0)
        message = {
            "messageId": sent.name,
            "body": sent.body,
            "attributes": {"MessageGroupId": sent.group},
        }
        answer = post_batch.handler({"Records": [message]}, context)
        assert answer == {"batchItemFailures": []}


def in_queue(event: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "body": json.dumps(event)}]}


type Outcome = tuple[str, str, dict[str, Any] | None]


def outcomes(cloud: Cloud) -> dict[str, Outcome]:
    """By record: outcome, reason, and the header of what is booked."""
    found: dict[str, Outcome] = {}
    for row in cloud.rows("parked"):
        waits = row.get("reason") == PENDING_MATCH
        if row.get("state") == PARKED:
            found[row["ingest_id"]] = (WAITS if waits else row["reason"], row["code"], None)
        if "response" in row:
            found[row["ingest_id"]] = ("ANSWERED", "RESPONSE", None)
    for row in cloud.rows("journal"):
        if row["sk"] == "H":
            assert row["ingest_id"] not in found
            suspended = row["purpose"] == "SUSPEND"
            why = row["reason"] if suspended else row["purpose"]
            found[row["ingest_id"]] = ("SUSPENDED" if suspended else "POSTED", why, row)
    return found


@pytest.mark.parametrize("where", ["top", "detail", "meta", "data"])
def test_an_event_from_the_bus_cannot_make_itself_a_dry_run(books: Cloud, where: str) -> None:
    flags = {"Mode": "DRY", "mode": "DRY", "dry_run": True}
    event = given.sample("TransactionEnriched")
    place = {
        "top": event,
        "detail": event["detail"],
        "meta": event["detail"]["meta"],
        "data": event["detail"]["data"],
    }[where]
    place |= flags

    ended = RulesMachine(books, "LIVE").run(event)

    assert ended.output == ["told"]
    assert [entry["DetailType"] for entry in books.bus.entries] == ["TransactionPostingApproved"]


def test_an_answer_is_as_the_api_s_document_describes_it(books: Cloud, context: Any) -> None:
    given.admitted(books, FOREIGN_PURCHASE)
    messages = [
        *(story.message for story in (FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE)),
        as_json(),
        as_json(de4="12,50"),
    ]
    event = given.submission(messages) | {"queryStringParameters": {"dryRun": "true"}}
    document = json.loads((TARGET.parents[1] / "src" / "openapi.json").read_text())

    told = json.loads(ingest.handler(event, context)["body"])

    schema = {"$ref": "#/components/schemas/DryRunResults", "components": document["components"]}
    Draft202012Validator(schema).validate(told)
    assert len(told["results"]) == len(messages)


def decide(context: Any, version: str, *details: Any) -> list[dict[str, Any]]:
    order = {"action": "decide", "rule_version": version, "events": details}
    return list(json.loads(json.dumps(dry_run.handler(order, context)))["results"])


def test_another_rule_version_is_heard_beside_the_one_that_decided(
    books: Cloud, context: Any
) -> None:
    stricter = [
        rule | ({"params": {"limits": {"EUR": 1}}} if rule["id"] == "AMOUNT_LIMIT" else {})
        for rule in make_reference.rules()
    ]
    given.rules("v2", stricter)
    before = tables(books)
    detail = given.sample("TransactionEnriched")["detail"]

    (told,) = decide(context, "v2", detail)

    assert told["amount"] == {"amount": 12_345, "currency": "USD"}
    assert told["before"]["outcome"] == "APPROVED"
    assert (told["after"]["outcome"], told["after"]["reason"]) == ("SUSPENDED", "OVER_LIMIT")
    assert tables(books) == before
    assert books.bus.entries == []


def test_an_event_of_an_old_shape_is_undecided_and_stops_no_other(
    books: Cloud, context: Any
) -> None:
    detail = given.sample("TransactionEnriched")["detail"]
    old = {"meta": detail["meta"], "data": {"ingest_id": "ing_old"}}

    first, second = decide(context, "v1", old, detail)

    assert (first["before"]["outcome"], first["after"]["outcome"]) == ("FAILED", "FAILED")
    assert second["before"] == second["after"]


def reversal_and_hold() -> tuple[dict[str, Any], dict[str, Any]]:
    """Of one payment, where holds are known."""
    given.load("holds", make_reference.holds())
    hold = FOREIGN_PURCHASE.message | {"mti": "0110"}
    elements = hold["de"]
    original = f"0100{elements['11']}{elements['7']}{elements['32']:0>11}{0:011}"
    return hold | {"mti": "0420", "de": elements | {"11": "999001", "90": original}}, hold


def test_a_reversal_before_its_authorisation_goes_on_when_that_comes(
    books: Cloud, context: Any
) -> None:
    reversal, hold = reversal_and_hold()

    alone = foreseen(context, reversal)
    told = foreseen(context, reversal, hold)

    assert [each["outcome"] for each in alone] == ["WAITING"]
    assert alone[0]["waits_until"] > "2026-11-20"
    assert [(each["outcome"], each["reason"]) for each in told] == [
        ("POSTED", "RELEASE"),
        ("POSTED", "HOLD"),
    ]
    held, released = told[1]["balance"], told[0]["balance"]
    assert (held["held_after"] > 0, released["held_after"]) == (True, 0)
    assert held["posted_after"] == held["posted_before"]


def test_a_reversal_goes_on_when_its_authorisation_comes_in_a_later_part(
    books: Cloud, context: Any
) -> None:
    reversal, hold = reversal_and_hold()
    together = foreseen(context, reversal, hold)

    first = ask(context, reversal)
    second = ask(context, hold, so_far=first["so_far"])

    assert ([each["outcome"] for each in first["results"]], first["changed"]) == (["WAITING"], [])
    (held,), (released,) = second["results"], second["changed"]
    assert released["msg_id"] == first["results"][0]["msg_id"]
    for apart, at_once in ((released, together[0]), (held, together[1])):
        facts = ("outcome", "reason", "legs", "balance", "payment")
        assert [apart.get(name) for name in facts] == [at_once.get(name) for name in facts]
    assert "waits_until" not in released
    assert second["so_far"]["waiting"] == {}


def request_of(message: dict[str, Any]) -> dict[str, Any]:
    asked = {name: text for name, text in message["de"].items() if name not in {"38", "39"}}
    return message | {"mti": "0200", "de": asked}


def test_a_request_alone_would_wait_and_says_until_when(books: Cloud, context: Any) -> None:
    (alone,) = foreseen(context, request_of(FOREIGN_PURCHASE.message))

    assert (alone["outcome"], alone["reason"]) == ("WAITING", "NO_RESPONSE")
    assert alone["waits_until"] > "2026-11-20"
    assert "legs" not in alone


@pytest.mark.parametrize("turned", [False, True], ids=["request first", "response first"])
def test_a_request_with_its_response_would_be_answered_by_it(
    books: Cloud, context: Any, turned: bool
) -> None:
    pair = [request_of(FOREIGN_PURCHASE.message), FOREIGN_PURCHASE.message]

    told = foreseen(context, *(reversed(pair) if turned else pair))

    request, response = reversed(told) if turned else told
    assert (request["outcome"], request["reason"]) == ("ANSWERED", "RESPONSE")
    assert request["original"] is not None
    assert response["outcome"] == "POSTED"


def test_a_request_is_answered_by_a_response_in_a_later_part(books: Cloud, context: Any) -> None:
    first = ask(context, request_of(FOREIGN_PURCHASE.message))
    second = ask(context, FOREIGN_PURCHASE.message, so_far=first["so_far"])

    assert [each["outcome"] for each in first["results"]] == ["WAITING"]
    (changed,) = second["changed"]
    assert (changed["outcome"], changed["reason"]) == ("ANSWERED", "RESPONSE")
    assert changed["msg_id"] == first["results"][0]["msg_id"]
    assert changed["original"] is not None
    assert "waits_until" not in changed
    (response,) = second["results"]
    assert response["outcome"] == "POSTED"


def test_what_was_answered_in_a_part_before_is_told_once(books: Cloud, context: Any) -> None:
    first = ask(context, request_of(FOREIGN_PURCHASE.message))
    second = ask(context, FOREIGN_PURCHASE.message, so_far=first["so_far"])

    third = ask(context, FOREIGN_PURCHASE.message, so_far=second["so_far"])

    assert third["changed"] == []
    assert [each["outcome"] for each in third["results"]] == ["DUPLICATE"]


def test_a_request_whose_response_was_received_would_be_answered_by_that(
    books: Cloud, context: Any
) -> None:
    given.admitted(books, FOREIGN_PURCHASE)

    (told,) = foreseen(context, request_of(FOREIGN_PURCHASE.message))

    assert (told["outcome"], told["original"]) == (
        "ANSWERED",
        FOREIGN_PURCHASE.received.ingest_id,
    )
