"""The repairs of a run: breaks that repeating the first way mends, in batches of named ids."""

from collections.abc import Iterable
from itertools import batched
from typing import Any

import msgspec

from domain.reconciliation import REPAIRS, RESUM, Break

# So many ids go to one invocation: seconds of work, and far below what a payload may hold.
_IDS_MAX = 500


class Mended(msgspec.Struct, kw_only=True):
    """How many ids a repair was asked to mend, and how many it found to mend."""

    asked: int = 0
    mended: int = 0


class Repairs(msgspec.Struct, kw_only=True):
    """The next batch, and what the batches before have done. `repair` is None after the last."""

    batch: int = 0
    repair: str | None = None
    ids: list[str] = msgspec.field(default_factory=list)
    done: dict[str, Mended] = msgspec.field(default_factory=dict)

    def told(self, answer: dict[str, Any]) -> None:
        """What the function of the last batch answered."""
        repair = self.repair or RESUM
        done = self.done.setdefault(repair, Mended())
        done.asked += len(self.ids)
        done.mended += mended_by(repair, answer)

    def go_on(self, breaks: Iterable[Break]) -> None:
        """To the next batch of these breaks, which must be the same each time."""
        batches = batches_of(breaks)
        if self.batch >= len(batches):
            self.repair, self.ids = None, []
            return
        self.repair, self.ids = batches[self.batch]
        self.batch += 1


def batches_of(breaks: Iterable[Break]) -> list[tuple[str, list[str]]]:
    """Repair and ids, in the order in which a later repair builds on an earlier one.

    Summing the balances anew concerns all of them, so it is one batch.
    """
    wanted: dict[str, dict[str, None]] = {repair: {} for repair in REPAIRS}
    for each in breaks:
        if each.repair is not None:
            wanted[each.repair][each.id] = None
    found: list[tuple[str, list[str]]] = []
    for repair, ids in wanted.items():
        if repair == RESUM:
            found += [(RESUM, list(ids)[:_IDS_MAX])] if ids else []
        else:
            found += [(repair, list(some)) for some in batched(ids, _IDS_MAX, strict=False)]
    return found


def mended_by(repair: str, answer: dict[str, Any]) -> int:
    """How much the repair's function says that it did."""
    match repair:
        case "SWEEP":
            return len(answer["resent"]) + len(answer["parked"])
        case "REPUBLISH":
            return len(answer["republished"]) - int(answer["refused"])
        case "FOLD":
            return len(answer["folded"])
        case _:
            return len(answer["corrected"])
