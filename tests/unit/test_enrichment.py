"""What enrichment adds: whose account, at which price, at which rate, billed by whom."""

import msgspec

from domain import identity
from domain.cain import Cain
from domain.conversion import FxRate
from domain.enrichment import Known, enrich, rate_needed
from domain.events import Authorized, EnrichedForRules, Meta, TransactionAuthorized
from domain.money import Money
from domain.reference import Pricing
from domain.transaction import read_transaction
from tests.unit.decided_records import CAIN, RATE_USD, account

KNOWN = Known(account=account(), pricing=Pricing(fx_markup="2.0"), rule_version="v1", ref_version=3)


def with_amounts(**amounts: str) -> Cain:
    plain = msgspec.to_builtins(CAIN)
    plain["TxAmts"] = {"Amt": "45.00", "Ccy": "978"} | amounts
    return msgspec.convert(plain, Cain)


def authorized(cain: Cain = CAIN) -> TransactionAuthorized:
    return TransactionAuthorized(
        meta=Meta(
            event_id="e-0",
            msg_id="msg_a",
            correlation_id="ing_a",
            causation_id="ing_a",
            business_time="2026-11-20T10:11:12Z",
        ),
        data=Authorized(
            ingest_id="ing_a",
            msg_id="msg_a",
            fingerprint="f" * 64,
            network="VISA",
            mti="0220",
            token="tok_a",
            last4="0119",
            received_at="2026-11-20T10:11:13.000+00:00",
            door="api",
            source_ref="api#0",
            cain=cain,
        ),
    )


def enriched(cain: Cain = CAIN, known: Known = KNOWN, fx: FxRate | None = None) -> EnrichedForRules:
    return enrich(authorized(cain), known, fx).data


def test_a_transaction_in_the_account_s_currency_is_billed_as_it_is() -> None:
    data = enriched()

    assert (data.amounts.billing, data.billing_source) == (Money(4500, "EUR"), "SAME_CURRENCY")


def test_a_foreign_amount_is_converted_at_the_rate_and_the_rate_is_kept() -> None:
    data = enriched(with_amounts(Amt="123.45", Ccy="840"), fx=RATE_USD)

    assert (data.amounts.billing, data.billing_source) == (Money(11263, "EUR"), "OWN_RATE")
    assert data.fx == RATE_USD


def test_the_scheme_s_billing_amount_wins_over_our_rate() -> None:
    cain = with_amounts(Amt="123.45", Ccy="840", CrdhldrBllgAmt="113.00", CrdhldrBllgCcy="978")

    data = enriched(cain, fx=RATE_USD)

    assert (data.amounts.billing, data.billing_source) == (Money(11300, "EUR"), "SCHEME")
    assert data.fx is None


def test_the_settlement_amount_is_de5_where_present_else_de4() -> None:
    cain = with_amounts(Amt="123.45", Ccy="840", RcncltnAmt="112.90", RcncltnCcy="978")

    assert enriched(cain, fx=RATE_USD).amounts.settlement == Money(11290, "EUR")
    assert enriched().amounts.settlement == Money(4500, "EUR")


def test_without_a_rate_nothing_is_billed() -> None:
    data = enriched(with_amounts(Amt="100.00", Ccy="756"))

    assert data.amounts.billing is None


def test_without_an_account_nothing_is_billed_and_no_rate_is_asked_for() -> None:
    unknown = Known(rule_version="v1")
    foreign = read_transaction("0220", "VISA", with_amounts(Amt="1.00", Ccy="840"))

    assert enriched(known=unknown).amounts.billing is None
    assert rate_needed(foreign, None) is None


def test_a_rate_is_asked_for_only_where_it_converts_something() -> None:
    foreign = read_transaction("0220", "VISA", with_amounts(Amt="1.00", Ccy="840"))

    assert rate_needed(foreign, account()) == ("EUR", "USD")
    assert rate_needed(foreign, account("USD")) is None


def test_an_amount_that_converts_to_nothing_is_left_to_suspense() -> None:
    weak = FxRate("EUR", "USD", "0.0001", "ECB", "2026-11-20T00:00:00Z")

    assert enriched(with_amounts(Amt="0.01", Ccy="840"), fx=weak).amounts.billing is None


def test_event_ids_depend_on_message_record_and_event_only() -> None:
    first, again = enrich(authorized(), KNOWN, None), enrich(authorized(), KNOWN, None)

    assert first == again
    assert first.meta.event_id == identity.event_id("msg_a", "ing_a", "TransactionEnriched")
    assert first.meta.causation_id == "e-0"
    assert first.data.outcome_ids.transaction_rejected == identity.event_id(
        "msg_a", "ing_a", "TransactionRejected"
    )


def test_outcome_ids_are_named_after_their_events() -> None:
    assert set(msgspec.to_builtins(enriched().outcome_ids)) == {
        "TransactionPostingApproved",
        "TransactionPostingSuspended",
        "TransactionRejected",
    }
