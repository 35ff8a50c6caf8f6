"""Folding journal headers into the balances of internal accounts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from domain.events import Posted
from domain.posting import Movement, movements_of

# TransactWriteItems takes a hundred actions; one of them counts the folds.
ACTIONS_MAX = 100

type Movements = Mapping[tuple[str, str], Movement]


def internal_movements(posted: Posted) -> dict[tuple[str, str], Movement]:
    """What one header does to accounts other than its customer's, whose balance the posting
    moved.
    """
    customer = posted.customer.account if posted.customer else None
    return {
        key: movement for key, movement in movements_of(posted.legs).items() if key[0] != customer
    }


def net(headers: Iterable[Posted]) -> dict[tuple[str, str], Movement]:
    """All headers' internal movements, one per account and currency."""
    total: dict[tuple[str, str], Movement] = {}
    for posted in headers:
        for key, movement in internal_movements(posted).items():
            before = total.get(key, Movement(0, 0))
            total[key] = Movement(before.debit + movement.debit, before.credit + movement.credit)
    return total


def without_repeats(headers: Iterable[Posted]) -> list[Posted]:
    """Each header once, in its first place: a transaction may put a marker only once."""
    return list({posted.header_id: posted for posted in headers}.values())


def cut(headers: Sequence[Posted]) -> Iterator[list[Posted]]:
    """Runs of headers whose markers, distinct accounts and counter fit one transaction."""
    run: list[Posted] = []
    accounts: set[tuple[str, str]] = set()
    for posted in headers:
        more = accounts | internal_movements(posted).keys()
        if run and len(run) + 1 + len(more) + 1 > ACTIONS_MAX:
            yield run
            run, more = [], set(internal_movements(posted))
        run.append(posted)
        accounts = more
    if run:
        yield run
