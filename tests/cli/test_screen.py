"""Amounts and faults as a person reads them."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from cli.amounts import money, moneys
from cli.errors import line_for_aws


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123456, "EUR", "1,234.56 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (-123456789, "EUR", "-1,234,567.89 EUR"),
        (15000, "JPY", "15,000 JPY"),
        (12345, "KWD", "12.345 KWD"),
        (100, "XXX", "100 minor units XXX"),
    ],
)
def test_minor_units_are_shown_with_the_currencys_own_decimals(
    minor: int, currency: str, text: str
) -> None:
    assert money(minor, currency) == text


def test_several_currencies_stand_in_one_cell() -> None:
    assert moneys({"USD": 100, "EUR": 5}) == "0.05 EUR, 1.00 USD"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ExpiredToken", "sign in again"),
        ("AccessDeniedException", "not allowed to call GetItem"),
        ("UnrecognizedClientException", "name a --profile"),
        ("ThrottlingException", "repeat the command"),
        ("ResourceNotFoundException", "GetItem failed with ResourceNotFoundException"),
    ],
)
def test_an_answer_of_aws_becomes_one_line_with_a_remedy(code: str, remedy: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": ""}}, "GetItem")

    assert remedy in line_for_aws(error)


@pytest.mark.parametrize(
    "error", [NoCredentialsError(), EndpointConnectionError(endpoint_url="http://127.0.0.1:1")]
)
def test_no_way_to_aws_names_the_local_system(error: NoCredentialsError) -> None:
    assert "./posting up" in line_for_aws(error)
