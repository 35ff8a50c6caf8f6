"""The ISO 20022 form of a message, and what the later steps read from it."""

import json

import msgspec
import pytest

from domain.cain import Cain, from_json, to_json
from domain.iso8583.decoded import Decoded
from domain.message_type import UnknownMti, parse_mti
from domain.money import Money
from domain.standardise import to_cain
from domain.transaction import Transaction, read_transaction
from tests.unit.card_messages import CARD, valid

TOKEN = "tok_aaaaaaaaaaaaaaaaaaaaaaaaaa"


def cain_of(decoded: Decoded) -> Cain:
    return to_cain(decoded, TOKEN, "msg_a")


def transaction(mti: str = "0210", **changes: str | None) -> Transaction:
    decoded = valid(mti, **changes)
    return read_transaction(decoded.mti, decoded.network, from_json(to_json(cain_of(decoded))))


def test_the_purchase_in_iso_20022_form() -> None:
    assert json.loads(to_json(cain_of(valid()))) == {
        "Hdr": {"MsgFctn": "REQU", "XchgId": "msg_a"},
        "TxChrtcs": {"TxTp": "00"},
        "AcctFr": {"Tp": "00"},
        "AcctTo": {"Tp": "00"},
        "Acqrr": {"Id": "476173", "Ctry": "276"},
        "Card": {"PmtAcctRef": TOKEN, "PrtctdPAN": True},
        "TxId": {
            "TrnsmssnDtTm": "2026-11-20T10:11:12Z",
            "SysTracAudtNb": "000123",
            "LclDt": "2026-11-20",
            "LclTm": "11:11:12",
            "RtrvlRefNb": "632410000123",
        },
        "TxAmts": {"Amt": "45.00", "Ccy": "978"},
        "Accptr": {
            "Id": "MERCHANT0000001",
            "NmAndLctn": "NORDMARKT BERLIN         BERLIN       DE",
        },
        "Termnl": {"Id": "TERM0001"},
        "Cntxt": {"MrchntCtgyCd": "5411", "CardDataNtryMd": "ICCY", "CardPres": True},
        "PrcgRslt": {"ApprvlCd": "A1B2C3", "RspnCd": "00"},
    }


def test_the_form_holds_neither_card_number_nor_expiry() -> None:
    text = to_json(cain_of(valid(de14="2912")))

    assert CARD not in text
    assert "2912" not in text
    assert "XpryDt" not in text


def test_all_three_amounts_are_read_with_their_own_decimals() -> None:
    found = transaction(
        de4="000000015000",
        de49="392",
        de5="000000009185",
        de50="978",
        de6="000000012345",
        de51="414",
    )

    assert found.transaction_amount == Money(15000, "JPY")
    assert found.settlement_amount == Money(9185, "EUR")
    assert found.billing_amount == Money(12345, "KWD")
    assert found.cain.amounts.billing_amount == "12.345"


def test_amounts_that_were_not_sent_are_none() -> None:
    assert transaction().settlement_amount is None
    assert transaction().billing_amount is None
    assert transaction(de50="978", de51="978").billing_amount is None


def test_rates_are_decimal_strings() -> None:
    amounts = cain_of(valid(de9="60912345", de10="00000012")).amounts

    assert amounts.settlement_rate == "0.912345"
    assert amounts.billing_rate == "12"
    assert cain_of(valid(de9="71234567")).amounts.settlement_rate == "0.1234567"


def test_the_accessors_read_what_the_steps_ask_for() -> None:
    found = transaction(de15="1121")

    assert (found.type, found.direction, found.mcc) == ("00", "DEBIT", "5411")
    assert (found.response_code, found.approval_code) == ("00", "A1B2C3")
    assert (found.stan, found.rrn, found.token) == ("000123", "632410000123", TOKEN)
    assert (found.acquirer_id, found.terminal_id) == ("476173", "TERM0001")
    assert (found.merchant_id, found.merchant_name) == ("MERCHANT0000001", "NORDMARKT BERLIN")
    assert (found.acquirer_country, found.acquirer_country_numeric) == ("DE", "276")
    assert found.settlement_date == "2026-11-21"
    assert found.business_time == "2026-11-20T10:11:12Z"
    assert (found.mti_class, found.mti_function) == ("financial", "response")


