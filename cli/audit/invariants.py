"""The invariants by their numbers in the design, and what each says in a sentence."""

from collections.abc import Callable, Iterator
from itertools import chain

from cli.audit.available_is_right import available_is_right
from cli.audit.balance_is_entries import balance_is_entries
from cli.audit.clearing_returns_to_zero import clearing_returns_to_zero
from cli.audit.conservation import conservation
from cli.audit.determinism import determinism
from cli.audit.duplicates_are_parked import duplicates_are_parked
from cli.audit.events_are_the_ledger import events_are_the_ledger
from cli.audit.exactly_once import exactly_once
from cli.audit.finding import Break
from cli.audit.holds_follow import holds_follow
from cli.audit.no_orphan_legs import no_orphan_legs
from cli.audit.nothing_lost import nothing_lost
from cli.audit.openings_are_booked import openings_are_booked
from cli.audit.payments_are_sound import (
    counters_are_in_bounds,
    counters_are_sums,
    held_is_open_holds,
    life_is_in_the_journal,
    over_clearing_is_flagged,
    what_is_accepted_was_too_much,
)
from cli.audit.reading import Books
from cli.audit.requests_are_answered import nobody_waits_for_ever, requests_are_answered

type Check = Callable[[Books], Iterator[Break]]

INVARIANTS: dict[int, tuple[str, Check]] = {
    1: (
        "every booking sums to zero in every currency",
        lambda books: conservation(books.headers.values()),
    ),
    2: (
        "a message is booked once at most, and never beside a refusal",
        lambda books: exactly_once(books.headers.values(), books.parked),
    ),
    3: (
        "every record received is booked or parked, with its amount",
        lambda books: chain(
            nothing_lost(books.inbox, books.headers.values(), books.parked, books.at),
            requests_are_answered(books.inbox, books.parked, books.headers.values()),
            nobody_waits_for_ever(books.parked, books.at),
            openings_are_booked(books.balances, books.headers),
        ),
    ),
    4: (
        "bookings are whole: legs, checksum, statement line",
        lambda books: no_orphan_legs(books.headers, books.lines, books.markers),
    ),
    5: (
        "balances are the sums of their entries, statements have no gaps",
        lambda books: balance_is_entries(books.headers, books.lines, books.balances, books.markers),
    ),
    6: (
        "available money is what posted, held and limit make it",
        lambda books: chain(
            available_is_right(books.balances),
            held_is_open_holds(books.balances, books.payments),
            holds_follow(books.headers.values(), books.balances),
        ),
    ),
    7: (
        "repeats are parked with a pointer, and nothing else is",
        lambda books: duplicates_are_parked(books.inbox, books.parked, books.headers.values()),
    ),
    8: (
        "the life of a payment is in the journal, version by version",
        lambda books: life_is_in_the_journal(books.payments, books.headers),
    ),
    9: (
        "no more is reversed, refunded or disputed of a payment than there was, or it is flagged",
        lambda books: chain(
            counters_are_in_bounds(books.payments),
            over_clearing_is_flagged(books.payments, books.headers),
            what_is_accepted_was_too_much(books.headers),
        ),
    ),
    10: (
        "what is settled is zero, gains are swept, suspense holds what is open",
        lambda books: clearing_returns_to_zero(books.headers.values()),
    ),
    11: (
        "a payment's counters are the sums of its messages, whatever their order",
        lambda books: counters_are_sums(books.payments),
    ),
    12: (
        "the same message makes the same ids and the same legs",
        lambda books: determinism(books.headers, books.told),
    ),
    13: (
        "each booking is announced as one event that says the same",
        lambda books: events_are_the_ledger(books.headers, books.announced),
    ),
}


def check(books: Books) -> dict[int, list[Break]]:
    """The breaks of each invariant; empty lists are what one hopes for."""
    return {number: list(look(books)) for number, (_, look) in INVARIANTS.items()}
