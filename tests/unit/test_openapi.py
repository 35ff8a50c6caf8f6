"""The API's document: current, true to itself, and of the same routes as the template."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from domain.problem import KINDS, problem, type_of
from samples import make_openapi
from samples.api_operations import OPERATIONS
from tests.gateway import routes

DOCUMENT: dict[str, Any] = json.loads(make_openapi.TARGET.read_text(encoding="utf-8"))
DEPLOYED = {(route.method, route.path): route for route in routes()}
DESCRIBED = {
    (method, path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
FUNCTIONS = {
    "IngestFunction": {("post", "/v1/messages")},
    "ReleaseFunction": {
        ("post", f"/v1/parked/{{ingest_id}}/{each}") for each in ("release", "return", "discard")
    },
}


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every example with the schema that it stands under."""
    for operation in DESCRIBED.values():
        name = operation["operationId"]
        for each in operation["parameters"]:
            yield f"{name}.{each['name']}", each["schema"], each["example"]
        contents = [*operation["responses"].values(), operation.get("requestBody", {})]
        contents = [each.get("content", {}) for each in contents]
        yield from _examples(name, contents)
    shared = [each["content"] for each in DOCUMENT["components"]["responses"].values()]
    yield from _examples("shared", shared)


def _examples(
    name: str, contents: list[dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for media in (media for content in contents for media in content.values()):
        if "example" in media:
            yield name, media["schema"], media["example"]
        for code, each in media.get("examples", {}).items():
            yield f"{name}.{code}", media["schema"], each["value"]


def test_the_committed_document_is_what_the_code_makes() -> None:
    assert make_openapi.TARGET.read_text(encoding="utf-8") == make_openapi.as_text()


def test_the_document_describes_the_deployed_routes_and_no_others() -> None:
    assert DESCRIBED.keys() == DEPLOYED.keys()


@pytest.mark.parametrize(("method", "path"), sorted(DEPLOYED))
def test_a_route_asks_for_a_signature_and_a_key(method: str, path: str) -> None:
    demanded = DEPLOYED[method, path].demands["security"]

    # API Gateway reads the list as demands that hold together.
    assert sorted(name for each in demanded for name in each) == ["AWS_IAM", "api_key"]
    assert DOCUMENT["security"] == [{"sigv4": [], "apiKey": []}]
    assert "security" not in DESCRIBED[method, path]


def test_reading_and_deciding_are_two_functions() -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for key, route in DEPLOYED.items():
        found.setdefault(route.function, set()).add(key)

    reading = found.pop("QueryFunction")
    assert found == FUNCTIONS
    assert {method for method, _ in reading} == {"get"}


@pytest.mark.parametrize(("name", "schema", "value"), [*examples()])
def test_an_example_is_valid(name: str, schema: dict[str, Any], value: Any) -> None:
    whole = schema | {"components": DOCUMENT["components"]}

    jsonschema.Draft202012Validator(whole).validate(value)


def test_every_operation_has_a_summary_an_example_and_a_name_of_its_own() -> None:
    names = [operation["operationId"] for operation in DESCRIBED.values()]

    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert all(operation["summary"] for operation in DESCRIBED.values())


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to() -> None:
    text = json.dumps(DOCUMENT)
    referred = set(re.findall(r'"#/components/(\w+/\w+)"', text))
    kinds = ("schemas", "responses")

    assert referred == {f"{kind}/{name}" for kind in kinds for name in DOCUMENT["components"][kind]}


def test_every_kind_of_problem_can_be_met() -> None:
    told = set(re.findall(r"urn:problem-type:posting:[a-z-]+", json.dumps(DOCUMENT)))

    assert told == {type_of(code) for code in KINDS}


@pytest.mark.parametrize("code", sorted(KINDS))
def test_a_problem_names_its_kind_and_its_remedy(code: str) -> None:
    kind = KINDS[code]
    told = problem(kind.status, code, "what happened", field="by")

    assert 400 <= told["status"] < 600
    assert (told["title"], told["remedy"], told["field"]) == (kind.title, kind.remedy, "by")
    assert kind.remedy.endswith(".")
