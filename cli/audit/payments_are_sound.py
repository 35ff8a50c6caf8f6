"""Invariants 6, 8, 9 and 11, as far as they speak of payments: what is held is what their open
holds keep, their life is in the journal, their counters stay in bounds and are sums of messages.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from cli.audit.finding import Break, Row
from domain.acceptance import ACCEPTED
from domain.life import (
    ACCEPT,
    AUTHORISE,
    CLEAR,
    DISPUTE,
    EXPIRE,
    INCREMENT,
    LOSE,
    REFUND,
    WIN,
    Life,
)
from domain.over_clearing import OVER_CLEARED
from domain.payment import Payment

type Key = tuple[str, str]


def life_of(row: Row) -> Life:
    return msgspec.convert({**row, "payment": row}, Life)


def held_is_open_holds(balances: Iterable[Row], payments: Iterable[Row]) -> Iterator[Break]:
    """A customer's held money is the sum over the payments of the account."""
    holds: dict[Key, int] = defaultdict(int)
    for row in payments:
        payment = life_of(row).payment
        holds[f"cust:{payment.account}", payment.currency] += payment.held
    for row in balances:
        if row.get("account_kind") != "customer":
            continue
        right = holds.pop((row["account"], row["currency"]), 0)
        if row["held"] >= 0 and row["held"] != right:
            yield Break(6, row["pk"], f"{row['held']} is held, the open holds keep {right}")
    for (account, currency), held in holds.items():
        if held:
            yield Break(6, f"B#{account}#{currency}", f"holds keep {held}, and there is no row")


def life_is_in_the_journal(payments: Iterable[Row], headers: Mapping[str, Row]) -> Iterator[Break]:
    """Every message that a payment took has its header, each version one at most, and the latest
    header says what the row says.
    """
    by_payment: dict[str, list[Row]] = defaultdict(list)
    for header in headers.values():
        if header.get("payment") and header["purpose"] != "SUSPEND":
            by_payment[header["payment"]["payment_id"]].append(header)
    for row in payments:
        life = life_of(row)
        named = by_payment.pop(life.payment.payment_id, [])
        yield from _life(life, named)
    for payment_id in by_payment:
        yield Break(8, payment_id, "headers speak of this payment, and there is no row")


def _life(life: Life, named: list[Row]) -> Iterator[Break]:
    payment_id = life.payment.payment_id
    taken = {each.header_id for each in life.taken}
    for header_id in sorted(taken ^ {header["pk"] for header in named}):
        yield Break(8, payment_id, f"{header_id} is in one of row and journal only")
    versions = sorted(header["payment"]["version"] for header in named)
    if len(set(versions)) != len(versions) or versions[-1:] > [life.payment.version]:
        yield Break(8, payment_id, f"versions {versions}, the row has {life.payment.version}")
    latest = max(named, key=lambda header: int(header["payment"]["version"]), default=None)
    if latest is not None and latest["payment"]["counters"] != life.state.counters:
        yield Break(8, payment_id, f"its counters are not those of {latest['pk']}")


def counters_are_in_bounds(payments: Iterable[Row]) -> Iterator[Break]:
    for row in payments:
        payment = life_of(row).payment
        for fault in _faults(payment):
            yield Break(9, payment.payment_id, fault)


def _faults(payment: Payment) -> Iterator[str]:
    if min(payment.authorised, payment.incremented, payment.cleared, payment.held) < 0:
        yield "a counter is below zero"
    if payment.reversed > payment.approved:
        yield f"{payment.reversed} is reversed of {payment.approved} authorised"
    if payment.kept < 0:
        yield f"more went back than the {payment.cleared} that were cleared"
    if payment.dispute_won + payment.dispute_lost > payment.disputed or payment.disputable < 0:
        yield f"{payment.disputed} is disputed, and more of it decided or not there"


def over_clearing_is_flagged(
    payments: Iterable[Row], headers: Mapping[str, Row]
) -> Iterator[Break]:
    """Whatever took a payment above its authorisation says so, so that somebody may look."""
    for row in payments:
        life = life_of(row)
        booked = (headers.get(each.header_id, {}) for each in life.taken)
        flagged = any(OVER_CLEARED in header.get("flags", ()) for header in booked)
        if life.payment.over_cleared and not flagged:
            what = f"{life.payment.over_cleared} are cleared beyond authorisation, and no flag says"
            yield Break(9, life.payment.payment_id, what)


def what_is_accepted_was_too_much(headers: Mapping[str, Row]) -> Iterator[Break]:
    """By the counters of the header that says so: later ones may have made it right anyway."""
    for header in headers.values():
        if header["purpose"] == ACCEPTED:
            counters = header["payment"]["counters"]
            payment = Payment(payment_id="", account="", currency="", **counters)
            before = replace(payment, accepted=0)
            if payment.accepted > before.excess:
                what = f"{payment.accepted} are accepted, and {before.excess} were too much"
                yield Break(9, header["pk"], what)


def counters_are_sums(payments: Iterable[Row]) -> Iterator[Break]:
    """Whatever the order in which the messages came: what they count for adds up to the counters,
    and what was undone of them to what undid them.
    """
    for row in payments:
        life = life_of(row)
        payment, sums = life.payment, _sums(life)
        stated = {
            AUTHORISE: payment.authorised,
            INCREMENT: payment.incremented,
            CLEAR: payment.cleared,
            EXPIRE: payment.expired,
            REFUND: payment.refunded + payment.unlinked,
            DISPUTE: payment.disputed,
            WIN: payment.dispute_won,
            LOSE: payment.dispute_lost,
            ACCEPT: payment.accepted,
        }
        for kind, counter in stated.items():
            if sums[kind] != counter:
                what = f"{kind} counts {counter}, its messages sum to {sums[kind]}"
                yield Break(11, payment.payment_id, what)


def _sums(life: Life) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for each in life.taken:
        sums[each.kind] += each.amount
        if each.undone > each.transaction.amount:
            sums[each.kind] += each.undone
    return sums
