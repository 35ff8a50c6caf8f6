"""The part of DynamoDB's expression language that this system uses, evaluated on plain attribute
values.

Grammar of conditions: OR over AND over NOT over comparisons, BETWEEN and functions, with
parentheses. Updates: SET with +, list_append and if_not_exists, ADD of numbers, REMOVE. Anything
else raises, so that a test cannot pass by accident. What DynamoDB itself refuses raises Invalid.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

type Attribute = Mapping[str, Any]
type Attributes = dict[str, Any]
type Test = Callable[["Expressions", Attributes], bool]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z_][A-Za-z0-9_]*)")
_CLAUSE = re.compile(r"\b(SET|ADD|REMOVE|DELETE)\b")
_REFERENCE = re.compile(r"[#:][A-Za-z0-9_]+")


class Invalid(Exception):
    """DynamoDB answers ValidationException, in a transaction the reason ValidationError."""


class Expressions:
    """The names and values of one request."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        self._values: Mapping[str, Attribute] = request.get("ExpressionAttributeValues", {})

    def check_references(self, *expressions: str | None) -> None:
        """Every name and value is defined, and nothing is defined that is not used."""
        used = _references_in(tuple(text for text in expressions if text))
        if used != self._names.keys() | self._values.keys():
            raise Invalid("names or values are undefined or unused")

    def check_key_condition(self, condition: str, partition: str, order: str = "") -> None:
        """A query's condition says what the partition key is, and about the order key at most.

        Raises Invalid.
        """
        tokens = _tokens(condition)
        named = [token for token in tokens if token[0] not in ":#=<>(),"]
        named = [*named, *(self.name(token) for token in tokens if token.startswith("#"))]
        attributes = set(named) - {"AND", "begins_with", "BETWEEN"}
        starts_so = self.name(tokens[0]) == partition and tokens[1] == "="
        values = [self.value(token) for token in tokens if token.startswith(":")]
        if not starts_so or not attributes <= {partition, order}:
            raise Invalid("the condition is not about the key")
        if not all(value.get("S") for value in values):
            raise Invalid("a key is no string, or empty")
        if "BETWEEN" in tokens and values[-2]["S"] > values[-1]["S"]:
            raise Invalid("the range ends before it begins")

    def holds(self, condition: str | None, item: Attributes) -> bool:
        if condition is None:
            return True
        return _test(condition)(self, item)

    def updated(self, update: str, item: Attributes) -> Attributes:
        """The item after an update expression; the operands are those of the item before."""
        result = dict(item)
        for clause, parts in _clauses(update):
            for part in parts:
                if clause == "SET":
                    path, _, operand = part.partition("=")
                    result[self.name(path.strip())] = self._set_value(operand.strip(), item)
                elif clause == "ADD":
                    path, value = part.split()
                    name = self.name(path)
                    result[name] = _sum(item.get(name, {"N": "0"}), self.value(value))
                elif clause == "REMOVE":
                    result.pop(self.name(part), None)
                else:
                    raise ValueError(f"no {clause} here")
        return result

    def updated_names(self, update: str) -> set[str]:
        """The attributes that an update expression sets or adds to."""
        written = [part for _, parts in _clauses(update) for part in parts]
        return {self.name(re.split(r"[\s=]", part, maxsplit=1)[0]) for part in written}

    def name(self, token: str) -> str:
        return self._names[token] if token.startswith("#") else token

    def value(self, token: str) -> Attribute:
        return self._values[token]

    def operand(self, token: str, item: Attributes) -> Attribute | None:
        return self.value(token) if token.startswith(":") else item.get(self.name(token))

    def _set_value(self, operand: str, item: Attributes) -> Attribute:
        if operand.startswith("list_append("):
            first, second = operand.removeprefix("list_append(").removesuffix(")").split(",")
            lists = [self.operand(part.strip(), item) for part in (first, second)]
            if not all(each is not None and "L" in each for each in lists):
                raise Invalid("list_append of something that is no list")
            return {"L": [element for each in lists if each is not None for element in each["L"]]}
        if operand.startswith("if_not_exists("):
            first, second = operand.removeprefix("if_not_exists(").removesuffix(")").split(",")
            standing = item.get(self.name(first.strip()))
            return standing if standing is not None else self.value(second.strip())
        match _tokens(operand):
            case [only]:
                found = self.operand(only, item)
            case [left, "+", right]:
                found = _sum(self.operand(left, item), self.operand(right, item))
            case _:
                raise ValueError(f"cannot read the operand {operand!r}")
        if found is None:
            raise Invalid(f"{operand} is not there")
        return found