def test_what_was_not_sent_is_none() -> None:
    gone = ("de15", "de18", "de19", "de22", "de25", "de37", "de38", "de39", "de41", "de43")
    found = transaction("0220", **dict.fromkeys(gone))

    assert found.settlement_date is None
    assert found.mcc is None
    assert found.acquirer_country is None
    assert found.rrn is None
    assert (found.response_code, found.approval_code) == (None, None)
    assert (found.terminal_id, found.merchant_name) == (None, None)
    assert transaction(de42=None, de43=None).merchant_id is None
    assert transaction(de19="999").acquirer_country is None


@pytest.mark.parametrize(
    ("code", "direction"),
    [("000000", "DEBIT"), ("010000", "DEBIT"), ("090000", "DEBIT"), ("200000", "CREDIT")],
)
def test_the_direction_follows_from_the_type(code: str, direction: str) -> None:
    assert transaction(de3=code).direction == direction


def test_a_repeat_is_what_it_repeats_and_says_so() -> None:
    found = transaction("0221")

    assert (found.mti_class, found.mti_function) == ("financial", "advice")
    assert found.message_type.normalised == "0220"
    assert found.cain.header.retransmission_counter == "1"
    assert found.cain.header.message_function == "ADVC"


def test_only_known_message_types_are_parsed() -> None:
    with pytest.raises(UnknownMti):
        parse_mti("0800")


def test_a_partial_reversal_states_what_remains_and_what_was() -> None:
    cain = cain_of(
        valid(
            "0420",
            de4="000000003000",
            de5="000000003300",
            de50="840",
            de90="0100" + "000123" + "1120101112" + "00000476173" + "0" * 11,
            de95="000000001000" + "000000001100" + "C00000000" * 2,
        )
    )

    assert (cain.amounts.amount, cain.amounts.qualifier) == ("10.00", "ACTL")
    assert cain.amounts.settlement_amount == "11.00"
    assert cain.original is not None
    assert cain.original.amounts is not None
    assert cain.original.amounts.amount == "30.00"
    assert cain.original.transaction_id is not None
    assert cain.original.transaction_id.stan == "000123"
    assert cain.original.sender_id is None


def test_a_partial_reversal_may_come_without_original_elements() -> None:
    cain = cain_of(valid("0420", de95="0" * 24 + "C00000000" * 2))

    assert cain.amounts.amount == "0.00"
    assert cain.original is not None
    assert cain.original.transaction_id is None


def test_additional_amounts_and_fees_keep_sign_and_currency() -> None:
    cain = cain_of(valid(de54="0040978D000000002000", de28="D00000150", de33="400001"))

    (cashback,) = cain.additional_amounts
    assert (cashback.type, cashback.amount, cashback.credit_debit) == ("40", "20.00", "DBIT")
    (fee,) = cain.fees
    assert (fee.type, fee.amount, fee.credit_debit) == ("DE28", "1.50", "DBIT")
    assert cain.sender is not None


def test_a_sale_over_the_internet_is_without_the_card() -> None:
    context = cain_of(valid(de22="811", de25="59")).context

    assert context is not None
    assert (context.entry_mode, context.card_present) == (None, False)


def test_fields_of_later_versions_are_ignored() -> None:
    value = json.loads(to_json(cain_of(valid())))
    value["Tax"] = {"Amt": "1"}
    value["TxAmts"]["Nw"] = 1

    assert from_json(json.dumps(value)) == cain_of(valid())


def test_a_missing_field_is_named_by_its_path() -> None:
    value = json.loads(to_json(cain_of(valid())))
    del value["TxAmts"]["Ccy"]

    with pytest.raises(msgspec.ValidationError, match=r"Ccy"):
        from_json(json.dumps(value))


def test_dates_near_new_year_get_the_year_that_is_nearest() -> None:
    found = transaction(de7="0101000512", de13="1231", de15="0103", de16="1230")

    assert found.business_time == "2026-01-01T00:05:12Z"
    assert found.cain.transaction_id.local_date == "2025-12-31"
    assert found.settlement_date == "2026-01-03"
    assert found.cain.conversion is not None
    assert found.cain.conversion.date == "2025-12-30"
