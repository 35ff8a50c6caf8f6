"""Asking DryRunFunction, which may read what its askers may not, and writes nothing."""

import base64
import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from domain.errors import Unavailable


class DryRunDoor:
    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def ask(self, body: bytes) -> dict[str, Any]:
        """What would become of the messages of a submission's body. Raises Unavailable."""
        order = {"action": "messages", "body": base64.b64encode(body).decode()}
        try:
            answer = self._client.invoke(
                FunctionName=self._function,
                InvocationType="RequestResponse",
                Payload=json.dumps(order).encode(),
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"no dry run: {type(error).__name__}") from error
        if "FunctionError" in answer:
            raise Unavailable("the dry run failed: its log says why")
        told = json.loads(answer["Payload"].read())
        # What would change is for a caller who asks about a file in parts, not for partners.
        return {name: told[name] for name in ("dry_run", "results")}
