"""Read one message in JSON form: {"network", "mti", "de": {"3": "000000", ...}}."""

import json
from collections.abc import Iterator, Mapping

from domain.iso8583.binary import read_binary, unhex
from domain.iso8583.decoded import Problem
from domain.iso8583.elements import ELEMENTS
from domain.iso8583.problems import problem
from domain.iso8583.raw import RawMessage

_KEYS = frozenset({"network", "mti", "de", "iso8583"})


class DuplicateKey(ValueError):
    """A JSON object names a key twice, so that readers could disagree on its value."""


def parse(raw: bytes) -> object:
    """The JSON value of UTF-8 bytes. Raises ValueError, also for a key that stands twice."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_json(value: object, network: str | None) -> RawMessage:
    """`network` holds where the message names none."""
    if not isinstance(value, dict):
        wrong = problem("TYPE", "message", "$", "the message is not a JSON object")
        return _nothing_read(network, None, (wrong,))
    problems = [*_unknown_keys(value), *_wrong_types(value)]
    named = value.get("network")
    network = named if isinstance(named, str) else network
    if "iso8583" in value:
        return _read_hex_inside(value, network, problems)
    return _read_elements(value, network, problems)


def _read_elements(
    value: Mapping[str, object], network: str | None, problems: list[Problem]
) -> RawMessage:
    given = value.get("de")
    elements = given if isinstance(given, dict) else {}
    problems.extend(_wrong_elements(elements))
    mti = value.get("mti")
    known = {int(key): text for key, text in elements.items() if _is_element(key)}
    return RawMessage(
        network=network,
        mti=mti if isinstance(mti, str) else None,
        texts={number: text for number, text in known.items() if isinstance(text, str)},
        announced=frozenset(known) if isinstance(given, dict) else frozenset(ELEMENTS),
        offsets={0: "$.mti", **{number: f"$.de.{number}" for number in ELEMENTS}},
        problems=tuple(problems),
        origin="$.de",
    )


def _read_hex_inside(
    value: Mapping[str, object], network: str | None, problems: list[Problem]
) -> RawMessage:
    if "de" in value or "mti" in value:
        problems.append(problem("BOTH_FORMS", "message", "$", "iso8583 stands beside de or mti"))
    text = value["iso8583"]
    raw = unhex(text.encode("ascii", "replace")) if isinstance(text, str) else None
    if raw is None:
        if isinstance(text, str):
            problems.append(problem("HEX", "message", "$.iso8583", "not whole bytes in hex digits"))
        return _nothing_read(network, None, tuple(problems))
    inner = read_binary(raw, network)
    return RawMessage(
        network=network,
        mti=inner.mti,
        texts=inner.texts,
        announced=inner.announced,
        offsets={number: f"$.iso8583[{offset}]" for number, offset in inner.offsets.items()},
        problems=(*problems, *(_inside(found) for found in inner.problems)),
        origin="$.iso8583",
    )


def _inside(found: Problem) -> Problem:
    offset = f"$.iso8583[{found.offset}]"
    return Problem(found.element, offset, found.code, found.message, found.remedy)


def _nothing_read(
    network: str | None, mti: str | None, problems: tuple[Problem, ...]
) -> RawMessage:
    return RawMessage(network, mti, {}, frozenset(ELEMENTS), {}, problems, "$")


def _unknown_keys(value: Mapping[str, object]) -> Iterator[Problem]:
    """Counts them: a sender's key may itself hold card data, so it is not repeated."""
    unknown = sum(1 for key in value if key not in _KEYS)
    if unknown:
        yield problem("UNKNOWN_KEY", "message", "$", f"{unknown} keys are not known")


def _wrong_types(value: Mapping[str, object]) -> Iterator[Problem]:
    for key in ("network", "mti", "iso8583"):
        if key in value and not isinstance(value[key], str):
            element = "MTI" if key == "mti" else "message"
            yield problem("TYPE", element, f"$.{key}", f"{_kind(value[key])} instead of a string")
    if "de" in value and not isinstance(value["de"], dict):
        yield problem("TYPE", "message", "$.de", f"{_kind(value['de'])} instead of an object")
    if "de" not in value and "iso8583" not in value:
        yield problem("MISSING", "message", "$", "there is neither de nor iso8583")


def _wrong_elements(elements: Mapping[str, object]) -> Iterator[Problem]:
    unknown = sum(1 for key in elements if not _is_element(key))
    if unknown:
        yield problem("UNKNOWN_ELEMENT", "message", "$.de", f"{unknown} keys are no data element")
    for key, text in elements.items():
        if _is_element(key) and not isinstance(text, str):
            yield problem("TYPE", f"DE{key}", f"$.de.{key}", f"{_kind(text)} instead of a string")


def _is_element(key: object) -> bool:
    return isinstance(key, str) and len(key) <= 3 and key in _ELEMENT_KEYS


_ELEMENT_KEYS = frozenset(str(number) for number in ELEMENTS)
_KINDS = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null" if value is None else "another type")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateKey("an object names a key twice")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
