"""One event for each function, for `sam local invoke <Function> -e events/invoke/<Function>.json`.

Messages, rows and ids are those of the stories, so that the events can be invoked one after another
in the order of the flow.
"""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import msgspec

from adapters.journal import HEADER, suspended_day
from domain.identity import minute_shard
from domain.reconciliation_run import Asked, Run
from domain.reference import BATCHED
from samples.envelopes import (
    api_request,
    bus_event,
    in_group,
    landed,
    queued,
    scheduled,
    stream_record,
)
from samples.event_story import (
    BLOCKED_PURCHASE,
    CALLER,
    FOREIGN_PURCHASE,
    LOAD,
    Booked,
    Story,
    account_row,
)
from samples.leg_story import SAID_AT, legs_said
from samples.make_batch import FILES, TARGET
from samples.make_settlement import settlement

_RETENTION_SECONDS = 90 * 86_400


def invocations(
    events: dict[str, dict[str, Any]], booked: Booked, suspended: Booked
) -> dict[str, Any]:
    """By logical id; `events` are the bus events by detail-type, the bookings those of two."""
    headers = [
        stream_record("journal", ("pk", "sk"), header_row(each), story.booked_at)
        for each, story in ((booked, FOREIGN_PURCHASE), (suspended, BLOCKED_PURCHASE))
    ]
    received, booked_at = FOREIGN_PURCHASE.received_at, FOREIGN_PURCHASE.booked_at
    notice = landed("posting-landing", f"2026-11-20/{FILES[0][0]}", _size(), received)
    decided = ("TransactionPostingApproved", "TransactionPostingSuspended")
    ingest_id = FOREIGN_PURCHASE.received.ingest_id
    return {
        "LoadReferenceFunction": {
            "action": "rows",
            "kind": "accounts",
            "version": LOAD,
            "rows": [account_row("A-1001"), account_row("A-1046")],
        },
        "IngestFunction": _submission(FOREIGN_PURCHASE),
        "IngestFileFunction": queued("landing", notice),
        "DeduplicateFunction": [
            stream_record("inbox", ("ingest_id",), inbox_row(each), each.received_at)
            for each in (FOREIGN_PURCHASE, BLOCKED_PURCHASE)
        ],
        "EnrichFunction": queued(
            "enrich",
            events["TransactionAuthorized"],
            bus_event(BLOCKED_PURCHASE.authorized, BLOCKED_PURCHASE.received_at),
        ),
        "PostFunction": queued("post", *(events[name] for name in decided)),
        "PostBatchFunction": in_group("post-batch", batched(events[decided[0]])),
        "AssembleFunction": queued("leg", *(bus_event(each, SAID_AT) for each in legs_said())),
        "AnnounceFunction": headers,
        "FoldFunction": {"Records": headers},
        "NotifyFunction": queued("notify", events["TransactionPosted"]),
        "QueryFunction": api_request("GET", "/v1/messages/{id}", CALLER, path={"id": ingest_id}),
        "TimersFunction": scheduled("due", received + timedelta(minutes=30)),
        "SweepFunction": scheduled("overdue", received + timedelta(minutes=30)),
        "RepublishFunction": {"header_ids": [booked.posted.header_id]},
        "RebuildBalancesFunction": {
            "since": booked_at.isoformat(timespec="minutes"),
            "until": (booked_at + timedelta(minutes=5)).isoformat(timespec="minutes"),
            "dry_run": True,
        },
        "CheckSequencesFunction": scheduled("waiting", SAID_AT + timedelta(minutes=5)),
        "ReconcileFunction": {"step": "records", "run": _run(received), "so_far": {}},
        "RedriveFunction": {"queue": "PostDeadLetters", "dry_run": True},
        "DoorsFunction": {
            "action": "pause",
            "doors": ["api", "posting"],
            "by": "operator@example.com",
            "note": "the scheme asked for it",
            "dry_run": True,
        },
        "SettleFunction": {
            "file": settlement(),
            "by": "operator@example.com",
            "note": "the file of the day",
            "tolerance": 0,
            "booked_since": booked_at.isoformat(timespec="seconds"),
            "booked_until": (booked_at + timedelta(minutes=5)).isoformat(timespec="seconds"),
            "dry_run": True,
        },
        "CorrectFunction": {
            "header_id": booked.posted.header_id,
            "change": {"amounts": {"FX_FEE": 0}},
            "by": "operator@example.com",
            "note": "the fee was waived",
            "dry_run": True,
        },
        "DisputeFunction": {
            "action": "open",
            "id": booked.posted.msg_id,
            "amount": 4500,
            "currency": "EUR",
            "reason": "10.4",
            "by": "operator@example.com",
            "note": "the customer says that the card was stolen",
            "dry_run": True,
        },
        "AccountFunction": {
            "action": "limit",
            "account_id": "A-1001",
            "overdraft_limit": 75_000,
            "by": "operator@example.com",
            "note": "agreed with the customer",
            "dry_run": True,
        },
        "DryRunFunction": {
            "action": "messages",
            "body": base64.b64encode(FOREIGN_PURCHASE.content).decode(),
        },
        "ReleaseFunction": {
            "action": "release",
            "ingest_id": BLOCKED_PURCHASE.received.ingest_id,
            "by": "operator@example.com",
            "note": "the customer confirmed the purchase",
            "dry_run": True,
        },
    }


def batched(event: dict[str, Any]) -> dict[str, Any]:
    """The event, had its account been one that many cards share."""
    detail = event["detail"]
    account = detail["data"]["account"] | {"posting_mode": BATCHED}
    return event | {"detail": detail | {"data": detail["data"] | {"account": account}}}


def inbox_row(story: Story) -> dict[str, Any]:
    received = story.received
    return received.to_row() | {
        "received_minute": minute_shard(received.received_at, received.ingest_id),
        "expires_at": int(story.received_at.timestamp()) + _RETENTION_SECONDS,
    }


def header_row(booked: Booked) -> dict[str, Any]:
    posted, booking = booked.posted, booked.booking
    return dict(msgspec.to_builtins(posted)) | {
        "pk": posted.header_id,
        "sk": HEADER,
        "causation_id": booking.causation_id,
        "business_time": booking.business_time,
        "record": booking.record,
        "decided": booking.decided,
        "booked_minute": minute_shard(posted.booked_at, posted.header_id),
        "suspended_day": suspended_day(posted),
    }


def _submission(story: Story) -> dict[str, Any]:
    """The one event with a card number: a test number, as the partner sends it."""
    return api_request(
        "POST",
        "/v1/messages",
        CALLER,
        headers={"Content-Type": "application/json", "Idempotency-Key": story.request_key},
        body=json.dumps(story.message),
    )


def _run(received_at: datetime) -> dict[str, Any]:
    """A dry run over the minutes around the reception, as its first step answers."""
    minute = received_at.replace(second=0, microsecond=0)
    asked = Asked(since=minute, until=minute + timedelta(minutes=5))
    run = Run.plan("manual-1", minute + timedelta(hours=1), asked, patience_minutes=15)
    return dict(msgspec.to_builtins(run))


def _size() -> int:
    return (TARGET / FILES[0][0]).stat().st_size
