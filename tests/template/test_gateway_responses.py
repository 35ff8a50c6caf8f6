"""What the API answers by itself: problem details with the same codes as the functions' own."""

import json
from typing import Any

import pytest

from domain.problem import KINDS, problem
from tests.template.reading import expanded, written

RESPONSES: dict[str, Any] = written()["Resources"]["Api"]["Properties"]["GatewayResponses"]
# Every kind of answer that API Gateway documents for a REST API without an authorizer of ours, a
# client certificate or a firewall; what is not named falls under one of the last two.
KNOWN = {
    "MISSING_AUTHENTICATION_TOKEN",
    "INVALID_SIGNATURE",
    "EXPIRED_TOKEN",
    "ACCESS_DENIED",
    "INVALID_API_KEY",
    "UNAUTHORIZED",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "RESOURCE_NOT_FOUND",
    "REQUEST_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "THROTTLED",
    "QUOTA_EXCEEDED",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
}


def test_every_answer_of_the_api_itself_is_stated() -> None:
    assert RESPONSES.keys() == KNOWN


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_an_answer_of_the_api_itself_is_a_problem_of_our_kinds(name: str) -> None:
    response = RESPONSES[name]
    body = json.loads(response["ResponseTemplates"]["application/json"])
    kind = KINDS[body["code"]]

    assert body == problem(kind.status, body["code"], kind.remedy)
    assert response["StatusCode"] == str(kind.status)
    headers = response["ResponseParameters"]["Headers"]
    assert headers == {"Content-Type": "'application/problem+json'"}


def test_sam_hands_them_over_to_the_api() -> None:
    body = expanded()["Resources"]["Api"]["Properties"]["Body"]

    assert body["x-amazon-apigateway-gateway-responses"].keys() == KNOWN
