"""The messages of card payments as Post receives them: decoded, enriched and approved."""

from typing import Any

from domain import identity
from domain.cain import to_json
from domain.conversion import FxRate
from domain.enrichment import Known, enrich
from domain.events import Decided, Decision, TransactionPostingApproved
from domain.received import Received
from domain.reference import Pricing
from domain.standardise import to_cain
from tests.unit.card_messages import valid
from tests.unit.decided_records import account

TOKEN = "tok_a"
RRN = "632410000123"


def original(mti: str, stan: str, at: str = "1120101112") -> str:
    """DE90 of a message that follows this one."""
    return f"{mti}{stan}{at}{'476173':0>11}{'':0>11}"


def approved(
    mti: str,
    stan: str,
    amount: int = 6000,
    *,
    rate: FxRate | None = None,
    pricing: Pricing | None = None,
    hold_hours: int | None = 168,
    unknown: bool = False,
    copy: int = 0,
    **de: str | None,
) -> TransactionPostingApproved:
    """A message of the payment with the retrieval reference RRN, unless `de37` says otherwise.

    `copy` makes another record of the same message.
    """
    values: dict[str, str | None] = {"de4": f"{amount:012}", "de11": stan, "de37": RRN}
    decoded = valid(mti, **(values | de))
    msg_id = identity.message_id(decoded)
    fields = identity.business_fields(decoded, TOKEN)
    received = Received(
        ingest_id=f"ing_{stan}_{copy}",
        msg_id=msg_id,
        fingerprint=identity.fingerprint(fields),
        fields=fields,
        network=decoded.network,
        mti=mti,
        token=TOKEN,
        last4=decoded.card_number.last4,
        cain=to_json(to_cain(decoded, TOKEN, msg_id)),
        business_time=decoded.transmitted_at,
        received_at="2026-11-20T12:00:00.000+00:00",
        door="api",
        source_ref="api#0",
        content_digest="",
    )
    known = Known(
        account=None if unknown else account(),
        pricing=pricing,
        hold_hours=hold_hours,
        rule_version="v1",
        ref_version=1,
    )
    enriched = enrich(received.authorized(), known, rate)
    values_of: dict[str, Any] = {
        name: getattr(enriched.data, name)
        for name in Decided.__struct_fields__
        if name != "decision"
    }
    decision = Decision(outcome="APPROVED", rule_version="v1")
    return TransactionPostingApproved(
        meta=enriched.meta, data=Decided(**values_of, decision=decision)
    )
