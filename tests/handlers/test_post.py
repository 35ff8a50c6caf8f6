"""Post: each message of the batch is booked or reported by itself, and a failure is heard of."""

from typing import Any

from botocore.exceptions import ClientError

from handlers import post
from tests.fakes.cloud import Cloud
from tests.fakes.runtime import Log
from tests.handlers import given

APPROVED = given.sample("TransactionPostingApproved")
SUSPENDED = given.sample("TransactionPostingSuspended")


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def purposes(cloud: Cloud) -> list[str]:
    return sorted(row["purpose"] for row in cloud.rows("journal") if row["sk"] == "H")


def test_one_failed_message_does_not_hold_up_the_others(
    cloud: Cloud, context: Any, log: Log
) -> None:
    given.reference(cloud)
    event = given.in_queue(APPROVED, given.sample("TransactionPosted"), SUSPENDED)

    answer = post.handler(event, context)

    assert failures(answer) == [event["Records"][1]["messageId"]]
    assert purposes(cloud) == ["CLEAR", "SUSPEND"]
    assert log.named("not_booked")[0]["level"] == "ERROR"


def test_the_same_record_with_other_content_rings_the_alarm(
    cloud: Cloud, context: Any, log: Log
) -> None:
    given.reference(cloud)
    given.booked(cloud, "TransactionPostingApproved")
    event = given.in_queue(given.changed(APPROVED, fingerprint="0" * 64))

    assert failures(post.handler(event, context)) == [event["Records"][0]["messageId"]]
    (line,) = log.named("not_booked")
    assert (line["level"], "FINGERPRINT_MISMATCH" in line["why"]) == ("ERROR", True)


def test_a_throttled_booking_is_reported_for_another_try_without_an_alarm(
    cloud: Cloud, context: Any, log: Log
) -> None:
    given.reference(cloud)

    def throttle(operation: str) -> None:
        if operation == "TransactWriteItems":
            error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]

    cloud.dynamodb.before = throttle
    event = given.in_queue(APPROVED)

    assert failures(post.handler(event, context)) == [event["Records"][0]["messageId"]]
    assert [line["level"] for line in log.named("unavailable")] == ["WARNING"]
    assert purposes(cloud) == []


def test_a_redelivered_batch_books_nothing_again(cloud: Cloud, context: Any, log: Log) -> None:
    given.reference(cloud)
    event = given.in_queue(APPROVED, SUSPENDED)
    post.handler(event, context)
    before = cloud.rows("balances") + cloud.rows("journal")

    assert failures(post.handler(event, context)) == []

    assert cloud.rows("balances") + cloud.rows("journal") == before
    assert len(log.named("already_booked")) == 2


def test_opening_money_is_booked_from_its_command(cloud: Cloud) -> None:
    given.reference(cloud)

    given.openings_booked(cloud)

    assert purposes(cloud) == ["OPENING", "OPENING"]
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["posted_c"] == 210_000


def test_opening_money_waits_for_its_balance_row(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    cloud.dynamodb.tables["balances"].items.clear()
    records = [{"messageId": "m-1", "body": cloud.queues.bodies[0]}]

    assert failures(post.handler({"Records": records}, context)) == ["m-1"]
    assert purposes(cloud) == []


def test_what_was_booked_is_logged_by_its_ids_alone(cloud: Cloud, context: Any, log: Log) -> None:
    given.reference(cloud)

    post.handler(given.in_queue(APPROVED), context)

    (line,) = log.named("booked")
    assert line["header_id"] == f"J#{APPROVED['detail']['data']['msg_id']}"
    assert not {"amount", "legs", "account", "holder", "narrative"} & line.keys()
    assert "Adler" not in log.text
