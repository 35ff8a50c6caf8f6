"""From the door to the ledger and out again: legs and balances to the minor unit."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from cli.api_door import api_key, messages_url
from domain.announcement import posted_event_id
from tests.engine.live import Holder, Stack, legs
from tests.engine.messages import Message, as_jsonl, changed, purchase

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

USD, JPY, KWD = "840", "392", "414"
SETTLED = "settle:VISA"


def http(stack: Stack, method: str, url: str, body: bytes, sign: Credentials | None) -> Any:
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": f"key-{url[-12:]}",
        "x-api-key": api_key(stack.system),
    }
    request = AWSRequest(method, url, data=body, headers=headers)
    if sign is not None:
        SigV4Auth(sign, "execute-api", stack.system.region).add_auth(request)
    return URLLib3Session().send(request.prepare())


def test_a_message_travels_from_the_signed_api_to_journal_balance_and_bus(stack: Stack) -> None:
    holder = stack.holder(opening_money=10_000)
    (receipt,) = stack.send(purchase(holder.card_number, 4_500))

    outcome = stack.outcome(receipt.ingest_id)

    assert (receipt.status, outcome.kind, outcome.why) == ("RECEIVED", "POSTED", "CLEAR")
    header = stack.header(f"J#{receipt.msg_id}")
    assert legs(header) == [
        ("D", holder.account, "EUR", 4_500),
        ("C", f"{SETTLED}:EUR", "EUR", 4_500),
    ]
    said = stack.ear.first(detail_type="TransactionPosted", header_id=header["pk"])
    assert said["detail"]["meta"]["event_id"] == posted_event_id(header["pk"])
    assert said["detail"]["data"]["purpose"] == "CLEAR"
    assert said["detail"]["data"]["legs"] == header["legs"]
    path = [each["detail-type"] for each in stack.ear.heard(ingest_id=receipt.ingest_id)]
    assert sorted(set(path)) == [
        "TransactionAuthorized",
        "TransactionEnriched",
        "TransactionPosted",
        "TransactionPostingApproved",
    ]


def test_the_story_of_a_record_is_told_by_the_api(stack: Stack) -> None:
    (outcome,) = stack.post(purchase(stack.holder().card_number, 4_500))
    url = messages_url(stack.system.output("ApiUrl"), stack.system.url)

    answer = http(stack, "GET", f"{url}/{outcome.ingest_id}", b"", Credentials("test", "test"))

    told = json.loads(answer.content)
    assert (answer.status_code, told["outcome"]) == (200, "POSTED")
    assert told["booking"]["header_id"] == outcome.header_id


def test_an_unsigned_request_is_refused(stack: Stack) -> None:
    url = messages_url(stack.system.output("ApiUrl"), stack.system.url)

    answer = http(stack, "POST", url, as_jsonl([purchase(stack.card_number(), 1)]), None)

    assert answer.status_code == 403


@dataclass(frozen=True)
class Case:
    """`posted` is what the customer's balance comes to, in minor units."""

    message: Message
    holder: Holder | None
    card_number: str
    legs: list[tuple[str, str, str, int]]
    why: str
    posted: int = 0


def foreign(stack: Stack, currency: str, alpha: str, minor: int, eur: tuple[int, int]) -> Case:
    """At our own rate: billed amount and markup, and the fee of 1.50."""
    holder = stack.holder()
    billed, markup = eur
    return Case(
        purchase(holder.card_number, minor, de49=currency, de19="840"),
        holder,
        holder.card_number,
        [
            ("D", holder.account, "EUR", billed),
            ("C", f"fxpos:EUR/{alpha}", "EUR", billed),
            ("D", f"fxpos:{alpha}/EUR", alpha, minor),
            ("C", f"{SETTLED}:{alpha}", alpha, minor),
            ("D", holder.account, "EUR", markup),
            ("C", "inc:fx_markup", "EUR", markup),
            ("D", holder.account, "EUR", 150),
            ("C", "inc:fx_fee", "EUR", 150),
        ],
        "CLEAR",
        -(billed + markup + 150),
    )


def suspended(message: Message, holder: Holder | None, reason: str, currency: str = "EUR") -> Case:
    amount = int(message["de"]["4"])
    suspense, scheme = f"susp:{reason}:{currency}", f"{SETTLED}:{currency}"
    if message["de"]["3"].startswith("20"):
        debit, credit = scheme, suspense
    else:
        debit, credit = suspense, scheme
    expected = [("D", debit, currency, amount), ("C", credit, currency, amount)]
    return Case(message, holder, message["de"]["2"], expected, reason)