class _Condition:
    """Reads a condition once; what comes out asks the names and values of a request."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def rest(self) -> list[str]:
        return self._tokens

    def either(self) -> Test:
        tests = [self._both()]
        while self._take("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else _any_of(tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else _all_of(tests)

    def _one(self) -> Test:
        if self._take("NOT"):
            inner = self._one()
            return lambda request, item: not inner(request, item)
        if self._take("("):
            inner = self.either()
            self._expect(")")
            return inner
        token = self._tokens.pop(0)
        if token in {"attribute_exists", "attribute_not_exists", "begins_with"}:
            return self._function(token)
        return self._comparison(token)

    def _function(self, name: str) -> Test:
        self._expect("(")
        subject = self._tokens.pop(0)
        if name == "begins_with":
            self._expect(",")
            prefix = self._tokens.pop(0)
            self._expect(")")
            return lambda request, item: _begins(
                request.operand(subject, item), request.value(prefix)
            )
        self._expect(")")
        wanted = name == "attribute_exists"
        return lambda request, item: (request.operand(subject, item) is not None) == wanted

    def _comparison(self, left: str) -> Test:
        operator = self._tokens.pop(0)
        if operator == "BETWEEN":
            return self._between(left)
        right = self._tokens.pop(0)
        return lambda request, item: _compared(
            request.operand(left, item), operator, request.operand(right, item)
        )

    def _between(self, subject: str) -> Test:
        """Of texts only; both ends are included."""
        low = self._tokens.pop(0)
        self._expect("AND")
        high = self._tokens.pop(0)

        def test(request: Expressions, item: Attributes) -> bool:
            found = request.operand(subject, item)
            ends = request.value(low)["S"], request.value(high)["S"]
            return found is not None and bool(ends[0] <= found["S"] <= ends[1])

        return test

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise ValueError(f"expected {token} before {self._tokens}")


def _any_of(tests: list[Test]) -> Test:
    return lambda request, item: any([each(request, item) for each in tests])


def _all_of(tests: list[Test]) -> Test:
    return lambda request, item: all([each(request, item) for each in tests])


def _begins(found: Attribute | None, prefix: Attribute) -> bool:
    return found is not None and str(found.get("S", "")).startswith(prefix["S"])


def _compared(left: Attribute | None, operator: str, right: Attribute | None) -> bool:
    if left is None or right is None:
        # DynamoDB: a comparison with a missing attribute is false, but for <>.
        return operator == "<>" and left != right
    if operator in {"=", "<>"}:
        return (left == right) == (operator == "=")
    ((left_kind, low),) = left.items()
    ((right_kind, high),) = right.items()
    if left_kind != right_kind:
        return False
    a, b = (int(low), int(high)) if left_kind == "N" else (low, high)
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])


@cache
def _test(condition: str) -> Test:
    parser = _Condition(_tokens(condition))
    test = parser.either()
    if parser.rest():
        raise ValueError(f"cannot read the condition {condition!r} after {parser.rest()}")
    return test


def _tokens(text: str) -> list[str]:
    return list(_read(text))


@cache
def _read(text: str) -> tuple[str, ...]:
    found, position = [], 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"cannot read {text[position:]!r}")
        found.append(match[1])
        position = match.end()
    return tuple(found)


@cache
def _references_in(expressions: tuple[str, ...]) -> frozenset[str]:
    """The names (#n) and values (:v) that DynamoDB would look up."""
    return frozenset(token for text in expressions for token in _REFERENCE.findall(text))


@cache
def _clauses(update: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """SET, ADD and so on, each with its parts."""
    pieces = _CLAUSE.split(update)
    bodies = zip(pieces[1::2], pieces[2::2], strict=True)
    return tuple((clause, tuple(_split_at_commas(body))) for clause, body in bodies)


def _split_at_commas(text: str) -> list[str]:
    """At the commas outside parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def _sum(left: Attribute | None, right: Attribute | None) -> Attribute:
    if left is None or right is None or "N" not in left or "N" not in right:
        raise Invalid("arithmetic on what is missing or no number")
    return {"N": str(int(left["N"]) + int(right["N"]))}
