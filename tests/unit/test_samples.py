"""The sample day: the committed files are what the generators write, and say what they intend."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import iso18245
import jsonschema
import pytest

from domain.batch_file import format_of
from domain.card_number import is_card_number
from domain.identity import business_fields, message_id
from domain.iso8583.decode import decode_binary, decode_hex, decode_json_bytes
from domain.iso8583.decoded import Decoded
from domain.manifest import Manifest, Tally, check_manifest, manifest_key, read_manifest
from domain.record import Record
from samples import make_batch, make_reference

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
BATCHES = sorted(path for path in (SAMPLES / "batch").iterdir() if format_of(path.name))
KINDS = ("products", "accounts", "cards", "merchants", "mcc", "fx", "rules")
RECEIVED = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
DECODERS = {".jsonl": decode_json_bytes, ".bin": decode_binary, ".hex": decode_hex}
EXPECTED = json.loads((SAMPLES / "batch" / "EXPECTED.json").read_text())


def reference(kind: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / "reference" / f"{kind}.json").read_text())
    return document


def schema(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "cli/schemas" / f"{kind}.schema.json").read_text())
    return found


def manifest_of(path: Path) -> Manifest:
    manifest = read_manifest(Path(manifest_key(str(path))).read_bytes())
    assert isinstance(manifest, Manifest)
    return manifest


def messages(path: Path, tally: Tally) -> list[Decoded | None]:
    known, manifest = format_of(path.name), manifest_of(path)
    assert known is not None
    found: list[Decoded | None] = []
    for record in known.read(tally.watch([path.read_bytes()])):
        decoded = None
        if isinstance(record, Record):
            result = DECODERS[known.suffix](
                record.body,
                network=manifest.network,
                received_at=RECEIVED,
                business_date=manifest.business_date,
            )
            decoded = result if isinstance(result, Decoded) else None
        tally.add(decoded)
        found.append(decoded)
    return found


def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    make_batch.write(tmp_path / "batch")
    make_reference.write(tmp_path / "reference")

    for folder in ("batch", "reference"):
        committed = {path.name: path.read_bytes() for path in (SAMPLES / folder).iterdir()}
        written = {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        assert written == committed


@pytest.mark.parametrize("path", BATCHES, ids=lambda path: path.name)
def test_a_batch_agrees_with_its_manifest_and_holds_the_intended_messages(path: Path) -> None:
    tally = Tally()

    found = messages(path, tally)

    assert check_manifest(manifest_of(path), tally) == []
    intended = EXPECTED["files"][path.name]
    assert len(found) == intended["count"]
    assert found.count(None) == intended["outcomes"].get("parked", {}).get("INVALID", 0)


def test_duplicates_and_conflicts_are_the_intended_ones() -> None:
    first: dict[str, dict[str, str]] = {}
    parked: Counter[str] = Counter()
    for path in BATCHES:
        for decoded in filter(None, messages(path, Tally())):
            fields = business_fields(decoded, str(hash(decoded.card_number)))
            original = first.setdefault(message_id(decoded), fields)
            if original is not fields:
                parked["DUPLICATE" if original == fields else "CONFLICT"] += 1

    invalid = EXPECTED["outcomes"]["parked"]["INVALID"]
    assert {**parked, "INVALID": invalid} == EXPECTED["outcomes"]["parked"]


def test_the_expected_counts_add_up() -> None:
    total = sum(n for reasons in EXPECTED["outcomes"].values() for n in reasons.values())

    assert total == EXPECTED["count"] == sum(f["count"] for f in EXPECTED["files"].values())
    assert EXPECTED["openings"] == sum(
        1 for row in reference("accounts")["rows"] if row["opening_money"]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_reference_documents_follow_their_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(kind))
    jsonschema.Draft202012Validator(schema(kind)).validate(reference(kind))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("accounts", {"currency": "EURO"}),
        ("accounts", {"opening_money": 10.5}),
        ("accounts", {"account_id": "4111111111111111"}),
        ("accounts", {"holder_name": "a typing error"}),
        ("cards", {"card_number": "4111-1111-1111-1111"}),
        ("products", {"fx_markup": 2.0}),
        ("merchants", {"mcc": "541"}),
        ("fx", {"rate": "0.000000"}),
        ("fx", {"rate": 0.9}),
        ("rules", {"params": {}}),
        ("rules", {"id": "FOREIGN"}),
    ],
)
def test_a_row_that_breaks_its_schema_is_refused(kind: str, change: dict[str, Any]) -> None:
    document = reference(kind)
    document["rows"][0] |= change

    assert not jsonschema.Draft202012Validator(schema(kind)).is_valid(document)


def test_the_category_table_is_frozen_from_iso_18245() -> None:
    table = {row["mcc"]: row["description"] for row in reference("mcc")["rows"]}

    assert len(table) == len(iso18245.get_all_mccs())
    assert table["5411"] == "Groceries and supermarkets"
    assert table["7995"]
    assert all(table.values())


def test_sixty_test_cards_belong_to_accounts_and_all_are_used() -> None:
    cards = [row["card_number"] for row in reference("cards")["rows"]]
    accounts = {row["account_id"] for row in reference("accounts")["rows"]}
    used = {
        decoded.card_number.reveal()
        for path in BATCHES
        for decoded in filter(None, messages(path, Tally()))
    }

    assert len(set(cards)) == 60
    assert all(map(is_card_number, cards))
    assert {row["account_id"] for row in reference("cards")["rows"]} == accounts
    assert set(cards) <= used


def test_every_currency_of_the_day_but_one_has_a_rate() -> None:
    quoted = {row["quote"] for row in reference("fx")["rows"] if row["base"] == "EUR"}
    traded = {currency for path in BATCHES for currency in manifest_of(path).totals}

    assert traded - quoted == {"EUR", "THB"}
