"""An answer leaves in one piece.

The server writes the head of an answer and its body one after the other, each a call of the
system. Here what is written within one turn of the event loop goes out together at its end.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .expecting import expect

_connection_made = HttpToolsProtocol.connection_made


def mend() -> None:
    """Give each connection of the server a gathering transport."""
    expect(
        {
            HttpToolsProtocol.connection_made: "6efb565ff3d3",
            HttpToolsProtocol.on_response_complete: "64e254f28e38",
            RequestResponseCycle.send: "abdd8601b326",
        }
    )
    HttpToolsProtocol.connection_made = connection_made


def connection_made(protocol: Any, transport: asyncio.Transport) -> None:
    """A new connection, as the server takes it, with the transport behind a gathering one."""
    _connection_made(protocol, Gathering(transport, protocol.loop))


class Gathering:
    """A transport that writes once in a turn of the loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, piece: bytes) -> None:
        """Keep it for the end of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(piece)

    def close(self) -> None:
        """What was written goes out before the connection ends."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pieces:
            whole = b"".join(self._pieces)
            self._pieces.clear()
            self._transport.write(whole)
