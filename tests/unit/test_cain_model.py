"""Each message in ISO 20022 form, against the standard's own model of cain.001, .003 and .005."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cain import to_json
from domain.iso8583.decode import decode_json_bytes
from domain.iso8583.decoded import Decoded
from domain.standardise import to_cain
from tests.cain_model import Fault, children, faults, root_of
from tests.unit.card_messages import valid

BATCHES = Path(__file__).parents[2] / "samples" / "batch"
TOKEN, MESSAGE = "tok_4f9g2m6q1x8s3v7k", "msg_sbpvoeoq7eewil427ctvsc7jbp"
# What ISO 8583 does not say, or need not, and nobody may make up: version and sender of a cain
# message, when it was made, local time, name and place of the acceptor, how the card was read.
NOT_SAID = {
    *("Hdr.PrtcolVrsn", "Hdr.InitgPty", "Hdr.CreDtTm"),
    *("TxId.LclDt", "TxId.LclTm"),
    *("Accptr.NmAndLctn", "Cntxt", "Cntxt.CardDataNtryMd", "Cntxt.MrchntCtgyCd"),
}
# What ISO 8583 says and the standard has no place for, and what is kept as DE90 writes it, because
# messages are matched by it: class and function as digits, a time without its year. A fee's type is
# the element that it came in.
BEYOND = {
    *("AddtlAmt.AcctTp", "OrgnlDataElmts.MsgClss", "OrgnlDataElmts.MsgFctn"),
    *("OrgnlDataElmts.TxId.TrnsmssnDtTm", "AddtlFee.Tp"),
}

DIGITS = {length: st.text("0123456789", min_size=length, max_size=length) for length in (2, 3, 6)}
AMOUNTS = st.integers(1, 10**11).map(lambda amount: f"{amount:012d}")
FEES = st.builds(
    lambda side, amount: f"{side}{amount:08d}", st.sampled_from("CD"), st.integers(1, 99)
)
CURRENCIES = st.sampled_from(["978", "840", "392", "414"])
OPTIONAL: dict[str, Any] = {
    "de9": st.just("61234567"),
    "de10": st.just("70912345"),
    "de12": st.sampled_from(["000000", "235959"]),
    "de13": st.sampled_from(["1119", "1231", "0101"]),
    "de15": st.sampled_from(["1120", "1121"]),
    "de16": st.just("1120"),
    "de18": st.sampled_from(["5411", "6011"]),
    "de19": st.sampled_from(["276", "840"]),
    "de22": st.sampled_from(["011", "021", "051", "071", "801", "901", "911", "000"]),
    "de23": DIGITS[3],
    "de25": st.sampled_from(["00", "01", "05", "08", "59"]),
    "de28": FEES,
    "de30": FEES,
    "de33": st.just("400123"),
    "de38": st.just("A1B2C3"),
    "de43": st.just("NORDMARKT BERLIN         BERLIN       DE"),
    "de54": st.just("0040978C000000001000"),
    "de63": st.just("LIFECYCLE1"),
}


@st.composite
def messages(draw: st.DrawFn) -> Decoded:
    """A valid message of any class, with any of the optional elements."""
    mti = draw(st.sampled_from(["0100", "0110", "0120", "0210", "0220", "0221", "0400", "0420"]))
    names = draw(st.sets(st.sampled_from(sorted(OPTIONAL))))
    changes = {name: draw(OPTIONAL[name]) if name in names else None for name in OPTIONAL}
    changes |= {"de4": draw(AMOUNTS), "de49": draw(CURRENCIES)}
    changes["de3"] = draw(st.sampled_from(["000000", "010000", "201000", "090000"]))
    if draw(st.booleans()):
        changes |= {"de5": draw(AMOUNTS), "de50": draw(CURRENCIES)}
    if draw(st.booleans()):
        changes |= {"de6": draw(AMOUNTS), "de51": draw(CURRENCIES)}
    if mti.startswith("04"):
        changes["de90"] = "0200" + "000123" + "1120101112" + "00000476173" + "00000000000"
        if draw(st.booleans()):
            changes["de95"] = draw(AMOUNTS) + "0" * 12 + "C00000000" + "C00000000"
    return valid(mti, **changes)


def sample_messages() -> Iterator[Decoded]:
    received_at = datetime(2026, 11, 22, 6, tzinfo=UTC)
    for file in BATCHES.glob("*.jsonl"):
        network = json.loads(file.with_name(f"{file.name}.manifest.json").read_text())["network"]
        for line in file.read_bytes().splitlines():
            decoded = decode_json_bytes(line, network=network, received_at=received_at)
            if isinstance(decoded, Decoded):
                yield decoded


def found_in(decoded: Decoded) -> set[Fault]:
    form = json.loads(to_json(to_cain(decoded, TOKEN, MESSAGE)))
    return {
        fault
        for fault in faults(form, root_of(decoded.mti[1]))
        if fault.path not in (NOT_SAID if fault.what == "missing" else BEYOND)
    }


def test_every_sample_message_is_in_the_standard_s_form() -> None:
    told = [found_in(decoded) for decoded in sample_messages()]

    assert len(told) > 200
    assert set().union(*told) == set()


@given(messages())
def test_every_message_is_in_the_standard_s_form(decoded: Decoded) -> None:
    assert found_in(decoded) == set()


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ({"Id": "476173", "Nme": "typo"}, "unknown"),
        ({"Ctry": "276", "Id": "476173"}, "order: Id, Ctry"),
        ({"Ctry": "276"}, "missing"),
        ({"Id": "letters"}, "letters does not match [0-9]{1,11}"),
        ({"Id": "476173", "AddtlId": "one"}, "a list, or none, where the model has the other"),
    ],
)
def test_what_the_model_does_not_have_is_found(form: dict[str, Any], what: str) -> None:
    acquirer = children(root_of("2"))["Acqrr"].kind

    assert [fault.what for fault in faults(form, acquirer)] == [what]
