"""AWS clients, made once per function instance."""

from typing import Any

import botocore.session
from botocore.config import Config

# Parameters are not validated: we build them ourselves, tests cover them, and validation is a third
# of a call's CPU. Standard mode retries throttling and 5xx with jitter; a cancelled transaction it
# leaves to us.
_CONFIG = Config(
    parameter_validation=False,
    retries={"mode": "standard", "max_attempts": 4},
    connect_timeout=3,
    read_timeout=10,
    tcp_keepalive=True,
)
_SESSION = botocore.session.get_session()


def client(service: str) -> Any:
    """A botocore client of this service; thread-safe, to be shared by the whole module."""
    return _SESSION.create_client(service, config=_CONFIG)
