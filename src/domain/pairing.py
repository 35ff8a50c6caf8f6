"""Requests and responses: which message answers which."""

from typing import Literal, NamedTuple

from domain.matching import keys_of
from domain.transaction import Transaction

type Role = Literal["request", "response"]
REQUEST: Role = "request"
RESPONSE: Role = "response"


class Part(NamedTuple):
    """What a message is in its pair. Both messages of a pair have the same `key`."""

    key: str
    role: Role


def part_of(transaction: Transaction) -> Part | None:
    """0100 with 0110, 0200 with 0210, 0400 with 0410; a repeat (01x1) is what it repeats.

    None for an advice: nobody waits for what answers it. Network, class, trace number (DE11), time
    (DE7), acquirer (DE32) and card make the key, and nothing else: what a response adds to its
    request, or leaves out of it, parts no pair.
    """
    match transaction.mti_function:
        case "request" | "response" as role:
            return Part(keys_of(transaction).own, role)
        case _:
            return None
