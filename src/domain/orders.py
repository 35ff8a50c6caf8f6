"""What the body of an order about a parked record says: who decides, and why."""

from typing import Annotated

import msgspec
from msgspec import Meta

type By = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="The person who decides; kept with the record, beside the IAM principal.",
        examples=["operator@example.com"],
    ),
]
type Note = Annotated[
    str,
    Meta(
        max_length=1000,
        description="Why; kept with the record.",
        examples=["the customer confirmed the purchase"],
    ),
]
type DryRun = Annotated[bool, Meta(description="Say what would be done, and do nothing.")]


class CloseOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Return a suspense booking to the scheme, or discard a parked record."""

    by: By
    note: Note = ""
    dry_run: DryRun = False


class ReleaseOrder(CloseOrder, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Send a parked record on its way again, or move a suspense booking to its customer."""

    as_distinct: Annotated[
        bool, Meta(description="It is another transaction, although its message repeats one.")
    ] = False


BODIES: dict[str, type[CloseOrder]] = {
    "release": ReleaseOrder,
    "return": CloseOrder,
    "discard": CloseOrder,
}
