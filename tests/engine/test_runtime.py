"""Every function as built, under the real Lambda runtime, invoked with its event from events/invoke
in the order of the flow: together they make the sample events.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import local
from domain.sequence import header_id_of
from samples import make_reference
from samples.event_story import BLOCKED_PURCHASE, DECLINED_PURCHASE, FOREIGN_PURCHASE
from samples.invocations import inbox_row
from samples.leg_story import TRANSFER
from samples.make_batch import TARGET as BATCHES
from samples.make_events import bookings
from tests.engine.live import Stack
from tests.engine.own_services import OwnServices, physical_names
from tests.engine.runtime import Runtime, running
from tests.template.reading import functions

pytestmark = pytest.mark.engine

EVENTS = Path(__file__).parents[2] / "events"
HELD = BLOCKED_PURCHASE.received
BOOKED, SUSPENDED = (each.posted.header_id for each in bookings())


def sample(path: str) -> Any:
    return json.loads((EVENTS / f"{path}.json").read_text())


class Deployed:
    """The built functions, with the deployed settings but on services of their own."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        endpoint = local.endpoint()
        assert endpoint is not None
        self._lambda = stack.client("lambda")
        self._names = physical_names(stack.system)
        self._build, self._folder = stack.home / "build", folder
        self.own = OwnServices(endpoint, self._names)

    def settings(self, function: str) -> dict[str, str]:
        found = self._lambda.get_function_configuration(FunctionName=self._names[function])
        return {
            **self.own.settings(found["Environment"]["Variables"]),
            "AWS_LAMBDA_FUNCTION_NAME": found["FunctionName"],
        }

    def invoke(self, function: str, *events: Any) -> list[Any]:
        """The answers of one instance of the function."""
        handler = functions()[function]["Handler"]
        artefact = self._build / function
        with running(artefact, handler, self.settings(function), self._folder) as runtime:
            return [runtime.invoke(event) for event in events]


@pytest.fixture(scope="module")
def deployed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return Deployed(stack, tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="module")
def own(deployed: Deployed) -> OwnServices:
    return deployed.own


@pytest.fixture(scope="module")
def answers(deployed: Deployed, own: OwnServices) -> dict[str, Any]:
    """What each function answered to its event, by logical id."""
    given(deployed)
    found: dict[str, Any] = {}
    load = deployed.invoke("LoadReferenceFunction", sample("invoke/LoadReferenceFunction"), *rows())
    found["LoadReferenceFunction"] = load[0]
    openings = [
        {"messageId": str(n), "body": body} for n, body in enumerate(own.received(own.post))
    ]
    for function in (
        *("IngestFunction", "IngestFileFunction", "DeduplicateFunction", "EnrichFunction"),
        *("PostFunction", "AnnounceFunction", "FoldFunction", "NotifyFunction", "QueryFunction"),
        *("SweepFunction", "RepublishFunction", "RebuildBalancesFunction", "ReleaseFunction"),
        *("AssembleFunction", "CheckSequencesFunction"),
        *("ReconcileFunction", "RedriveFunction", "DoorsFunction"),
        *("SettleFunction", "CorrectFunction", "DisputeFunction", "AccountFunction"),
        *("DryRunFunction", "TimersFunction", "PostBatchFunction"),
    ):
        event = sample(f"invoke/{function}")
        if function == "IngestFileFunction":
            event = landed(own, event)
        first = [{"Records": openings}] if function == "PostFunction" else []
        found[function] = deployed.invoke(function, *first, event)[-1]
    return found


def given(deployed: Deployed) -> None:
    """The stories' cards have their tokens, the blocked purchase waits in the inbox, and the sweep
    was here some minutes ago.
    """
    secret = deployed.settings("IngestFunction")["INDEX_SECRET_ARN"]
    for story in (FOREIGN_PURCHASE, BLOCKED_PURCHASE, DECLINED_PURCHASE):
        deployed.own.know_card(secret, story.line.de["2"], story.token)
    deployed.own.put("Inbox", inbox_row(BLOCKED_PURCHASE))
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=20)
    deployed.own.put("Claims", {"msg_id": "SWEEP", "minute": minute.isoformat()})


