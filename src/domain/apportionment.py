"""Sharing a whole number among parts in proportion, so that a larger total never takes from a part.

Rounding each share, or handing out the largest remainders, can take a unit back from a part when
the total grows; a booking could then not be continued by another. The method of Webster
(Sainte-Laguë) cannot, hits the total exactly, and gives each part itself when all is shared.
"""

from collections.abc import Sequence
from fractions import Fraction


def apportion(parts: Sequence[int], total: int) -> list[int]:
    """Shares of `total` in proportion to `parts` (not negative, not all zero); their sum is
    `total`.

    Raises ValueError when the total is negative or more than the sum of the parts.
    """
    whole = sum(parts)
    if not 0 <= total <= whole:
        raise ValueError(f"cannot share {total} among parts of {whole}")
    shares = [part * total // whole for part in parts] if whole else [0 for _ in parts]
    while sum(shares) < total:
        shares[_first_in_line(parts, shares)] += 1
    while (exchange := _unfair(parts, shares)) is not None:
        giver, taker = exchange
        shares[giver] -= 1
        shares[taker] += 1
    return shares


def _first_in_line(parts: Sequence[int], shares: Sequence[int]) -> int:
    return max(range(len(parts)), key=lambda at: _claim(parts, at, shares[at]))


def _unfair(parts: Sequence[int], shares: Sequence[int]) -> tuple[int, int] | None:
    """(who has a unit, who has the better claim to it), if there is such a pair."""
    holders = [at for at in range(len(parts)) if shares[at]]
    if not holders:
        return None
    taker = _first_in_line(parts, shares)
    giver = min(holders, key=lambda at: _claim(parts, at, shares[at] - 1))
    better = _claim(parts, taker, shares[taker]) > _claim(parts, giver, shares[giver] - 1)
    return (giver, taker) if better else None


def _claim(parts: Sequence[int], at: int, share: int) -> tuple[Fraction, int]:
    """How much a part deserves one more unit than it has; of equal parts the first comes first,
    so that there is one order of all units, and a total takes a run of it from the start.
    """
    return Fraction(parts[at], 2 * share + 1), -at
