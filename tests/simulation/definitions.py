"""The definitions of the workflows as they stand in the repository, and their expressions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEFINITIONS = sorted((Path(__file__).parents[2] / "statemachine").glob("*.asl.json"))


def definition(name: str) -> dict[str, Any]:
    (path,) = (each for each in DEFINITIONS if each.name == f"{name}.asl.json")
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def expressions(part: Any) -> Iterator[str]:
    """Every JSONata expression inside, without its brackets."""
    if isinstance(part, str) and part.startswith("{%"):
        yield part[2:-2].strip()
    elif isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from expressions(each)


def every_expression() -> list[str]:
    return sorted(
        {text for path in DEFINITIONS for text in expressions(json.loads(path.read_text()))}
    )
