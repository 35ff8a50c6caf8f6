"""A step of the code that can be taken away, and the test that must miss it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`text` stands once in the file; without the step there stands `without`."""

    name: str
    file: str
    text: str
    without: str
    test: str
