"""The DynamoDB expressions that stand in the system's source, read from it without running it."""

import ast
import importlib
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
KINDS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression")

type Found = tuple[str, str]


def written() -> set[Found]:
    """(kind, text) of all adapters and all state machines."""
    adapters = (ROOT / "src" / "adapters").glob("[a-z]*.py")
    machines = (ROOT / "statemachine").glob("*.asl.json")
    in_python = {found for path in adapters for found in _Module(path).expressions()}
    in_machines = {found for path in machines for found in _in_json(json.loads(path.read_text()))}
    return in_python | in_machines


def _in_json(node: Any) -> Iterator[Found]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in KINDS:
                yield name, value
            else:
                yield from _in_json(value)
    elif isinstance(node, list):
        for each in node:
            yield from _in_json(each)


class _Module:
    def __init__(self, path: Path) -> None:
        self._tree = ast.parse(path.read_text())
        self._module: ModuleType = importlib.import_module(f"adapters.{path.stem}")
        self._functions = [
            node for node in ast.walk(self._tree) if isinstance(node, ast.FunctionDef)
        ]

    def expressions(self) -> Iterator[Found]:
        for node in ast.walk(self._tree):
            for name, value in _named(node).items():
                if name in KINDS:
                    yield from ((name, text) for text in self._texts(value))

    def _texts(self, value: ast.expr) -> list[str]:
        """What an expression in the source may come to."""
        match value:
            case ast.Constant(str() as text):
                return [text]
            case ast.JoinedStr(parts):
                return ["".join(each) for each in itertools.product(*map(self._texts, parts))]
            case ast.FormattedValue(inner):
                return self._texts(inner)
            case ast.Name(name) if isinstance(getattr(self._module, name, None), str):
                return [getattr(self._module, name)]
            case ast.Name(name):
                return [text for each in self._passed_as(name) for text in self._texts(each)]
        raise AssertionError(f"{self._module.__name__}: cannot read {ast.unparse(value)}")

    def _passed_as(self, parameter: str) -> list[ast.expr]:
        """The values that the module's own calls give to a parameter of this name."""
        passed: list[ast.expr] = []
        for function in self._functions:
            names = [each.arg for each in function.args.args if each.arg != "self"]
            if parameter in names:
                passed += self._arguments(function.name, names.index(parameter), parameter)
        # Handed on under its own name, it is what it was before.
        passed = [each for each in passed if not _is_name(each, parameter)]
        assert passed, f"{self._module.__name__}: where does {parameter} come from?"
        return passed

    def _arguments(self, function: str, place: int, parameter: str) -> list[ast.expr]:
        calls = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute | ast.Name)
            and function
            == (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id)
        ]
        keywords = (word for call in calls for word in call.keywords)
        named = [word.value for word in keywords if word.arg == parameter]
        return named + [call.args[place] for call in calls if len(call.args) > place]


def _is_name(value: ast.expr, name: str) -> bool:
    return isinstance(value, ast.Name) and value.id == name


def _named(node: ast.AST) -> Mapping[str, ast.expr]:
    """The values that a call's keywords or a dictionary's keys name."""
    if isinstance(node, ast.Call):
        return {word.arg: word.value for word in node.keywords if word.arg is not None}
    if isinstance(node, ast.Dict):
        return {
            str(key.value): value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
    if isinstance(node, ast.Assign):
        # An item of a request is assigned.
        return {
            str(target.slice.value): node.value
            for target in node.targets
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant)
        }
    return {}
