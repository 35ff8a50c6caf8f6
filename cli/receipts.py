"""What was taken in: counts, and every refused message with place, fault and remedy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cli import screen
from cli.api_door import Receipt
from cli.landing_door import Landed

_SHOWN_MAX = 30
# So few that a person will want to follow one.
_IDS_SHOWN_MAX = 10


def show(receipts: Sequence[Receipt], landed: Sequence[Landed], *, full: bool = True) -> None:
    """Counts per file; the refused messages in detail unless `full` is off."""
    rows: list[tuple[object, ...]] = []
    for file in dict.fromkeys(receipt.line.file for receipt in receipts):
        counts = Counter(receipt.status for receipt in receipts if receipt.line.file == file)
        refused = counts.total() - counts["RECEIVED"]
        rows.append((file, "API", counts.total(), counts["RECEIVED"], refused or ""))
    for each in landed:
        told = "already there" if each.again else "uploaded"
        rows.append((each.file, "S3", len(each.ids), told, ""))
    columns = ("file", "door", ">messages", ">received", ">refused")
    screen.out.print(screen.table("Submitted", columns, rows))
    if full and len(receipts) <= _IDS_SHOWN_MAX:
        for receipt in receipts:
            screen.out.print(f"{receipt.line.file}:{receipt.line.number}  {receipt.ingest_id}")
    if full:
        _show_refused([receipt for receipt in receipts if receipt.status != "RECEIVED"])


def _show_refused(refused: Sequence[Receipt]) -> None:
    if not refused:
        return
    screen.out.print("\n[bold]Refused[/]")
    for receipt in refused[:_SHOWN_MAX]:
        for line in _lines(receipt):
            screen.out.print(line, markup=False)
    if len(refused) > _SHOWN_MAX:
        screen.out.print(
            f"... and {len(refused) - _SHOWN_MAX} more: './posting parked --reason INVALID'"
        )


def _lines(receipt: Receipt) -> Iterator[str]:
    place = f"{receipt.line.file}:{receipt.line.number}"
    if not receipt.errors:
        yield f"{place}  received before with other content. Use a new key for new messages."
    for error in receipt.errors:
        fault = f"{error['element']} at {error['offset']}: {error['message']}."
        yield f"{place}  {fault} {error['remedy']}"


def as_values(receipts: Iterable[Receipt], landed: Iterable[Landed]) -> dict[str, Any]:
    """For --json; never a message's content, which holds a card number."""
    return {
        "receipts": [
            {
                "file": receipt.line.file,
                "line": receipt.line.number,
                "status": receipt.status,
                "ingest_id": receipt.ingest_id or None,
                "msg_id": receipt.msg_id,
                "original": receipt.original,
                "errors": list(receipt.errors),
            }
            for receipt in receipts
        ],
        "objects": [
            {
                "file": each.file,
                "key": each.key,
                "version_id": each.version_id,
                "manifest": each.manifest,
                "ingest_ids": list(each.ids),
            }
            for each in landed
        ],
    }
