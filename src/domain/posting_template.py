"""Posting templates: for each case of the business the legs that it makes, before the amounts are
known.

They are data, checked against the chart of accounts as a whole before the first of them is used:
what cannot balance, or names what does not exist, is refused with its template and line.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from domain.chart_of_accounts import (
    Chart,
    UnknownAccount,
    WrongCurrency,
    segments_of,
    variable_of,
)
from domain.money import Money
from domain.posting import Posting


class TemplateError(ValueError):
    """A template cannot be right, whatever the amounts are."""


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One leg. In `account`, the name of an amount stands for the currency of that amount.

    An `optional` line is left out when its amount is nothing.
    """

    side: Literal["D", "C"]
    account: str
    amount: str
    code: str
    layer: Literal["posted", "pending"] = "posted"
    optional: bool = False


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Debit and credit lines by turns; `cases` are those of docs/accounting.md."""

    name: str
    cases: tuple[str, ...]
    says: str
    lines: tuple[Line, ...]

    @property
    def pairs(self) -> Iterator[tuple[Line, Line]]:
        return zip(self.lines[::2], self.lines[1::2], strict=True)


class TemplateData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amounts` names each amount and the one whose currency it has; `roles` the accounts that a
    caller may choose among.
    """

    amounts: dict[str, str]
    roles: dict[str, tuple[str, ...]]
    templates: tuple[Template, ...]


class Templates:
    """All templates of a file, checked. Raises TemplateError."""

    def __init__(self, data: TemplateData, chart: Chart) -> None:
        self._chart = chart
        self._amounts = data.amounts
        self._roles = data.roles
        _refuse_names(data, chart)
        self._templates: dict[str, Template] = {}
        for template in data.templates:
            if template.name in self._templates:
                raise TemplateError(f"template {template.name} stands in the file twice")
            _refuse_template(template, data, chart)
            self._templates[template.name] = template

    @classmethod
    def from_json(cls, content: bytes, chart: Chart) -> "Templates":
        """The templates of a file. Raises TemplateError that says where."""
        try:
            return cls(msgspec.json.decode(content, type=TemplateData), chart)
        except msgspec.MsgspecError as error:
            raise TemplateError(f"the posting templates cannot be read: {error}") from error

    @property
    def all(self) -> tuple[Template, ...]:
        return tuple(self._templates.values())

    def post(
        self, name: str, names: Mapping[str, str], amounts: Mapping[str, Money]
    ) -> tuple[Posting, ...]:
        """The postings of a case. `names` fills the variables that are no amounts.

        Raises ValueError when an amount is missing or nothing, WrongCurrency when one has another
        currency than its template allows, UnknownAccount when an account is not in the chart or
        cannot play its role.
        """
        self._refuse_roles(names)
        values = {**names, **self._currencies(amounts)}
        return tuple(
            self._posting(debit, credit, amounts[debit.amount], values)
            for debit, credit in self._templates[name].pairs
            if not _is_left_out(debit, amounts)
        )

    def _refuse_roles(self, names: Mapping[str, str]) -> None:
        for role, account in names.items():
            if role in self._roles and self._chart.find(account).name not in self._roles[role]:
                raise UnknownAccount(f"{account} cannot be {role}")

    def _currencies(self, amounts: Mapping[str, Money]) -> dict[str, str]:
        """The currency of each amount by its name, when those that must agree do."""
        found: dict[str, str] = {}
        for name, money in amounts.items():
            symbol = self._amounts[name]
            if found.setdefault(symbol, money.currency) != money.currency:
                raise WrongCurrency(f"{name} is in {money.currency}, not in {found[symbol]}")
        return found | {name: money.currency for name, money in amounts.items()}

    @staticmethod
    def _posting(debit: Line, credit: Line, amount: Money, values: Mapping[str, str]) -> Posting:
        return Posting(
            debit=debit.account.format_map(values),
            credit=credit.account.format_map(values),
            amount=amount,
            code=debit.code.format_map(values),
            layer=debit.layer,
        )


def _is_left_out(line: Line, amounts: Mapping[str, Money]) -> bool:
    if line.amount not in amounts:
        if not line.optional:
            raise ValueError(f"the amount {line.amount} is missing")
        return True
    return line.optional and amounts[line.amount].amount == 0


def _refuse_names(data: TemplateData, chart: Chart) -> None:
    """Amounts and roles mean what they can mean."""
    for name, symbol in data.amounts.items():
        if data.amounts.get(symbol) != symbol:
            raise TemplateError(f"amount {name}: {symbol} is no amount with a currency of its own")
    for role, accounts in data.roles.items():
        for account in accounts:
            if account not in chart.accounts:
                raise TemplateError(f"role {role}: the chart has no account named {account}")


def _refuse_template(template: Template, data: TemplateData, chart: Chart) -> None:
    for number, line in enumerate(template.lines, start=1):
        try:
            _refuse_line(line, data, chart)
        except ValueError as error:
            raise TemplateError(f"template {template.name}, line {number}: {error}") from error
    _refuse_imbalance(template, data.amounts)
    _refuse_odd_pairs(template)


def _refuse_line(line: Line, data: TemplateData, chart: Chart) -> None:
    if line.amount not in data.amounts:
        raise TemplateError(f"there is no amount {line.amount}")
    if variable_of(line.account) in data.roles:
        return  # which account it is, and in which currency, is checked when it is known
    for account in chart.accounts.values():
        if _fits(segments_of(line.account), account.segments):
            _refuse_currency(line, account.segments, data.amounts)
            return
    raise UnknownAccount(f"the chart has no account {line.account}")


def _fits(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    return len(ours) == len(theirs) and all(
        our == their or variable_of(their) for our, their in zip(ours, theirs, strict=True)
    )


def _refuse_currency(line: Line, pattern: tuple[str, ...], amounts: Mapping[str, str]) -> None:
    """The currency in an account's name is the one of the amount that is booked there."""
    for our, their in zip(segments_of(line.account), pattern, strict=True):
        if variable_of(their) != "currency":
            continue
        named = variable_of(our)
        if named is None or amounts.get(named) != amounts[line.amount]:
            raise WrongCurrency(f"{line.account} is not kept in the currency of {line.amount}")


def _refuse_imbalance(template: Template, amounts: Mapping[str, str]) -> None:
    """What is debited is credited: in each layer and currency, by the names of the amounts."""
    sums: dict[tuple[str, str], Counter[str]] = {}
    for line in template.lines:
        sides = sums.setdefault((line.layer, amounts[line.amount]), Counter())
        sides[line.amount] += 1 if line.side == "D" else -1
    for (layer, currency), sides in sums.items():
        left = [f"{name} {count:+d}" for name, count in sorted(sides.items()) if count]
        if left:
            raise TemplateError(
                f"template {template.name} does not balance: {layer}, in the currency of"
                f" {currency}, debits less credits are {', '.join(left)}"
            )


def _refuse_odd_pairs(template: Template) -> None:
    """Legs come in pairs, so that a booking can be read back, mirrored and cut."""
    if not template.lines:
        raise TemplateError(f"template {template.name} has no lines")
    for number, line in enumerate(template.lines, start=1):
        debit = template.lines[(number - 1) // 2 * 2]
        side = "D" if number % 2 else "C"
        if msgspec.structs.replace(debit, side=side, account=line.account) != line:
            raise TemplateError(
                f"template {template.name}, line {number}: a debit is followed by the credit of the"
                " same amount, code and layer"
            )
