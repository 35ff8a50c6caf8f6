"""Converting an amount at a rate, half up, once."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

import msgspec

from domain.currency import exponent_of
from domain.money import Money

# Amounts have up to 18 digits and rates up to 25 (ISO 20022 BaseOneRate/ImpliedCurrencyAndAmount):
# an exact product needs both.
_EXACT_DIGITS = 50


class FxRate(msgspec.Struct, frozen=True):
    """One unit of `quote` costs `rate` units of `base`; `as_of` is the business time it holds
    from.
    """

    base: str
    quote: str
    rate: str
    source: str
    as_of: str


def convert(amount: Money, fx: FxRate) -> Money:
    """`amount` in the quote currency as an amount in the base currency, rounded half up once."""
    if amount.currency != fx.quote:
        raise ValueError(f"the rate {fx.base}/{fx.quote} does not convert {amount.currency}")
    shift = exponent_of(fx.base) - exponent_of(fx.quote)
    with localcontext(prec=_EXACT_DIGITS):
        exact = (Decimal(amount.amount) * Decimal(fx.rate)).scaleb(shift)
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), fx.base)


def share(amount: Money, percent: str) -> Money:
    """`percent` of an amount (a decimal string, "2.0" is two in a hundred), rounded half up."""
    with localcontext(prec=_EXACT_DIGITS):
        exact = Decimal(amount.amount) * Decimal(percent) / 100
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), amount.currency)
