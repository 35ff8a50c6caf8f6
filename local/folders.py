"""Where the local system keeps what it makes. All of it is ignored by git and may be deleted."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Tests deploy a small project of their own, into a folder beside the one that a person has open.
PROJECT = Path(os.environ.get("POSTING_LOCAL_PROJECT") or ROOT)
HOME = Path(os.environ.get("POSTING_LOCAL_HOME") or PROJECT / ".local")

ENGINE_RECORD = "engine.json"
COMPANION_RECORD = "companion.json"
COMPANION_STATUS = "companion-status.json"
ENGINE_LOG = "engine.log"
COMPANION_LOG = "companion.log"
DEPLOY_LOG = "deploy.log"
DEPLOYED_RECORD = "deployed.json"
MEMORY_RECORD = "memory.json"
CHECKPOINTS = "checkpoints"


def home() -> Path:
    """The folder, made if absent."""
    HOME.mkdir(parents=True, exist_ok=True)
    return HOME


def inside(name: str) -> Path:
    """A path in the folder."""
    return home() / name
