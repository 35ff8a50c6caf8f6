"""`submit --dry-run`: what would become of each message of some files, asked of DryRunFunction."""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from adapters.file_reception import FileReception, Place
from adapters.landing import MANIFEST_SUFFIX, LandedFile
from adapters.reception import RECEIVED, Receipt, Submission
from cli import screen
from cli.amounts import money
from cli.errors import UserError
from cli.invocation import invoke
from cli.submission import cut, lines_of, stated_network
from cli.system import System
from domain import foresight
from domain.iso8583.decoded import Invalid, Problem
from domain.manifest import Manifest, read_manifest

# A call ends within the function's 25 seconds, on a small machine too.
_MESSAGES_MAX = 25
# What the messages before would change goes with each call, which takes six million bytes.
_MESSAGES_IN_ALL_MAX = 1_000
_CHUNK = 256 * 1024

type Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`place` is the line of a .jsonl file sent to the API, else the record's number, from 1."""

    file: str
    place: int
    told: Told


@dataclass(frozen=True, slots=True)
class Part:
    """One call: the order for the function, and the places of its messages."""

    order: Told
    places: tuple[int, ...]


def ask(
    system: System, files: Sequence[Path], network: str | None, *, through_s3: bool
) -> list[Foreseen]:
    """What would become of every message, file after file."""
    so_far: Any = None
    found: list[Foreseen] = []
    with Progress(
        TextColumn("asking about messages"),
        BarColumn(),
        MofNCompleteColumn(),
        console=screen.notes,
        transient=True,
    ) as progress:
        for path in files:
            by_api = path.suffix.lower() == ".jsonl" and not through_s3
            refused, parts = ([], api_parts(path, network)) if by_api else file_parts(path)
            found += refused
            task = progress.add_task("", total=len(refused) + sum(len(p.places) for p in parts))
            progress.advance(task, len(refused))
            for part in parts:
                _within_limit(len(found) + len(part.places))
                answer = invoke(system, "DryRun", part.order | {"so_far": so_far})
                so_far = answer["so_far"]
                found = _amended(found, answer["changed"])
                found += _placed(path.name, part.places, answer["results"])
                progress.advance(task, len(part.places))
    return found


def api_parts(path: Path, network: str | None) -> list[Part]:
    """As the API would get the lines."""
    lines = lines_of(path, network or stated_network(path))
    return [
        Part(
            {"action": "messages", "body": base64.b64encode(request.body).decode()},
            tuple(line.number for line in request.lines),
        )
        for request in cut(lines, _MESSAGES_MAX)
    ]


def file_parts(path: Path) -> tuple[list[Foreseen], list[Part]]:
    """Read as a landed file is read: what is refused at once, and the records to be asked about.

    A file that its manifest contradicts is refused as a whole, like one that would be landed.
    """
    file, collected = LocalFile(path), Collected()
    landed = LandedFile(bucket="dry-run", key=path.name, version_id="1")
    FileReception(file, collected, lambda: False).receive(landed, Place(), datetime.now(UTC))
    refused, good = [], []
    for place, each in enumerate(collected.submissions, start=1):
        if isinstance(each.message, Invalid):
            refused.append(Foreseen(path.name, place, _invalid(each.message)))
        else:
            good.append((place, each.content))
    head = {"action": "records", "format": path.suffix.lower()} | file.stated()
    return refused, [
        Part(
            head | {"records": [base64.b64encode(content).decode() for _, content in some]},
            tuple(place for place, _ in some),
        )
        for some in batched(good, _MESSAGES_MAX, strict=False)
    ]


@dataclass(slots=True)
class LocalFile:
    """A file of this machine in place of a landed one."""

    path: Path

    def chunks(self, file: LandedFile, offset: int = 0) -> Iterator[bytes]:
        raw = self.path.read_bytes()
        return (raw[start : start + _CHUNK] for start in range(offset, len(raw), _CHUNK))

    def manifest(self, file: LandedFile) -> bytes | None:
        path = self.path.with_name(self.path.name + MANIFEST_SUFFIX)
        return path.read_bytes() if path.exists() else None

    def stated(self) -> Told:
        """Network and business date of the records, where the manifest states them."""
        raw = self.manifest(LandedFile(bucket="", key="", version_id=""))
        read = read_manifest(raw) if raw is not None else None
        if not isinstance(read, Manifest):
            return {}
        day = read.business_date
        return {"network": read.network, "business_date": day.isoformat() if day else None}


