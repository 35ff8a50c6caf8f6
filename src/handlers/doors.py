"""Doors: pause and resume the API, the reading of files, the posting.

Invoked by the command line with `{"action": "pause" | "resume", "doors": ["api", ...], "by": ...,
"note": ..., "dry_run": bool}`; answers how each door stands and whether that changed. A paused API
answers 503; files and decided transactions wait in their queues, which keep them for 14 days.
"""

import os
from typing import Any

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from adapters import aws, clock, logs
from adapters.doors import DOORS, FILES, OPEN, PAUSED, POSTING, Door, DoorTable
from adapters.mapping import Mapping
from domain.errors import Refused

_STATES = {"pause": PAUSED, "resume": OPEN}

logger = logs.logger()
doors = DoorTable(aws.client("dynamodb"), os.environ["REFERENCE_TABLE"])
mappings = {
    FILES: [Mapping(aws.client("lambda"), os.environ["FILES_MAPPING_ID"])],
    POSTING: [
        Mapping(aws.client("lambda"), os.environ["POSTING_MAPPING_ID"]),
        Mapping(aws.client("lambda"), os.environ["BATCH_POSTING_MAPPING_ID"]),
    ],
}


def move(door: Door, *, dry_run: bool) -> dict[str, Any]:
    """Set the door; one that stands so already keeps the story of its first time.

    The mapping is switched all the same: a run that was cut off is made whole by the next one.
    """
    standing = doors.get(door.name)
    changed = standing.state != door.state
    if not dry_run:
        # Before a pause takes hold and after a resumption does: it never runs while `status` is
        # silent about it.
        if changed and door.paused:
            doors.put(door)
        for mapping in mappings.get(door.name, []):
            mapping.switch(on=not door.paused)
        if changed and not door.paused:
            doors.put(door)
    shown = door if changed else standing
    told: dict[str, Any] = msgspec.to_builtins(shown)
    return told | {"was": standing.state, "changed": changed}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    unknown = set(event["doors"]) - set(DOORS)
    if unknown or event["action"] not in _STATES:
        raise Refused("UNKNOWN_DOOR", f"{event['action']} {', '.join(sorted(unknown))}")
    dry_run = bool(event.get("dry_run"))
    moved = [
        move(
            Door(
                name=name,
                state=_STATES[event["action"]],
                at=clock.timestamp(),
                by=event["by"],
                note=event.get("note", ""),
            ),
            dry_run=dry_run,
        )
        for name in event["doors"]
    ]
    logger.info("doors_moved", extra={"doors": moved, "dry_run": dry_run})
    return {"doors": moved, "dry_run": dry_run}