def rows() -> Iterator[dict[str, Any]]:
    cards = {story.line.de["2"] for story in (FOREIGN_PURCHASE, BLOCKED_PURCHASE)}
    kinds = {
        "products": make_reference.products(),
        "cards": [row for row in make_reference.cards() if row["card_number"] in cards],
        "merchants": make_reference.merchants(),
        "mcc": [row for row in make_reference.mcc() if row["mcc"] in ("5411", "5812")],
        "fx": make_reference.fx(),
    }
    for kind, some in kinds.items():
        yield {"action": "rows", "kind": kind, "version": 1, "rows": some}
    yield {"action": "rules", "rule_version": "v1", "rows": make_reference.rules()}


def landed(own: OwnServices, event: dict[str, Any]) -> dict[str, Any]:
    """The event for a file that lies in a bucket, where its sample only says so."""
    notice = json.loads(event["Records"][0]["body"])
    key = notice["detail"]["object"]["key"]
    file = BATCHES / key.rpartition("/")[2]
    own.land(f"{key}.manifest.json", file.with_name(f"{file.name}.manifest.json").read_bytes())
    notice["detail"]["object"]["version-id"] = own.land(key, file.read_bytes())
    notice["detail"]["bucket"]["name"] = own.files
    return {"Records": [event["Records"][0] | {"body": json.dumps(notice)}]}


def test_every_function_answers_its_event_without_an_error(answers: dict[str, Any]) -> None:
    assert answers.keys() == functions().keys()
    assert {name: each for name, each in answers.items() if "errorType" in (each or {})} == {}


def test_load_reference_makes_the_accounts(answers: dict[str, Any]) -> None:
    assert answers["LoadReferenceFunction"] == {"changed": 2, "openings": 2, "errors": []}


def test_ingest_receives_the_message_of_the_sample(
    answers: dict[str, Any], own: OwnServices
) -> None:
    answer = answers["IngestFunction"]

    (result,) = json.loads(answer["body"])["results"]
    assert (answer["statusCode"], result["status"]) == (202, "RECEIVED")
    assert result["ingest_id"] == FOREIGN_PURCHASE.received.ingest_id
    assert result["ingest_id"] in {row["ingest_id"] for row in own.rows("Inbox")}


def test_ingest_file_receives_the_batch(answers: dict[str, Any], own: OwnServices) -> None:
    assert answers["IngestFileFunction"] is None
    assert len([row for row in own.rows("Inbox") if row["door"] == "s3"]) > 100


def test_deduplicate_answers_with_the_sample_event(answers: dict[str, Any]) -> None:
    first, second = answers["DeduplicateFunction"]

    assert first == sample("TransactionAuthorized")["detail"]
    assert second["data"]["ingest_id"] == HELD.ingest_id


def test_enrich_puts_the_sample_event_on_the_bus(answers: dict[str, Any], own: OwnServices) -> None:
    assert answers["EnrichFunction"] == {"batchItemFailures": []}

    heard = [json.loads(body) for body in own.received(own.heard)]
    details = [each["detail"] for each in heard if each["detail-type"] == "TransactionEnriched"]
    assert sample("TransactionEnriched")["detail"] in details


def test_post_books_both_decisions(answers: dict[str, Any], own: OwnServices) -> None:
    assert answers["PostFunction"] == {"batchItemFailures": []}

    headers = {row["pk"]: row for row in own.rows("Journal") if row["sk"] == "H"}
    assert (headers[BOOKED]["purpose"], headers[SUSPENDED]["purpose"]) == ("CLEAR", "SUSPEND")
    expected = sample("TransactionPosted")["detail"]["data"]
    for name in ("legs", "checksum", "customer", "totals"):
        assert headers[BOOKED][name] == expected[name]


def test_assemble_books_the_sequence_of_both_legs(
    answers: dict[str, Any], own: OwnServices
) -> None:
    assert answers["AssembleFunction"] == {"batchItemFailures": []}
    assert answers["CheckSequencesFunction"] == {"resent": [], "incomplete": [], "parked": 0}

    headers = {row["pk"]: row for row in own.rows("Journal") if row["sk"] == "H"}
    assert headers[header_id_of(TRANSFER)]["totals"] == {"EUR": 25_000}


