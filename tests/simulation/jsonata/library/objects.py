"""Objects."""

import copy
from typing import Any

from tests.simulation.jsonata.frames import Root
from tests.simulation.jsonata.native import called_for, native
from tests.simulation.jsonata.paths import looked_up
from tests.simulation.jsonata.values import MISSING, Sequence, appended, truth


@native("keys", "<x-:a<s>>")
def keys(value: Any) -> Sequence:
    """Of an array, the keys of all its objects, each once."""
    if isinstance(value, list):
        return Sequence(dict.fromkeys(key for item in value for key in keys(item)))
    return Sequence(value if type(value) is dict else ())


@native("lookup", "<x-s:x>")
def lookup(value: Any, key: Any) -> Any:
    return MISSING if key is MISSING else looked_up(value, key)


@native("spread", "<x-:a<o>>")
def spread(value: Any) -> Any:
    if isinstance(value, list):
        found: Any = Sequence()
        for item in value:
            found = appended(found, spread(item))
        return found
    if type(value) is dict:
        return Sequence({key: each} for key, each in value.items())
    return value


@native("merge", "<a<o>:o>")
def merge(objects: Any) -> Any:
    if objects is MISSING:
        return MISSING
    merged: dict[str, Any] = {}
    for each in objects:
        merged |= each
    return merged


@native("each", "<o-f:a>", rooted=True)
def each_(root: Root, value: Any, function: Any) -> Any:
    if value is MISSING:
        return Sequence()
    made = (called_for(function, root, item, key, value) for key, item in value.items())
    return Sequence(item for item in made if item is not MISSING)


@native("sift", "<o-f?:o>", rooted=True)
def sift(root: Root, value: Any, function: Any) -> Any:
    """The entries for which the function holds; none of them is missing, not an empty object."""
    if value is MISSING:
        return MISSING
    kept = {
        key: item
        for key, item in value.items()
        if truth(called_for(function, root, item, key, value))
    }
    return kept or MISSING


@native("clone", "<(oa)-:o>")
def clone(value: Any) -> Any:
    return copy.deepcopy(value)
