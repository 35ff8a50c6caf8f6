"""Timers: holds that expired are released, and messages that waited in vain, requests without their
response among them, go on to their end.

On a schedule, and invoked by the command line with `{"dry_run": bool}`.
"""

import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.balances import BalanceTable
from adapters.bus import Bus
from adapters.doors import POSTING, DoorTable
from adapters.journal import JournalTable
from adapters.ledger import Ledger
from adapters.match_waits import MatchWaitRules
from adapters.outcomes import Waker
from adapters.pairing import Pairing
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.payments import PaymentTable
from adapters.posting_queue import PostingQueue
from adapters.reference import ReferenceTable
from adapters.request_timers import RequestTimers
from adapters.timers import Timers

# Stop before the function is stopped: the next run finds the rest.
_RESERVE_MS = 15_000

logger = logs.logger()
dynamodb = aws.client("dynamodb")
balances = BalanceTable(dynamodb, os.environ["BALANCES_TABLE"])
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
payments = PaymentTable(dynamodb, os.environ["PAYMENTS_TABLE"])
doors = DoorTable(dynamodb, os.environ["REFERENCE_TABLE"])
queue = PostingQueue(aws.client("sqs"), os.environ["POST_QUEUE_URL"])
timers = Timers(
    payments,
    balances,
    Ledger(dynamodb, journal, balances, parked, payments),
    Waker(parked, queue),
)
request_timers = RequestTimers(
    parked,
    Pairing(
        PairTable(dynamodb, os.environ["CLAIMS_TABLE"]),
        parked,
        MatchWaitRules(ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"])),
    ),
    Bus(aws.client("events"), os.environ["BUS_NAME"]),
)


def run(enough: Callable[[], bool], *, dry_run: bool) -> dict[str, list[str]]:
    """Both kinds, also where one of them fails: neither may keep the other from its time."""
    at = clock.now()
    try:
        unanswered = request_timers.run(at, enough, dry_run=dry_run)
    finally:
        ended = timers.run(at, enough, dry_run=dry_run)
    return {
        "expired": list(ended.expired),
        "woken": list(ended.woken),
        "unanswered": list(unanswered),
    }


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    dry_run = bool(event.get("dry_run"))
    # While posting is paused nothing is booked, by a timer neither.
    paused = doors.get(POSTING).paused
    facts: dict[str, Any] = {"expired": [], "woken": [], "unanswered": []}
    if not paused:
        facts = run(lambda: context.get_remaining_time_in_millis() < _RESERVE_MS, dry_run=dry_run)
    facts |= {"dry_run": dry_run, "paused": paused}
    logger.info("timers_ended", extra={"timers": facts})
    return facts
