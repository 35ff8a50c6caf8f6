"""Every function accepts its invocation event; one after another they make the sample events."""

import json
from pathlib import Path
from typing import Any

from handlers import (
    account,
    announce,
    assemble,
    check_sequences,
    correct,
    deduplicate,
    dispute,
    doors,
    enrich,
    fold,
    ingest,
    ingest_file,
    notify,
    post,
    query,
    rebuild_balances,
    reconcile,
    redrive,
    release,
    republish,
    settle,
    sweep,
)
from samples.event_story import BLOCKED_PURCHASE, FOREIGN_PURCHASE
from samples.invocations import header_row, inbox_row
from samples.make_batch import TARGET as BATCHES
from samples.make_events import bookings
from tests.fakes.cloud import Cloud
from tests.handlers import given


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names and value is not None}


def manifest_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.manifest.json")


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_ingest_receives_the_record_of_the_samples(cloud: Cloud, context: Any) -> None:
    given.known_card(cloud, FOREIGN_PURCHASE.line.de["2"], FOREIGN_PURCHASE.token)
    cloud.time = FOREIGN_PURCHASE.received_at

    answer = ingest.handler(given.invocation("IngestFunction"), context)

    assert answer["statusCode"] == 202
    # The digest is keyed by a secret that is another one in every deployment.
    assert without(cloud.row("inbox"), "content_digest") == without(
        inbox_row(FOREIGN_PURCHASE), "content_digest"
    )


def test_deduplicate_makes_the_sample_of_transaction_authorized(context: Any) -> None:
    details = deduplicate.handler(given.invocation("DeduplicateFunction"), context)

    assert details[0] == given.sample("TransactionAuthorized")["detail"]


def test_enrich_makes_the_sample_of_transaction_enriched(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)

    assert enrich.handler(given.invocation("EnrichFunction"), context) == {"batchItemFailures": []}

    entry = cloud.bus.entries[0]
    expected = given.sample("TransactionEnriched")
    assert (entry["DetailType"], entry["Source"]) == (expected["detail-type"], expected["source"])
    assert json.loads(entry["Detail"]) == expected["detail"]


def test_post_books_the_headers_of_the_samples(cloud: Cloud) -> None:
    given.reference(cloud)
    given.openings_booked(cloud)

    given.booked(cloud)

    for each in bookings():
        row = cloud.row("journal", pk=each.posted.header_id, sk="H")
        assert row == as_json(without(header_row(each)))


def test_post_takes_both_decisions_in_one_batch(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)

    assert post.handler(given.invocation("PostFunction"), context) == {"batchItemFailures": []}

    headers = [row for row in cloud.rows("journal") if row["sk"] == "H"]
    assert sorted(row["purpose"] for row in headers) == ["CLEAR", "SUSPEND"]


def test_announce_makes_the_sample_of_transaction_posted(context: Any) -> None:
    details = announce.handler(given.invocation("AnnounceFunction"), context)

    assert as_json(details[0]) == given.sample("TransactionPosted")["detail"]
    assert details[1]["data"]["purpose"] == "SUSPEND"


