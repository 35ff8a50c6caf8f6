"""The API does what its own document says, whatever it is sent: schemathesis draws the requests."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from handlers import dry_run, fold, ingest, query, release
from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Context
from tests.gateway import Gateway
from tests.handlers import given
from tests.rules_machine import RulesMachine

HANDLERS = {
    "IngestFunction": ingest.handler,
    "QueryFunction": query.handler,
    "ReleaseFunction": release.handler,
}
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 made up", "x-api-key": "made-up"}
GATEWAY = Gateway(HANDLERS, Context())
SCHEMA = schemathesis.openapi.from_wsgi("/v1/openapi.json", GATEWAY, headers=SIGNED)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def stories(cloud: Cloud, context: Any) -> None:
    """A booked, a suspended and a parked record."""
    cloud.workflows.machine = RulesMachine(cloud, "DRY").sync
    cloud.mappings.function = lambda event: dry_run.handler(event, context)
    given.reference(cloud)
    given.openings_booked(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    given.booked(cloud)
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)
    row = DECLINED_PURCHASE.received.to_row()
    parked = {"reason": "REJECTED", "code": "DECLINED", "message": "declined", "state": "PARKED"}
    moment = DECLINED_PURCHASE.received.received_at
    more = {"parked_at": moment, "reason_day": f"REJECTED#{moment[:10]}", "history": []}
    cloud.put("parked", **row, **parked, **more)


@SCHEMA.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.usefixtures("stories")
def test_every_answer_is_one_that_the_document_describes(case: Case[Any]) -> None:
    answer = case.call(headers=SIGNED)

    # A message that is no message is received, and gets its receipt: INVALID, with the faults.
    checks = [*CHECKS] if case.path == "/v1/messages" else [*CHECKS, negative_data_rejection]
    case.validate_response(answer, checks=checks)
    if answer.status_code >= 400:
        told = json.loads(answer.content)
        assert told["status"] == answer.status_code
        assert told["remedy"]
        assert told["type"].startswith("urn:problem-type:posting:")
