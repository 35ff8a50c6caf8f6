"""The vault: card numbers become random tokens before anything else is stored.

A token's index key is an HMAC-SHA-256 over the whole card number, so that a known card is found
without decrypting anything; the card number itself is encrypted by KMS, bound to its token, at
first sight only.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from adapters import transactions
from adapters.items import to_item
from domain.card_number import CardNumber
from domain.errors import Unavailable

_TOKEN_BYTES = 20
_KEYS_MAX = 100
_RACES_MAX = 3


class IndexKey(msgspec.Struct, frozen=True):
    """The secret that card numbers are looked up by; its version is part of each index entry."""

    version: str
    secret: bytes

    def digest(self, content: bytes) -> str:
        """Keyed hash in hex, also for contents that may hold a card number."""
        return hmac.new(self.secret, content, hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        return f"IndexKey({self.version})"


def read_index_key(client: Any, secret_arn: str) -> IndexKey:
    """Unwrap the key from Secrets Manager: once per function instance. Raises Unavailable."""
    try:
        answer = client.get_secret_value(SecretId=secret_arn)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"the token index key cannot be read: {type(error).__name__}") from error
    secret = json.loads(answer["SecretString"])
    return IndexKey(secret["version"], secret["key"].encode())


class Vault:
    def __init__(self, dynamodb: Any, kms: Any, table: str, key_arn: str, index: IndexKey) -> None:
        self._dynamodb = dynamodb
        self._kms = kms
        self._table = table
        self._key_arn = key_arn
        self._index = index

    def tokens_of(self, cards: Iterable[CardNumber]) -> dict[CardNumber, str]:
        """Card number -> token; a card seen for the first time gets one. Raises Unavailable."""
        by_key = {self._index_entry(card): card for card in cards}
        known = self._find(list(by_key))
        return {card: known.get(key) or self._remember(key, card) for key, card in by_key.items()}

    def _index_entry(self, card: CardNumber) -> str:
        return f"H#{self._index.version}#{self._index.digest(card.reveal().encode())}"

    def _find(self, keys: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for start in range(0, len(keys), _KEYS_MAX):
            wanted = [{"pk": {"S": key}} for key in keys[start : start + _KEYS_MAX]]
            request: Any = {self._table: {"Keys": wanted, "ConsistentRead": True}}
            while request:
                try:
                    answer = self._dynamodb.batch_get_item(RequestItems=request)
                except (ClientError, BotoCoreError) as error:
                    raise Unavailable(
                        f"the vault cannot be read: {type(error).__name__}"
                    ) from error
                for item in answer["Responses"].get(self._table, []):
                    found[item["pk"]["S"]] = item["token"]["S"]
                request = answer.get("UnprocessedKeys")
        return found

    def _remember(self, key: str, card: CardNumber) -> str:
        """Store a new card; the loser of a race takes the winner's token."""
        for _ in range(_RACES_MAX):
            token = _new_token()
            entry = {"token": token, "last4": card.last4, "key_version": self._index.version}
            ciphertext = self._encrypt(card, token)
            actions = [
                self._put({"pk": key, **entry}),
                self._put({"pk": f"T#{token}", "pan_ciphertext": ciphertext, **entry}),
            ]
            if not transactions.write(self._dynamodb, actions):
                return token
            standing = self._find([key])
            if key in standing:
                return standing[key]
        raise Unavailable("the vault refuses new tokens")

    def _encrypt(self, card: CardNumber, token: str) -> bytes:
        try:
            answer = self._kms.encrypt(
                KeyId=self._key_arn,
                Plaintext=card.reveal().encode(),
                EncryptionContext={"token": token},
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the vault key does not encrypt: {type(error).__name__}") from error
        return bytes(answer["CiphertextBlob"])

    def _put(self, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(values),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }


def _new_token() -> str:
    """Random, and in letters and the digits 2 to 7, so that it can never read as a card number."""
    random = base64.b32encode(secrets.token_bytes(_TOKEN_BYTES)).decode().lower()
    return f"tok_{random[:26]}"
