"""A statement as camt.053.001.08, the bank-to-customer statement of ISO 20022."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element

from domain.camt_entry import account, entry
from domain.camt_xml import as_bytes, direction, document, group, money, text, unsigned
from domain.errors import Contradiction
from domain.events import CustomerEffect, Posted
from domain.identity import statement_id
from domain.money import Money
from domain.statement import Entry, Statement, Totals

_A_DAY = timedelta(days=1)


def camt053(
    statement: Statement,
    headers: Mapping[str, Posted],
    created_at: datetime,
    iban: str | None = None,
) -> bytes:
    """The message in UTF-8. `headers` are those of all entries, by id.

    Its ids are made of account, period and last entry: the same statement again has the same ids,
    and one that has grown meanwhile has others. Raises Contradiction when a header is missing.
    """
    root = document("camt.053.001.08")
    message = group(root, "BkToCstmrStmt")
    identifier = statement_id(
        statement.account,
        statement.currency,
        statement.since.isoformat(),
        statement.until.isoformat(),
        str(statement.span.last),
    )
    moment = created_at.isoformat(timespec="milliseconds")
    head = group(message, "GrpHdr")
    text(head, "MsgId", identifier)
    text(head, "CreDtTm", moment)
    found = group(message, "Stmt")
    text(found, "Id", identifier)
    text(found, "CreDtTm", moment)
    _period(found, statement)
    account(found, statement.account_id, statement.currency, iban)
    _balance(found, "OPBD", statement.opening, statement.currency, statement.since)
    _balance(found, "CLBD", statement.closing, statement.currency, statement.until - _A_DAY)
    _summary(found, statement)
    for each in statement.entries:
        posted, effect = _header_of(each, headers)
        entry(found, posted, effect, each.booking_date)
    return as_bytes(root)


def _period(parent: Element, statement: Statement) -> None:
    found = group(parent, "FrToDt")
    text(found, "FrDtTm", f"{statement.since}T00:00:00.000+00:00")
    text(found, "ToDtTm", f"{statement.until - _A_DAY}T23:59:59.999+00:00")


def _balance(parent: Element, kind: str, amount: int, currency: str, day: date) -> None:
    found = group(parent, "Bal")
    text(group(found, "Tp", "CdOrPrtry"), "Cd", kind)
    money(found, "Amt", Money(amount, currency))
    direction(found, amount)
    text(group(found, "Dt"), "Dt", day.isoformat())


def _summary(parent: Element, statement: Statement) -> None:
    credits, debits = statement.credits, statement.debits
    net = credits.sum - debits.sum
    found = group(parent, "TxsSummry")
    total = group(found, "TtlNtries")
    _counted(total, Totals(credits.count + debits.count, credits.sum + debits.sum), statement)
    net_entry = group(total, "TtlNetNtry")
    text(net_entry, "Amt", unsigned(Money(net, statement.currency)))
    direction(net_entry, net)
    _counted(group(found, "TtlCdtNtries"), credits, statement)
    _counted(group(found, "TtlDbtNtries"), debits, statement)


def _counted(parent: Element, totals: Totals, statement: Statement) -> None:
    text(parent, "NbOfNtries", str(totals.count))
    text(parent, "Sum", unsigned(Money(totals.sum, statement.currency)))


def _header_of(each: Entry, headers: Mapping[str, Posted]) -> tuple[Posted, CustomerEffect]:
    posted = headers.get(each.header_id)
    if posted is None or posted.customer is None or posted.customer.net != each.amount:
        raise Contradiction(
            "STATEMENT_BROKEN",
            f"line {each.posting_no} does not agree with header {each.header_id}",
        )
    return posted, posted.customer
