"""Names of the ledger accounts.

`cust:{id}` and `settle:{network}:{ccy}` are liabilities, `nostro`, `susp` and `fxpos` assets or
positions, `inc` income. A clearing account (`settle`) returns to zero per settlement date.
"""

FX_MARKUP = "inc:fx_markup"
FX_FEE = "inc:fx_fee"
CASH_FEE = "inc:cash_fee"
FX_GAIN = "inc:fx_gain"
SETTLEMENT_DIFFERENCE = "inc:settlement_difference"


def customer(account_id: str) -> str:
    return f"cust:{account_id}"


def settlement(network: str, currency: str) -> str:
    """What we owe the card scheme until it settles."""
    return f"settle:{network}:{currency}"


def suspense(reason: str, currency: str) -> str:
    """Either side: a purchase waits here as an asset, a refund as a liability."""
    return f"susp:{reason}:{currency}"


def position(currency: str, against: str) -> str:
    """The foreign-exchange position held in `currency` against another one."""
    return f"fxpos:{currency}/{against}"


def nostro(currency: str) -> str:
    return f"nostro:{currency}"
