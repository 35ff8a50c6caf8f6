"""Reference files at the door: read, checked against their kind's schema, put in order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from cli.errors import UserError
from domain.card_number import is_card_number

# What a later kind refers to is there before it: an account names a product, a card an account.
ORDER = ("products", "accounts", "cards", "merchants", "mcc", "holds", "fx", "rules")
SCHEMAS = Path(__file__).parent / "schemas"
_LISTS = {"rows": "row", "lines": "line", "totals": "total"}
_SHOWN_MAX = 20
_OTHERWISE = "not as the schema says: compare it with the files in samples/reference"
_SENTENCES = {
    "enum": "not an allowed value: use one of {wanted}",
    "const": "not the expected value: use {wanted}",
    "type": "not of the right type: give {wanted}",
    "pattern": "not in the right form: it must match {wanted}",
    "minimum": "too small: give {wanted} or more",
    "maximum": "too large: give {wanted} or less",
    "minLength": "too short: give at least {wanted} characters",
    "maxLength": "too long: give at most {wanted} characters",
}


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """One checked file; `rule_version` is of rule sets only."""

    path: Path
    kind: str
    rows: list[dict[str, Any]]
    rule_version: str | None = None


def read_all(paths: list[Path]) -> list[ReferenceFile]:
    """Every file, in loading order. Raises UserError naming file, row, field and remedy."""
    files, faults = [], []
    for path in paths:
        content = content_of(path)
        found = list(_faults(path, content))
        faults += found
        if not found:
            files.append(
                ReferenceFile(path, content["kind"], content["rows"], content.get("rule_version"))
            )
    if faults:
        more = len(faults) - _SHOWN_MAX
        shown = faults[:_SHOWN_MAX] + ([f"... and {more} more"] if more > 0 else [])
        raise UserError("nothing was loaded:\n" + "\n".join(shown))
    return sorted(files, key=lambda file: ORDER.index(file.kind))


def content_of(path: Path) -> Any:
    """The values of a JSON file. Raises UserError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a folder: name its files, such as {path}/*.json") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not JSON ({error}): correct it") from None


def _faults(path: Path, content: Any) -> Iterator[str]:
    kind = content.get("kind") if isinstance(content, dict) else None
    if kind not in ORDER:
        yield f'{path.name}: "kind" is missing or unknown: name one of {", ".join(ORDER)}'
        return
    yield from schema_faults(path, kind, content)
    if kind == "cards":
        for number, row in enumerate(content.get("rows", []), start=1):
            card = row.get("card_number") if isinstance(row, dict) else None
            if isinstance(card, str) and not is_card_number(card):
                fault = "its check digit or range is wrong: correct it"
                yield f"{path.name}, row {number}, field card_number: {fault}"


def schema_faults(path: Path, kind: str, content: Any) -> Iterator[str]:
    """Each fault with its place and its remedy, by the schema of this kind."""
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text(encoding="utf-8"))
    for found in sorted(Draft202012Validator(schema).iter_errors(content), key=_position):
        error = _innermost(found)
        yield f"{path.name}{_place(error)}: {_told(error)}"


def _innermost(error: ValidationError) -> ValidationError:
    """Of alternatives, the fault within the one that is meant: the one whose constants all hold."""
    while error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        meant = [
            inners
            for inners in branches.values()
            if all(inner.validator != "const" for inner in inners)
        ]
        if not meant:
            return error
        error = meant[0][0]
    return error


def _position(error: ValidationError) -> list[str]:
    return [f"{part:09d}" if isinstance(part, int) else part for part in error.absolute_path]


def _place(error: ValidationError) -> str:
    """Rows count from 1, as a person counts them."""
    path = list(error.absolute_path)
    if len(path) >= 2 and path[0] in _LISTS:
        field = ".".join(str(part) for part in path[2:])
        return f", {_LISTS[path[0]]} {int(path[1]) + 1}" + (f", field {field}" if field else "")
    return f", field {path[0]}" if path else ""


def _told(error: ValidationError) -> str:
    """The fault and its remedy. Never the value: it may be a card number."""
    wanted: Any = error.validator_value
    given: Any = error.instance
    schema: Any = error.schema
    if error.validator == "required":
        missing = [name for name in wanted if name not in given]
        return f"{', '.join(missing)} is missing: add it"
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        extra = [name for name in given if name not in known]
        return f"{', '.join(extra)} is not known: remove it, or use one of {', '.join(known)}"
    if isinstance(wanted, list):
        wanted = ", ".join(str(each) for each in wanted)
    return _SENTENCES.get(str(error.validator), _OTHERWISE).format(wanted=wanted)
