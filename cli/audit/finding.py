"""What an invariant yields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Break:
    """`id` is the offending record, header, row or account. `heals`: time may still mend it."""

    invariant: int
    id: str
    what: str
    heals: bool = False
