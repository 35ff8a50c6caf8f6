"""Write samples/batch: one business day of messages in three formats, manifests, and EXPECTED.json.

    python -m samples.make_batch

Seeded: every run writes the same bytes.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import iso8583
from iso8583.specs import default_ascii

from samples import make_reference
from samples.population import ACCOUNTS, DAY
from samples.scenarios import (
    Day,
    Line,
    abroad,
    cash,
    dollar_accounts,
    held_back,
    locked,
    malformed,
    owing_nobody,
    payments,
    purchases,
    refunds,
    repeats,
    same_and_yet_not,
    watched,
    worked_cases,
)

TARGET = Path(__file__).parent / "batch"
SEED = 20261120
_ALPHA = {"978": "EUR", "840": "USD", "826": "GBP", "392": "JPY", "414": "KWD", "764": "THB"}
_PADDED = {"37": 12, "38": 6, "39": 2, "41": 8, "42": 15, "43": 40}

type Writer = Callable[[list[Line], str], bytes]


def visa(day: Day) -> Iterable[Line]:
    yield from worked_cases(day)
    yield from purchases(day, "VISA", 60)
    yield from purchases(day, "AMEX", 4)
    yield from abroad(day, "VISA", 15)
    yield from refunds(day, "VISA", 6)
    yield from dollar_accounts(day, "VISA", 6)
    yield from watched(day, "VISA", 3)
    yield from held_back(day, "VISA")
    yield from owing_nobody(day, "VISA", 8)
    yield from repeats(day, "VISA", 6)
    yield from same_and_yet_not(day, "VISA")
    yield from malformed(day, "VISA")
    yield _damaged(b'{"mti": "0210", "de": {"3": "000000", ')


def mastercard(day: Day) -> Iterable[Line]:
    yield from purchases(day, "MASTERCARD", 36)
    yield from abroad(day, "MASTERCARD", 10)
    yield from refunds(day, "MASTERCARD", 4)
    yield from dollar_accounts(day, "MASTERCARD", 4)
    yield from watched(day, "MASTERCARD", 2)
    yield from held_back(day, "MASTERCARD")
    yield from locked(day)
    yield from owing_nobody(day, "MASTERCARD", 4)
    yield from repeats(day, "MASTERCARD", 3)
    yield from same_and_yet_not(day, "MASTERCARD")
    yield from malformed(day, "MASTERCARD")


def cash_machines(day: Day) -> Iterable[Line]:
    lines = list(cash(day, 24))
    # A record whose bitmap is broken, in the middle of good ones.
    lines.insert(9, _damaged(b"0210" + b"ZZ" * 8 + b"0" * 40))
    yield from lines


def advices(day: Day) -> Iterable[Line]:
    for line in purchases(day, "VISA", 18):
        yield Line(line.network, "0220", {**line.de, "39": "00"}, line.outcome)
    yield from repeats(day, "VISA", 4)
    yield _damaged(b"30323130F")


FILES: tuple[tuple[str, str, Callable[[Day], Iterable[Line]]], ...] = (
    (f"visa-{DAY}.jsonl", "VISA", visa),
    (f"mastercard-{DAY}.jsonl", "MASTERCARD", mastercard),
    (f"cash-{DAY}.bin", "ATM", cash_machines),
    (f"advices-{DAY}.hex", "VISA", advices),
    (f"payments-{DAY}.jsonl", "VISA", payments),
)


def _damaged(raw: bytes) -> Line:
    return Line("", "", {}, "parked.INVALID", damage=raw)


def binary(line: Line) -> bytes:
    texts = {n: t.ljust(_PADDED.get(n, 0)) for n, t in line.de.items()}
    raw, _ = iso8583.encode({"t": line.mti, **texts}, default_ascii)
    return bytes(raw)


def as_jsonl(lines: list[Line], network: str) -> bytes:
    """A message names its network only where it is another than the manifest's."""
    written = []
    for line in lines:
        named = {"network": line.network} if line.network != network else {}
        text = json.dumps({**named, "mti": line.mti, "de": line.de})
        written.append(line.damage if line.damage is not None else text.encode())
    return b"".join(raw + b"\n" for raw in written)


def as_bin(lines: list[Line], network: str) -> bytes:
    bodies = [binary(line) if line.damage is None else line.damage for line in lines]
    return b"".join(len(body).to_bytes(2, "big") + body for body in bodies)


def as_hex(lines: list[Line], network: str) -> bytes:
    bodies = [
        binary(line).hex().upper().encode() if line.damage is None else line.damage
        for line in lines
    ]
    return b"".join(body + b"\n" for body in bodies)


WRITERS: dict[str, Writer] = {".jsonl": as_jsonl, ".bin": as_bin, ".hex": as_hex}


def manifest(lines: list[Line], network: str, raw: bytes) -> dict[str, Any]:
    totals: Counter[str] = Counter()
    for line in lines:
        if line.outcome != "parked.INVALID":
            totals[_ALPHA[line.de["49"]]] += int(line.de["4"])
    return {
        "network": network,
        "business_date": DAY,
        "count": len(lines),
        "totals": dict(sorted(totals.items())),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }


def outcomes(lines: Iterable[Line]) -> dict[str, dict[str, int]]:
    """{"posted": {"CLEAR": 3}, "parked": {"DUPLICATE": 1}, ...}"""
    counted: dict[str, dict[str, int]] = {}
    for outcome, count in sorted(Counter(line.outcome for line in lines).items()):
        kind, reason = outcome.split(".")
        counted.setdefault(kind, {})[reason] = count
    return counted


def write(target: Path = TARGET) -> None:
    target.mkdir(parents=True, exist_ok=True)
    day = Day(random.Random(SEED))
    everything: list[Line] = []
    by_file = {}
    for name, network, scenario in FILES:
        lines = list(scenario(day))
        raw = WRITERS[Path(name).suffix](lines, network)
        (target / name).write_bytes(raw)
        _write_json(target / f"{name}.manifest.json", manifest(lines, network, raw))
        by_file[name] = {"count": len(lines), "outcomes": outcomes(lines)}
        everything += lines
    expected = {
        "business_date": DAY,
        "count": len(everything),
        "outcomes": outcomes(everything),
        "openings": sum(1 for account in ACCOUNTS if account.opening_money),
        "files": by_file,
    }
    _write_json(target / "EXPECTED.json", expected)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make_reference.write()
    write()
