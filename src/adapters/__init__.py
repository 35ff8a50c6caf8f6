"""One file per AWS resource: what we store, read and send, and how a refusal is read."""
