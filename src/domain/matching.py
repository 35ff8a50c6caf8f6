"""Which payment a message belongs to: the keys that it shares with its payment's other messages."""

from datetime import datetime

import msgspec

from domain.business_time import iso_instant, transmission_time
from domain.transaction import Transaction

_NO_YEAR_YET = None


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """`own` is what a later message calls this one in its DE90, `original` what this message calls
    the one that it follows. `shared` stand in several messages of one payment, the most telling
    first.
    """

    own: str
    original: str | None = None
    shared: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """In the order in which they decide."""
        named = (self.original,) if self.original else ()
        return tuple(dict.fromkeys((*named, self.own, *self.shared)))

    @property
    def first(self) -> str:
        """What a new payment is named after: whichever message of it comes first."""
        return self.shared[0] if self.shared else self.original or self.own


def keys_of(transaction: Transaction) -> Keys:
    """The life cycle id (DE63); acquirer, token and retrieval reference (DE32, DE2, DE37); the
    original (DE90).

    The approval code is no key: reversals often leave it out. A refund that names no original
    belongs to nothing but itself, whatever reference its sender gave it.
    """
    alone = transaction.is_refund and transaction.original is None
    return Keys(
        own=_message_key(
            transaction, transaction.mti[1], transaction.stan, transaction.business_time
        ),
        original=_original_key(transaction),
        shared=() if alone else _shared(transaction),
    )


def _shared(transaction: Transaction) -> tuple[str, ...]:
    life_cycle, reference = transaction.life_cycle_id, transaction.rrn
    keys = []
    if life_cycle is not None:
        keys.append(f"L#{transaction.network}#{life_cycle}")
    if reference is not None:
        acquirer = _number(transaction.acquirer_id)
        keys.append(f"R#{transaction.network}#{acquirer}#{transaction.token}#{reference}")
    return tuple(keys)


def _original_key(transaction: Transaction) -> str | None:
    """The key of the message in DE90, whose time has no year; None where DE90 names none."""
    original = transaction.original
    if original is None or original.transaction_id is None or original.message_class is None:
        return None
    named = original.transaction_id
    if not named.stan.strip("0"):
        return None
    sent = transmission_time_of(named.transmitted_at, transaction.business_time)
    if sent is None:
        return None
    acquirer = original.acquirer_id or ""
    return _message_key(transaction, original.message_class, named.stan, sent, acquirer)


def transmission_time_of(de7: str, follower_at: str) -> str | None:
    """When the original was sent, seen from the message that follows it; None for no such time."""
    if not de7.strip("0"):
        return None
    instant = transmission_time(de7, datetime.fromisoformat(follower_at), _NO_YEAR_YET)
    return iso_instant(instant) if instant else None


def _message_key(
    transaction: Transaction, message_class: str, stan: str, sent_at: str, acquirer: str = ""
) -> str:
    """Class, trace number, time and acquirer, as DE90 has them, of one card.

    Response and advice count as one class: a 0120 may stand for the 0100 that DE90 names.
    """
    institution = _number(acquirer) or _number(transaction.acquirer_id)
    parts = (transaction.network, message_class, stan, sent_at, institution, transaction.token)
    return "#".join(("O", *parts))


def _number(identifier: str) -> str:
    """DE90 pads what DE32 does not."""
    return identifier.lstrip("0")
