"""Input templates of a pipe: text or JSON with paths into the record in angle brackets."""

import json
import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"<(\$[^>]*|aws\.pipes\.[\w.-]+)>")
STEP = re.compile(r"\.([\w/-]+)|\[(\d+|\*)\]|\['([^']+)'\]")
MISSING = object()


def fill(template: str, payload: Any, reserved: Mapping[str, str]) -> Any:
    """The template with its variables replaced; JSON when the result is JSON, else text.

    A variable between quotes is put in as text, one outside quotes as JSON.
    """

    def replace(found: re.Match[str]) -> str:
        value = _value(found.group(1), payload, reserved)
        quoted = template[: found.start()].count('"') % 2 == 1
        if not quoted:
            return json.dumps(value)
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    whole = VARIABLE.fullmatch(template.strip())
    if whole:
        return _value(whole.group(1), payload, reserved)
    filled = VARIABLE.sub(replace, template)
    try:
        return json.loads(filled)
    except json.JSONDecodeError:
        return filled


def at_path(path: str, payload: Any) -> Any:
    """The value at `$.a.b[0].c`; an empty text where the path leads nowhere."""
    value = payload
    for name, index, quoted in STEP.findall(path.removeprefix("$")):
        value = _step(value, name or quoted, index)
        if value is MISSING:
            return ""
    return value


def _value(variable: str, payload: Any, reserved: Mapping[str, str]) -> Any:
    if variable.startswith("$"):
        return at_path(variable, payload)
    return payload if variable == "aws.pipes.event.json" else reserved.get(variable, "")


def _step(value: Any, name: str, index: str) -> Any:
    if index == "*":
        return value if isinstance(value, list) else MISSING
    if index:
        within = isinstance(value, list) and int(index) < len(value)
        return value[int(index)] if within else MISSING
    return value.get(name, MISSING) if isinstance(value, dict) else MISSING