def test_announce_answers_with_the_sample_event(answers: dict[str, Any]) -> None:
    assert answers["AnnounceFunction"][0] == sample("TransactionPosted")["detail"]


def test_fold_moves_the_internal_accounts(answers: dict[str, Any], own: OwnServices) -> None:
    assert answers["FoldFunction"] is None

    rows = {row["pk"]: row for row in own.rows("Balances")}
    assert rows["B#settle:VISA:USD#USD"]["posted_c"] == 12_345
    assert rows["FOLD"]["fold_no"] == 1


@pytest.mark.usefixtures("answers")
def test_notify_puts_the_notification_of_the_sample(own: OwnServices) -> None:
    event_id = sample("TransactionPosted")["detail"]["meta"]["event_id"]
    (entry,) = own.client("s3").list_objects_v2(Bucket=own.notifications)["Contents"]

    assert entry["Key"] == f"camt054/2026-11-20/{event_id}.xml"


def test_query_tells_the_booking(answers: dict[str, Any]) -> None:
    told = json.loads(answers["QueryFunction"]["body"])

    assert (told["outcome"], told["booking"]["header_id"]) == ("POSTED", BOOKED)


def test_the_repairs_find_nothing_but_what_they_were_told(answers: dict[str, Any]) -> None:
    assert answers["SweepFunction"]["resent"] == []
    assert answers["RepublishFunction"]["republished"] == [BOOKED]
    assert answers["RebuildBalancesFunction"]["dry_run"] is True


def test_a_comparison_makes_its_first_page(answers: dict[str, Any]) -> None:
    assert answers["ReconcileFunction"]["pages"] == 1


def test_redrive_and_doors_only_look_when_they_are_told_to(answers: dict[str, Any]) -> None:
    assert answers["RedriveFunction"]["queue"] == "PostDeadLetters"
    assert answers["RedriveFunction"]["dry_run"] is True
    assert [each["state"] for each in answers["DoorsFunction"]["doors"]] == ["PAUSED", "PAUSED"]


def test_release_leaves_the_blocked_account_alone(answers: dict[str, Any]) -> None:
    answer = answers["ReleaseFunction"]

    assert (answer["result"], answer["code"]) == ("REFUSED", "ACCOUNT_ON_HOLD")


def test_what_people_order_is_looked_at_only_in_a_dry_run(answers: dict[str, Any]) -> None:
    settled, corrected = answers["SettleFunction"], answers["CorrectFunction"]

    assert settled["result"] == "WOULD_SETTLE"
    assert (corrected["result"], corrected["customer"]["net"]) == ("WOULD_CORRECT", 150)
    assert answers["DisputeFunction"]["result"] == "WOULD_OPEN"
    assert answers["AccountFunction"]["result"] == "WOULD_LIMIT"


def test_an_error_reaches_the_caller_with_its_type_and_trace(deployed: Deployed) -> None:
    (answer,) = deployed.invoke("AnnounceFunction", [{"no": "record"}])

    assert answer["errorType"] == "KeyError"
    assert any("handlers/announce.py" in line for line in answer["stackTrace"])


def test_a_warm_instance_answers_again_after_an_error(deployed: Deployed) -> None:
    records = sample("invoke/AnnounceFunction")

    _, answer = deployed.invoke("AnnounceFunction", [{"no": "record"}], records)

    assert answer[0] == sample("TransactionPosted")["detail"]


def test_the_runtime_sees_nothing_but_the_artefact_and_what_aws_brings(
    deployed: Deployed, tmp_path: Path
) -> None:
    """Else a requirement that was forgotten would be found in this project's own environment."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import importlib.util\n"
        "def handler(event, context):\n"
        "    return [name for name in event if importlib.util.find_spec(name)]\n"
    )
    with running(tmp_path, "probe.handler", {}, tmp_path) as runtime:
        assert isinstance(runtime, Runtime)
        found = runtime.invoke(["botocore", "msgspec", "aws_lambda_powertools", "pytest"])

    assert found == ["botocore"]
