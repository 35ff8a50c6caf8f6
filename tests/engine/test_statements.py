"""Statements and notifications on the engine: opening money, purchases at home and abroad, a
refund.
"""

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from cli import app
from cli.api_door import api_key, messages_url
from domain.announcement import posted_event_id
from domain.booking import opening_header_id
from tests.engine.live import Holder, Stack, eventually
from tests.engine.messages import as_jsonl, purchase
from tests.iso20022 import parsed, text, texts

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

OPENING, PURCHASE, ABROAD, REFUND = 100_000, -4_500, -11_638, 2_000
CLOSING = OPENING + PURCHASE + ABROAD + REFUND


@dataclass(frozen=True)
class Told:
    """The holder's bookings by what they moved, and a period that they lie in."""

    stack: Stack
    holder: Holder
    headers: dict[int, str]
    suspended: str
    since: str
    until: str

    @property
    def period(self) -> list[str]:
        return ["--from", self.since, "--to", self.until]


@pytest.fixture(scope="module")
def told(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Told:
    today = datetime.now(UTC).date()
    holder, blocked = stack.holder(opening_money=OPENING), stack.holder("HOLD_DEBIT")
    eventually(lambda: stack.balance(holder.account)["posting_no"] == 1)
    card = holder.card_number
    messages = [
        purchase(card, 4_500),
        purchase(card, 12_345, de49="840", de19="840"),
        purchase(card, 2_000, de3="200000"),
        purchase(blocked.card_number, 1_000),
    ]
    folder = tmp_path_factory.mktemp("statements")
    landed = stack.land_messages(folder / "statements.jsonl", messages, as_jsonl)
    found = stack.outcomes(landed=[landed])
    ids = [str(found[each].header_id) for each in landed.ids]
    return Told(
        stack=stack,
        holder=holder,
        headers=dict(zip((PURCHASE, ABROAD, REFUND), ids, strict=False)),
        suspended=ids[-1],
        since=(today - timedelta(days=1)).isoformat(),
        until=(today + timedelta(days=2)).isoformat(),
    )


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command writes on standard output."""
    capsys.readouterr()
    assert app.run(list(words)) == 0
    return capsys.readouterr().out


def statement(capsys: pytest.CaptureFixture[str], told: Told, form: str) -> str:
    return run(capsys, "statement", told.holder.account_id, *told.period, "--format", form)


def ask(stack: Stack, path: str) -> tuple[int, Any]:
    """A signed GET of the API."""
    api = messages_url(stack.system.output("ApiUrl"), stack.system.url)
    url = api.removesuffix("/v1/messages") + path
    request = AWSRequest("GET", url, headers={"x-api-key": api_key(stack.system)})
    signer = SigV4Auth(Credentials("test", "test"), "execute-api", stack.system.region)
    signer.add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, json.loads(answer.content)


def test_a_statement_adds_up_to_the_balance(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(statement(capsys, told, "json"))

    balance = told.stack.balance(told.holder.account)
    assert found["closing_balance"] == balance["posted_c"] - balance["posted_d"] == CLOSING
    assert found["opening_balance"] == 0
    assert [entry["posting_no"] for entry in found["entries"]] == [1, 2, 3, 4]
    moves = {entry["amount"]: entry["header_id"] for entry in found["entries"]}
    opening = opening_header_id(told.holder.account_id, "EUR")
    assert moves == {OPENING: opening, **told.headers}


def test_a_statement_in_every_format_says_the_same(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(csv.DictReader(io.StringIO(statement(capsys, told, "csv"))))
    root = parsed("camt.053.001.08", statement(capsys, told, "camt.053").encode())
    table = statement(capsys, told, "table")

    assert rows[-1]["balance"] == "858.62"
    assert texts(root, "Bal/Amt") == ["0.00", "858.62"]
    assert "858.62" in table
    amounts = {"1000.00", "45.00", "116.38", "20.00"}
    assert {row["debit"] or row["credit"] for row in rows[1:-1]} == amounts
    assert set(texts(root, "Ntry/Amt")) == amounts
    assert text(root, "CcyXchg/XchgRate") == "0.912345"
    assert texts(root, "Rcrd/Amt") == ["2.25", "1.50"]


def test_a_statement_is_written_into_a_file(
    told: Told, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "statement.xml"

    run(
        capsys,
        *("statement", told.holder.account_id, *told.period),
        *("--format", "camt.053", "--out", str(file)),
    )

    root = parsed("camt.053.001.08", file.read_bytes())
    assert text(root, "Acct/Id/IBAN").startswith("NL")


def test_a_past_balance_is_the_balance_after_the_line_of_then(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = json.loads(statement(capsys, told, "json"))["entries"]

    for entry in entries:
        words = ("balance", told.holder.account_id, "--at", entry["booked_at"], "--json")
        past = json.loads(run(capsys, *words))
        # Several lines may have one millisecond; the last of them counts.
        same = [each for each in entries if each["booked_at"] == entry["booked_at"]]
        assert past["posted"] == same[-1]["balance_after"]


def test_the_api_tells_the_balance_and_the_statement_in_pages(told: Told) -> None:
    path = f"/v1/accounts/{told.holder.account_id}"
    period = f"from={told.since}&to={told.until}"

    _, now = ask(told.stack, f"{path}/balances")
    _, first = ask(told.stack, f"{path}/statements?{period}&limit=3")
    status, second = ask(told.stack, f"{path}/statements?{period}&limit=3&next={first['next']}")

    assert now["balances"][0]["posted"] == CLOSING
    assert (status, first["closing_balance"], second["closing_balance"]) == (200, CLOSING, CLOSING)
    assert first["page"]["closing_balance"] == second["page"]["opening_balance"]
    numbers = [entry["posting_no"] for page in (first, second) for entry in page["entries"]]
    assert numbers == [1, 2, 3, 4]
    assert "next" not in second


def test_the_api_names_the_parameter_that_it_cannot_read(told: Told) -> None:
    path = f"/v1/accounts/{told.holder.account_id}/statements?from=soon&to={told.until}"

    status, fault = ask(told.stack, path)

    assert (status, fault["code"], fault["parameter"]) == (400, "BAD_PARAMETER", "from")


def test_each_card_transaction_that_moved_money_is_notified_once(told: Told) -> None:
    stack = told.stack
    bucket, s3 = stack.system.output("NotificationsBucketName"), stack.client("s3")

    def versions() -> dict[str, str]:
        """Key to version id, by event id; a second version of a key would show as a clash."""
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        found = [each for page in pages for each in page.get("Versions", [])]
        assert len({each["Key"] for each in found}) == len(found)
        return {Path(each["Key"]).stem: each["Key"] for each in found}

    events = {posted_event_id(header): amount for amount, header in told.headers.items()}
    eventually(lambda: events.keys() <= versions().keys())
    stack.invoke("Republish", header_ids=[*told.headers.values(), told.suspended])
    stack.ear.first(header_id=told.suspended)
    stack.quiet()

    found = versions()
    silent = (told.suspended, opening_header_id(told.holder.account_id, "EUR"))
    assert not {posted_event_id(header) for header in silent} & found.keys()
    for event_id, amount in events.items():
        content = s3.get_object(Bucket=bucket, Key=found[event_id])["Body"].read()
        root = parsed("camt.054.001.08", content)
        assert text(root, "Ntry/Amt") == f"{abs(amount) // 100}.{abs(amount) % 100:02}"
        assert text(root, "Acct/Id/Othr/Id") == told.holder.account_id
        assert told.holder.card_number.encode() not in content
