"""The chart of accounts and the posting templates are data: what cannot be right is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain import chart
from domain.charging import TEMPLATES
from domain.chart import CHART
from domain.chart_of_accounts import Chart, ChartError, UnknownAccount, WrongCurrency
from domain.money import Money
from domain.posting import Posting, imbalance_of, legs_of
from domain.posting_template import TemplateError, Templates

DATA = Path("src/domain/data")
EURO = Money(4500, "EUR")

type Change = Callable[[dict[str, Any]], None]


def changed_templates(change: Change) -> Templates:
    data = json.loads((DATA / "templates.json").read_bytes())
    change(data)
    return Templates.from_json(json.dumps(data).encode(), CHART)


def changed_chart(change: Change) -> Chart:
    data = json.loads((DATA / "chart.json").read_bytes())
    change(data)
    return Chart.from_json(json.dumps(data).encode())


def line(data: dict[str, Any], template: str, number: int) -> dict[str, Any]:
    (found,) = [each for each in data["templates"] if each["name"] == template]
    picked: dict[str, Any] = found["lines"][number - 1]
    return picked


def setting(template: str, number: int, **values: str) -> Change:
    return lambda data: line(data, template, number).update(values)


def without_line(template: str, number: int) -> Change:
    def change(data: dict[str, Any]) -> None:
        (found,) = [each for each in data["templates"] if each["name"] == template]
        del found["lines"][number - 1]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            setting("CHARGE", 4, account="inc:tips"),
            r"template CHARGE, line 4: the chart has no account inc:tips",
        ),
        (
            setting("SUSPEND", 2, account="settle:{network}"),
            r"template SUSPEND, line 2: the chart has no account settle:\{network\}",
        ),
        (
            setting("CHARGE_EXCHANGED", 4, amount="billing"),
            r"template CHARGE_EXCHANGED does not balance: posted, in the currency of billing,"
            r" debits less credits are billing -1",
        ),
        (
            without_line("SUSPEND", 2),
            r"template SUSPEND does not balance: .* settlement \+1",
        ),
        (
            setting("HOLD", 2, layer="posted"),
            r"template HOLD does not balance: pending, .* hold \+1",
        ),
        (
            setting("CHARGE_EXCHANGED", 2, account="fxpos:{settlement}/{billing}"),
            r"template CHARGE_EXCHANGED, line 2: fxpos:\{settlement\}/\{billing\} is not kept in"
            r" the currency of billing",
        ),
        (
            setting("OPENING", 1, account="nostro:EUR"),
            r"template OPENING, line 1: nostro:EUR is not kept in the currency of opening",
        ),
        (
            setting("REFUND", 1, amount="tip"),
            r"template REFUND, line 1: there is no amount tip",
        ),
        (
            setting("REFUND", 2, code="OTHER"),
            r"template REFUND, line 2: a debit is followed by the credit",
        ),
        (
            lambda data: line(data, "REFUND", 1).update(side="X"),
            r"cannot be read: .*`\$.templates\[4\].lines\[0\].side`",
        ),
        (
            lambda data: line(data, "REFUND", 1).update(acount="typo"),
            r"cannot be read: .*acount",
        ),
        (
            lambda data: data["templates"].append(data["templates"][0]),
            r"template HOLD stands in the file twice",
        ),
        (
            lambda data: data["templates"][0].update(lines=[]),
            r"template HOLD has no lines",
        ),
        (
            lambda data: data["amounts"].update(tip="gratuity"),
            r"amount tip: gratuity is no amount",
        ),
        (
            lambda data: data["roles"].update(against=["scheme"]),
            r"role against: the chart has no account named scheme",
        ),
    ],
)
def test_a_template_that_cannot_be_right_is_refused_by_name_and_line(
    change: Change, message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        changed_templates(change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda data: data["accounts"].append(data["accounts"][0]),
            r"account customer stands in the chart twice",
        ),
        (
            lambda data: data["accounts"].append(
                data["accounts"][0] | {"name": "other", "pattern": "cust:{iban}"}
            ),
            r"account other: cust:\{iban\} may be customer, too",
        ),
        (
            lambda data: data["accounts"][1].update(currencies=["EUR", "EURO"]),
            r"account settlement: no currency has the code",
        ),
        (
            lambda data: data["accounts"][1].update(pattern="{network}:{currency}"),
            r"account settlement: .* begins with a variable",
        ),
        (
            lambda data: data["accounts"][1].update(kind="debt"),
            r"cannot be read: .*`\$.accounts\[1\].kind`",
        ),
    ],
)
def test_a_chart_that_contradicts_itself_is_refused(change: Change, message: str) -> None:
    with pytest.raises(ChartError, match=message):
        changed_chart(change)


@pytest.mark.parametrize(
    ("account", "currency"),
    [
        ("settle:VISA:EUR", "USD"),
        ("fxpos:EUR/USD", "USD"),
        ("susp:NO_RATE:EUR", "JPY"),
    ],
)
def test_an_account_is_kept_in_the_currency_that_it_names(account: str, currency: str) -> None:
    with pytest.raises(WrongCurrency, match=f"{account} is not kept in {currency}"):
        CHART.check(account, currency)


def test_an_account_may_be_kept_in_some_currencies_only() -> None:
    euro_only = changed_chart(lambda data: data["accounts"][0].update(currencies=["EUR"]))

    euro_only.check("cust:A1", "EUR")
    with pytest.raises(WrongCurrency):
        euro_only.check("cust:A1", "USD")


@pytest.mark.parametrize("account", ["cust", "cust:", "cust:A:B", "cash:EUR", "", "inc:fx_fee:EUR"])
def test_an_account_that_the_chart_does_not_have_is_unknown(account: str) -> None:
    with pytest.raises(UnknownAccount):
        CHART.find(account)


def test_every_account_that_the_code_names_is_in_the_chart() -> None:
    named = {
        "customer": chart.customer("A1"),
        "settlement": chart.settlement("VISA", "EUR"),
        "suspense": chart.suspense("NO_RATE", "EUR"),
        "position": chart.position("EUR", "USD"),
        "nostro": chart.nostro("EUR"),
        "overdrawn": chart.overdrawn("A1"),
        "fx_markup": chart.FX_MARKUP,
        "fx_fee": chart.FX_FEE,
        "cash_fee": chart.CASH_FEE,
    }

    assert {CHART.find(account).name for account in named.values()} == set(named)
    assert {name: CHART.find(account).name for name, account in named.items()} == {
        name: name for name in named
    }


def test_every_template_makes_legs_that_balance_in_each_currency() -> None:
    data = json.loads((DATA / "templates.json").read_bytes())
    amounts = {
        name: Money(1000 + place, "EUR" if symbol == "billing" else "USD")
        for place, (name, symbol) in enumerate(data["amounts"].items())
    }
    names = {"account_id": "A1", "network": "VISA", "reason": "NO_RATE", "code": "PRINCIPAL"}

    for template in TEMPLATES.all:
        exchanged = template.name.endswith("EXCHANGED")
        others = {
            "against": f"settle:VISA:{'USD' if exchanged else 'EUR'}",
            "other": "settle:VISA:EUR",
            "other_currency": "USD",
        }
        legs = legs_of(TEMPLATES.post(template.name, names | others, amounts))

        assert imbalance_of(legs) == {}
        assert len(legs) == len(template.lines)


def test_amounts_that_share_a_currency_cannot_come_in_two() -> None:
    with pytest.raises(WrongCurrency, match="fx_fee is in USD, not in EUR"):
        TEMPLATES.post(
            "CHARGE",
            {"account_id": "A1", "against": "settle:VISA:EUR"},
            {"billing": EURO, "fx_fee": Money(150, "USD")},
        )


def test_an_account_in_another_currency_cannot_stand_against_the_amount() -> None:
    with pytest.raises(WrongCurrency, match="settle:VISA:USD is not kept in EUR"):
        TEMPLATES.post(
            "CHARGE", {"account_id": "A1", "against": "settle:VISA:USD"}, {"billing": EURO}
        )


def test_an_account_plays_no_role_that_is_not_its_own() -> None:
    with pytest.raises(UnknownAccount, match="nostro:EUR cannot be against"):
        TEMPLATES.post("CHARGE", {"account_id": "A1", "against": "nostro:EUR"}, {"billing": EURO})


def test_an_amount_that_a_template_needs_cannot_be_missing_or_nothing() -> None:
    names = {"account_id": "A1"}

    with pytest.raises(ValueError, match="the amount opening is missing"):
        TEMPLATES.post("OPENING", names, {})
    with pytest.raises(ValueError, match="positive"):
        TEMPLATES.post("OPENING", names, {"opening": Money(0, "EUR")})


def test_no_posting_at_all_leaves_the_chart() -> None:
    with pytest.raises(UnknownAccount, match="no account cash:EUR"):
        Posting("cust:A1", "cash:EUR", EURO, "PRINCIPAL")
    with pytest.raises(WrongCurrency, match="settle:VISA:USD is not kept in EUR"):
        Posting("cust:A1", "settle:VISA:USD", EURO, "PRINCIPAL")
