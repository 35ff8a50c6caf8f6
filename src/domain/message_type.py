"""Message type indicators of ISO 8583:1987: which are known, and what each one is."""

from typing import Literal

from msgspec import Struct

MessageClass = Literal["authorisation", "financial", "reversal"]
MessageFunction = Literal["request", "response", "advice", "advice_response"]

_CLASSES: dict[str, MessageClass] = {"1": "authorisation", "2": "financial", "4": "reversal"}
_FUNCTIONS: dict[str, MessageFunction] = {
    "0": "request",
    "1": "response",
    "2": "advice",
    "3": "advice_response",
}
# Repeats (odd last digit) exist of requests and of advices; a response is never repeated.
KNOWN_MTIS = frozenset(
    f"0{message_class}{end}"
    for message_class in _CLASSES
    for end in ("00", "01", "10", "20", "21", "30")
)


class UnknownMti(ValueError):
    """Not a message type that this system understands."""


class MessageType(Struct, frozen=True):
    """`normalised` is the MTI with repeats undone: 0221 -> 0220, 0101 -> 0100."""

    mti: str
    message_class: MessageClass
    function: MessageFunction
    repeat: bool

    @property
    def normalised(self) -> str:
        return self.mti[:3] + "0"


def parse_mti(mti: str) -> MessageType:
    """Raises UnknownMti."""
    if mti not in KNOWN_MTIS:
        raise UnknownMti("no known message type indicator")
    return MessageType(mti, _CLASSES[mti[1]], _FUNCTIONS[mti[2]], mti[3] == "1")
