"""What happened in a run, in order; two runs of one seed must say the same."""

import hashlib


class Trace:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, at: float, what: str) -> None:
        self.lines.append(f"{at:14.6f} {what}")

    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()[:16]
