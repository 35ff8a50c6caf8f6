"""The system on one machine: the embedded engine, the stack on it, and what the engine lacks."""

from local.endpoint import Endpoint
from local.errors import LocalError
from local.processes import down, endpoint, status, up

__all__ = ["Endpoint", "LocalError", "down", "endpoint", "status", "up"]
