"""The messages of one business day, each with the outcome that it is made for.

The outcome is the intent of the scenario, not the answer of the system: that is what makes
EXPECTED.json worth comparing with.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from samples.population import (
    ACCOUNTS,
    BY_STATUS,
    CARDS,
    MERCHANTS,
    STRAY_CARDS,
    Account,
    CardHeld,
    Merchant,
    merchants_in,
)

type Elements = dict[str, str]
type Changes = dict[str, str | None]

EUR, USD, GBP, JPY, KWD, THB = "978", "840", "826", "392", "414", "764"
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
ACQUIRERS = {"VISA": "476173", "MASTERCARD": "555511", "AMEX": "378200", "ATM": "601100"}
# A request whose response does not come; 15 minutes later it is rejected.
WAITS, ANSWERED = "waiting.NO_RESPONSE", "answered.RESPONSE"
CASH_MACHINE, CASH_MACHINE_ABROAD, CASINO = MERCHANTS[22], MERCHANTS[23], MERCHANTS[24]


@dataclass(frozen=True)
class Line:
    """One message, or damaged bytes in its place; the outcome is "kind.reason"."""

    network: str
    mti: str
    de: Elements
    outcome: str
    damage: bytes | None = None


@dataclass
class Day:
    """Hands out trace numbers, references and times, so that no two messages meet by accident."""

    rng: random.Random
    number: int = 0
    cards: dict[str, list[CardHeld]] = field(default_factory=dict)

    def card(self, network: str, status: str = "OPEN", currency: str = "EUR") -> CardHeld:
        """The next card in turn, so that every card is used."""
        kind = f"{network}/{status}/{currency}"
        if not self.cards.get(kind):
            self.cards[kind] = [c for c in CARDS if _is(c, network, status, currency)]
        return self.cards[kind].pop(0)

    def shop(self, country: str = "DE") -> Merchant:
        return self.rng.choice(merchants_in(country))

    def line(
        self,
        card: CardHeld,
        shop: Merchant,
        minor: int,
        outcome: str,
        *,
        mti: str = "0210",
        currency: str = EUR,
        network: str | None = None,
        at: datetime | None = None,
        change: Changes | None = None,
        **elements: str | None,
    ) -> Line:
        """An element is replaced by its name (de39="05") or taken out with None."""
        self.number += 1
        sent = at or MIDNIGHT + timedelta(seconds=self.number * 190 + self.rng.randrange(90))
        de = self._elements(card, shop, sent, network or card.network)
        de |= {"4": f"{minor:012}", "49": currency}
        changes = {
            name.removeprefix("de"): text for name, text in {**(change or {}), **elements}.items()
        }
        de = {n: t for n, t in {**de, **changes}.items() if t is not None}
        return Line(network or card.network, mti, de, outcome)

    def _elements(self, card: CardHeld, shop: Merchant, sent: datetime, network: str) -> Elements:
        local = sent + timedelta(hours=1)
        return {
            "2": card.card_number,
            "3": "000000",
            "7": sent.strftime("%m%d%H%M%S"),
            "11": f"{self.number:06}",
            "12": local.strftime("%H%M%S"),
            "13": local.strftime("%m%d"),
            "15": "1121",
            "18": shop.mcc,
            "19": shop.country_numeric,
            "22": self.rng.choice(("051", "071")),
            "25": "00",
            "32": ACQUIRERS[network],
            "37": f"6324{self.number:08}",
            "38": f"A{self.number:05}",
            "39": "00",
            "41": f"T{shop.merchant_id[-4:]}{self.number % 3:03}",
            "42": shop.merchant_id,
            "43": f"{shop.name:25.25}{shop.city:13.13}{shop.country}",
        }


def _is(card: CardHeld, network: str, status: str, currency: str) -> bool:
    account = card.account
    return (
        account is not None
        and (card.network == network or network == "ATM")
        and account.status == status
        and account.currency == currency
    )


def changed(line: Line, outcome: str, mti: str | None = None, **elements: str) -> Line:
    """The same message again, apart from what is given."""
    de = {**line.de, **{name.removeprefix("de"): text for name, text in elements.items()}}
    return replace(line, mti=mti or line.mti, de=de, outcome=outcome)


def held_by(account: Account) -> CardHeld:
    return next(card for card in CARDS if card.account == account)


def purchases(day: Day, network: str, count: int) -> Iterator[Line]:
    """Everyday purchases at home; every sixth is an advice, and some advices carry no DE39."""
    for n in range(count):
        minor = day.rng.randrange(150, 18_000)
        line = day.line(day.card(network), day.shop(), minor, "posted.CLEAR")
        if n % 6 == 5:
            without_response = {k: t for k, t in line.de.items() if n % 4 != 3 or k != "39"}
            line = replace(line, mti="0220", de=without_response)
        yield line


def abroad(day: Day, network: str, count: int) -> Iterator[Line]:
    """Purchases in five currencies, some with the billing or settlement amount of the scheme."""
    for n in range(count):
        country, currency, greatest = (
            ("US", USD, 20_000),
            ("GB", GBP, 15_000),
            ("JP", JPY, 30_000),
            ("KW", KWD, 60_000),
            ("AT", EUR, 12_000),
        )[n % 5]
        minor = day.rng.randrange(500, greatest)
        scheme: Changes = {}
        if currency == GBP:
            scheme = {"de6": f"{minor * 118 // 100:012}", "de51": EUR, "de10": "61180000"}
        if currency == USD and n % 2:
            scheme = {"de5": f"{minor * 91 // 100:012}", "de50": EUR, "de9": "60910000"}
        yield day.line(
            day.card(network),
            day.shop(country),
            minor,
            "posted.CLEAR",
            currency=currency,
            change=scheme,
        )


def refunds(day: Day, network: str, count: int) -> Iterator[Line]:
    for _ in range(count):
        minor = day.rng.randrange(500, 9_000)
        yield day.line(day.card(network), day.shop(), minor, "posted.REFUND", de3="200000")


def cash(day: Day, count: int) -> Iterator[Line]:
    """Withdrawals over the cash machine network; the first is the case of 100.00 and its fee."""
    for n in range(count):
        minor = 10_000 if n == 0 else 1_000 * day.rng.randrange(2, 30)
        machine = CASH_MACHINE_ABROAD if n % 7 == 6 else CASH_MACHINE
        yield day.line(
            day.card("ATM"), machine, minor, "posted.CASH", network="ATM", de3="010000", de22="051"
        )


def worked_cases(day: Day) -> Iterator[Line]:
    """The accounting cases with the amounts that the design works out."""
    classic = next(a for a in BY_STATUS["OPEN"] if a.product == "CLASSIC" and a.currency == "EUR")
    card, home, posted = held_by(classic), day.shop(), "posted.CLEAR"
    yield day.line(card, home, 4_500, posted)
    yield day.line(card, day.shop("US"), 12_345, posted, currency=USD)
    yield day.line(card, day.shop("JP"), 15_000, posted, currency=JPY)
    yield day.line(card, day.shop("KW"), 12_345, posted, currency=KWD)
    yield day.line(card, home, 2_000, "posted.REFUND", de3="200000")
    evening = MIDNIGHT - timedelta(minutes=30)
    yield day.line(
        card, day.shop("US"), 5_000, "posted.REFUND", currency=USD, de3="200000", at=evening
    )
    yield day.line(card, home, 3_000, posted, de39="10")
    track = f"{card.card_number}=29122010000000000000"
    yield day.line(card, home, 990, posted, de2=None, de35=track, de14="2912", de22="021")
    secrets: Changes = {"de14": "2912", "de35": track, "de52": "0123456789ABCDEF", "de55": "9F2600"}
    yield day.line(card, home, 1_990, posted, change=secrets)
    yield day.line(card, home, 5_000, posted, de3="090000", de54="0040978D000000002000")


def dollar_accounts(day: Day, network: str, count: int) -> Iterator[Line]:
    for n in range(count):
        country, currency = (("US", USD), ("DE", EUR), ("GB", GBP))[n % 3]
        card = day.card(network, currency="USD")
        minor = day.rng.randrange(400, 9_000)
        yield day.line(card, day.shop(country), minor, "posted.CLEAR", currency=currency)


def held_back(day: Day, network: str) -> Iterator[Line]:
    """Approved, owed to the scheme, and not to be charged to the customer."""
    blocked, no_money = day.card(network, "HOLD_DEBIT"), "suspended.ACCOUNT_ON_HOLD"
    yield day.line(blocked, day.shop("US"), 12_345, no_money, currency=USD)
    yield day.line(blocked, day.shop(), 2_350, no_money)
    yield day.line(blocked, day.shop(), 1_200, "posted.REFUND", de3="200000")
    for stray in STRAY_CARDS[:2] if network == "VISA" else ():
        yield day.line(stray, day.shop(), 3_333, "suspended.UNKNOWN_ACCOUNT")
        yield day.line(stray, day.shop(), 2_000, "suspended.UNKNOWN_ACCOUNT", de3="200000")
    yield day.line(day.card(network), day.shop(), 612_000, "suspended.OVER_LIMIT")
    yield day.line(day.card(network), day.shop("TH"), 99_000, "suspended.NO_RATE", currency=THB)
    unproved: Changes = {"de38": None, "de39": None}
    yield day.line(
        day.card(network),
        day.shop(),
        1_750,
        "suspended.NO_APPROVAL_DATA",
        mti="0220",
        change=unproved,
    )


def locked(day: Day) -> Iterator[Line]:
    """Accounts that take no money at all."""
    for account in BY_STATUS["HOLD_ALL"]:
        reason = "suspended.ACCOUNT_ON_HOLD"
        yield day.line(held_by(account), day.shop(), 4_500, reason)
        yield day.line(held_by(account), day.shop(), 1_000, reason, de3="200000")
    for account in BY_STATUS["CLOSED"]:
        yield day.line(held_by(account), day.shop(), 2_800, "suspended.ACCOUNT_CLOSED")


def owing_nobody(day: Day, network: str, count: int) -> Iterator[Line]:
    for n in range(count):
        card, shop, minor = day.card(network), day.shop(), day.rng.randrange(900, 30_000)
        if n % 4 == 3:
            yield day.line(card, shop, minor, WAITS, mti="0200", de38=None, de39=None)
        else:
            code = ("05", "51", "14")[n % 4]
            yield day.line(card, shop, minor, "rejected.DECLINED", de38=None, de39=code)


def watched(day: Day, network: str, count: int) -> Iterator[Line]:
    """A watch list is a flag: the casino is paid."""
    for _ in range(count):
        minor = day.rng.randrange(2_000, 20_000)
        yield day.line(day.card(network), CASINO, minor, "posted.CLEAR", de22="811", de25="59")


def repeats(day: Day, network: str, count: int) -> Iterator[Line]:
    """Advices that were sent again, and one that came back with another amount."""
    for n in range(count):
        minor = day.rng.randrange(700, 9_000)
        first = day.line(day.card(network), day.shop(), minor, "posted.CLEAR", mti="0220")
        yield first
        if n % 3 == 2:
            yield changed(first, "parked.CONFLICT", mti="0221", de4=f"{minor + 100:012}")
        else:
            yield changed(first, "parked.DUPLICATE", mti="0221" if n % 2 == 0 else "0220")


def same_and_yet_not(day: Day, network: str) -> Iterator[Line]:
    """Pairs that look alike: which of them are one purchase decides who pays twice."""
    posted, at = "posted.CLEAR", MIDNIGHT + timedelta(hours=19)
    first = day.line(day.card(network), day.shop(), 4_200, posted)
    yield first
    yield changed(first, "suspended.POSSIBLE_SECOND_PRESENTMENT", mti="0220")

    part = day.line(day.card(network), day.shop(), 6_000, posted, mti="0220")
    yield part
    yield changed(part, posted, de11=f"{int(part.de['11']) + 700_000:06}", de4=f"{1_500:012}")

    used = day.line(day.card(network), day.shop(), 2_500, posted)
    yield used
    other_terminal = day.line(day.card(network), day.shop(), 2_500, posted)
    yield changed(other_terminal, posted, de11=used.de["11"], de7=used.de["7"], de41="T9999001")

    coffee = day.line(day.card(network), day.shop(), 380, posted, at=at)
    yield coffee
    again = day.line(day.card(network), day.shop(), 380, posted, at=at)
    yield replace(coffee, de={**coffee.de, "11": again.de["11"], "37": again.de["37"]})


def follows(line: Line, mti: str, outcome: str, day: Day, **elements: str) -> Line:
    """A later message of the same payment: the same card and reference, a trace number of its
    own.
    """
    day.number += 1
    return changed(line, outcome, mti=mti, de11=f"{800_000 + day.number:06}", **elements)


def naming(line: Line, mti: str) -> str:
    """DE90 of a message that follows this one, whose request had this type."""
    return f"{mti}{line.de['11']}{line.de['7']}{line.de['32']:0>11}{'':0>11}"


def used(minor: int) -> str:
    """DE95: what was used in the end, and no fees."""
    return f"{minor:012}{0:012}C00000000C00000000"


def payments(day: Day) -> Iterator[Line]:
    """Card payments in several messages, from the hold to what becomes of it."""
    wealthy = [each for each in CARDS if each.network == "VISA" and _has_plenty(each)]
    cards = iter(wealthy)
    held, cleared = "posted.HOLD", "posted.CLEAR"

    def authorise(minor: int, outcome: str = held, **elements: str) -> Line:
        mti, change = elements.pop("mti", "0110"), dict[str, str | None](elements)
        return day.line(next(cards), day.shop(), minor, outcome, mti=mti, change=change)

    plain = authorise(6_000)
    yield plain
    yield follows(plain, "0220", cleared, day, de4=f"{4_500:012}")

    parts = authorise(8_000)
    yield parts
    yield follows(parts, "0220", cleared, day, de4=f"{3_000:012}", de71="0001", de72="0002")
    yield follows(parts, "0220", cleared, day, de4=f"{5_000:012}", de71="0002", de72="0002")

    over = authorise(6_000)
    yield over
    yield follows(over, "0220", cleared, day, de4=f"{7_500:012}")

    given_up = authorise(6_000)
    yield given_up
    yield follows(given_up, "0420", "posted.RELEASE", day, de90=naming(given_up, "0100"))
    yield follows(given_up, "0220", cleared, day, de4=f"{1_200:012}")

    fewer = authorise(3_000)
    yield fewer
    back = {"de90": naming(fewer, "0100"), "de95": used(1_000)}
    yield follows(fewer, "0420", "posted.RELEASE", day, **back)
    yield follows(fewer, "0220", cleared, day, de4=f"{1_000:012}")

    tab = authorise(4_000)
    yield tab
    yield follows(tab, "0110", held, day, de4=f"{2_500:012}", de90=naming(tab, "0100"))
    yield follows(tab, "0220", cleared, day, de4=f"{6_500:012}")

    wrong = day.line(next(cards), day.shop(), 4_500, cleared, mti="0220")
    yield wrong
    yield follows(wrong, "0420", "posted.REVERSE", day, de90=naming(wrong, "0220"))

    late = authorise(2_700)
    yield follows(late, "0420", "posted.RELEASE", day, de90=naming(late, "0100"))
    yield late

    returned = day.line(next(cards), day.shop(), 5_000, cleared, mti="0220")
    yield returned
    refund = {"de3": "200000", "de4": f"{2_000:012}", "de90": naming(returned, "0220")}
    yield follows(returned, "0220", "posted.REFUND", day, **refund)

    yield authorise(3_500, de39="10")
    yield authorise(9_900, mti="0120")
    yield authorise(40_000, de25="06")
    yield authorise(2_000, "rejected.DECLINED", de39="05")
    yield authorise(0, "rejected.VERIFICATION")
    yield authorise(1_000, WAITS, mti="0100")
    poor = held_by(next(each for each in ACCOUNTS if each.opening_money == 5_000))
    yield day.line(poor, day.shop(), 300_000, "rejected.INSUFFICIENT_FUNDS", mti="0110")
    lost = authorise(1_500)
    yield follows(lost, "0420", "waiting.NO_ORIGINAL", day, de90=naming(lost, "0100"))
    yield from pairs(day, cards)


def pairs(day: Day, cards: Iterator[CardHeld]) -> Iterator[Line]:
    """Requests with their responses, in either order; the response alone counts."""

    def ask(minor: int, mti: str) -> Line:
        unproved: Changes = {"de38": None, "de39": None}
        return day.line(next(cards), day.shop(), minor, ANSWERED, mti=mti, change=unproved)

    def answer(line: Line, outcome: str, code: str = "00", **elements: str) -> Line:
        return changed(line, outcome, mti=f"{line.mti[:2]}10", de39=code, **elements)

    single = ask(2_450, "0200")
    yield single
    yield answer(single, "posted.CLEAR", de38="P00001")

    overtaken = ask(1_980, "0200")
    yield answer(overtaken, "posted.CLEAR", de38="P00002")
    yield overtaken

    insistent = ask(3_100, "0200")
    yield insistent
    yield changed(insistent, "parked.DUPLICATE", mti="0201")
    yield answer(insistent, "posted.CLEAR", de38="P00003")

    held = ask(5_200, "0100")
    yield held
    yield answer(held, "posted.HOLD", de38="P00004")

    turned_down = ask(880, "0200")
    yield turned_down
    yield answer(turned_down, "rejected.DECLINED", code="05")


def _has_plenty(card: CardHeld) -> bool:
    account = card.account
    return (
        account is not None
        and account.status == "OPEN"
        and account.currency == "EUR"
        and account.opening_money >= 200_000
    )


def malformed(day: Day, network: str) -> Iterator[Line]:
    """Elements that make a message invalid; each is wrong in its own way."""
    wrong: tuple[Changes, ...] = (
        {"de4": None},
        {"de4": "000000000000"},
        {"de4": "00000000-100"},
        {"de49": "000"},
        {"de7": "1332101112"},
        {"de39": None},
        {"de41": None, "de42": None},
    )
    for changes in wrong:
        yield day.line(day.card(network), day.shop(), 1_000, "parked.INVALID", change=changes)
    mistyped = day.line(day.card(network), day.shop(), 1_000, "parked.INVALID")
    number = mistyped.de["2"]
    yield changed(mistyped, "parked.INVALID", de2=number[:-1] + str((int(number[-1]) + 1) % 10))
    yield day.line(day.card(network), day.shop(), 1_000, "parked.INVALID", mti="0800")
