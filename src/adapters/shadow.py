"""Deciding what was decided before by another rule version, with nothing written."""

from collections.abc import Sequence

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
    msg_id: str
    amount: Money
    rule_version: str
    before: Verdict
    after: Verdict


def decide_twice(
    rules: DryRules, events: Sequence[TransactionEnriched], rule_version: str
) -> list[Compared]:
    """Each event by its own rule version and by this one, in order. Raises Unavailable.

    Both by today's workflow: what differs is the rule set, and nothing else.
    """
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
            msg_id=event.data.msg_id,
            amount=event.data.amounts.transaction,
            rule_version=event.data.rule_version,
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
