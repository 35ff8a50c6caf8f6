"""The wall clock, in one place, so that the domain has none."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def timestamp() -> str:
    """Now as ISO 8601 in UTC with milliseconds."""
    return now().isoformat(timespec="milliseconds")
