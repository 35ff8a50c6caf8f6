"""Invariant 10: what is settled is zero, what was earned is swept, suspense holds what is open."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cli.audit.finding import Break, Row
from domain.settlement_matching import root_of

_CLEARING, _POSITION, _SUSPENSE = "settle:", "fxpos:", "susp:"
_SETTLE, _GAIN, _SUSPEND, _BREAK = "SETTLE", "FX_GAIN", "SUSPEND", "SETTLEMENT_BREAK"

# Credit less debit of an account in minor units.
type Nets = Mapping[str, int]
# By clearing account, the last date that a file has settled.
type Settled = Mapping[str, str]


def clearing_returns_to_zero(headers: Iterable[Row]) -> Iterator[Break]:
    """All of it follows from the journal; balances are the sums of it by invariant 5."""
    known = list(headers)
    settled = _settled(known)
    left = {account: _left(known, account, date) for account, date in settled.items()}
    for account, amount in sorted(left.items()):
        if amount:
            what = f"{amount} minor units are left of the dates up to {settled[account]}"
            yield Break(10, account, what)
    yield from _positions(known, settled, left)
    yield from _suspense(known)


def _settled(headers: Sequence[Row]) -> Settled:
    latest: dict[str, str] = {}
    for header in headers:
        if header["purpose"] == _SETTLE:
            for account in _accounts(header, _CLEARING):
                latest[account] = max(latest.get(account, ""), header["value_date"])
    return latest


def _left(headers: Sequence[Row], account: str, date: str) -> int:
    """What is owed for dates that are settled; a later file may still pay for an earlier date."""
    return sum(_nets(header).get(account, 0) for header in headers if header["value_date"] <= date)


def _positions(headers: Sequence[Row], settled: Settled, left: Nets) -> Iterator[Break]:
    """A currency of which nothing is owed or waits, and no position is left, holds no gain either.

    Purchases of accounts in that currency leave a position: the payment bought it for others.
    """
    for currency, traded in sorted(_traded(headers).items()):
        clearing = _clearing_of(headers, currency)
        if not clearing <= settled.keys() or any(left[account] for account in clearing):
            continue
        date = min(settled[account] for account in clearing)
        nets = _of_currency(headers, currency, date)
        if any(net for account, net in nets.items() if account.startswith(_SUSPENSE)):
            continue
        for base in sorted(traded):
            earned = nets.get(f"{_POSITION}{base}/{currency}", 0)
            held = nets.get(f"{_POSITION}{currency}/{base}", 0) if base != currency else 0
            if earned and not held:
                what = f"a gain of {earned} {base} minor units is realised, and not swept"
                yield Break(10, f"{_POSITION}{base}/{currency}", what)


def _traded(headers: Sequence[Row]) -> dict[str, set[str]]:
    """By settled currency, those that it was paid in: itself, if none was bought for it."""
    traded: dict[str, set[str]] = defaultdict(set)
    for header in headers:
        if header["purpose"] == _SETTLE:
            currency = _currency_of(header)
            bases = {
                account.removeprefix(_POSITION).partition("/")[0]
                for account in _accounts(header, _POSITION)
            }
            traded[currency] |= bases - {currency} or {currency}
    return traded


def _clearing_of(headers: Sequence[Row], currency: str) -> set[str]:
    return {
        account
        for header in headers
        for account in _accounts(header, _CLEARING)
        if account.endswith(f":{currency}")
    }


def _of_currency(headers: Sequence[Row], currency: str, date: str) -> dict[str, int]:
    """The bookings that owe or settle this currency, up to a date: a position of the same pair
    that another currency's purchases have opened is none of theirs.
    """
    nets: dict[str, int] = defaultdict(int)
    for header in headers:
        if header["value_date"] <= date and _currency_of(header) == currency:
            for account, net in _nets(header).items():
                nets[account] += net
    return nets


def _currency_of(header: Row) -> str:
    """What the booking owes the scheme, or settles, in."""
    if header["purpose"] == _GAIN:
        return str(header["pk"]).split("#")[-2]
    owed = {*_accounts(header, _CLEARING), *_accounts(header, _SUSPENSE)}
    return min(owed, default="").rpartition(":")[2]


def _suspense(headers: Sequence[Row]) -> Iterator[Break]:
    """What a message has in suspense is what opened it, or nothing."""
    moved: dict[tuple[str, str], int] = defaultdict(int)
    opened: dict[tuple[str, str], int] = defaultdict(int)
    openers = {
        header["pk"]
        for header in headers
        if header["purpose"] == _SUSPEND or header.get("reason") == _BREAK
    }
    for header in headers:
        opens = root_of(header["pk"]) in openers
        for account in _accounts(header, _SUSPENSE):
            net = _nets(header)[account]
            moved[header["msg_id"], account] += net
            if opens:
                opened[header["msg_id"], account] += net
    for (msg_id, account), net in sorted(moved.items()):
        if net and net != opened[msg_id, account]:
            what = f"{account} holds {net} minor units of it, and {opened[msg_id, account]} opened"
            yield Break(10, msg_id, what)


def _accounts(header: Row, prefix: str) -> set[str]:
    return {leg["account"] for leg in header["legs"] if leg["account"].startswith(prefix)}


def _nets(header: Row) -> dict[str, int]:
    nets: dict[str, int] = defaultdict(int)
    for leg in header["legs"]:
        if leg["layer"] == "posted":
            nets[leg["account"]] += leg["amount"] if leg["side"] == "C" else -leg["amount"]
    return nets
