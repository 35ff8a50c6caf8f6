"""Deciding what was decided before by another rule version, with nothing written."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from adapters.dry_rules import DryRules, NotDecided
from domain.events import Decided, TransactionEnriched
from domain.money import Money


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one rule version says; `outcome` FAILED where it says nothing, with the error."""

    outcome: str
    reason: str | None = None
    flags: tuple[str, ...] = ()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` is the transaction's; `before` by the version that the event names."""

    ingest_id: str
    amount: Money | None
    before: Verdict
    after: Verdict


def decide_twice(
    rules: DryRules, details: Sequence[Mapping[str, Any]], rule_version: str
) -> list[Compared]:
    """Each TransactionEnriched by its own rule version and by this one, in order. Raises
    Unavailable.

    Both by today's workflow: what differs is the rule set, and nothing else. A detail that is none
    today, of an old archive, fails both.
    """
    read = [_read(detail) for detail in details]
    events = [each for each in read if isinstance(each, TransactionEnriched)]
    compared = iter(_compared(rules, events, rule_version))
    return [each if isinstance(each, Compared) else next(compared) for each in read]


def _read(detail: Mapping[str, Any]) -> TransactionEnriched | Compared:
    try:
        return msgspec.convert(detail, TransactionEnriched)
    except msgspec.ValidationError as error:
        unreadable = Verdict(outcome="FAILED", reason=f"UNREADABLE: {error}")
        name = str(detail["meta"]["correlation_id"])
        return Compared(ingest_id=name, amount=None, before=unreadable, after=unreadable)


def _compared(
    rules: DryRules, events: Sequence[TransactionEnriched], rule_version: str
) -> list[Compared]:
    others = [
        msgspec.structs.replace(
            event, data=msgspec.structs.replace(event.data, rule_version=rule_version)
        )
        for event in events
    ]
    verdicts = [_verdict(each) for each in rules.decide_all([*events, *others])]
    return [
        Compared(
            ingest_id=event.data.ingest_id,
            amount=event.data.amounts.transaction,
            before=before,
            after=after,
        )
        for event, before, after in zip(
            events, verdicts[: len(events)], verdicts[len(events) :], strict=True
        )
    ]


def _verdict(decision: Decided | NotDecided) -> Verdict:
    if isinstance(decision, NotDecided):
        return Verdict(outcome="FAILED", reason=f"{decision.code}: {decision.message}")
    said = decision.decision
    return Verdict(outcome=said.outcome, reason=said.reason, flags=said.flags)
