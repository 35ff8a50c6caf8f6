"""Files become requests that the API takes, and the same ones when they are sent again."""

import json
from pathlib import Path

import pytest

from cli.api_door import messages_url
from cli.errors import UserError
from cli.submission import BYTES_MAX, Line, Request, cut, lines_of, stated_network


def message(number: int, content: bytes = b'{"mti":"0210"}', *, alone: bool = False) -> Line:
    return Line("day.jsonl", number, content, alone)


def test_a_request_holds_a_hundred_messages_at_most() -> None:
    requests = list(cut(message(number) for number in range(1, 251)))

    assert [len(request.lines) for request in requests] == [100, 100, 50]
    assert [len(json.loads(request.body)["messages"]) for request in requests] == [100, 100, 50]


def test_a_request_stays_below_a_million_bytes() -> None:
    long = b'{"mti":"' + b"0" * 300_000 + b'"}'

    requests = list(cut(message(number, long) for number in range(1, 8)))

    assert [len(request.lines) for request in requests] == [3, 3, 1]
    assert all(len(request.body) < BYTES_MAX + 100 for request in requests)


def test_a_broken_line_goes_alone_and_harms_no_other() -> None:
    lines = [message(1), message(2, b'{"mti": ', alone=True), message(3)]

    requests = list(cut(lines))

    assert [[line.number for line in request.lines] for request in requests] == [[1], [2], [3]]
    assert requests[1].body == b'{"mti": '


def test_the_same_submission_gives_the_same_keys() -> None:
    first, again = (
        [request.key("sub-1") for request in cut(message(number) for number in range(150))]
        for _ in range(2)
    )

    assert first == again == ["sub-1-000000", "sub-1-000001"]


def test_blank_lines_are_no_messages_and_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_bytes(b'\n{"mti":"0210"}\r\n\n{"mti": \n')

    lines = list(lines_of(path, None))

    assert [(line.number, line.alone) for line in lines] == [(2, False), (4, True)]


def test_a_message_that_names_no_network_gets_the_one_stated(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_bytes(b'{"mti":"0210"}\n{"network":"AMEX"}\n[1]\n')

    contents = [line.content for line in lines_of(path, "VISA")]

    assert [json.loads(content) for content in contents] == [
        {"network": "VISA", "mti": "0210"},
        {"network": "AMEX"},
        [1],
    ]


def test_the_manifest_beside_the_file_states_the_network(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    (tmp_path / "day.jsonl.manifest.json").write_text('{"network": "VISA"}')

    assert stated_network(path) == "VISA"
    assert stated_network(tmp_path / "other.jsonl") is None


def test_a_missing_file_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        list(lines_of(tmp_path / "none.jsonl", None))


def test_the_api_on_aws_has_a_name_of_its_own() -> None:
    api = "https://abc123.execute-api.eu-west-1.amazonaws.com/live"

    assert messages_url(api, None) == f"{api}/v1/messages"


def test_an_endpoint_of_ones_own_names_the_api_in_the_path() -> None:
    api = "https://abc123.execute-api.us-east-1.amazonaws.com/live"

    url = messages_url(api, "http://127.0.0.1:4600")

    assert url == "http://127.0.0.1:4600/restapis/abc123/live/_user_request_/v1/messages"


def test_a_request_of_one_broken_line_is_that_line() -> None:
    assert Request(0, (message(1, b"\xff\xfe", alone=True),)).body == b"\xff\xfe"
