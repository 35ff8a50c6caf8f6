"""Whether the engine's code is the one a mend was written for."""

import hashlib
import inspect
from typing import Any


class OtherEngineError(Exception):
    """The engine is not the one that the mends were written for."""


def source_digest(thing: Any) -> str:
    """The first 12 hex digits of the SHA-256 of a function's, class's or module's source."""
    return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()[:12]


def expect(digests: dict[Any, str]) -> None:
    """Raise `OtherEngineError` unless the source of each thing has the digest beside it."""
    for thing, digest in digests.items():
        found = source_digest(thing)
        if found != digest:
            name = f"{thing.__module__}.{thing.__qualname__}"
            raise OtherEngineError(
                f"{name} is not the code that local/mends was written for ({found}, not {digest}): "
                "compare it with the mend, then write the new digest down"
            )
