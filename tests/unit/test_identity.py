"""The worked examples of identity: which records are one message, and which say something else."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity import (
    NAMESPACE,
    business_fields,
    differing,
    distinct_message_id,
    event_id,
    fingerprint,
    ingest_id_for_api,
    ingest_id_for_s3,
    ledger_event_id,
    message_id,
    minute_shard,
    purchase_id,
    shard_of,
)
from domain.iso8583.decoded import Decoded
from tests.unit.card_messages import as_bytes, as_json, decode, valid

TOKEN = "tok_aaaaaaaaaaaaaaaaaaaaaaaaaa"
TEXTS = st.lists(st.text(max_size=8), min_size=4, max_size=4)


def outcome(first: Decoded, second: Decoded) -> str:
    """What deduplication makes of the second record."""
    if message_id(first) != message_id(second):
        return "another message"
    fields = differing(business_fields(first, TOKEN), business_fields(second, TOKEN))
    return f"conflict in {', '.join(fields)}" if fields else "duplicate"


def test_the_repeat_0221_of_an_advice_is_a_duplicate() -> None:
    assert outcome(valid("0220"), valid("0221")) == "duplicate"
    assert outcome(valid("0100"), valid("0101")) == "duplicate"
    assert outcome(valid("0420"), valid("0421")) == "duplicate"


def test_a_0210_and_then_a_0220_of_one_purchase_are_two_messages() -> None:
    assert outcome(valid("0210"), valid("0220")) == "another message"


def test_two_partial_clearings_are_two_messages() -> None:
    first = valid("0220", de4="000000003000")
    second = valid("0220", de4="000000001500", de11="000124")

    assert outcome(first, second) == "another message"


def test_a_stan_used_again_at_another_terminal_is_another_message() -> None:
    assert outcome(valid(), valid(de41="TERM0002")) == "another message"


def test_a_changed_amount_is_a_conflict_that_names_the_amount() -> None:
    assert outcome(valid(), valid(de4="000000004600")) == "conflict in DE4"
    assert outcome(valid(), valid(de4="000000004600", de39="05")) == "conflict in DE39, DE4"


def test_the_same_amount_merchant_and_minute_with_another_stan_is_another_message() -> None:
    assert outcome(valid(), valid(de11="000124")) == "another message"


def test_the_same_numbers_a_year_later_are_another_message() -> None:
    first, later = valid(), valid()
    later = Decoded(
        later.network, later.mti, later.elements, later.card_number, "2027-11-20T10:11:12Z"
    )

    assert outcome(first, later) == "another message"


def test_another_card_under_the_same_key_is_a_conflict() -> None:
    ours = business_fields(valid(), TOKEN)
    theirs = business_fields(valid(), "tok_bbbbbbbbbbbbbbbbbbbbbbbbbb")

    assert differing(ours, theirs) == ["token"]


def test_a_field_that_one_of_them_lacks_differs() -> None:
    assert outcome(valid(), valid(de38=None)) == "conflict in DE38"


@pytest.mark.parametrize("change", ["de4", "de18", "de38", "de39", "de43", "de49", "de12"])
def test_content_never_changes_the_message_id(change: str) -> None:
    values = {"de4": "000000000001", "de18": "7995", "de38": "ZZZZZZ", "de39": "05"}
    values |= {"de43": "ELSEWHERE", "de49": "840", "de12": "235959"}

    assert message_id(valid(**{change: values[change]})) == message_id(valid())


@pytest.mark.parametrize(
    "changes",
    [
        {"de7": "1120101113"},
        {"de11": "000124"},
        {"de32": "476174"},
        {"de37": "632410000124"},
        {"de37": None},
        {"de41": None},
        {"de42": None},
        {"de42": "MERCHANT0000002"},
        {"de90": "0200000122" + "1120101011" + "0" * 22},
    ],
)
def test_every_part_of_the_business_key_changes_the_message_id(
    changes: dict[str, str | None],
) -> None:
    assert message_id(valid(**changes)) != message_id(valid())


def test_the_network_and_the_class_are_part_of_the_key() -> None:
    in_another = decode({**as_json(), "network": "MASTERCARD"})

    assert isinstance(in_another, Decoded)
    assert message_id(in_another) != message_id(valid())
    assert len({message_id(valid(mti)) for mti in ("0100", "0200", "0400", "0210")}) == 4


def test_the_form_of_the_message_is_no_part_of_its_identity() -> None:
    in_hex = decode({"network": "VISA", "iso8583": as_bytes().hex()})

    assert isinstance(in_hex, Decoded)
    assert outcome(valid(), in_hex) == "duplicate"


def test_ids_are_stable_over_releases() -> None:
    """These values stand in journals for ever: a change here would post messages again."""
    assert message_id(valid()) == "msg_rnb3uuexl7vjpuklcon6yhwfyt"
    assert ingest_id_for_api("partner", "key-1", 0) == "ing_pgoqwvypikr6cgnfsuagrlp35k"
    assert ingest_id_for_s3("landing", "a.jsonl", "v1", 0) == "ing_k6ngbz6b25fmcmu5acujctnnic"
    assert (
        fingerprint({"DE4": "000000004500", "token": TOKEN})
        == "f0b275322472ebebe4b734c02e1eea0d39b4aa0aabf2592e1e5fd98a4239f7b7"
    )
    assert distinct_message_id("msg_a", "ing_b") == "msg_ktkxpwfpjiki56jdqeps66izqz"


def test_a_redelivery_keeps_the_ingest_id_and_a_new_submission_gets_its_own() -> None:
    ids = {
        ingest_id_for_s3("landing", "a.jsonl", "v1", 0),
        ingest_id_for_s3("landing", "a.jsonl", "v1", 1),
        ingest_id_for_s3("landing", "a.jsonl", "v2", 0),
        ingest_id_for_s3("landing", "b.jsonl", "v1", 0),
        ingest_id_for_api("partner", "key", 0),
        ingest_id_for_api("partner", "key", 1),
        ingest_id_for_api("other", "key", 0),
    }

    assert len(ids) == 7
    assert ingest_id_for_s3("landing", "a.jsonl", "v1", 0) in ids
    assert all(len(found) == 30 and found.startswith("ing_") for found in ids)


@given(TEXTS, TEXTS)
def test_parts_of_an_id_never_run_into_each_other(ours: list[str], theirs: list[str]) -> None:
    left = ingest_id_for_s3(ours[0], ours[1], ours[2] + ours[3], 0)
    right = ingest_id_for_s3(theirs[0], theirs[1], theirs[2] + theirs[3], 0)

    same = (ours[0], ours[1], ours[2] + ours[3]) == (theirs[0], theirs[1], theirs[2] + theirs[3])
    assert (left == right) == same
    assert ingest_id_for_api("a", "bc", 1) != ingest_id_for_api("ab", "c", 1)


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=6))
def test_the_fingerprint_does_not_depend_on_the_order_of_the_fields(fields: dict[str, str]) -> None:
    backwards = dict(reversed(list(fields.items())))

    assert fingerprint(backwards) == fingerprint(fields)
    assert fingerprint({**fields, "one more": ""}) != fingerprint(fields)


def test_event_ids_follow_from_what_they_report() -> None:
    before = event_id("msg_a", "ing_a", "TransactionAuthorized")

    assert UUID(before).version == 5
    assert before == event_id("msg_a", "ing_a", "TransactionAuthorized")
    assert before != event_id("msg_a", "ing_b", "TransactionAuthorized")
    assert ledger_event_id("J#msg_a", "TransactionPosted") != before
    assert UUID(bytes=b"payments.posting") == NAMESPACE


def test_ids_spread_over_the_shards_of_a_minute() -> None:
    shards = [shard_of(ingest_id_for_api("a", str(n), 0)) for n in range(400)]

    assert set(shards) == {0, 1, 2, 3}
    assert max(shards.count(shard) for shard in range(4)) < 150
    assert minute_shard("2026-11-22T19:41:07Z", "ing_a") == f"2026-11-22T19:41#{shard_of('ing_a')}"


def test_both_presentments_of_a_purchase_share_its_id_and_another_card_has_its_own() -> None:
    parts = ("VISA", "476173", "TERM0001", "MERCHANT0000001", "632410000123")

    assert purchase_id(*parts, TOKEN) == purchase_id(*parts, TOKEN)
    assert purchase_id(*parts, TOKEN) != purchase_id(*parts, "tok_b")
    assert purchase_id(*parts, TOKEN) != purchase_id(*parts[:4], "632410000124", TOKEN)
