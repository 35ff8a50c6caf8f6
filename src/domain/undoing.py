"""Which messages of a payment another one undoes, and how much of each."""

from collections.abc import Sequence, Set

import msgspec

from domain.life import Taken
from domain.money import Money
from domain.payment_steps import Refused, Waits

NO_ORIGINAL = "NO_ORIGINAL"
NOT_REVERSIBLE = "NOT_REVERSIBLE"
CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
MORE_THAN_ORIGINAL = "MORE_THAN_ORIGINAL"


class Part(msgspec.Struct, frozen=True):
    """From one degree of being undone to a higher one, in minor units of the transaction."""

    of: Taken
    before: int
    after: int

    @property
    def amount(self) -> int:
        """What this counts for in minor units of the account's currency.

        Shares of the whole are rounded, never the steps to them: parts that end at one degree come
        to one sum, whatever their number and order.
        """
        return _share(self.of, self.after) - _share(self.of, self.before)


def undo(
    taken: Sequence[Taken], kinds: Set[str], named: str | None, amount: Money
) -> tuple[Part, ...] | Waits | Refused:
    """The parts that make up `amount` (minor units of the transaction's currency).

    The message that is named comes first and must be there; then the others in the order of their
    own times. Waits while the messages that came do not make up the amount.
    """
    if named is not None:
        original = next((each for each in taken if each.key == named), None)
        if original is None:
            return Waits(NO_ORIGINAL)
        if original.kind not in kinds:
            return Refused(NOT_REVERSIBLE)
    found = [each for each in taken if each.kind in kinds]
    if not found:
        return Waits(NO_ORIGINAL)
    found = [each for each in found if each.transaction.currency == amount.currency]
    if not found:
        return Refused(CURRENCY_DIFFERS)
    return _parts(sorted(found, key=lambda each: _order(each, named)), amount.amount)


def _parts(found: Sequence[Taken], amount: int) -> tuple[Part, ...] | Waits:
    parts: list[Part] = []
    for each in found:
        more = min(amount, each.transaction.amount - each.undone)
        if more > 0:
            parts.append(Part(each, each.undone, each.undone + more))
            amount -= more
    return Waits(MORE_THAN_ORIGINAL) if amount else tuple(parts)


def _order(taken: Taken, named: str | None) -> tuple[bool, str, str]:
    return taken.key != named, taken.at, taken.header_id


def _share(of: Taken, undone: int) -> int:
    """Half up, as everywhere."""
    whole = of.transaction.amount
    return (2 * of.amount * undone + whole) // (2 * whole)
