"""After everything that was sent in, card numbers stand in the vault, enciphered, and nowhere else.

The landing bucket keeps the files as they came, for a short time: it alone is left out.
"""

import gzip
import uuid
from pathlib import Path

import pytest

import local
from tests.engine.leak_scan import BINARY, Leak, Scanner, forms
from tests.engine.live import Stack
from tests.engine.messages import as_bin, as_hex, as_jsonl, changed, purchase
from tests.engine.stopping import stop_engine
from tests.engine.stores import Plot, Stores

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def canaries(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Cards that went every way there is. The last one came in invalid messages only."""
    folder = tmp_path_factory.mktemp("canaries")
    known = stack.holder().card_number
    amex = stack.holder(card_number=stack.card_number("378282")).card_number
    blocked = stack.holder("HOLD_DEBIT").card_number
    unknown, invalid, tracked, in_files = (stack.card_number() for _ in range(4))
    good = purchase(known, 4_500)
    track = f"{tracked}=29122010000000000000"
    messages = [
        good,
        changed(good),
        changed(good, de4=f"{4_600:012}"),
        purchase(amex, 1_200, network="AMEX"),
        purchase(blocked, 1_300),
        purchase(unknown, 1_400),
        purchase(known, 1_500, de38=None, de39="05"),
        purchase(tracked, 1_600, de2=None, de35=track, de14="2912"),
        # Refused, with the number where none belongs.
        purchase(invalid, 1_700, de49="000"),
        purchase(invalid, 1_800, de43=f"{invalid:40}"),
        purchase(invalid, 1_900, de37=invalid[:12], de49="000"),
        purchase(invalid, 2_000) | {"pan": invalid},
    ]
    receipts = stack.send(*messages)
    filed = [purchase(in_files, 100 + n) for n in range(3)]
    landed = [
        stack.land_messages(folder / f"canaries.{name}", filed, form)
        for name, form in (("jsonl", as_jsonl), ("bin", as_bin), ("hex", as_hex))
    ]
    # Cut off in the middle, so that what is left of a record is no message.
    raw = as_hex(filed)
    landed.append(stack.land(folder / "broken.hex", raw[: len(raw) // 2], None))
    stack.outcomes([each.ingest_id for each in receipts], landed)
    stack.decide("discard", receipts[2].ingest_id)
    stack.decide("return", receipts[4].ingest_id)
    return [known, amex, blocked, unknown, tracked, in_files, invalid]


def test_no_card_number_stands_in_what_the_running_system_keeps(
    stack: Stack, canaries: list[str]
) -> None:
    every_form, plain_only = Scanner(canaries), Scanner(stack.cards_fed, ["plain"])

    found: list[Leak] = []
    seen: set[str] = set()
    for place, content in Stores(stack).everything():
        seen.add(place.split()[0])
        found += every_form.leaks_in(content, place) + plain_only.leaks_in(content, place)

    assert found == []
    assert {"table", "stream", "log", "object"} <= seen


def test_no_card_number_stands_in_a_file_of_the_engine(stack: Stack, canaries: list[str]) -> None:
    every_form, plain_only = Scanner(canaries), Scanner(stack.cards_fed, ["plain"])
    stores = Stores(stack)

    stop_engine()
    try:
        found: list[Leak] = []
        names = set()
        for path in stores.files():
            names.add(path.name)
            found += every_form.leaks_in_file(path) + plain_only.leaks_in_file(path)
    finally:
        local.up()

    assert found == []
    assert {"engine.log", "companion.log", "dynamodb.json", "sqs.json"} <= names


def test_the_vault_knows_every_card_by_nothing_but_its_last_digits(
    stack: Stack, canaries: list[str]
) -> None:
    vault = stack.system.output("VaultTableName")

    rows = b"".join(rows for place, rows in Stores(stack).tables() if vault in place)

    assert Scanner(canaries).leaks_in(rows, "vault") == []
    *tokenised, _ = canaries
    assert all(b"\0" + number[-4:].encode() in rows for number in tokenised)


def test_a_planted_number_is_found_in_every_store_and_form(stack: Stack) -> None:
    """The scan is worth what it finds: each form of a number, put where nothing belongs."""
    planted = dict(forms("4111111111111111"))
    name = f"planted-{uuid.uuid4().hex[:8]}"
    with Plot(stack, name) as plot:
        plot.plant(planted)
        found: dict[str, set[str]] = {}
        scanner = Scanner(["4111111111111111"])
        for place, content in Stores(stack).everything():
            if name in place:
                forms_here = {leak.form for leak in scanner.leaks_in(content, place)}
                found.setdefault(place.split()[0], set()).update(forms_here)

    # Only tables and objects hold bytes that are no text.
    text = {form for form in planted if form not in BINARY}
    assert found == {
        "table": set(planted),
        "queue": text,
        "log": text,
        "object": set(planted),
        "name": {"plain"},
    }


def test_a_planted_number_is_found_in_a_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "trail.gz"
    path.write_bytes(gzip.compress(b"2026 4111111111111111 EUR"))

    (leak,) = Scanner(["4111111111111111"]).leaks_in_file(path)

    assert (leak.form, leak.last4) == ("plain", "1111")
