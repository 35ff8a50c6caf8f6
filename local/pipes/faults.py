"""The two kinds of failure that the service tells apart."""


class CustomerError(Exception):
    """The enrichment or the target refused: retried as often as the pipe says, then a letter."""


class InternalError(Exception):
    """The way to a service failed: retried until the record expires, never counted."""


class Stopping(Exception):
    """The pipe was stopped while a batch was under way; nothing of the batch is marked as done."""
