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


class CardIndex:
    """The way from a card number to its token, for reading only."""

    def __init__(self, dynamodb: Any, table: str, index: IndexKey) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._index = index

    def entry(self, card: CardNumber) -> str:
        """The key of the card's index row."""
        return f"H#{self._index.version}#{self._index.digest(card.reveal().encode())}"

    def find(self, keys: list[str]) -> dict[str, str]:
        """The tokens of those keys that the vault has, read strongly. Raises Unavailable."""
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


class Vault:
    def __init__(self, dynamodb: Any, kms: Any, table: str, key_arn: str, index: IndexKey) -> None:
        self._dynamodb = dynamodb
        self._kms = kms
        self._table = table
        self._key_arn = key_arn
        self._index = index
        self._cards = CardIndex(dynamodb, table, index)

    def tokens_of(self, cards: Iterable[CardNumber]) -> dict[CardNumber, str]:
        """Card number -> token; a card seen for the first time gets one. Raises Unavailable."""
        by_key = {self._cards.entry(card): card for card in cards}
        known = self._cards.find(list(by_key))
        return {card: known.get(key) or self._remember(key, card) for key, card in by_key.items()}

    def _remember(self, key: str, card: CardNumber) -> str:
        """Store a new card; the loser of a race takes the winner's token."""
        for _ in range(_RACES_MAX):
            token = token_of(secrets.token_bytes(_TOKEN_BYTES))
            entry = {"token": token, "last4": card.last4, "key_version": self._index.version}
            ciphertext = self._encrypt(card, token)
            actions = [
                self._put({"pk": key, **entry}),
                self._put({"pk": f"T#{token}", "pan_ciphertext": ciphertext, **entry}),
            ]
            if not transactions.write(self._dynamodb, actions):
                return token
            standing = self._cards.find([key])
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


def token_of(content: bytes) -> str:
    """In letters and the digits 2 to 7, so that a token can never read as a card number."""
    return f"tok_{base64.b32encode(content).decode().lower()[:26]}"
