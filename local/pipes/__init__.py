"""EventBridge Pipes for the engine, which stores a pipe but does not carry its records.

Written from the documented behaviour of the service; it knows nothing of this project's flow.
The table of behaviours, with their sources and tests, is in `docs/engine.md`.
"""
