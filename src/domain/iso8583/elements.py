"""The data elements of ISO 8583:1987 as data: format, length and what becomes of each.

Formats: n digits, an letters and digits, ans printable ASCII, xn C or D and then digits, z track
data, b binary as hex digits. Length prefix 0 means a fixed length, 2 LLVAR, 3 LLLVAR.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

Format = Literal["n", "an", "ans", "xn", "z", "b"]


class Element(Struct, frozen=True):
    """`kept` is the allow-list: what is not kept is checked, dropped and never returned."""

    number: int
    title: str
    format: Format
    prefix: int
    length: int
    kept: bool

    @property
    def name(self) -> str:
        return f"DE{self.number}"


# number, title, format, length prefix, (greatest) length
_KEPT: tuple[tuple[int, str, Format, int, int], ...] = (
    (3, "processing code", "n", 0, 6),
    (4, "amount, transaction", "n", 0, 12),
    (5, "amount, settlement", "n", 0, 12),
    (6, "amount, cardholder billing", "n", 0, 12),
    (7, "transmission date and time", "n", 0, 10),
    (9, "conversion rate, settlement", "n", 0, 8),
    (10, "conversion rate, cardholder billing", "n", 0, 8),
    (11, "system trace audit number", "n", 0, 6),
    (12, "time, local transaction", "n", 0, 6),
    (13, "date, local transaction", "n", 0, 4),
    (15, "date, settlement", "n", 0, 4),
    (16, "date, conversion", "n", 0, 4),
    (18, "merchant type", "n", 0, 4),
    (19, "acquiring institution country code", "n", 0, 3),
    (22, "point of service entry mode", "n", 0, 3),
    (23, "card sequence number", "n", 0, 3),
    (25, "point of service condition code", "n", 0, 2),
    (28, "amount, transaction fee", "xn", 0, 9),
    (29, "amount, settlement fee", "xn", 0, 9),
    (30, "amount, transaction processing fee", "xn", 0, 9),
    (31, "amount, settlement processing fee", "xn", 0, 9),
    (32, "acquiring institution identification code", "n", 2, 11),
    (33, "forwarding institution identification code", "n", 2, 11),
    (37, "retrieval reference number", "an", 0, 12),
    (38, "authorisation identification response", "an", 0, 6),
    (39, "response code", "an", 0, 2),
    (41, "card acceptor terminal identification", "ans", 0, 8),
    (42, "card acceptor identification code", "ans", 0, 15),
    (43, "card acceptor name/location", "ans", 0, 40),
    (49, "currency code, transaction", "n", 0, 3),
    (50, "currency code, settlement", "n", 0, 3),
    (51, "currency code, cardholder billing", "n", 0, 3),
    (54, "additional amounts", "an", 3, 120),
    (63, "life cycle identification", "ans", 3, 999),
    (71, "message number", "n", 0, 4),
    (72, "message number, last", "n", 0, 4),
    (90, "original data elements", "n", 0, 42),
    (95, "replacement amounts", "an", 0, 42),
)
_DROPPED: tuple[tuple[int, str, Format, int, int], ...] = (
    (2, "primary account number", "n", 2, 19),
    (8, "amount, cardholder billing fee", "n", 0, 8),
    (14, "date, expiration", "n", 0, 4),
    (17, "date, capture", "n", 0, 4),
    (20, "country code, primary account number", "n", 0, 3),
    (21, "country code, forwarding institution", "n", 0, 3),
    (24, "network international identifier", "n", 0, 3),
    (26, "point of service PIN capture code", "n", 0, 2),
    (27, "authorisation response length", "n", 0, 1),
    (34, "primary account number, extended", "ans", 2, 28),
    (35, "track 2 data", "z", 2, 37),
    (36, "track 3 data", "z", 3, 104),
    (40, "service restriction code", "an", 0, 3),
    (44, "additional response data", "ans", 2, 25),
    (45, "track 1 data", "ans", 2, 76),
    (46, "additional data, ISO", "ans", 3, 999),
    (47, "additional data, national", "ans", 3, 999),
    (48, "additional data, private", "ans", 3, 999),
    (52, "personal identification number", "b", 0, 16),
    (53, "security related control information", "n", 0, 16),
    (55, "integrated circuit card data", "b", 3, 510),
    (64, "message authentication code", "b", 0, 16),
    (66, "settlement code", "n", 0, 1),
    (67, "extended payment code", "n", 0, 2),
    (68, "receiving institution country code", "n", 0, 3),
    (69, "settlement institution country code", "n", 0, 3),
    (70, "network management information code", "n", 0, 3),
    (73, "date, action", "n", 0, 6),
    *((number, "number of credits or debits", "n", 0, 10) for number in range(74, 82)),
    *((number, "fee total", "n", 0, 12) for number in range(82, 86)),
    *((number, "amount total", "n", 0, 16) for number in range(86, 90)),
    (91, "file update code", "an", 0, 1),
    (92, "file security code", "an", 0, 2),
    (93, "response indicator", "n", 0, 5),
    (94, "service indicator", "an", 0, 7),
    (96, "message security code", "b", 0, 16),
    (97, "amount, net settlement", "xn", 0, 17),
    (98, "payee", "ans", 0, 25),
    (99, "settlement institution identification code", "n", 2, 11),
    (100, "receiving institution identification code", "n", 2, 11),
    (101, "file name", "ans", 2, 17),
    (102, "account identification 1", "ans", 2, 28),
    (103, "account identification 2", "ans", 2, 28),
    (104, "transaction description", "ans", 3, 100),
    *((number, "reserved", "ans", 3, 999) for number in (*range(56, 63), *range(105, 128))),
    (128, "message authentication code", "b", 0, 16),
)

ELEMENTS: Mapping[int, Element] = {
    row[0]: Element(*row, kept=kept)
    for kept, table in ((True, _KEPT), (False, _DROPPED))
    for row in table
}


def _library_spec(prefix: int, length: int) -> dict[str, Any]:
    return {
        "data_enc": "ascii",
        "len_enc": "ascii",
        "len_type": prefix,
        "max_len": length,
        "desc": "",
    }


# The same table in the form that pyiso8583 reads: no header, bitmaps as sixteen hex digits.
LIBRARY_SPEC: Mapping[str, Mapping[str, Any]] = {
    "h": _library_spec(0, 0),
    "t": _library_spec(0, 4),
    "p": _library_spec(0, 16),
    "1": _library_spec(0, 16),
    **{str(e.number): _library_spec(e.prefix, e.length) for e in ELEMENTS.values()},
}
