"""A posted card transaction as camt.054.001.08, the bank-to-customer debit credit notification."""

from domain.announcement import posted_event_id
from domain.camt_entry import account, entry
from domain.camt_xml import as_bytes, document, group, text
from domain.events import CustomerEffect, Posted


def camt054(posted: Posted, effect: CustomerEffect) -> bytes:
    """The message in UTF-8, about what the booking did to its customer.

    Made of the header alone, its time of creation included: a header makes the same bytes whenever
    it is told. The account stands under our own id; its IBAN is not in a header.
    """
    root = document("camt.054.001.08")
    message = group(root, "BkToCstmrDbtCdtNtfctn")
    identifier = posted_event_id(posted.header_id).replace("-", "")
    head = group(message, "GrpHdr")
    text(head, "MsgId", identifier)
    text(head, "CreDtTm", posted.booked_at)
    found = group(message, "Ntfctn")
    text(found, "Id", identifier)
    text(found, "CreDtTm", posted.booked_at)
    account(found, effect.account.removeprefix("cust:"), effect.currency)
    entry(found, posted, effect, posted.booking_date)
    return as_bytes(root)
