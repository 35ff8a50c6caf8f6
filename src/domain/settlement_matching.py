"""Matching the lines of a settlement file to what was booked for the same presentments."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from domain import chart
from domain.events import Posted
from domain.posting import movements_of
from domain.settlement_file import Line, Reference, SettlementFile, contradictions

MISSING_HERE, MISSING_THERE = "MISSING_HERE", "MISSING_THERE"
AMOUNT_DIFFERS, DUPLICATE_LINE, TOTALS_WRONG = "AMOUNT_DIFFERS", "DUPLICATE_LINE", "TOTALS_WRONG"
KINDS = (MISSING_HERE, MISSING_THERE, AMOUNT_DIFFERS, DUPLICATE_LINE, TOTALS_WRONG)

_CORRECT, _RESOLVE = "#CORRECT", "#RESOLVE"


class Presentment(msgspec.Struct, frozen=True, kw_only=True):
    """What one header and its corrections owe the scheme, in minor units: below zero is a credit.

    `positions` are the net credits of the currency positions, by account.
    """

    header_id: str
    reference: Reference
    currency: str
    owed: int
    value_date: str
    positions: dict[str, int] = msgspec.field(default_factory=dict)


class Pair(msgspec.Struct, frozen=True):
    """A line and its presentment; the amounts may differ within the tolerance."""

    line: Line
    presentment: Presentment

    @property
    def difference(self) -> int:
        """What the scheme takes beyond what we have booked."""
        return self.line.owed - self.presentment.owed


class SettlementBreak(msgspec.Struct, frozen=True, kw_only=True):
    """`there` is what the file says, `here` what is booked: what the scheme is owed, minor units.

    `id` is the same for the same break of the same file.
    """

    kind: str
    id: str
    currency: str
    what: str
    there: int = 0
    here: int = 0
    header_id: str | None = None

    @property
    def difference(self) -> int:
        return self.there - self.here


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    pairs: tuple[Pair, ...]
    breaks: tuple[SettlementBreak, ...]

    def tolerated(self, currency: str) -> int:
        """The sum of the differences that are within the tolerance."""
        beyond = {each.header_id for each in self.breaks if each.kind == AMOUNT_DIFFERS}
        return sum(
            pair.difference
            for pair in self.pairs
            if pair.line.currency == currency and pair.presentment.header_id not in beyond
        )


def resumption_of(header_id: str) -> str:
    """The header that books a suspense booking to its customer, if one does."""
    return f"{header_id}{_RESOLVE}"


def root_of(header_id: str) -> str:
    """The header at the start of a chain of corrections."""
    while header_id.endswith(_CORRECT):
        header_id = header_id.removesuffix(_CORRECT)
    return header_id


def presentments_of(
    headers: Iterable[Posted], references: Mapping[str, Reference], network: str
) -> list[Presentment]:
    """What the headers of card messages owe this network; `references` by ingest_id.

    A correction counts with what it corrects, and a resumption with what it resumes: its positions
    are those of the payment. What owes nothing any more is left out.
    """
    chains: dict[str, list[Posted]] = defaultdict(list)
    for posted in headers:
        if posted.ingest_id in references:
            chains[_presented_as(posted)].append(posted)
    prefix = chart.settlement(network, "")
    found = []
    for header_id, chain in sorted(chains.items()):
        reference = references[chain[0].ingest_id]
        net = _net(chain)
        positions = {account: moved for (account, _), moved in net.items() if _is_position(account)}
        found += [
            Presentment(
                header_id=header_id,
                reference=reference,
                currency=currency,
                owed=owed,
                value_date=chain[0].value_date,
                positions=positions,
            )
            for (account, currency), owed in net.items()
            if account.startswith(prefix) and owed
        ]
    return found


def match(
    file: SettlementFile,
    presentments: Iterable[Presentment],
    settled: Mapping[str, str],
    tolerance: int,
) -> Matching:
    """Each line with its presentment; `settled` are headers of earlier files: id to file.

    `tolerance` is in minor units, and for each line.
    """
    desk = _Desk(presentments, settled)
    pairs: list[Pair] = []
    breaks = [
        SettlementBreak(kind=TOTALS_WRONG, id=f"TOTAL#{currency}", currency=currency, what=what)
        for currency, what in contradictions(file)
    ]
    for line in sorted(file.lines, key=lambda each: each.n):
        found = desk.take(line)
        if isinstance(found, SettlementBreak):
            breaks.append(found)
            continue
        pair = Pair(line, found)
        pairs.append(pair)
        if abs(pair.difference) > tolerance:
            breaks.append(_differs(pair))
    breaks += desk.left(file.settlement_date)
    return Matching(pairs=tuple(pairs), breaks=tuple(breaks))


def _presented_as(posted: Posted) -> str:
    root = root_of(posted.header_id)
    moves_clearing = any(leg.account.startswith("settle:") for leg in posted.legs)
    return root if moves_clearing else root.removesuffix(_RESOLVE)


class _Desk:
    """The presentments that no line has taken yet."""

    def __init__(self, presentments: Iterable[Presentment], settled: Mapping[str, str]) -> None:
        self._all = list(presentments)
        self._settled = settled
        self._taken: dict[str, int] = {}
        self._seen: dict[tuple[object, ...], int] = {}
        self._by_key: dict[tuple[str, ...], list[Presentment]] = defaultdict(list)
        for each in self._all:
            for key in _keys(each.reference):
                self._by_key[key].append(each)

    def take(self, line: Line) -> Presentment | SettlementBreak:
        fitting = [each for each in self._by_key.get(line.reference.key, []) if _fits(line, each)]
        free = [each for each in fitting if self._is_free(each)]
        same = (line.reference.key, line.currency, line.direction)
        before = self._seen.setdefault(same, line.n)
        if free:
            chosen = min(free, key=lambda each: (abs(line.owed - each.owed), each.header_id))
            self._taken[chosen.header_id] = line.n
            return chosen
        if before != line.n:
            return _repeated(line, f"repeats line {before}")
        if fitting:
            return _repeated(line, self._whose(fitting[0]))
        what = f"line {line.n}, {line.reference}: nothing is booked for it"
        return _of_line(MISSING_HERE, line, what)

    def left(self, settlement_date: str) -> Iterator[SettlementBreak]:
        for each in self._all:
            if each.value_date == settlement_date and self._is_free(each):
                yield SettlementBreak(
                    kind=MISSING_THERE,
                    id=f"MISSING#{each.header_id.removeprefix('J#')}",
                    currency=each.currency,
                    what=f"{each.reference}: booked, and not in the file",
                    here=each.owed,
                    header_id=each.header_id,
                )

    def _is_free(self, each: Presentment) -> bool:
        return each.header_id not in self._settled and each.header_id not in self._taken

    def _whose(self, each: Presentment) -> str:
        if each.header_id in self._taken:
            return f"is settled by line {self._taken[each.header_id]}"
        return f"was settled by file {self._settled[each.header_id]}"


def _keys(reference: Reference) -> Iterator[tuple[str, ...]]:
    """The ways in which a line may name this presentment."""
    acquirer, rrn, stan = reference.acquirer, reference.rrn, reference.stan
    ways = (
        reference,
        Reference(life_cycle_id=reference.life_cycle_id),
        Reference(acquirer=acquirer, rrn=rrn, stan=stan),
        Reference(acquirer=acquirer, rrn=rrn),
        Reference(acquirer=acquirer, stan=stan),
    )
    empty = {(), Reference(acquirer=acquirer).key}
    yield from {way.key for way in ways} - empty


def _fits(line: Line, presentment: Presentment) -> bool:
    same_direction = (line.owed > 0) == (presentment.owed > 0)
    return same_direction and line.currency == presentment.currency


def _differs(pair: Pair) -> SettlementBreak:
    line, booked = pair.line, pair.presentment
    what = f"line {line.n}, {line.reference}: {line.owed} there, {booked.owed} here"
    found = _of_line(AMOUNT_DIFFERS, line, what)
    return msgspec.structs.replace(found, here=booked.owed, header_id=booked.header_id)


def _repeated(line: Line, why: str) -> SettlementBreak:
    return _of_line(DUPLICATE_LINE, line, f"line {line.n}, {line.reference}: {why}")


def _of_line(kind: str, line: Line, what: str) -> SettlementBreak:
    return SettlementBreak(
        kind=kind, id=f"LINE#{line.n}", currency=line.currency, what=what, there=line.owed
    )


def _net(chain: Iterable[Posted]) -> dict[tuple[str, str], int]:
    net: dict[tuple[str, str], int] = defaultdict(int)
    for posted in chain:
        for key, moved in movements_of(posted.legs).items():
            net[key] += moved.net
    return net


def _is_position(account: str) -> bool:
    return account.startswith("fxpos:")
