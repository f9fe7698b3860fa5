"""ipykernel's shell channel: cells go in, execute replies come out. Everything else comes over the wire.

No iopub socket is opened: outputs reach us bounded and in order over the wire, so a flood on ipykernel's
broadcast channel costs this process nothing. jupyter_client and zmq are imported here alone, late.
"""

from __future__ import annotations

import asyncio
from typing import Any

from rlm_cli.kernel.rundir import RunDirectory

_RECEIVE_MESSAGES = 16
_MESSAGE_BYTES = 4 * 1024 * 1024


def import_libraries() -> None:
    """Import what the channel needs; 0.14 s, so it is done in a thread while the process starts."""
    import jupyter_client.session  # noqa: F401
    import zmq.asyncio  # noqa: F401


class ShellChannel:
    """The shell channel of one kernel process.

    Errors:  OSError when it cannot be opened.
    """

    def __init__(self, run_directory: RunDirectory) -> None:
        import zmq.asyncio
        from jupyter_client.session import Session

        library: Any = zmq
        self._session: Any = Session(key=run_directory.key.encode(), signature_scheme="hmac-sha256")
        self._context: Any = zmq.asyncio.Context()
        try:
            self._socket: Any = self._context.socket(library.DEALER)
        except library.ZMQError as error:
            raise OSError(error.errno, error.strerror) from error
        self._socket.setsockopt(library.LINGER, 0)
        self._socket.setsockopt(library.RCVHWM, _RECEIVE_MESSAGES)
        self._socket.setsockopt(library.MAXMSGSIZE, _MESSAGE_BYTES)
        self._socket.connect(run_directory.socket(1))

    def execute(self, cell: int, code: str) -> asyncio.Task[None]:
        """Send a cell; the task is done when its execute reply has come."""
        content = {
            "code": code.encode("utf-8", "replace").decode(),
            "silent": False,
            "store_history": False,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._session.msg("execute_request", content, metadata={"cell": cell})
        self._session.send(self._socket, message)
        return asyncio.create_task(self._reply_to(message["header"]["msg_id"]), name="execute-reply")

    def answered(self) -> asyncio.Task[None]:
        """Ask the kernel who it is; the task is done when it has answered."""
        message = self._session.msg("kernel_info_request")
        self._session.send(self._socket, message)
        return asyncio.create_task(self._reply_to(message["header"]["msg_id"]), name="kernel-info")

    def close(self) -> None:
        """Give the socket back."""
        self._context.destroy(linger=0)

    async def _reply_to(self, message_id: str) -> None:
        while True:
            parts = await self._socket.recv_multipart()
            try:
                _, frames = self._session.feed_identities(parts)
                message = self._session.deserialize(frames)
            except (ValueError, TypeError, IndexError, KeyError):
                continue
            if message["parent_header"].get("msg_id") == message_id:
                return
