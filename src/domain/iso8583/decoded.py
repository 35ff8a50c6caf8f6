"""What decoding gives: a message in good order, or the list of what is wrong with it."""

from msgspec import Struct

from domain.card_number import CardNumber


class Decoded(Struct, frozen=True):
    """One valid message.

    elements: allow-listed data elements by name ("DE4": "000000012345"), text without its padding;
        no card number, no expiry, no track, PIN or chip data.
    transmitted_at: DE7 with its year, UTC: 2026-11-20T10:11:12Z.
    """

    network: str
    mti: str
    elements: dict[str, str]
    card_number: CardNumber
    transmitted_at: str


class Problem(Struct, frozen=True):
    """One thing that is wrong.

    element: "DE4", "MTI", "bitmap", "message" ...
    offset: byte offset in a binary message ("27"), JSON path in a JSON one ("$.de.4").
    code: stable name for programs, such as NOT_NUMERIC. Texts never repeat received card data.
    """

    element: str
    offset: str
    code: str
    message: str
    remedy: str


class Invalid(Struct, frozen=True):
    """A refused message: every problem that was found, and what could be read of it safely."""

    errors: tuple[Problem, ...]
    network: str | None = None
    mti: str | None = None
    last4: str | None = None
