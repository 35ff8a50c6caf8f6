"""A resource's properties, read to the last one: what nobody asked for is refused."""

from collections.abc import Mapping
from typing import Any

from tests.simulation.reading.refusal import NotUnderstood


class Given:
    """Properties that are taken one by one; `close` refuses those that are left.

    A property that changes what is delivered, to whom or how often must be taken. One that does
    not is named as irrelevant where the resource is read, so that a new one is looked at once.
    """

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self.place = place
        self._left = dict(values)
        self._sections: list[Given] = []

    def must(self, name: str) -> Any:
        if name not in self._left:
            raise NotUnderstood(self.place, f"{name} is missing")
        return self._left.pop(name)

    def may(self, name: str, otherwise: Any = None) -> Any:
        return self._left.pop(name, otherwise)

    def number(self, name: str, otherwise: int) -> int:
        return int(self._left.pop(name, otherwise))

    def section(self, name: str) -> "Given":
        """The properties under this one; none where it is left out."""
        section = Given(f"{self.place}.{name}", self._left.pop(name, {}))
        self._sections.append(section)
        return section

    def sections(self, name: str) -> list["Given"]:
        """The same for a list."""
        found = [
            Given(f"{self.place}.{name}[{index}]", each)
            for index, each in enumerate(self._left.pop(name, []))
        ]
        self._sections.extend(found)
        return found

    def irrelevant(self, *names: str) -> None:
        for name in names:
            self._left.pop(name, None)

    def expect(self, name: str, *known: Any) -> None:
        """Refuse a value other than these, or than none."""
        value = self._left.pop(name, None)
        if value is not None and value not in known:
            raise NotUnderstood(self.place, f"{name} {value!r} is not simulated")

    def close(self) -> None:
        for name in self._left:
            raise NotUnderstood(self.place, f"the property {name} is not simulated")
        for section in self._sections:
            section.close()