def cases_of(stack: Stack) -> dict[str, Case]:
    home, back, cash = stack.holder(), stack.holder(), stack.holder()
    blocked = [stack.holder("HOLD_DEBIT") for _ in range(3)]
    unknown = [stack.card_number() for _ in range(3)]
    refund = {"de3": "200000"}
    return {
        "E1": Case(
            purchase(home.card_number, 4_500),
            home,
            home.card_number,
            [("D", home.account, "EUR", 4_500), ("C", f"{SETTLED}:EUR", "EUR", 4_500)],
            "CLEAR",
            -4_500,
        ),
        "E2": foreign(stack, USD, "USD", 12_345, (11_263, 225)),
        "E2b JPY": foreign(stack, JPY, "JPY", 15_000, (9_185, 184)),
        "E2b KWD": foreign(stack, KWD, "KWD", 12_345, (3_688, 74)),
        "E3": Case(
            purchase(back.card_number, 2_000, **refund),
            back,
            back.card_number,
            [("D", f"{SETTLED}:EUR", "EUR", 2_000), ("C", back.account, "EUR", 2_000)],
            "REFUND",
            2_000,
        ),
        "E6": Case(
            purchase(cash.card_number, 10_000, network="ATM", de3="010000", de18="6011"),
            cash,
            cash.card_number,
            [
                ("D", cash.account, "EUR", 10_000),
                ("C", "settle:ATM:EUR", "EUR", 10_000),
                ("D", cash.account, "EUR", 250),
                ("C", "inc:cash_fee", "EUR", 250),
            ],
            "CASH",
            -10_250,
        ),
        "E8": suspended(purchase(blocked[0].card_number, 4_500), blocked[0], "ACCOUNT_ON_HOLD"),
        "E8 return": suspended(
            purchase(blocked[1].card_number, 4_500), blocked[1], "ACCOUNT_ON_HOLD"
        ),
        "E8f": suspended(
            purchase(blocked[2].card_number, 12_345, de49=USD, de19="840"),
            blocked[2],
            "ACCOUNT_ON_HOLD",
            "USD",
        ),
        "E8r": suspended(purchase(unknown[0], 2_000, **refund), None, "UNKNOWN_ACCOUNT"),
        "E8r return": suspended(purchase(unknown[1], 2_000, **refund), None, "UNKNOWN_ACCOUNT"),
        "E10": suspended(purchase(unknown[2], 4_500), None, "UNKNOWN_ACCOUNT"),
    }


