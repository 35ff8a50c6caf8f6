"""The chart of accounts: which accounts there may be, of which kind, and in which currencies.

It is data, checked as a whole before it is used. A pattern is an account's name with variables:
`settle:{network}:{currency}`. The variable `currency` is the one that the account is kept in.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from domain.currency import UnknownCurrency, exponent_of

Kind = Literal["asset", "liability", "income", "expense", "suspense", "memo"]
Side = Literal["D", "C", "either"]

_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_CURRENCY = "currency"


class ChartError(ValueError):
    """The chart of accounts contradicts itself."""


class UnknownAccount(ValueError):
    """The chart has no such account."""


class WrongCurrency(ValueError):
    """The account is not kept in this currency."""


class AccountPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`normal` is the side that its balance stands on; `currencies` None allows every one."""

    name: str
    pattern: str
    kind: Kind
    normal: Side
    says: str
    currencies: tuple[str, ...] | None = None

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts between colons and slashes, and these themselves."""
        return segments_of(self.pattern)


class Chart:
    """All account patterns; no account fits two of them. Raises ChartError."""

    def __init__(self, accounts: Iterable[AccountPattern]) -> None:
        self._by_name: dict[str, AccountPattern] = {}
        self._by_head: dict[str, list[tuple[re.Pattern[str], AccountPattern]]] = {}
        for account in accounts:
            self._refuse_repeat(account)
            _refuse_currencies(account)
            self._by_name[account.name] = account
            expression = re.compile(_expression(account.pattern))
            self._by_head.setdefault(account.segments[0], []).append((expression, account))

    @classmethod
    def from_json(cls, data: bytes) -> "Chart":
        """The chart of a file. Raises ChartError that says where."""
        try:
            return cls(msgspec.json.decode(data, type=_Data).accounts)
        except msgspec.MsgspecError as error:
            raise ChartError(f"the chart of accounts cannot be read: {error}") from error

    @property
    def accounts(self) -> Mapping[str, AccountPattern]:
        """Every pattern under its name."""
        return self._by_name

    def name(self, account: str, **values: str) -> str:
        """The account of this name with its variables filled in."""
        return self._by_name[account].pattern.format_map(values)

    def find(self, account: str) -> AccountPattern:
        """The pattern that an account fits. Raises UnknownAccount."""
        return self._match(account)[0]

    def check(self, account: str, currency: str) -> None:
        """Raises UnknownAccount, or WrongCurrency if it is not kept in this currency."""
        found, values = self._match(account)
        kept_in = values.get(_CURRENCY, currency)
        if kept_in != currency or (found.currencies and currency not in found.currencies):
            raise WrongCurrency(f"{account} is not kept in {currency}")

    def _match(self, account: str) -> tuple[AccountPattern, dict[str, str]]:
        for expression, found in self._by_head.get(account.partition(":")[0], ()):
            if match := expression.fullmatch(account):
                return found, match.groupdict()
        raise UnknownAccount(f"the chart has no account {account}")

    def _refuse_repeat(self, account: AccountPattern) -> None:
        if variable_of(account.segments[0]):
            raise ChartError(f"account {account.name}: {account.pattern} begins with a variable")
        for other in self._by_name.values():
            if other.name == account.name:
                raise ChartError(f"account {account.name} stands in the chart twice")
            if _overlap(other.segments, account.segments):
                raise ChartError(
                    f"account {account.name}: {account.pattern} may be {other.name}, too"
                )


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    accounts: tuple[AccountPattern, ...]


def segments_of(pattern: str) -> tuple[str, ...]:
    return tuple(re.split("([:/])", pattern))


def variable_of(segment: str) -> str | None:
    """The variable that a segment is, None for a fixed one."""
    found = _VARIABLE.fullmatch(segment)
    return found[1] if found else None


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len(one) == len(other) and all(
        left == right or variable_of(left) or variable_of(right)
        for left, right in zip(one, other, strict=True)
    )


def _expression(pattern: str) -> str:
    return "".join(
        f"(?P<{variable}>[^:/#]+)" if (variable := variable_of(segment)) else re.escape(segment)
        for segment in segments_of(pattern)
    )


def _refuse_currencies(account: AccountPattern) -> None:
    try:
        for currency in account.currencies or ():
            exponent_of(currency)
    except UnknownCurrency as error:
        raise ChartError(f"account {account.name}: {error}") from error
