"""A dry run on the deployed system: it foretells what comes true, and leaves every byte alone."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from cli.api_door import api_key, messages_url
from cli.audit.trail import Trail
from cli.books import unfolded_ids
from cli.invocation import invoke
from cli.replay import Window
from cli.rules_shadow import decided, enriched_in, report
from samples import make_reference
from tests.engine.live import Stack, eventually, legs
from tests.engine.messages import Message, changed, purchase
from tests.engine.stores import Stores

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]


EVENTS = Path(__file__).parents[2] / "events"


def digests(stack: Stack) -> dict[str, str]:
    """By table: every item, byte for byte."""
    found: dict[str, list[bytes]] = {}
    for name, content in Stores(stack).tables():
        found.setdefault(name, []).append(content)
    return {
        name: hashlib.sha256(b"\n".join(sorted(items))).hexdigest() for name, items in found.items()
    }


def at_rest(stack: Stack) -> None:
    """Nothing waits any more, and the fold has all headers."""
    stack.quiet()
    eventually(lambda: not unfolded_ids(stack.system))


def ask_api(stack: Stack, *messages: Message) -> tuple[int, dict[str, Any]]:
    url = messages_url(stack.system.output("ApiUrl"), stack.system.url) + "?dryRun=true"
    headers = {"Content-Type": "application/json", "x-api-key": api_key(stack.system)}
    request = AWSRequest("POST", url, data=json.dumps(messages).encode(), headers=headers)
    SigV4Auth(stack.system.credentials(), "execute-api", stack.system.region).add_auth(request)
    answer = URLLib3Session(timeout=35).send(request.prepare())
    return answer.status_code, json.loads(answer.content)


def test_what_is_foreseen_comes_true_and_the_question_changes_nothing(stack: Stack) -> None:
    open_, blocked = stack.holder(opening_money=50_000), stack.holder(status="HOLD_DEBIT")
    messages = (
        purchase(open_.card_number, 4_500),
        purchase(open_.card_number, 12_345, de49="840"),
        purchase(blocked.card_number, 2_000),
        changed(purchase(open_.card_number, 700), de39="51"),
        purchase(stack.card_number(), 900),
    )
    at_rest(stack)
    before = digests(stack)

    status, told = ask_api(stack, *messages, messages[0])

    assert digests(stack) == before
    assert status == 200
    results = told["results"]
    assert [(each["outcome"], each["reason"]) for each in results] == [
        ("POSTED", "CLEAR"),
        ("POSTED", "CLEAR"),
        ("SUSPENDED", "ACCOUNT_ON_HOLD"),
        ("REJECTED", "DECLINED"),
        ("SUSPENDED", "UNKNOWN_ACCOUNT"),
        ("DUPLICATE", "REPEATED"),
    ]
    assert [each["card"] for each in results] == ["KNOWN"] * 4 + ["NEW", "KNOWN"]
    for message, foreseen in zip(messages, results, strict=False):
        (outcome,) = stack.post(message)
        assert (outcome.kind, outcome.why) == (foreseen["outcome"], foreseen["reason"])
        if outcome.header_id:
            assert legs(stack.header(outcome.header_id)) == legs(foreseen)
    row = stack.balance(open_.account)
    assert row["posted_c"] - row["posted_d"] == results[1]["balance"]["posted_after"]


def test_the_rules_fail_in_a_dry_run_as_they_would_and_nothing_is_parked(stack: Stack) -> None:
    before = digests(stack)
    event = json.loads((EVENTS / "TransactionEnriched.json").read_text())

    told = stack.invoke(
        "DryRun", action="decide", rule_version="no-such-version", events=[event["detail"]]
    )

    (compared,) = told["results"]
    assert compared["after"]["outcome"] == "FAILED"
    assert "rule" in compared["after"]["reason"]
    assert digests(stack) == before


def test_another_rule_set_is_tried_on_what_was_decided_and_is_not_in_force(stack: Stack) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    holder = stack.holder(opening_money=50_000)
    (outcome,) = stack.post(purchase(holder.card_number, 4_500))
    rows = [
        rule | ({"params": {"limits": {"EUR": 4_499}}} if rule["id"] == "AMOUNT_LIMIT" else {})
        for rule in make_reference.rules()
    ]
    order = {"action": "rules", "rule_version": "tried", "rows": rows}
    assert invoke(stack.system, "LoadReference", order)["in_force"] == "v1"
    window = Window(since, datetime.now(UTC) + timedelta(minutes=1))

    def own() -> list[dict[str, Any]]:
        events = [each["detail"] for each in enriched_in(Trail(stack.system), window)]
        return [each for each in events if each["data"]["ingest_id"] == outcome.ingest_id]

    eventually(own)
    at_rest(stack)
    before = digests(stack)

    told = report(decided(stack.system, "tried", own()))

    assert digests(stack) == before
    (change,) = told["changes"]
    assert (change["from"], change["to"]) == ("APPROVED", "SUSPENDED OVER_LIMIT")
    assert (change["amounts"], change["examples"]) == ({"EUR": 4_500}, [outcome.ingest_id])
