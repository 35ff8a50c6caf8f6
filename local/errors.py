"""The one error this package shows to a person: what is wrong, and what to do about it."""


class LocalError(Exception):
    """A line for the terminal: the fault and its remedy, without a traceback."""
