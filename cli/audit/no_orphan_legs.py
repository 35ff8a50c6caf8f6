"""Invariant 4: a booking is whole: legs, checksum, statement line and marker belong together."""

from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from cli.audit.finding import Break, Row
from domain.posting import POSTED, Leg, checksum_of, totals_of
from domain.sequence import SEQUENCE, header_id_of, sequence_checksum

_CUSTOMER = "cust:"


def no_orphan_legs(
    headers: Mapping[str, Row], lines: Iterable[Row], markers: Set[str]
) -> Iterator[Break]:
    """`headers` by id; `markers` are the ids of the headers that the fold has booked."""
    by_header: dict[str, Row] = {}
    for line in lines:
        place = f"{line['pk']} {line['sk']}"
        header_id = line["header_id"]
        if header_id not in headers:
            yield Break(4, place, f"a statement line of {header_id}, which does not exist")
        elif header_id in by_header:
            yield Break(4, place, f"a second statement line of {header_id}")
        by_header[header_id] = line
    for header_id, header in headers.items():
        yield from _whole(header)
        yield from _line_of(header, by_header.get(header_id))
    for header_id in sorted(markers - headers.keys()):
        yield Break(4, f"F#{header_id}", "folded, but there is no such header")


def _whole(header: Row) -> Iterator[Break]:
    legs = tuple(msgspec.convert(leg, Leg) for leg in header["legs"])
    if sorted(leg.n for leg in legs) != list(range(1, header["leg_count"] + 1)):
        numbers = ", ".join(str(leg.n) for leg in legs)
        yield Break(4, header["pk"], f"legs {numbers} of {header['leg_count']}")
    if header["purpose"] == SEQUENCE:
        yield from _complete(header, legs)
    if totals_of(legs) != header["totals"]:
        yield Break(4, header["pk"], "its totals are not the sums of its legs")
    right = checksum_of(header["pk"], header["purpose"], header["fingerprint"], legs)
    if right != header["checksum"]:
        yield Break(4, header["pk"], "its checksum is wrong: the header was changed")


def _complete(header: Row, legs: tuple[Leg, ...]) -> Iterator[Break]:
    """What came as single legs was booked with all of them: its sender's checksum says so."""
    sequence_id = header["pk"].removeprefix(header_id_of(""))
    if sequence_checksum(sequence_id, header["value_date"], legs) != header["fingerprint"]:
        yield Break(4, header["pk"], "its legs are not the sequence that its sender made")


def _line_of(header: Row, line: Row | None) -> Iterator[Break]:
    """The customer's legs, the effect that the header states, and the line say the same."""
    effect = header.get("customer")
    moved = {
        (leg["account"], leg["currency"])
        for leg in header["legs"]
        if leg["account"].startswith(_CUSTOMER) and leg["layer"] == POSTED
    }
    stated = {(effect["account"], effect["currency"])} if effect else set()
    # A purchase that the account had no money for at all has its line, of nothing.
    if not moved <= stated:
        yield Break(4, header["pk"], "its customer legs moved no balance, or another one")
        return
    if effect is None:
        return
    if net_of(header, effect["account"], effect["currency"]) != effect["net"]:
        yield Break(4, header["pk"], "the balance moved by another amount than its legs")
    if line is None:
        yield Break(4, header["pk"], "it has no statement line")
        return
    expected = (
        f"S#{effect['account']}#{effect['currency']}",
        f"{effect['posting_no']:012d}",
        effect["net"],
        effect["balance_after"],
    )
    if (line["pk"], line["sk"], line["amount"], line["balance_after"]) != expected:
        yield Break(4, header["pk"], "its statement line says something else")


def net_of(header: Row, account: str, currency: str) -> int:
    """What is posted to one account, credit less debit, in minor units."""
    return sum(
        leg["amount"] if leg["side"] == "C" else -leg["amount"]
        for leg in header["legs"]
        if (leg["account"], leg["currency"], leg["layer"]) == (account, currency, POSTED)
    )