@dataclass(slots=True)
class Collected:
    """Takes the records in place of the Inbox."""

    submissions: list[Submission] = field(default_factory=list)

    def receive(self, submissions: Sequence[Submission], at: datetime) -> list[Receipt]:
        self.submissions += submissions
        return [Receipt(ingest_id=each.ingest_id, status=RECEIVED) for each in submissions]


def show(foreseen: Sequence[Foreseen], *, as_json: bool) -> None:
    counts = Counter(each.told["outcome"] for each in foreseen)
    if as_json:
        screen.show_json(
            {
                "dry_run": True,
                "counts": dict(counts),
                "messages": [
                    {"file": each.file, "place": each.place} | each.told for each in foreseen
                ],
            }
        )
        return
    for each in foreseen:
        for text in lines(each):
            screen.line(text)
    said = ", ".join(f"{counts[name]} {name}" for name in foresight.OUTCOMES if counts[name])
    screen.out.print(f"{len(foreseen)} messages: {said or 'none'}. Nothing was received or booked.")


def lines(each: Foreseen) -> Iterator[str]:
    """The message, its legs, and the balance around it."""
    told = each.told
    words = [f"{each.file}:{each.place}", told["outcome"], told.get("reason") or ""]
    if "amount" in told:
        words.append(money(told["amount"]["amount"], told["amount"]["currency"]))
    if told.get("card") == foresight.NEW_CARD:
        words.append("(card not in the vault yet)")
    yield "  ".join(word for word in words if word)
    yield from (f"    {text}" for text in _details(told))


def _details(told: Told) -> Iterator[str]:
    yield from _why(told)
    if told.get("flags"):
        yield f"flags {', '.join(told['flags'])}"
    for leg in told.get("legs", ()):
        moved = money(leg["amount"], leg["currency"])
        yield f"{leg['side']} {leg['account']}  {moved}  {leg['code']}"
    if "balance" in told:
        yield _balance(told["balance"])


def _why(told: Told) -> Iterator[str]:
    """Of what is not booked."""
    if told.get("original"):
        yield f"original {told['original']}"
    for each in told.get("differing", ()):
        yield f"{each['field']}: {each['original']} before, {each['this']} now"
    for each in told.get("errors", ()):
        yield f"{each['element']} at {each['offset']}: {each['message']}. {each['remedy']}"
    if told.get("waits_until"):
        yield f"waits for the message that it follows until {told['waits_until']}"
    if told.get("message"):
        yield str(told["message"])


def _balance(moved: Told) -> str:
    currency = moved["currency"]
    posted, held, available = (
        f"{money(moved[f'{name}_before'], currency)} -> {money(moved[f'{name}_after'], currency)}"
        for name in ("posted", "held", "available")
    )
    number = f" posting {moved['posting_no']}" if moved["posting_no"] else ""
    also = f", held {held}" if moved["held_before"] != moved["held_after"] else ""
    return f"{moved['account']}{number}: {posted}{also}, available {available}"


def _amended(found: list[Foreseen], changed: Iterable[Told]) -> list[Foreseen]:
    """With what is told anew of those that waited in the parts before."""
    anew = {told["msg_id"]: told for told in changed}
    return [
        replace(each, told=anew[each.told["msg_id"]])
        if each.told["outcome"] == foresight.WAITING and each.told["msg_id"] in anew
        else each
        for each in found
    ]


def _placed(file: str, places: Iterable[int], results: list[Told]) -> Iterator[Foreseen]:
    for place, result in zip(places, results, strict=True):
        told = {name: value for name, value in result.items() if name != "index"}
        yield Foreseen(file, place, told)


def _invalid(message: Invalid) -> Told:
    errors = [_problem(each) for each in message.errors]
    told: Told = {"outcome": foresight.INVALID, "reason": errors[0]["code"], "errors": errors}
    return told


def _problem(each: Problem) -> Told:
    return {name: getattr(each, name) for name in Problem.__struct_fields__}


def _within_limit(count: int) -> None:
    if count > _MESSAGES_IN_ALL_MAX:
        raise UserError(
            f"a dry run takes at most {_MESSAGES_IN_ALL_MAX:,} messages: ask about fewer files,"
            " or about a part of the file"
        )
