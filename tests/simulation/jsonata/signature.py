"""Signatures of JSONata's functions: which arguments fit, and which are taken from the context.

The notation is JSONata's own: `<s-nn?:s>` takes a string (or the context, if it is left out), a
number and perhaps another one. The part behind the colon says what comes back; nobody checks it.
"""

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tests.simulation.jsonata.values import MISSING, QueryFailed, letter

_PARAMETER = re.compile(
    r"(?P<type>\([a-z]+\)|[a-z])(?:<(?P<items>[a-z:]+)>)?(?P<mark>[-?+]?)|(?P<end>:)"
)
_FITS = {
    "a": "[asnblfom]",
    "x": "[asnblfom]",
    "j": "[asnblom]",
    "f": "f",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    type: str
    items: str | None
    mark: str

    @property
    def pattern(self) -> str:
        if self.type.startswith("("):
            return f"[{self.type[1:-1]}m]"
        return _FITS.get(self.type, f"[{self.type}m]")


def _is_parameter(found: re.Match[str]) -> bool:
    return found["end"] is None


class Signature:
    """`checked` gives the arguments as the function wants them, or raises QueryFailed."""

    def __init__(self, function: str, text: str) -> None:
        self._function = function
        self._parameters = tuple(
            Parameter(found["type"], found["items"], found["mark"])
            for found in takewhile(_is_parameter, _PARAMETER.finditer(text))
        )
        groups = (f"({each.pattern}{each.mark.replace('-', '?')})" for each in self._parameters)
        self._pattern = re.compile("".join(groups))
        self._matches: dict[str, tuple[str, ...] | None] = {}
        self._as_given: set[str] = set()

    def checked(self, arguments: list[Any], context: Any) -> list[Any]:
        letters = "".join(map(letter, arguments))
        if letters in self._as_given:
            return arguments
        match = self._match(letters)
        if match is None:
            raise QueryFailed(f"T0410: an argument of function {self._function} does not fit")
        return self._fitted(match, arguments, context)

    def _match(self, letters: str) -> tuple[str, ...] | None:
        """Which letters go to which parameter. The answer is the same for the same letters."""
        if letters not in self._matches:
            found = self._pattern.fullmatch(letters)
            self._matches[letters] = None if found is None else found.groups()
            plain = all(each.type != "a" for each in self._parameters)
            if plain and found is not None and "" not in found.groups():
                self._as_given.add(letters)
        return self._matches[letters]

    def _fitted(self, match: tuple[str, ...], arguments: list[Any], context: Any) -> list[Any]:
        fitted: list[Any] = []
        used = 0
        for parameter, letters in zip(self._parameters, match, strict=True):
            if not letters:
                fitted.append(self._left_out(parameter, context))
                continue
            for each in letters:
                argument = arguments[used]
                used += 1
                if parameter.type == "a" and each != "m":
                    argument = self._array(parameter, letters, argument)
                fitted.append(argument)
        return fitted

    def _left_out(self, parameter: Parameter, context: Any) -> Any:
        if parameter.mark != "-":
            return MISSING
        if re.fullmatch(parameter.pattern, letter(context)) is None:
            raise QueryFailed(f"T0411: the context does not fit function {self._function}")
        return context

    def _array(self, parameter: Parameter, letters: str, argument: Any) -> list[Any]:
        array = argument if isinstance(argument, list) else [argument]
        if parameter.items is not None:
            wanted = parameter.items[0]
            fits = all(letter(item) == wanted for item in array)
            if not fits or (array is not argument and letters != parameter.items):
                raise QueryFailed(
                    f"T0412: function {self._function} wants an array of {parameter.items}"
                )
        return array
