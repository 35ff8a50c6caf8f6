"""How long a message waits for the one that it follows: data of the rule set."""

import msgspec

from adapters.reference import RULES, ReferenceTable

RULE = "MATCH_WAITS"


class MatchWaits(msgspec.Struct, frozen=True, kw_only=True):
    """In seconds. What a rule set does not say is as it stands here."""

    reversal: int = 900
    refund: int = 900
    increment: int = 900
    clearing: int = 0
    request: int = 900


class MatchWaitRules:
    """A version of the rules never changes, so that each is read once."""

    def __init__(self, reference: ReferenceTable) -> None:
        self._reference = reference
        self._known: dict[str, MatchWaits] = {}

    def of(self, rule_version: str) -> MatchWaits:
        if rule_version not in self._known:
            text = self._reference.rule(rule_version, RULE)
            waits = msgspec.json.decode(text, type=MatchWaits) if text else MatchWaits()
            self._known[rule_version] = waits
        return self._known[rule_version]

    def in_force(self) -> MatchWaits:
        """Of the rule set that is active now, for what waits before any rule has seen it; as it
        stands above where none is.
        """
        rules = self._reference.current({RULES}).get(RULES)
        return self.of(rules["rule_version"]) if rules else MatchWaits()
