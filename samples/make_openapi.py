"""Write src/openapi.json: the API's own description (OpenAPI 3.1), which it serves itself.

    PYTHONPATH=src python -m samples.make_openapi

Made from the types that read the requests and describe the answers, and from the table of problems:
every run writes the same bytes.
"""

import json
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from domain import answers
from domain.currency_table import CURRENCIES
from domain.orders import CloseOrder
from domain.paths import PATHS
from domain.problem import KINDS, PROBLEM_TYPE, problem
from samples import api_examples
from samples.api_operations import ALWAYS, OPERATIONS, Operation

TARGET = Path(__file__).parents[1] / "src" / "openapi.json"
_REF = "#/components/schemas/{name}"
_ABOUT = """Card transactions in, double-entry bookings out, and everything that became of them.

Every request is signed (AWS Signature Version 4, service `execute-api`) and carries the `x-api-key`
of a usage plan. Amounts are whole minor units. Lists come in pages: `limit` says how many at most,
`next` of an answer leads to the following page, with the same other parameters. Every refusal is
`application/problem+json` (RFC 9457): `type` and `code` never change, `remedy` says what helps."""
_KEY_NOTE = (
    "The same key with the same body gets the same answer for a day, from any session of a role."
)


def document() -> dict[str, Any]:
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Posting",
            "version": "1.0.0",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/live",
                "variables": {
                    "api": {"default": "a1b2c3d4e5", "description": "in the output ApiUrl"},
                    "region": {"default": "eu-central-1"},
                },
            }
        ],
        "security": [{"sigv4": [], "apiKey": []}],
        "tags": [{"name": name} for name in dict.fromkeys(each.tag for each in OPERATIONS)],
        "paths": {
            path: {each.method: _operation(each) for each in operations}
            for path, operations in groupby(
                sorted(OPERATIONS, key=lambda each: each.path), key=lambda each: each.path
            )
        },
        "components": {
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4, service execute-api",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                "apiKey": {"type": "apiKey", "name": "x-api-key", "in": "header"},
            },
            "responses": {
                f"Problem{status}": _refusal(codes)
                for status, codes in _by_status(ALWAYS).items()
                # Every operation has more of this status to tell.
                if status != "400"
            },
            "schemas": _schemas(),
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    values: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {**_answers(operation), **_refusals(operation)},
    }
    if operation.name == "submitMessages":
        values["parameters"].append(_idempotency_key())
    if operation.method == "post":
        values["requestBody"] = _body(operation)
    return values


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            **_described(msgspec.json.schema(PATHS[name])),
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    definitions = msgspec.json.schema(operation.query)["$defs"][operation.query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in definitions["required"],
            **_described(each),
        }
        for name, each in definitions["properties"].items()
    ]


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter from its type: a parameter that is left out is no null."""
    (example,) = schema.pop("examples")
    description = schema.pop("description")
    found = schema.pop("anyOf", [schema])[0]
    if schema.get("default") is not None:
        found = found | {"default": schema["default"]}
    if found.get("pattern") == "^[A-Z]{3}$":
        found = {"type": "string", "enum": sorted(CURRENCIES)}
    if found.get("type") == "integer":
        example = int(example)
    return {"description": description, "schema": found, "example": example}


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": _KEY_NOTE,
        "schema": {"type": "string"},
        "example": "2026-11-20-visa-1",
    }


def _body(operation: Operation) -> dict[str, Any]:
    if operation.body is None:
        one = [{"$ref": _REF.format(name=name)} for name in ("JsonMessage", "HexMessage")]
        several = {"type": "array", "maxItems": 100, "items": {"anyOf": one}}
        wrapped = {"type": "object", "required": ["messages"], "properties": {"messages": several}}
        content = {"schema": {"anyOf": [*one, several, wrapped]}, "example": api_examples.message()}
    else:
        example = {"by": "operator@example.com", "note": "the customer confirmed the purchase"}
        ref = _REF.format(name=operation.body.__name__)
        content = {"schema": {"$ref": ref}, "example": example}
    return {"required": True, "content": {"application/json": content}}


def _answers(operation: Operation) -> dict[str, Any]:
    found = {str(operation.status): _answer(operation)}
    if operation.asked is not None:
        summary, kind, example = operation.asked
        schema = {"$ref": _REF.format(name=kind.__name__)}
        content = {"application/json": {"schema": schema, "example": example()}}
        found["200"] = {"description": summary, "content": content}
    return found


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.answer is not None:
        schema: dict[str, Any] = {"$ref": _REF.format(name=operation.answer.__name__)}
    elif operation.name == "getBalances":
        schema = _balances()
    else:
        schema = {"type": "object", "required": ["openapi", "paths"]}
    content: dict[str, Any] = {"schema": schema}
    if operation.name != "getDocument":
        content["example"] = operation.example()
    return {"description": operation.summary, "content": {"application/json": content}}


def _balances() -> dict[str, Any]:
    either = [{"$ref": _REF.format(name=name)} for name in ("Balance", "PastBalance")]
    return {
        "type": "object",
        "required": ["account_id", "balances"],
        "properties": {
            "account_id": {"type": "string"},
            "balances": {"type": "array", "items": {"anyOf": either}},
        },
    }


def _refusals(operation: Operation) -> dict[str, Any]:
    """By status, with an example of each code."""
    shared = _by_status(ALWAYS)
    return {
        status: {"$ref": f"#/components/responses/Problem{status}"}
        if codes == shared.get(status)
        else _refusal(codes)
        for status, codes in _by_status((*ALWAYS, *operation.problems)).items()
    }


def _by_status(codes: Iterable[str]) -> dict[str, list[str]]:
    ordered = sorted(set(codes), key=lambda code: (KINDS[code].status, code))
    found = groupby(ordered, key=lambda code: KINDS[code].status)
    return {str(status): list(some) for status, some in found}


def _refusal(codes: list[str]) -> dict[str, Any]:
    examples = {
        code: {
            "summary": KINDS[code].title,
            "value": problem(KINDS[code].status, code, KINDS[code].remedy),
        }
        for code in codes
    }
    content = {"schema": {"$ref": _REF.format(name="ProblemDetails")}, "examples": examples}
    return {"description": ", ".join(codes), "content": {PROBLEM_TYPE: content}}


def _schemas() -> dict[str, Any]:
    types: list[Any] = [answers.ProblemDetails, answers.JsonMessage, answers.HexMessage]
    types += [each.answer for each in OPERATIONS if each.answer is not None]
    types += [each.asked.answer for each in OPERATIONS if each.asked is not None]
    types += [each.body for each in OPERATIONS if each.body is not None]
    types += [answers.Balance, answers.PastBalance, CloseOrder]
    _, found = msgspec.json.schema_components(dict.fromkeys(types), ref_template=_REF)
    return dict(sorted(found.items()))


def as_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(as_text(), encoding="utf-8")
