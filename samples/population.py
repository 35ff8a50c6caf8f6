"""The people, cards and merchants of the samples. Every number is a test number.

Card numbers start with the prefixes that networks and processors document for tests, count up, and
end in their check digit. IBANs carry a bank code that no bank has.
"""

from typing import NamedTuple

DAY = "2026-11-20"


class Account(NamedTuple):
    """Money in minor units of the account's currency."""

    account_id: str
    iban: str
    branch: str
    holder: str
    product: str
    currency: str
    status: str
    overdraft_limit: int
    opening_money: int


class CardHeld(NamedTuple):
    card_number: str
    network: str
    account: Account | None


class Merchant(NamedTuple):
    merchant_id: str
    name: str
    mcc: str
    country: str
    city: str
    country_numeric: str


_FIRST = ("Anna", "Ben", "Carla", "David", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jan")
_LAST = ("Adler", "Brandt", "Conrad", "Dietz", "Engel")
_TEST_PREFIXES = {
    "VISA": ("411111", "476173", "401288"),
    "MASTERCARD": ("555555", "222300", "510510"),
    "AMEX": ("378282",),
}


def check_digit(digits: str) -> str:
    """The digit that makes the whole number pass the Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def sample_card_number(prefix: str, serial: int) -> str:
    length = 15 if prefix.startswith("37") else 16
    digits = prefix + str(serial).zfill(length - 1 - len(prefix))
    return digits + check_digit(digits)


def sample_iban(serial: int) -> str:
    """An IBAN in the Dutch form, whose digits are too few to look like a card number."""
    bank, number = "XPST", f"{serial:010}"
    letters = "".join(str(ord(letter) - 55) for letter in bank)
    remainder = int(f"{letters}{number}232100") % 97
    return f"NL{98 - remainder:02}{bank}{number}"


def _account(n: int) -> Account:
    currency, product, status = "EUR", ("CLASSIC", "CLASSIC", "TRAVEL", "BUSINESS")[n % 4], "OPEN"
    if 41 <= n <= 45:
        currency, product = "USD", "DOLLAR"
    elif n in (46, 47):
        status = "HOLD_DEBIT"
    elif n == 48:
        status = "HOLD_ALL"
    elif n > 48:
        status = "CLOSED"
    return Account(
        account_id=f"A-{1000 + n}",
        iban=sample_iban(n),
        branch=("BERLIN", "HAMBURG", "KOELN")[n % 3],
        holder=f"{_FIRST[n % 10]} {_LAST[n // 10 % 5]}",
        product=product,
        currency=currency,
        status=status,
        overdraft_limit=(0, 50_000, 100_000)[n % 3],
        opening_money=0 if status == "CLOSED" else 5_000 if n == 7 else 200_000 + 10_000 * n,
    )


ACCOUNTS = tuple(_account(n) for n in range(1, 51))
# A company's account, which all of its cards book to.
SHARED = "A-1003"
BY_STATUS = {
    status: tuple(a for a in ACCOUNTS if a.status == status)
    for status in ("OPEN", "HOLD_DEBIT", "HOLD_ALL", "CLOSED")
}


def _cards() -> tuple[CardHeld, ...]:
    """Sixty cards: one for each account, a second one for the first ten, in turns of networks."""
    held = [*ACCOUNTS, *ACCOUNTS[:10]]
    cards = []
    for n, account in enumerate(held):
        network = "VISA" if n % 5 < 3 and n != 46 else "MASTERCARD"
        network = "AMEX" if n in (12, 24) else network
        prefixes = _TEST_PREFIXES[network]
        number = sample_card_number(prefixes[n % len(prefixes)], 100 + n)
        cards.append(CardHeld(number, network, account))
    return tuple(cards)


CARDS = _cards()
# Cards that no account is known for: they are in no reference file.
STRAY_CARDS = tuple(CardHeld(sample_card_number("400000", 900 + n), "VISA", None) for n in range(4))

_NUMERIC = {
    "DE": "276",
    "AT": "040",
    "FR": "250",
    "GB": "826",
    "US": "840",
    "JP": "392",
    "KW": "414",
    "TH": "764",
    "NL": "528",
    "MT": "470",
}
_MERCHANTS = (
    ("NORDMARKT", "5411", "DE", "BERLIN"),
    ("SUEDMARKT", "5411", "DE", "MUENCHEN"),
    ("BAECKEREI LENZ", "5462", "DE", "HAMBURG"),
    ("CAFE SPREE", "5814", "DE", "BERLIN"),
    ("GASTHAUS ZUR POST", "5812", "DE", "KOELN"),
    ("STERN APOTHEKE", "5912", "DE", "BONN"),
    ("BUCH UND PAPIER", "5942", "DE", "LEIPZIG"),
    ("TANKHOF A9", "5542", "DE", "DESSAU"),
    ("STADTWERKE MOBIL", "4111", "DE", "BERLIN"),
    ("RADHAUS", "5940", "DE", "FREIBURG"),
    ("MODEHAUS KLEE", "5651", "DE", "DRESDEN"),
    ("TECHNIK DISCOUNT", "5732", "DE", "KOELN"),
    ("HOTEL ALPENBLICK", "7011", "AT", "INNSBRUCK"),
    ("WIENER KAFFEE", "5814", "AT", "WIEN"),
    ("LIBRAIRIE DU PONT", "5942", "FR", "LYON"),
    ("THAMES BOOKS", "5942", "GB", "LONDON"),
    ("SOHO DELI", "5812", "GB", "LONDON"),
    ("HUDSON DINER", "5812", "US", "NEW YORK"),
    ("BAY SOFTWARE", "5734", "US", "OAKLAND"),
    ("KYOTO TEA HOUSE", "5812", "JP", "KYOTO"),
    ("GULF ELECTRONICS", "5732", "KW", "KUWAIT CITY"),
    ("BANGKOK SILK", "5651", "TH", "BANGKOK"),
    ("GELDAUTOMAT MITTE", "6011", "DE", "BERLIN"),
    ("ATM SCHIPHOL", "6011", "NL", "AMSTERDAM"),
    ("LUCKY HARBOUR", "7995", "MT", "VALLETTA"),
)


def _merchant(n: int, row: tuple[str, str, str, str]) -> Merchant:
    name, mcc, country, city = row
    merchant_id = f"{name.replace(' ', '')[:11]:X<11}{n:04}"
    return Merchant(merchant_id, name, mcc, country, city, _NUMERIC[country])


MERCHANTS = tuple(_merchant(n, row) for n, row in enumerate(_MERCHANTS, start=1))


def merchants_in(country: str) -> tuple[Merchant, ...]:
    """Shops only: no cash machines and no casino."""
    return tuple(m for m in MERCHANTS if m.country == country and m.mcc not in ("6011", "7995"))
