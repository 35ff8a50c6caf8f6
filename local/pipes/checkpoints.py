"""How far each pipe has come in its stream, kept so that a restart goes on where it stopped."""

from pathlib import Path

from local import folders, records


class Checkpoint:
    """The last settled sequence number of each shard of one pipe's stream.

    Written after the batch is settled: a crash between the two delivers the batch again, never
    not at all.
    """

    def __init__(self, pipe_name: str, stream_arn: str, folder: Path | None = None) -> None:
        self._path = (folder or folders.inside(folders.CHECKPOINTS)) / f"{pipe_name}.json"
        self._stream_arn = stream_arn
        known = records.read(self._path)
        # A stream made anew has another ARN, and none of the old numbers.
        same = isinstance(known, dict) and known.get("stream") == stream_arn
        self._shards: dict[str, str] = dict(known["shards"]) if same else {}

    def of(self, shard_id: str) -> str | None:
        """The last settled sequence number, None when nothing of the shard is settled."""
        return self._shards.get(shard_id)

    def settled(self, shard_id: str, sequence: str) -> None:
        """Everything of the shard up to and including this number is through or told."""
        self._shards[shard_id] = sequence
        records.write(self._path, {"stream": self._stream_arn, "shards": self._shards})
