"""Write the tables of docs/events.md from the event classes.

    PYTHONPATH=src python -m samples.make_event_table

What stands between the markers is made; the rest of the page is written by hand.
"""

from pathlib import Path
from typing import get_type_hints

import msgspec

from domain.events import BUS_EVENTS, SCHEMA, Event
from samples.event_schemas import name_of

PAGE = Path(__file__).parents[1] / "docs" / "events.md"
BEGIN, END = "<!-- made by samples.make_event_table -->", "<!-- end -->"


def page_with_tables(page: str) -> str:
    """The page with its tables made anew. Raises ValueError when a marker is missing."""
    before, rest = page.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{events_table()}\n\n{data_tables()}\n{END}{after}"


def events_table() -> str:
    head = "| event | source | version | says | `data` | sample, schema |"
    return "\n".join([head, "|---|---|---|---|---|---|", *map(_event_line, BUS_EVENTS)])


def data_tables() -> str:
    """Each type of `data` with the fields of its own, after the type that it adds them to."""
    head = "| `data` | fields | |"
    types = {each: None for event in BUS_EVENTS for each in reversed(_types(event))}
    return "\n".join([head, "|---|---|---|", *map(_type_line, types)])


def _event_line(event: type[Event]) -> str:
    name, schema = event.detail_type(), name_of(event)
    return (
        f"| `{name}` | `{event.source}` | {SCHEMA} | {_says(event)} | {_types(event)[0].__name__}"
        f" | [sample](../events/{name}.json), [schema](../events/schemas/{schema}.json) |"
    )


def _type_line(data: type[msgspec.Struct]) -> str:
    above = _lineage(data)[1:]
    own = [
        f"`{field.encode_name}`" + ("" if field.required else "?")
        for field in msgspec.structs.fields(data)
        if not above or field.name not in above[0].__struct_fields__
    ]
    base = f"{above[0].__name__} and " if above else ""
    return f"| {data.__name__} | {base}{', '.join(own)} | {_says(data)} |"


def _types(event: type[Event]) -> list[type[msgspec.Struct]]:
    """The type of the event's data, and those that it adds fields to."""
    return _lineage(get_type_hints(event)["data"])


def _lineage(data: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    return [each for each in data.__mro__ if issubclass(each, msgspec.Struct)][:-1]


def _says(named: type[msgspec.Struct]) -> str:
    return " ".join((named.__doc__ or "").split())


def write(page: Path = PAGE) -> None:
    page.write_text(page_with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
