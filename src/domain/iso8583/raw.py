"""A message between its encoding and its checks: element texts, and where each one stood."""

from collections.abc import Mapping

from msgspec import Struct

from domain.iso8583.decoded import Problem


class RawMessage(Struct, frozen=True):
    """`announced` are elements that the sender meant to send, also those that could not be read.

    `offsets` holds a byte offset or a JSON path for the MTI (element 0) and for each element read.
    """

    network: str | None
    mti: str | None
    texts: Mapping[int, str]
    announced: frozenset[int]
    offsets: Mapping[int, str]
    problems: tuple[Problem, ...]
    origin: str

    @property
    def network_offset(self) -> str:
        """A binary message has no place for its network."""
        return "$.network" if self.origin.startswith("$") else self.origin

    def offset_of(self, number: int) -> str:
        return self.offsets.get(number, self.origin)
