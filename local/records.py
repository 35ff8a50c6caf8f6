"""Small JSON files that are either the old version or the new one, never half of either."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write(path: Path, content: Any) -> None:
    """Replace the file at once: the text is whole before it takes the name.

    Not forced to the disk: a power failure loses the engine's state of the day as well.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path) -> Any:
    """The content, or None when there is no file or not a whole one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
