"""Who a record is (ingest_id), which message it carries (msg_id), and what else it says."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from uuid import UUID, uuid5

from domain.iso8583.decoded import Decoded
from domain.message_type import parse_mti

NAMESPACE = UUID(bytes=b"payments.posting")
SHARDS = 4
# The elements of the business key: they say which message it is, so they are no content of it.
KEY_ELEMENTS = frozenset({"DE7", "DE11", "DE32", "DE37", "DE41", "DE42", "DE90"})


def ingest_id_for_api(caller: str, request_key: str, index: int) -> str:
    """One id per item of one submission; request_key is Idempotency-Key, else the request id."""
    return _id("ing", "api", caller, request_key, str(index))


def ingest_id_for_s3(bucket: str, key: str, version_id: str, ordinal: int) -> str:
    """One id per record of one version of one object."""
    return _id("ing", "s3", bucket, key, version_id, str(ordinal))


def message_id(decoded: Decoded) -> str:
    """The id of the business key: the same for every repeat and every copy of one message."""
    element = decoded.elements.get
    message_type = parse_mti(decoded.mti)
    return _id(
        "msg",
        decoded.network,
        element("DE32", ""),
        element("DE41", ""),
        element("DE42", ""),
        element("DE11", ""),
        element("DE37", ""),
        decoded.transmitted_at,
        message_type.message_class,
        message_type.function,
        element("DE90", ""),
    )


def distinct_message_id(msg_id: str, ingest_id: str) -> str:
    """The id of a record that an operator released as a message of its own."""
    return _id("msg", "distinct", msg_id, ingest_id)


def purchase_id(
    network: str, acquirer_id: str, terminal_id: str, merchant_id: str, rrn: str, token: str
) -> str:
    """The id of one purchase, whichever message presents it: a 0210 or a 0220."""
    return _id("pur", network, acquirer_id, terminal_id, merchant_id, rrn, token)


def payment_id(key: str) -> str:
    """The id of a payment that is named after this key of its first message."""
    return _id("pay", key)


def business_fields(decoded: Decoded, token: str) -> dict[str, str]:
    """All business content outside the key, by data element: {"DE4": "000000012345", ...}."""
    content = {name: text for name, text in decoded.elements.items() if name not in KEY_ELEMENTS}
    return dict(sorted({**content, "token": token}.items()))


def fingerprint(fields: Mapping[str, str]) -> str:
    """Hex hash of the business fields, whatever their order."""
    return hashlib.sha256(_canonical(sorted(fields.items()))).hexdigest()


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The names of the fields that are not the same, sorted; a missing field differs too."""
    names = ours.keys() | theirs.keys()
    return sorted(name for name in names if ours.get(name) != theirs.get(name))


def event_id(msg_id: str, ingest_id: str, detail_type: str) -> str:
    """The id of an event before the ledger."""
    return str(uuid5(NAMESPACE, "|".join((msg_id, ingest_id, detail_type))))


def ledger_event_id(header_id: str, detail_type: str) -> str:
    """The id of an event after the ledger."""
    return str(uuid5(NAMESPACE, "|".join((header_id, detail_type))))


def statement_id(account: str, currency: str, since: str, until: str, last: str) -> str:
    """The id of a statement of this period whose last entry has this number."""
    return _id("stm", account, currency, since, until, last)


def shard_of(identifier: str) -> int:
    return zlib.crc32(identifier.encode()) % SHARDS


def minute_shard(instant: str, identifier: str) -> str:
    """Index key of an ISO instant and an id: 2026-11-22T19:41#0."""
    return f"{instant[:16]}#{shard_of(identifier)}"


def _id(prefix: str, *parts: str) -> str:
    """Prefix and 130 bits of SHA-256 in base32, over a JSON list: no two lists read the same."""
    digest = hashlib.sha256(_canonical([prefix, *parts])).digest()
    return f"{prefix}_{base64.b32encode(digest).decode().lower()[:26]}"


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
