"""What the handlers' tests start from: the samples in events/, and rows that the system holds."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from handlers import deduplicate, enrich, load_reference, post
from samples import make_reference
from samples.envelopes import api_request, queued
from samples.event_story import (
    BLOCKED_PURCHASE,
    CALLER,
    DECLINED_PURCHASE,
    FOREIGN_PURCHASE,
    Story,
    merchant_categories,
)
from tests.fakes.cloud import INDEX_SECRET, Cloud
from tests.fakes.runtime import Context

EVENTS = Path(__file__).parents[2] / "events"
STORIES = (FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE)
CONTEXT: Any = Context()


def sample(detail_type: str) -> dict[str, Any]:
    """The whole bus event."""
    return dict(json.loads((EVENTS / f"{detail_type}.json").read_text()))


def invocation(function: str) -> Any:
    return json.loads((EVENTS / "invoke" / f"{function}.json").read_text())


def in_queue(*events: dict[str, Any]) -> dict[str, Any]:
    return queued("queue", *events)


def changed(event: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A bus event with other fields in its data."""
    detail = event["detail"]
    return event | {"detail": detail | {"data": detail["data"] | data}}


def submission(body: Any, key: str | None = "key-1", session: str = "gateway-1") -> dict[str, Any]:
    """A POST of this body; a text is sent as it is."""
    headers = {} if key is None else {"Idempotency-Key": key}
    text = body if isinstance(body, str) else json.dumps(body)
    event = api_request("POST", "/v1/messages", CALLER, headers=headers, body=text)
    event["requestContext"]["identity"]["userArn"] = f"{CALLER}/{session}"
    return event


def known_card(cloud: Cloud, card_number: str, token: str) -> None:
    """The vault has seen this card before."""
    digest = hmac.new(INDEX_SECRET.encode(), card_number.encode(), hashlib.sha256).hexdigest()
    entry = {"token": token, "last4": card_number[-4:], "key_version": "v1"}
    cloud.put("vault", pk=f"H#v1#{digest}", **entry)


def reference(cloud: Cloud, version: int = 1) -> None:
    """The sample reference data, loaded by its own function; the stories' cards have their
    tokens.
    """
    for story in STORIES:
        known_card(cloud, story.line.de["2"], story.token)
    load("products", make_reference.products(), version)
    load("accounts", [each for each in make_reference.accounts() if _in_stories(each)], version)
    load("cards", [each for each in make_reference.cards() if _in_stories(each)], version)
    load("merchants", make_reference.merchants(), version)
    load("mcc", [row for row in merchant_categories() if row["mcc"] in ("5411", "5812")], version)
    load("fx", make_reference.fx(), version)
    rules("v1", make_reference.rules())


def rules(version: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A rule set, loaded by its function; what that answers."""
    order = {"action": "rules", "rule_version": version, "rows": list(rows)}
    return load_reference.handler(order, CONTEXT)


def load(kind: str, rows: Iterable[dict[str, Any]], version: int = 1) -> dict[str, Any]:
    """What the function answers."""
    event = {"action": "rows", "kind": kind, "version": version, "rows": list(rows)}
    return load_reference.handler(event, CONTEXT)


def openings_booked(cloud: Cloud) -> None:
    """The opening commands that a load has ordered are posted."""
    bodies, cloud.queues.bodies = cloud.queues.bodies, []
    records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
    assert post.handler({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def received(cloud: Cloud, *stories: Story) -> None:
    """Their Inbox rows, as the API leaves them."""
    for story in stories:
        row = story.received.to_row()
        minute = f"{story.received.received_at[:16]}#0"
        cloud.put("inbox", **row, received_minute=minute, expires_at=2_000_000_000)


def admitted(cloud: Cloud, *stories: Story) -> list[dict[str, Any]]:
    """Received, and through the first pipe: the details of TransactionAuthorized."""
    received(cloud, *stories)
    return list(deduplicate.handler(cloud.inserts("inbox")[-len(stories) :], CONTEXT))


def enriched(cloud: Cloud) -> list[dict[str, Any]]:
    """The details that Enrich puts on the bus for its invocation event."""
    enrich.handler(invocation("EnrichFunction"), CONTEXT)
    return cloud.bus.details


def booked(cloud: Cloud, *stories: str) -> None:
    """The sample decisions are posted, one by one, at the sample's times."""
    moments = {
        "TransactionPostingApproved": FOREIGN_PURCHASE.booked_at,
        "TransactionPostingSuspended": BLOCKED_PURCHASE.booked_at,
    }
    for name in stories or tuple(moments):
        cloud.time = moments[name]
        assert post_one(sample(name)) == []


def post_one(event: dict[str, Any]) -> list[dict[str, str]]:
    """The failures that Post reports."""
    return list(post.handler(in_queue(event), CONTEXT)["batchItemFailures"])


def _in_stories(row: dict[str, Any]) -> bool:
    holders = {"A-1001", "A-1046"}
    numbers = {story.line.de["2"] for story in STORIES}
    return row["account_id"] in holders and row.get("card_number") in {None, *numbers}
