"""What happens to a booking that the customer has not enough money for: the product says which.

The scheme is owed whatever the balance says, so a financial message is never refused. OVERDRAW lets
the account go below zero; SPLIT books what is missing to a receivable, which the customer's next
credits pay first; SUSPEND keeps the whole booking in suspense.
"""

from collections.abc import Iterator, Sequence

from domain import chart
from domain.charging import TEMPLATES
from domain.money import Money
from domain.posting import POSTED, Leg, Movement, Posting, movements_of
from domain.reference import FundsPolicy

OVERDRAW: FundsPolicy = "OVERDRAW"
SPLIT: FundsPolicy = "SPLIT"
SUSPEND: FundsPolicy = "SUSPEND"
INSUFFICIENT_FUNDS = "INSUFFICIENT_FUNDS"
OVERDRAWN = "OVERDRAWN"

_NOTHING = Movement(0, 0)


def funds_postings(
    postings: Sequence[Posting],
    account_id: str,
    *,
    available: int,
    receivable: int,
    policy: FundsPolicy,
) -> tuple[Posting, ...] | None:
    """The postings with the customer's money and debt considered, or None to suspend them.

    `available` is what the account may spend before this booking, `receivable` what it lacked
    for earlier ones; both in minor units of its currency, as read in the version of the row that
    the booking is written against. `postings` may be the mirror of earlier ones: what they say of
    the receivable counts as the customer's, and is divided anew.
    """
    postings = _as_the_customers(postings, account_id)
    net = net_of(postings, account_id)
    if net >= 0:
        return _repaid(postings, account_id, min(receivable, net))
    missing = max(0, -net - max(0, available))
    if not missing or policy == OVERDRAW:
        return postings
    return None if policy == SUSPEND else _split(postings, account_id, missing)


def debt_moved(legs: Sequence[Leg], customer: str, currency: str) -> int:
    """What the legs add to what the customer's account lacked, in minor units; paid is below
    zero.
    """
    overdrawn = chart.overdrawn(chart.account_id_of(customer))
    return -movements_of(legs).get((overdrawn, currency), _NOTHING).net


def net_of(postings: Sequence[Posting], account_id: str) -> int:
    """What is posted to the customer: credits less debits."""
    customer = chart.customer(account_id)
    return _credits(postings, customer) - _debits(postings, customer)


def receivable_of(postings: Sequence[Posting], account_id: str) -> int:
    """What the customer's debt grows by (debits less credits of the receivable)."""
    overdrawn = chart.overdrawn(account_id)
    return _debits(postings, overdrawn) - _credits(postings, overdrawn)


def _debits(postings: Sequence[Posting], account: str) -> int:
    return sum(each.amount.amount for each in postings if each.debit == account and _moves(each))


def _credits(postings: Sequence[Posting], account: str) -> int:
    return sum(each.amount.amount for each in postings if each.credit == account and _moves(each))


def _moves(posting: Posting) -> bool:
    return posting.layer == POSTED


def _as_the_customers(postings: Sequence[Posting], account_id: str) -> tuple[Posting, ...]:
    customer, overdrawn = chart.customer(account_id), chart.overdrawn(account_id)
    return tuple(
        Posting(
            customer if posting.debit == overdrawn else posting.debit,
            customer if posting.credit == overdrawn else posting.credit,
            posting.amount,
            posting.code,
            posting.layer,
        )
        for posting in postings
    )


def _split(postings: Sequence[Posting], account_id: str, missing: int) -> tuple[Posting, ...]:
    """The customer's debits as far as the funds go, in their order; the rest to the receivable."""
    funds = _debits(postings, chart.customer(account_id)) - missing
    return tuple(_divided(postings, account_id, "SPLIT", ("funded", "missing"), funds))


def _repaid(postings: Sequence[Posting], account_id: str, debt: int) -> tuple[Posting, ...]:
    """The customer's credits pay the receivable first, in their order."""
    if not debt:
        return tuple(postings)
    return tuple(_divided(postings, account_id, "REPAY", ("repaid", "kept"), debt))


def _divided(
    postings: Sequence[Posting], account_id: str, template: str, parts: tuple[str, str], left: int
) -> Iterator[Posting]:
    """Each posting on the template's side of the customer becomes two, while `left` lasts."""
    customer = chart.customer(account_id)
    for posting in postings:
        ours, other = posting.debit, posting.credit
        if template == "REPAY":
            ours, other = other, ours
        if ours != customer or not _moves(posting):
            yield posting
            continue
        whole = posting.amount
        first = min(left, whole.amount)
        left -= first
        yield from TEMPLATES.post(
            template,
            {"account_id": account_id, "other": other, "code": posting.code},
            {
                parts[0]: Money(first, whole.currency),
                parts[1]: Money(whole.amount - first, whole.currency),
            },
        )
