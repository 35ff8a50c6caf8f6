"""Mends of the engine: the same behaviour for less time.

Imported by the engine's own process only (`local.engine` starts `mends.served`), never by this
project's. Each mend names the code of the engine that it stands for by a digest, so that an engine
with other code there does not start.
"""
