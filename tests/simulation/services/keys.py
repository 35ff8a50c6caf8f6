"""KMS and Secrets Manager: nothing that is encrypted here can be read back."""

import hashlib
import json
from typing import Any

from tests.simulation.plan import Plan
from tests.simulation.services.database import refusal

INDEX_SECRET = "made up for the simulation"


class Keys:
    def __init__(self, plan: Plan) -> None:
        self._keys = set(plan.keys.values())

    def encrypt(
        self,
        KeyId: str,
        Plaintext: bytes,
        EncryptionContext: dict[str, str],
    ) -> Any:
        if KeyId not in self._keys:
            raise refusal("NotFoundException", "Encrypt")
        bound = json.dumps(EncryptionContext, sort_keys=True).encode()
        return {"CiphertextBlob": hashlib.sha256(KeyId.encode() + bound + Plaintext).digest()}


class Secrets:
    def __init__(self, plan: Plan) -> None:
        self._known = {secret.arn for secret in plan.secrets.values()}

    def get_secret_value(self, SecretId: str) -> Any:
        if SecretId not in self._known:
            raise refusal("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": json.dumps({"version": "v1", "key": INDEX_SECRET})}
