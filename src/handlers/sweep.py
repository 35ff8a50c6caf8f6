"""Sweep: records without an outcome go through the claim and onto the bus again, with the same ids.

On a schedule, invoked by the command line with `{"dry_run": bool, "min_age_minutes": int}`, and by
the reconciliation with `{"ingest_ids": [...]}`: these, whatever their age.
"""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.deduplication import Deduplication
from adapters.doors import POSTING, DoorTable
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.match_waits import MatchWaitRules
from adapters.pairing import Pairing
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.recovery import SentOn, Sweep, Swept, minutes_between
from adapters.reference import ReferenceTable
from adapters.story import Story

# Stop before the function is stopped, and remember how far it came: the next run goes on there.
_RESERVE_MS = 15_000
_FIRST_LOOK_BACK = timedelta(hours=24)
# A long file writes records of the minute in which its run began, for five minutes, and an index
# shows them a little later: a younger minute is never accounted for, however short the age.
_GROWING = timedelta(minutes=10)

logger = logs.logger()
min_age_minutes = int(os.environ["SWEEP_AGE_MINUTES"])
dynamodb = aws.client("dynamodb")
inbox = InboxTable(dynamodb, os.environ["INBOX_TABLE"])
claims = ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"])
pairs = PairTable(dynamodb, os.environ["CLAIMS_TABLE"])
waits = MatchWaitRules(ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]))
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
doors = DoorTable(dynamodb, os.environ["REFERENCE_TABLE"])
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
story = Story(inbox, parked, journal)
sweep = Sweep(
    inbox,
    parked,
    story,
    Deduplication(claims, parked, journal, Pairing(pairs, parked, waits)),
    Bus(aws.client("events"), os.environ["BUS_NAME"]),
)


def sweep_until(until: datetime, context: LambdaContext, *, dry_run: bool) -> list[Swept]:
    """From the last minute that was fully accounted for, as far as time allows."""
    swept = claims.swept_until()
    since = datetime.fromisoformat(swept) if swept else until - _FIRST_LOOK_BACK
    done: list[Swept] = []
    settled_until, settled, grown = since, True, clock.now() - _GROWING
    for minute in minutes_between(since, until):
        if context.get_remaining_time_in_millis() < _RESERVE_MS:
            break
        result = sweep.sweep(minute, clock.timestamp(), dry_run=dry_run)
        settled = settled and result.accounted
        if settled and minute + timedelta(minutes=1) <= grown:
            settled_until = minute + timedelta(minutes=1)
        if result.seen:
            done.append(result)
    # Only an unbroken run of accounted minutes moves the start: a later run looks at the others
    # again.
    if settled_until > since and not dry_run:
        claims.remember_swept(settled_until.isoformat())
    return done


def released_until(until: datetime, context: LambdaContext, *, dry_run: bool) -> SentOn:
    """What was let go after its minute had been accounted for."""

    def enough() -> bool:
        return context.get_remaining_time_in_millis() < _RESERVE_MS

    return sweep.send_released(until, clock.timestamp(), enough, dry_run=dry_run)


def _once(ingest_ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ingest_ids))


def send_on(ingest_ids: list[str], *, dry_run: bool) -> dict[str, Any]:
    """Those of these records that have no outcome."""
    done = sweep.send_on(ingest_ids, clock.timestamp(), dry_run=dry_run)
    return {
        "seen": len(ingest_ids),
        "resent": list(done.resent),
        "parked": list(done.parked),
        "unsent": list(done.unsent),
        "dry_run": dry_run,
    }


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    dry_run = bool(event.get("dry_run"))
    # Records that wait because posting is paused are not lost: each run would send them once more.
    paused = doors.get(POSTING).paused
    if "ingest_ids" in event:
        facts = send_on([] if paused else event["ingest_ids"], dry_run=dry_run)
        facts["paused"] = paused
        logger.info("swept", extra=facts)
        return facts
    age = timedelta(minutes=int(event.get("min_age_minutes", min_age_minutes)))
    done: list[Swept] = []
    let_go: list[SentOn] = []
    if not paused:
        done = sweep_until(clock.now() - age, context, dry_run=dry_run)
        let_go = [released_until(clock.now() - age, context, dry_run=dry_run)]
    facts = {
        "minutes": len(done),
        "seen": sum(each.seen for each in done),
        "resent": _once(ingest_id for each in (*done, *let_go) for ingest_id in each.resent),
        "parked": _once(ingest_id for each in (*done, *let_go) for ingest_id in each.parked),
        "unsent": _once(ingest_id for each in (*done, *let_go) for ingest_id in each.unsent),
        "dry_run": dry_run,
        "paused": paused,
    }
    logger.info("swept", extra=facts)
    return facts
