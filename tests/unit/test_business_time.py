from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.business_time import iso_instant, nearest_date, transmission_time
from domain.iso8583.decode import decode_json
from tests.unit.card_messages import as_json, decode, problems


def sent(de7: str, received: datetime, business_date: date | None = None) -> str | None:
    instant = transmission_time(de7, received, business_date)
    return iso_instant(instant) if instant else None


NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
NEW_YEARS_DAY = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("de7", "received", "expected"),
    [
        ("1231235959", NEW_YEARS_EVE, "2026-12-31T23:59:59Z"),
        ("1231235959", NEW_YEARS_DAY, "2026-12-31T23:59:59Z"),
        ("0101000001", NEW_YEARS_DAY, "2027-01-01T00:00:01Z"),
        ("0101000001", NEW_YEARS_EVE, "2027-01-01T00:00:01Z"),
        ("0102235958", NEW_YEARS_EVE, "2027-01-02T23:59:58Z"),
        ("0103000000", NEW_YEARS_EVE, "2026-01-03T00:00:00Z"),
    ],
)
def test_the_year_is_the_latest_that_is_at_most_two_days_after_receipt(
    de7: str, received: datetime, expected: str
) -> None:
    assert sent(de7, received) == expected


def test_the_business_date_of_a_late_file_gives_the_year_before_the_time_of_receipt_does() -> None:
    late = datetime(2027, 6, 1, tzinfo=UTC)

    assert sent("0715120000", late, date(2026, 7, 15)) == "2026-07-15T12:00:00Z"
    assert sent("0715120000", late) == "2026-07-15T12:00:00Z"
    assert sent("0520120000", late, date(2026, 5, 20)) == "2026-05-20T12:00:00Z"
    assert sent("0520120000", late) == "2027-05-20T12:00:00Z"
    assert sent("1231235959", late, date(2027, 1, 1)) == "2026-12-31T23:59:59Z"


def test_the_29th_of_february_takes_a_leap_year_or_none() -> None:
    assert sent("0229120000", datetime(2028, 3, 1, tzinfo=UTC)) == "2028-02-29T12:00:00Z"
    assert sent("0229120000", datetime(2028, 2, 28, 13, tzinfo=UTC)) == "2028-02-29T12:00:00Z"
    assert sent("0229120000", datetime(2029, 2, 27, tzinfo=UTC)) == "2028-02-29T12:00:00Z"
    assert sent("0229120000", datetime(2029, 6, 1, tzinfo=UTC)) is None
    assert sent("0229120000", datetime(2026, 11, 20, tzinfo=UTC)) is None


def test_a_business_date_that_gives_no_year_leaves_it_to_the_time_of_receipt() -> None:
    received = datetime(2028, 3, 1, tzinfo=UTC)

    assert sent("0229120000", received, date(2026, 3, 1)) == "2028-02-29T12:00:00Z"


def test_a_message_without_a_year_is_invalid() -> None:
    result = decode(as_json(de7="0229120000", de13=None))

    assert problems(result) == {("DE7", "YEAR")}


def test_receipt_in_another_time_zone_means_the_same_instant() -> None:
    tokyo = timezone(timedelta(hours=9))
    received = datetime(2027, 1, 1, 8, 0, tzinfo=tokyo)

    assert sent("1231225959", received) == "2026-12-31T22:59:59Z"


def test_the_same_message_has_the_same_year_on_either_side_of_new_year() -> None:
    message = as_json(de7="1231235959", de13="1231")
    before = decode_json(message, network=None, received_at=NEW_YEARS_EVE)
    after = decode_json(message, network=None, received_at=NEW_YEARS_DAY)

    assert before == after


def test_a_date_without_a_year_is_the_nearest_one() -> None:
    assert nearest_date("0101", date(2026, 12, 31)) == date(2027, 1, 1)
    assert nearest_date("1231", date(2027, 1, 1)) == date(2026, 12, 31)
    assert nearest_date("0229", date(2028, 3, 1)) == date(2028, 2, 29)
    assert nearest_date("0229", date(2026, 3, 1)) is None


@given(st.integers(0, 20 * 366 * 86_400), st.integers(-360, 1))
def test_a_message_of_the_last_year_always_gets_its_own_year(seconds: int, days: int) -> None:
    received = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    meant = (received + timedelta(days=days)).replace(microsecond=0)

    assert transmission_time(meant.strftime("%m%d%H%M%S"), received, None) == meant
