"""The landing bucket: batch files in three formats, sound and broken, and what becomes of each."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cli.landing_door import Landed
from cli.outcomes import Outcome
from domain import identity
from tests.engine.live import Holder, Stack
from tests.engine.messages import (
    Message,
    as_bin,
    as_bytes,
    as_hex,
    as_jsonl,
    manifest_of,
    purchase,
)

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("audited")]

FORMS = {"bin": as_bin, "hex": as_hex, "jsonl": as_jsonl}
TEN_MEGABYTES = 10_000_000
OVER_LONG = 70_000


@dataclass
class Files:
    """Everything is landed at once, because the waiting is for all of them."""

    stack: Stack
    folder: Path
    landed: dict[str, Landed] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def messages(self, name: str, count: int = 3) -> list[Message]:
        self.holders[name] = self.stack.holder()
        return [purchase(self.holders[name].card_number, 100 + n) for n in range(count)]

    def land(self, name: str, file: str, raw: bytes, manifest: Any = None) -> None:
        self.landed[name] = self.stack.land(self.folder / file, raw, manifest)

    def of(self, name: str) -> list[Outcome]:
        """The outcomes of the file's records, in order."""
        return [self.outcomes[each] for each in self.landed[name].ids]

    def kinds(self, name: str) -> list[str]:
        return [outcome.kind for outcome in self.of(name)]

    def posted(self, name: str) -> int:
        return int(self.stack.balance(self.holders[name].account)["posting_no"])


@pytest.fixture(scope="module")
def files(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Files:
    made = Files(stack, tmp_path_factory.mktemp("files"))
    _land_sound_ones(made)
    _land_broken_ones(made)
    _land_long_one(made)
    made.outcomes = stack.outcomes(landed=made.landed.values())
    made.landed["twice again"] = _land_again(made)
    made.outcomes |= stack.outcomes(landed=[made.landed["twice again"]])
    return made


def _land_sound_ones(files: Files) -> None:
    for name, form in FORMS.items():
        messages = files.messages(name)
        raw = form(messages)
        files.land(name, f"sound.{name}", raw, manifest_of(messages, raw))
    messages = files.messages("twice")
    raw = as_hex(messages)
    files.land("twice", "twice.hex", raw, manifest_of(messages, raw))


def _land_again(files: Files) -> Landed:
    """The same bytes under the same name once more: the bucket keeps both versions."""
    stack, first = files.stack, files.landed["twice"]
    raw = (files.folder / "twice.hex").read_bytes()
    bucket = stack.system.output("LandingBucketName")
    version = stack.client("s3").put_object(Bucket=bucket, Key=first.key, Body=raw)["VersionId"]
    ids = (identity.ingest_id_for_s3(bucket, first.key, version, n) for n in range(len(first.ids)))
    return replace(first, version_id=version, ids=tuple(ids))


def _land_broken_ones(files: Files) -> None:
    messages = files.messages("disagrees")
    raw = as_jsonl(messages)
    wrong = manifest_of(messages, raw, count=4, totals={"EUR": 999})
    files.land("disagrees", "disagrees.jsonl", raw, wrong)
    files.land("empty", "empty.jsonl", b"")
    messages = files.messages("cut off")
    raw = as_bin(messages)[: -len(as_bytes(messages[-1])) // 2]
    files.land("cut off", "cut-off.bin", raw, manifest_of(messages[:-1], raw, count=3))
    messages = files.messages("telling name")
    name = f"of-{files.stack.card_number()}.jsonl"
    files.land("telling name", name, as_jsonl(messages))


def _land_long_one(files: Files) -> None:
    """Mostly lines that no message can have, with good ones before, between and after."""
    before, between, after = (files.messages(name, 2) for name in ("before", "between", "after"))
    long_line = b"{" + b" " * OVER_LONG + b"}\n"
    half = long_line * (TEN_MEGABYTES // 2 // len(long_line))
    raw = as_jsonl(before) + half + as_jsonl(between) + half + as_jsonl(after)
    files.land("long", "long.jsonl", raw)


@pytest.mark.parametrize("name", FORMS)
def test_every_format_is_taken_in_and_posted(files: Files, name: str) -> None:
    assert files.kinds(name) == ["POSTED"] * 3
    assert files.posted(name) == 3
    bucket = files.stack.system.output("LandingBucketName")
    (source, *_) = [outcome.source_ref for outcome in files.of(name)]
    assert source == f"s3://{bucket}/{files.landed[name].key}#0+0"


def test_a_file_that_its_manifest_contradicts_is_refused_as_a_whole(files: Files) -> None:
    refused = files.outcomes[files.landed["disagrees"].file_id]

    assert (refused.kind, refused.why) == ("INVALID", "MANIFEST")
    assert {each["element"] for each in refused.errors} == {"count", "totals.EUR"}
    assert files.posted("disagrees") == 0
    assert files.stack.row("Inbox", ingest_id=files.landed["disagrees"].ids[0]) == {}


def test_an_empty_file_is_accounted_for(files: Files) -> None:
    (outcome,) = files.of("empty")

    assert (outcome.kind, outcome.why) == ("INVALID", "EMPTY_FILE")


def test_a_last_message_that_is_cut_off_costs_only_itself(files: Files) -> None:
    assert files.kinds("cut off") == ["POSTED", "POSTED", "INVALID"]
    assert files.of("cut off")[-1].why == "TRUNCATED_RECORD"
    assert files.posted("cut off") == 2


def test_the_same_file_again_is_all_duplicates_of_the_first_time(files: Files) -> None:
    first, again = files.of("twice"), files.of("twice again")

    assert [each.kind for each in first] == ["POSTED"] * 3
    assert [each.kind for each in again] == ["DUPLICATE"] * 3
    assert [each.original for each in again] == [each.ingest_id for each in first]
    assert files.posted("twice") == 3


def test_a_name_with_a_card_number_is_refused_and_not_repeated(files: Files) -> None:
    landed = files.landed["telling name"]
    refused = files.outcomes[landed.file_id]

    assert (refused.kind, refused.why) == ("INVALID", "CARD_NUMBER_IN_KEY")
    assert files.posted("telling name") == 0
    digits = landed.file.removeprefix("of-").removesuffix(".jsonl")
    assert digits not in str(files.stack.parked(landed.file_id))


def test_ten_megabytes_are_read_to_their_end(files: Files) -> None:
    records = files.of("long")

    assert [files.posted(name) for name in ("before", "between", "after")] == [2, 2, 2]
    assert len(records) == 6 + 2 * (TEN_MEGABYTES // 2 // (OVER_LONG + 3))
    others = {(each.kind, each.why) for each in records if each.kind != "POSTED"}
    assert others == {("INVALID", "RECORD_TOO_LONG")}