class Worked:
    """The accounting cases, posted from one file, whose manifest names the day of the rates."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack = stack
        self.cases = cases_of(stack)
        messages = [case.message for case in self.cases.values()]
        landed = stack.land_messages(folder / "cases.jsonl", messages, as_jsonl)
        found = stack.outcomes(landed=[landed])
        self.outcomes = dict(zip(self.cases, (found[each] for each in landed.ids), strict=True))

    def header(self, name: str) -> dict[str, Any]:
        header_id = self.outcomes[name].header_id
        assert header_id is not None
        return self.stack.header(header_id)

    def resolution(self, name: str) -> dict[str, Any]:
        return self.stack.header(f"{self.header(name)['pk']}#RESOLVE")


@pytest.fixture(scope="module")
def worked(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    return Worked(stack, tmp_path_factory.mktemp("cases"))


POSTED = ["E1", "E2", "E2b JPY", "E2b KWD", "E3", "E6"]
SUSPENDED = ["E8", "E8 return", "E8f", "E8r", "E8r return", "E10"]


@pytest.mark.parametrize("name", POSTED)
def test_a_posted_case_has_its_legs_and_its_balance(worked: Worked, name: str) -> None:
    case, outcome = worked.cases[name], worked.outcomes[name]

    assert (outcome.kind, outcome.why) == ("POSTED", case.why)
    assert legs(worked.header(name)) == case.legs
    assert case.holder is not None
    balance = worked.stack.balance(case.holder.account)
    assert balance["posted_c"] - balance["posted_d"] == case.posted
    assert (balance["available"], balance["held"]) == (case.posted, 0)
    # However many debits a case has, they are one posting of one balance.
    assert balance["posting_no"] == 1


@pytest.mark.parametrize("name", SUSPENDED)
def test_a_suspended_case_owes_the_scheme_and_touches_no_customer(
    worked: Worked, name: str
) -> None:
    case, outcome = worked.cases[name], worked.outcomes[name]

    assert (outcome.kind, outcome.why) == ("SUSPENDED", case.why)
    header = worked.header(name)
    assert legs(header) == case.legs
    assert header.get("customer") is None


@pytest.mark.parametrize(
    ("name", "charged"), [("E8", 4_500), ("E8f", 11_638), ("E8r", -2_000), ("E10", 4_500)]
)
def test_a_released_case_moves_from_suspense_to_its_customer(
    worked: Worked, name: str, charged: int
) -> None:
    stack, case = worked.stack, worked.cases[name]
    held = worked.outcomes[name]
    refused = stack.decide("release", held.ingest_id)
    if case.holder is None:
        holder = stack.holder(card_number=case.card_number)
    else:
        holder = case.holder
        stack.set_status(holder, "OPEN")

    told = stack.decide("release", held.ingest_id)

    assert refused["result"] == "REFUSED"
    assert told["result"] == "RESUME"
    susp = f"susp:{case.why}"
    expected = {
        "E8": [("D", holder.account, "EUR", 4_500), ("C", f"{susp}:EUR", "EUR", 4_500)],
        "E10": [("D", holder.account, "EUR", 4_500), ("C", f"{susp}:EUR", "EUR", 4_500)],
        "E8r": [("D", f"{susp}:EUR", "EUR", 2_000), ("C", holder.account, "EUR", 2_000)],
        "E8f": [
            ("D", holder.account, "EUR", 11_263),
            ("C", "fxpos:EUR/USD", "EUR", 11_263),
            ("D", "fxpos:USD/EUR", "USD", 12_345),
            ("C", f"{susp}:USD", "USD", 12_345),
            ("D", holder.account, "EUR", 225),
            ("C", "inc:fx_markup", "EUR", 225),
            ("D", holder.account, "EUR", 150),
            ("C", "inc:fx_fee", "EUR", 150),
        ],
    }[name]
    assert legs(worked.resolution(name)) == expected
    balance = stack.balance(holder.account)
    assert balance["posted_d"] - balance["posted_c"] == charged
    said = stack.ear.first(header_id=told["header_id"])
    assert said["detail"]["data"]["purpose"] == "RESUME"


@pytest.mark.parametrize("name", ["E8 return", "E8r return"])
def test_a_returned_case_is_undone_towards_the_scheme_and_can_be_released_no_more(
    worked: Worked, name: str
) -> None:
    stack, case, held = worked.stack, worked.cases[name], worked.outcomes[name]

    told = stack.decide("return", held.ingest_id)
    again = stack.decide("return", held.ingest_id)

    assert (told["result"], again.get("already")) == ("RETURN", True)
    sides = {"D": "C", "C": "D"}
    mirrored = {(sides[side], *rest) for side, *rest in case.legs}
    assert set(legs(worked.resolution(name))) == mirrored
    if case.holder is not None:
        stack.set_status(case.holder, "OPEN")
    else:
        stack.holder(card_number=case.card_number)
    assert stack.decide("release", held.ingest_id)["code"] == "ALREADY_RESOLVED"


def test_a_repeat_is_parked_with_a_pointer_to_the_first(stack: Stack) -> None:
    message = purchase(stack.holder().card_number, 4_500, mti="0220")
    (first,) = stack.post(message)

    (repeat,) = stack.post(changed(message, mti="0221"))

    assert (repeat.kind, repeat.original) == ("DUPLICATE", first.ingest_id)
    assert stack.parked(repeat.ingest_id)["state"] == "PARKED"


def test_a_contradiction_is_parked_and_names_what_differs(stack: Stack) -> None:
    message = purchase(stack.holder().card_number, 4_500)
    (first,) = stack.post(message)

    (other,) = stack.post(changed(message, de4=f"{4_600:012}", de18="5812"))

    assert (other.kind, other.original) == ("CONFLICT", first.ingest_id)
    assert stack.parked(other.ingest_id)["differing"] == [
        {"field": "DE18", "original": "5411", "this": "5812"},
        {"field": "DE4", "original": f"{4_500:012}", "this": f"{4_600:012}"},
    ]


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(stack: Stack) -> None:
    holder = stack.holder()
    message = purchase(holder.card_number, 4_500)
    key = f"again-{holder.account_id}"

    first, second = stack.send(message, key=key), stack.send(message, key=key)

    assert [each.ingest_id for each in first] == [each.ingest_id for each in second]
    stack.outcomes(each.ingest_id for each in first)
    assert stack.balance(holder.account)["posting_no"] == 1


def test_a_declined_message_is_rejected_and_never_booked(stack: Stack) -> None:
    holder = stack.holder()

    (outcome,) = stack.post(purchase(holder.card_number, 4_500, de38=None, de39="05"))

    assert (outcome.kind, outcome.why) == ("REJECTED", "DECLINED")
    msg_id = stack.parked(outcome.ingest_id)["msg_id"]
    stack.ear.first(detail_type="TransactionRejected", msg_id=msg_id)
    assert stack.header(f"J#{msg_id}") == {}
    assert stack.balance(holder.account)["posting_no"] == 0


def test_an_invalid_message_is_parked_and_its_repeat_points_at_it(stack: Stack) -> None:
    message = purchase(stack.card_number(), 4_500, de49="000")

    first, second = stack.post(message)[0], stack.post(message)[0]

    assert (first.kind, first.original) == ("INVALID", None)
    assert (second.kind, second.original) == ("INVALID", first.ingest_id)
    assert first.errors[0]["element"] == "DE49"


def test_a_parked_repeat_can_be_released_as_a_message_of_its_own(stack: Stack) -> None:
    holder = stack.holder()
    message = purchase(holder.card_number, 4_500)
    stack.post(message)
    (repeat,) = stack.post(changed(message))
    refused = stack.decide("release", repeat.ingest_id)

    told = stack.decide("release", repeat.ingest_id, as_distinct=True, note="two coffees")

    assert refused["code"] == "ALREADY_BOOKED"
    outcome = stack.outcome(repeat.ingest_id)
    assert (outcome.kind, outcome.why) == ("POSTED", "CLEAR")
    assert outcome.header_id == f"J#{told['msg_id']}"
    assert stack.balance(holder.account)["available"] == -9_000
