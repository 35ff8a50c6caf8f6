"""Redrive: dead letters go where they belong. Received, resent, deleted: in this order, so that a
crash in between repeats a letter and loses none.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from adapters.letters import LetterQueue
from adapters.refusals import code_of
from domain.errors import PostingError
from domain.letters import Letter, Mended


class Mender(Protocol):
    """What one kind of letter needs."""

    def mend(self, letter: Letter, *, dry_run: bool) -> Mended:
        """Returns when that is confirmed; raises PostingError, or what AWS answered, if not."""


class Redriven(msgspec.Struct, kw_only=True):
    """`failed` letters stay, by their id with the reason; `more` may be waiting."""

    received: int = 0
    resent: list[str] = []
    settled: list[str] = []
    failed: list[dict[str, str]] = []
    by_time: list[dict[str, str]] = []
    more: bool = False


class Redrive:
    def __init__(self, letters: LetterQueue, mender: Mender) -> None:
        self._letters = letters
        self._mender = mender

    def run(
        self,
        began: datetime,
        left: Collection[str],
        enough: Callable[[int], bool],
        *,
        dry_run: bool,
    ) -> Redriven:
        """Take up each letter once, until none waits or it is `enough`.

        What came after `began` came back, or is new: it stays, so that a poisoned letter cannot
        keep a command busy for ever. Those in `left` are known to stay.
        """
        told, kept = Redriven(), []
        for letter in self._letters.receive():
            if letter.letter_id in left:
                kept.append(letter)
                continue
            told.received += 1
            if not self._take_up(letter, began, told, dry_run=dry_run):
                kept.append(letter)
            if enough(told.received):
                told.more = True
                break
        for letter in kept:
            self._letters.put_back(letter)
        return told

    def _take_up(self, letter: Letter, began: datetime, told: Redriven, *, dry_run: bool) -> bool:
        """False when the letter stays."""
        if letter.sent_at > began.timestamp():
            told.failed.append(
                {"letter": letter.letter_id, "why": f"it came at {_iso(letter.sent_at)}, {_BACK}"}
            )
            return False
        try:
            mended = self._mender.mend(letter, dry_run=dry_run)
            if not dry_run:
                self._letters.delete(letter)
        except (PostingError, ClientError, BotoCoreError) as error:
            told.failed.append({"letter": letter.letter_id, "why": _why(error)})
            return False
        told.resent += mended.resent
        told.settled += mended.settled
        if mended.by_time:
            since, until = (each.isoformat(timespec="seconds") for each in mended.by_time)
            told.by_time.append({"letter": letter.letter_id, "since": since, "until": until})
        return not dry_run


_BACK = "after this command began: it came back, or it is new; repeat the command for it"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _why(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name} failed with {code_of(error)}"
    return f"{type(error).__name__}: {error}" if isinstance(error, BotoCoreError) else str(error)
