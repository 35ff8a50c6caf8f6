"""Redrive: dead letters of one queue go where they belong, in slices.

Invoked synchronously with `{"queue": "PostDeadLetters", "dry_run": bool}`, again and again while
the answer says `"more": true`. `"began"` and `"left"` of an answer may be given to the next call:
letters that came after that moment, or that are known to stay, are then left alone.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.announcements import Announcements
from adapters.audit_trail import AuditTrail
from adapters.bus import Bus
from adapters.claims import ClaimTable
from adapters.consumer_letters import ConsumerLetters, to_delivery_stream, to_topic
from adapters.deduplication import Deduplication
from adapters.event_letters import (
    EventLetters,
    FileLetters,
    event_to,
    to_batch,
    to_bus,
    to_queue,
    to_workflow,
)
from adapters.fold import Fold
from adapters.inbox import InboxTable
from adapters.journal import JournalTable
from adapters.letters import LetterQueue
from adapters.match_waits import MatchWaitRules
from adapters.pairing import Pairing
from adapters.pairs import PairTable
from adapters.parked import ParkedTable
from adapters.parked_row import FAILED, REJECTED
from adapters.posting_queue import BatchQueue
from adapters.recovery import Sweep
from adapters.redrive import Mender, Redrive
from adapters.reference import ReferenceTable
from adapters.refold import Refold
from adapters.row_mending import MendFolds, MendInbox, MendJournal
from adapters.schedule_letters import ScheduleLetters, to_function, to_machine
from adapters.settled import Settled
from adapters.story import Story
from adapters.stream_letters import StreamLetters, StreamRecords
from domain.errors import Refused
from domain.events import (
    BUS_EVENTS,
    OpeningRequested,
    PostingLegCreated,
    TransactionAuthorized,
    TransactionEnriched,
    TransactionPosted,
    TransactionPostingApproved,
    TransactionPostingSuspended,
)

_SLICE = 100
# A dry run takes nothing away, so that a second slice would meet the same letters.
_LOOK = 1_000
_RESERVE_MS = 60_000
# A record of a file is dated when the run began that read the file, and the run may take minutes.
_FILE_RUN, _CLOCKS = timedelta(minutes=10), timedelta(minutes=1)

logger = logs.logger()
dynamodb = aws.client("dynamodb")
sqs = aws.client("sqs")
functions = aws.client("lambda")
workflows = aws.client("stepfunctions")
inbox = InboxTable(dynamodb, os.environ["INBOX_TABLE"])
parked = ParkedTable(dynamodb, os.environ["PARKED_TABLE"])
journal = JournalTable(dynamodb, os.environ["JOURNAL_TABLE"])
claims = ClaimTable(dynamodb, os.environ["CLAIMS_TABLE"])
pairs = PairTable(dynamodb, os.environ["CLAIMS_TABLE"])
waits = MatchWaitRules(ReferenceTable(dynamodb, os.environ["REFERENCE_TABLE"]))
bus = Bus(aws.client("events"), os.environ["BUS_NAME"])
trail = AuditTrail(aws.client("s3"), os.environ["AUDIT_BUCKET"])
story = Story(inbox, parked, journal)
settled = Settled(story, parked, journal)
records = StreamRecords(aws.client("dynamodbstreams"))
deduplication = Deduplication(claims, parked, journal, Pairing(pairs, parked, waits))
sweep = MendInbox(Sweep(inbox, parked, story, deduplication, bus), clock.timestamp)
announcements = MendJournal(Announcements(journal, trail, bus), clock.now)
folds = MendFolds(Refold(journal, Fold(dynamodb, os.environ["BALANCES_TABLE"])))

queues = {
    "LandingDeadLetters": LetterQueue(sqs, os.environ["LANDING_DEAD_LETTERS_URL"]),
    "InboxPipeDeadLetters": LetterQueue(sqs, os.environ["INBOX_PIPE_DEAD_LETTERS_URL"]),
    "BusDeadLetters": LetterQueue(sqs, os.environ["BUS_DEAD_LETTERS_URL"]),
    "EnrichDeadLetters": LetterQueue(sqs, os.environ["ENRICH_DEAD_LETTERS_URL"]),
    "RulesDeadLetters": LetterQueue(sqs, os.environ["RULES_DEAD_LETTERS_URL"]),
    "PostDeadLetters": LetterQueue(sqs, os.environ["POST_DEAD_LETTERS_URL"]),
    "PostBatchDeadLetters": LetterQueue(sqs, os.environ["POST_BATCH_DEAD_LETTERS_URL"]),
    "LegDeadLetters": LetterQueue(sqs, os.environ["LEG_DEAD_LETTERS_URL"]),
    "JournalPipeDeadLetters": LetterQueue(sqs, os.environ["JOURNAL_PIPE_DEAD_LETTERS_URL"]),
    "FoldDeadLetters": LetterQueue(sqs, os.environ["FOLD_DEAD_LETTERS_URL"]),
    "NotifyDeadLetters": LetterQueue(sqs, os.environ["NOTIFY_DEAD_LETTERS_URL"]),
    "ConsumerDeadLetters": LetterQueue(sqs, os.environ["CONSUMER_DEAD_LETTERS_URL"]),
    "ScheduleDeadLetters": LetterQueue(sqs, os.environ["SCHEDULE_DEAD_LETTERS_URL"]),
}
menders: dict[str, Mender] = {
    "LandingDeadLetters": FileLetters(to_queue(sqs, os.environ["LANDING_QUEUE_URL"])),
    "InboxPipeDeadLetters": StreamLetters(
        records, sweep.by_key, sweep.by_time, margin=(_FILE_RUN, _CLOCKS)
    ),
    "BusDeadLetters": EventLetters(settled, to_bus(bus), *BUS_EVENTS),
    "EnrichDeadLetters": EventLetters(
        settled, event_to(to_queue(sqs, os.environ["ENRICH_QUEUE_URL"])), TransactionAuthorized
    ),
    "RulesDeadLetters": EventLetters(
        settled,
        to_workflow(workflows, os.environ["APPLY_RULES_ARN"]),
        TransactionEnriched,
        # The row may stand without having been told: the workflow tells it again.
        still_open=frozenset({REJECTED}),
    ),
    "PostDeadLetters": EventLetters(
        settled,
        event_to(to_queue(sqs, os.environ["POST_QUEUE_URL"])),
        TransactionPostingApproved,
        TransactionPostingSuspended,
        OpeningRequested,
        # A booking resolves the row.
        still_open=frozenset({FAILED}),
    ),
    "PostBatchDeadLetters": EventLetters(
        settled,
        to_batch(BatchQueue(sqs, os.environ["POST_BATCH_QUEUE_URL"])),
        TransactionPostingApproved,
        still_open=frozenset({FAILED}),
    ),
    "LegDeadLetters": EventLetters(
        settled, event_to(to_queue(sqs, os.environ["LEG_QUEUE_URL"])), PostingLegCreated
    ),
    "JournalPipeDeadLetters": StreamLetters(
        records, announcements.by_key, announcements.by_time, margin=(_CLOCKS, _CLOCKS)
    ),
    "FoldDeadLetters": StreamLetters(
        records, folds.by_key, folds.by_time, margin=(_CLOCKS, _CLOCKS)
    ),
    "NotifyDeadLetters": EventLetters(
        settled, event_to(to_queue(sqs, os.environ["NOTIFY_QUEUE_URL"])), TransactionPosted
    ),
    "ConsumerDeadLetters": ConsumerLetters(
        {
            os.environ["AUDIT_STREAM_ARN"]: to_delivery_stream(
                aws.client("firehose"), os.environ["AUDIT_STREAM_ARN"]
            ),
            os.environ["POSTING_FAILURES_TOPIC_ARN"]: to_topic(
                aws.client("sns"), os.environ["POSTING_FAILURES_TOPIC_ARN"]
            ),
        }
    ),
}
scheduled = {
    name: to_function(functions, name)
    for name in (
        os.environ["SWEEP_FUNCTION"],
        os.environ["TIMERS_FUNCTION"],
        os.environ["REPUBLISH_FUNCTION"],
        os.environ["REBUILD_BALANCES_FUNCTION"],
        os.environ["CHECK_SEQUENCES_FUNCTION"],
    )
} | {os.environ["RECONCILE_ARN"]: to_machine(workflows, os.environ["RECONCILE_ARN"])}


def mender_of(queue: str) -> Mender:
    """Raises Refused for a queue of which nothing is known."""
    if queue == "ScheduleDeadLetters":
        return ScheduleLetters(scheduled)
    if queue not in menders:
        raise Refused("UNKNOWN_QUEUE", f"{queue} holds no dead letters")
    return menders[queue]


def limit(context: LambdaContext, letters: int) -> Callable[[int], bool]:
    """Whether so many letters, or so much time, are enough for one run."""
    return lambda received: (
        received >= letters or context.get_remaining_time_in_millis() < _RESERVE_MS
    )


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    queue, dry_run = event["queue"], bool(event.get("dry_run"))
    began = datetime.fromisoformat(event["began"]) if "began" in event else clock.now()
    told = Redrive(queues[queue], mender_of(queue)).run(
        began,
        frozenset(event.get("left", ())),
        limit(context, _LOOK if dry_run else _SLICE),
        dry_run=dry_run,
    )
    facts = {
        "queue": queue,
        "received": told.received,
        "resent": told.resent,
        "settled": told.settled,
        "failed": told.failed,
        "by_time": told.by_time,
        "more": told.more and not dry_run,
        "dry_run": dry_run,
        "began": began.isoformat(),
    }
    # Not under the names by which the scheduled repairs ring an alarm: an operator ordered this.
    logger.info("redriven", extra={"letters": facts})
    return facts
