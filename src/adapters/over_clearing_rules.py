"""How much more than its authorisation a purchase may clear: data of the rule set."""

import msgspec

from adapters.reference import ReferenceTable

RULE = "OVER_CLEARING"
_DEFAULT = "DEFAULT"


class OverClearing(msgspec.Struct, frozen=True):
    """Whole percent by merchant category (ISO 18245); what is not named has that of DEFAULT."""

    percent: dict[str, int]


class OverClearingRules:
    """A version of the rules never changes, so that each is read once, and by who needs it only."""

    def __init__(self, reference: ReferenceTable) -> None:
        self._reference = reference
        self._known: dict[str, OverClearing] = {}

    def percent(self, rule_version: str, mcc: str | None) -> int:
        """A rule set without this rule tolerates nothing."""
        if rule_version not in self._known:
            text = self._reference.rule(rule_version, RULE)
            rule = msgspec.json.decode(text, type=OverClearing) if text else OverClearing({})
            self._known[rule_version] = rule
        percent = self._known[rule_version].percent
        return percent.get(mcc or _DEFAULT, percent.get(_DEFAULT, 0))
