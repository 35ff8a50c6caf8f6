"""Arrays, and the functions that take a function for their items."""

from typing import Any

from tests.simulation.jsonata.frames import Root
from tests.simulation.jsonata.native import called, called_for, native
from tests.simulation.jsonata.orders import ordered
from tests.simulation.jsonata.values import (
    MISSING,
    QueryFailed,
    Sequence,
    appended,
    equal,
    is_number_list,
    is_text_list,
    truth,
)


@native("count", "<a:n>")
def count(array: Any) -> int:
    return 0 if array is MISSING else len(array)


@native("append", "<xx:a>")
def append(first: Any, second: Any) -> Any:
    return appended(first, second)


@native("map", "<af>", rooted=True)
def map_(root: Root, array: Any, function: Any) -> Any:
    if array is MISSING:
        return MISSING
    made = (called_for(function, root, item, index, array) for index, item in enumerate(array))
    return Sequence(each for each in made if each is not MISSING)


@native("filter", "<af>", rooted=True)
def filter_(root: Root, array: Any, function: Any) -> Any:
    if array is MISSING:
        return MISSING
    return Sequence(
        item
        for index, item in enumerate(array)
        if truth(called_for(function, root, item, index, array))
    )


@native("single", "<af?>", rooted=True)
def single(root: Root, array: Any, function: Any) -> Any:
    if array is MISSING:
        return MISSING
    found = [
        item
        for index, item in enumerate(array)
        if function is MISSING or truth(called_for(function, root, item, index, array))
    ]
    if len(found) != 1:
        raise QueryFailed("D3138: more than one item matches" if found else "D3139: none matches")
    return found[0]


@native("reduce", "<afj?:j>", rooted=True)
def reduce_(root: Root, array: Any, function: Any, first: Any) -> Any:
    if array is MISSING:
        return MISSING
    if function.arity < 2:
        raise QueryFailed("D3050: the function takes two arguments at least")
    start = 0 if first is not MISSING or not array else 1
    result = array[0] if start else first
    for index in range(start, len(array)):
        result = called_for(function, root, result, array[index], index, array)
    return result


@native("zip", "<a+>")
def zip_(*arrays: Any) -> list[Any]:
    columns = [each if isinstance(each, list) else [] for each in arrays]
    return [list(row) for row in zip(*columns, strict=False)]


@native("reverse", "<a:a>")
def reverse(array: Any) -> Any:
    return array if array is MISSING or len(array) <= 1 else array[::-1]


@native("sort", "<af?:a>", rooted=True)
def sort(root: Root, array: Any, function: Any) -> Any:
    if array is MISSING or len(array) <= 1:
        return array
    if function is not MISSING:
        return ordered(array, lambda a, b: truth(called(function, [a, b], None, root)))
    if not is_number_list(array) and not is_text_list(array):
        raise QueryFailed("D3070: only numbers or strings are sorted without a function")
    return sorted(array)


@native("distinct", "<x:x>")
def distinct(array: Any) -> Any:
    if not isinstance(array, list) or len(array) <= 1:
        return array
    kept: list[Any] = Sequence() if type(array) is Sequence else []
    for item in array:
        if not any(equal(item, each) for each in kept):
            kept.append(item)
    return kept
