"""What the sender says of a batch file in `<file>.manifest.json`, and whether the file agrees."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec
from msgspec import Struct

from domain.currency import alpha_of
from domain.currency_table import CURRENCIES
from domain.iso8583.checks import NETWORKS
from domain.iso8583.decoded import Decoded, Problem

SUFFIX = ".manifest.json"


class Manifest(Struct, frozen=True):
    """`totals` are sums of DE4 by alpha currency in minor units, over the well-formed messages.

    `business_date` gives DE7 its year; `count` counts all records, `sha256` is of the whole file.
    """

    network: str
    business_date: date
    count: int
    totals: dict[str, int]
    sha256: str


class Refusal(Struct, frozen=True):
    """The manifest itself cannot be used."""

    errors: tuple[Problem, ...]


class Tally:
    """Counts what a reading of the file finds, to compare with its manifest afterwards."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0
        self.totals: dict[str, int] = {}

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass the file's chunks on, and take their hash."""
        for chunk in chunks:
            self._hash.update(chunk)
            yield chunk

    def add(self, decoded: Decoded | None) -> None:
        """Count one record; None for one that is no well-formed message."""
        self.count += 1
        if decoded is not None:
            currency = alpha_of(decoded.elements["DE49"])
            amount = int(decoded.elements["DE4"])
            self.totals[currency] = self.totals.get(currency, 0) + amount


def manifest_key(key: str) -> str:
    return key + SUFFIX


def read_manifest(raw: bytes) -> Manifest | Refusal:
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        fault = "not an object with network, business_date, count, totals and sha256"
        return Refusal((_problem("manifest", fault),))
    errors = tuple(_refused(manifest))
    return Refusal(errors) if errors else manifest


def check_manifest(manifest: Manifest, tally: Tally) -> list[Problem]:
    """One problem for each statement that the file does not bear out."""
    found = [
        ("count", manifest.count, tally.count),
        ("sha256", manifest.sha256.lower(), tally.sha256),
    ]
    for currency in sorted(manifest.totals.keys() | tally.totals.keys()):
        stated, counted = manifest.totals.get(currency, 0), tally.totals.get(currency, 0)
        found.append((f"totals.{currency}", stated, counted))
    return [
        _problem(field, f"the manifest says {stated}, the file has {counted}")
        for field, stated, counted in found
        if stated != counted
    ]


def _refused(manifest: Manifest) -> Iterator[Problem]:
    if manifest.network not in NETWORKS:
        yield _problem("network", "the network is not known")
    if manifest.count < 1:
        yield _problem("count", "a file holds at least one message")
    for currency, total in manifest.totals.items():
        if currency not in CURRENCIES or total < 0:
            yield _problem("totals", "not an ISO 4217 currency and a sum that is not negative")
    digits = manifest.sha256.lower()
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        yield _problem("sha256", "not 64 hex digits")


def _problem(field: str, message: str) -> Problem:
    remedy = "Correct the manifest, or upload the file that it describes."
    return Problem(field, f"$.{field}", "MANIFEST", message, remedy)
