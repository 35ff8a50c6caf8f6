"""Requests and responses as records, as the pipe gives them to Deduplicate."""

from domain import identity
from domain.cain import to_json
from domain.received import Received
from domain.standardise import to_cain
from tests.unit.card_messages import valid

TOKEN = "tok_a"


def record(mti: str, ingest_id: str, *, token: str = TOKEN, **de: str | None) -> Received:
    """A message of the one pair, unless DE7, DE11 or DE32 says otherwise; a request is without what
    its issuer adds.
    """
    asks = {"de38": None, "de39": None} if mti[2] == "0" else {}
    decoded = valid(mti, **(asks | de))
    msg_id = identity.message_id(decoded)
    fields = identity.business_fields(decoded, token)
    return Received(
        ingest_id=ingest_id,
        msg_id=msg_id,
        fingerprint=identity.fingerprint(fields),
        fields=fields,
        network=decoded.network,
        mti=mti,
        token=token,
        last4=decoded.card_number.last4,
        cain=to_json(to_cain(decoded, token, msg_id)),
        business_time=decoded.transmitted_at,
        received_at="2026-11-20T12:00:00.000+00:00",
        door="api",
        source_ref="api#0",
        content_digest="",
    )
