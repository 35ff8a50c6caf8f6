"""What posting asks of the rule set that a record was decided by."""

from typing import NamedTuple

from adapters.match_waits import MatchWaitRules
from adapters.over_clearing_rules import OverClearingRules


class PostingRules(NamedTuple):
    waits: MatchWaitRules
    over_clearing: OverClearingRules
