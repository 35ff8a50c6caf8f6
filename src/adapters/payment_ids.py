"""From an id that a person has at hand to the card payment that it belongs to."""

from adapters.journal import JournalTable
from adapters.payments import PaymentTable
from domain.booking import primary_header_id, resolution_header_id
from domain.life import Life


def payment_of(journal: JournalTable, payments: PaymentTable, identifier: str) -> Life | None:
    """By the payment's own id (pay_), or that of a message (msg_) or of any header (J#) of it;
    None where it leads to no payment.
    """
    payment_id = identifier if identifier.startswith("pay_") else _named(journal, identifier)
    return payments.get(payment_id) if payment_id else None


def _named(journal: JournalTable, identifier: str) -> str | None:
    wanted = [identifier]
    if not identifier.startswith("J#"):
        wanted = [primary_header_id(identifier), resolution_header_id(identifier)]
    headers = journal.get_many(wanted)
    states = (headers[each].posted.payment for each in wanted if each in headers)
    return next((state.payment_id for state in states if state), None)
