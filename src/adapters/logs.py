"""The structured log: one line per state change, keys and ids, never a payload, never a card
number.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from domain.card_number import mask


class MaskingFormatter(LambdaPowertoolsFormatter):
    """Masks anything that reads as a card number in the finished line, exception texts included."""

    def serialize(self, log: Any) -> str:
        return mask(super().serialize(log))


def logger() -> Logger:
    """The function's logger; service and level come from POWERTOOLS_SERVICE_NAME and the
    runtime.
    """
    return Logger(logger_formatter=MaskingFormatter())
