"""What the simulator says when the template asks for something that it does not simulate."""


class NotUnderstood(Exception):
    """Names the place in the template, the ASL or a call, and what stands there."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}")
