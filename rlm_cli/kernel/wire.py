"""Our end of the socketpair: frames in, one after the other; frames out as they come.

It hands on decoded frames and says when the other end is gone or speaks nonsense. It knows no cells.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from rlm_cli.kernel.frames import FRAME_BYTES, LENGTH, Frame, ProtocolFault, decode


class Wire:
    """Frames from and to one kernel.

    Shape:   `received` is called with each frame, in order; `broken` once, with the fault when what came
             was no frame.
    """

    def __init__(self, received: Callable[[Frame], None], broken: Callable[[str], None]) -> None:
        self._received = received
        self._broken = broken
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self, connection: socket.socket) -> None:
        """Begin to read."""
        reader, self._writer = await asyncio.open_unix_connection(sock=connection, limit=1 << 20)
        self._reading = asyncio.create_task(self._read(reader), name="kernel-wire")

    def send(self, frame: bytes) -> None:
        """Send an encoded frame; what is sent to a kernel that is gone is dropped."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(frame)

    async def drain(self, seconds: float) -> None:
        """Take what a kernel that has ended had sent before; so long at most, others may hold its end."""
        if self._reading is not None:
            await asyncio.wait({self._reading}, timeout=seconds)

    async def close(self) -> None:
        """Stop reading and close the descriptor."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length > FRAME_BYTES:
                    raise ProtocolFault(f"a frame of {length:,} bytes")
                self._received(decode(await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, OSError):
            return
        except ProtocolFault as fault:
            self._broken(str(fault))
