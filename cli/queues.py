"""How much waits where: the queues of functions, and the letters that nobody could deliver."""

from typing import Any, NamedTuple

from cli.system import System

_MAIN = ("Landing", "Enrich", "Post", "Notify")


class Depth(NamedTuple):
    """`under_way` messages are with a function now."""

    name: str
    dead_letters: bool
    waiting: int
    under_way: int


def depths(system: System) -> list[Depth]:
    """The main queues in the order of the flow, then the dead-letter queues."""
    sqs = system.client("sqs")
    main = [system.output(f"{name}QueueUrl") for name in _MAIN]
    letters = [url for url in system.output("DeadLetterQueueUrls").split(",") if url]
    return [
        *(_depth(sqs, url, dead_letters=False) for url in main),
        *(_depth(sqs, url, dead_letters=True) for url in letters),
    ]


def _depth(sqs: Any, url: str, *, dead_letters: bool) -> Depth:
    answer = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return Depth(
        name=url.rpartition("/")[2],
        dead_letters=dead_letters,
        waiting=int(answer["ApproximateNumberOfMessages"]),
        under_way=int(answer["ApproximateNumberOfMessagesNotVisible"]),
    )