def test_assemble_books_the_transfer_of_the_samples_and_the_check_finds_nothing(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    before = cloud.row("balances", pk="B#cust:A-1001#EUR")["posted_c"]

    answer = assemble.handler(given.invocation("AssembleFunction"), context)
    checked = check_sequences.handler(given.invocation("CheckSequencesFunction"), context)

    assert answer == {"batchItemFailures": []}
    assert cloud.row("balances", pk="B#cust:A-1001#EUR")["posted_c"] == before + 25_000
    assert checked == {"resent": [], "incomplete": [], "parked": 0}


def test_fold_moves_the_internal_accounts_of_both_bookings(cloud: Cloud, context: Any) -> None:
    fold.handler(given.invocation("FoldFunction"), context)

    nets = {
        row["pk"]: row["posted_c"] - row["posted_d"]
        for row in cloud.rows("balances")
        if row["pk"].startswith("B#")
    }
    assert nets == {
        "B#fxpos:EUR/USD#EUR": 11263,
        "B#fxpos:USD/EUR#USD": -12345,
        "B#settle:VISA:USD#USD": 12345,
        "B#inc:fx_markup#EUR": 225,
        "B#inc:fx_fee#EUR": 150,
        "B#susp:ACCOUNT_ON_HOLD:EUR#EUR": -4500,
        "B#settle:VISA:EUR#EUR": 4500,
    }


def test_notify_puts_the_notification_of_the_booking(cloud: Cloud, context: Any) -> None:
    answer = notify.handler(given.invocation("NotifyFunction"), context)

    assert answer == {"batchItemFailures": []}
    assert [bucket for bucket, _ in cloud.buckets.objects] == ["notifications"]


def test_ingest_file_receives_the_sample_batch(cloud: Cloud, context: Any) -> None:
    event = given.invocation("IngestFileFunction")
    landed = json.loads(event["Records"][0]["body"])["detail"]
    bucket, key = landed["bucket"]["name"], landed["object"]["key"]
    file = BATCHES / key.rpartition("/")[2]
    cloud.buckets.put(bucket, f"{key}.manifest.json", manifest_of(file).read_bytes())
    # The version of a real object is drawn by S3; the notice then names it.
    version = cloud.buckets.put(bucket, key, file.read_bytes())
    body = event["Records"][0]["body"].replace(landed["object"]["version-id"], version)

    ingest_file.handler({"Records": [event["Records"][0] | {"body": body}]}, context)

    assert len(cloud.rows("inbox")) > 100


def test_query_tells_the_story_of_the_booked_record(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")

    answer = query.handler(given.invocation("QueryFunction"), context)

    told = json.loads(answer["body"])
    assert (answer["statusCode"], told["outcome"]) == (200, "POSTED")
    assert told["booking"]["totals"] == {"EUR": 11638, "USD": 12345}


def test_the_repairs_find_nothing_to_mend_after_a_good_run(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")
    fold.handler({"Records": cloud.inserts("journal", sk="H")}, context)

    swept = sweep.handler(given.invocation("SweepFunction"), context)
    rebuilt = rebuild_balances.handler(given.invocation("RebuildBalancesFunction"), context)
    republished = republish.handler(given.invocation("RepublishFunction"), context)

    assert (swept["resent"], rebuilt["folded"]) == ([], [])
    # A header that is named is announced whether or not it was heard of.
    assert republished["republished"] == [bookings()[0].posted.header_id]


def test_release_says_what_it_would_do_with_the_suspended_record(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.received(cloud, BLOCKED_PURCHASE)
    given.booked(cloud, "TransactionPostingSuspended")

    answer = release.handler(given.invocation("ReleaseFunction"), context)

    assert (answer["result"], answer["code"]) == ("REFUSED", "ACCOUNT_ON_HOLD")


def test_reconcile_compares_the_booked_record(cloud: Cloud, context: Any) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE)
    given.booked(cloud, "TransactionPostingApproved")

    answer = reconcile.handler(given.invocation("ReconcileFunction"), context)

    assert answer["totals"]["booked"] == {"USD": {"count": 1, "amount": 12_345}}
    assert answer["more"] is False


def test_redrive_finds_no_letters_after_a_good_run(cloud: Cloud, context: Any) -> None:
    answer = redrive.handler(given.invocation("RedriveFunction"), context)

    assert (answer["received"], answer["more"]) == (0, False)


def test_doors_says_what_it_would_close(cloud: Cloud, context: Any) -> None:
    answer = doors.handler(given.invocation("DoorsFunction"), context)

    assert [(each["name"], each["state"]) for each in answer["doors"]] == [
        ("api", "PAUSED"),
        ("posting", "PAUSED"),
    ]


def test_load_reference_makes_accounts_and_orders_their_opening_money(cloud: Cloud) -> None:
    event = given.invocation("LoadReferenceFunction")

    answer = given.load("accounts", event["rows"])

    assert answer == {"changed": 2, "openings": 2, "errors": []}
    assert cloud.row("balances", pk="B#cust:A-1046#EUR")["status"] == "HOLD_DEBIT"


def test_a_settlement_a_correction_a_dispute_and_an_account_order_say_what_they_would_do(
    cloud: Cloud, context: Any
) -> None:
    given.reference(cloud)
    given.received(cloud, FOREIGN_PURCHASE, BLOCKED_PURCHASE)
    given.booked(cloud)

    settled = settle.handler(given.invocation("SettleFunction"), context)
    corrected = correct.handler(given.invocation("CorrectFunction"), context)
    disputed = dispute.handler(given.invocation("DisputeFunction"), context)
    changed = account.handler(given.invocation("AccountFunction"), context)

    assert (settled["result"], settled["matched"]) == ("WOULD_SETTLE", 2)
    assert (corrected["result"], corrected["customer"]["net"]) == ("WOULD_CORRECT", 150)
    assert (disputed["result"], disputed["customer"]["net"]) == ("WOULD_OPEN", 4500)
    assert (changed["result"], changed["after"]["overdraft_limit"]) == ("WOULD_LIMIT", 75_000)
