"""In-memory services with the real methods, for tests without an engine."""
