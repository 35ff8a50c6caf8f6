"""JSON Schemas of the bus events' `detail`, made from the types that write and read them.

The envelope around the detail is EventBridge's own and has no schema here. A schema allows fields
that it does not name: a reader ignores them, so that an event may grow within its major version.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from domain.events import SCHEMA, Event

MAJOR = SCHEMA.partition(".")[0]


def name_of(event: type[Event]) -> str:
    return f"{event.detail_type()}.v{MAJOR}"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Draft 2020-12. Source and detail-type stand beside it, for whoever writes a rule."""
    (found,), definitions = msgspec.json.schema_components([event], ref_template="#/$defs/{name}")
    definitions["Meta"]["properties"]["schema"]["pattern"] = rf"^{MAJOR}\."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:posting:{name_of(event)}",
        "x-amazon-events-source": event.source,
        "x-amazon-events-detail-type": event.detail_type(),
        **found,
        "$defs": definitions,
    }


def breaks(published: dict[str, Any], proposed: dict[str, Any]) -> list[str]:
    """How a reader of the published schema would be hurt by events of the proposed one.

    A field may be added. A field that was named may not go, may not change its type, and may not
    become optional: the last three need a new major version beside the old one.
    """
    return [*_broken(published["$defs"], proposed["$defs"])]


def _broken(published: dict[str, Any], proposed: dict[str, Any]) -> Iterator[str]:
    for name, before in published.items():
        after = proposed.get(name)
        if after is None:
            yield f"{name} is gone"
            continue
        for field, kind in before.get("properties", {}).items():
            if field not in after["properties"]:
                yield f"{name}.{field} is gone"
            elif _kind(after["properties"][field]) != _kind(kind):
                yield f"{name}.{field} has another type"
        for field in before.get("required", []):
            if field in after["properties"] and field not in after.get("required", []):
                yield f"{name}.{field} may be missing"


def _kind(kind: dict[str, Any]) -> dict[str, Any]:
    """The type without what only describes it."""
    return {key: value for key, value in kind.items() if key not in ("description", "default")}
