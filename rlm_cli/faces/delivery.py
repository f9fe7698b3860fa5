"""The answer's way out: to stdout, or whole into a file. An answer that was paid for is never lost."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path
from typing import Any

from rlm_cli.base.errors import ExitCode, UsageError
from rlm_cli.base.text import visible
from rlm_cli.events.wire import to_json
from rlm_cli.faces.narration import Narrator
from rlm_cli.faces.output import Sink


class Delivery:
    """Hands over the answer of a run, and knows the exit code when that fails."""

    def __init__(self, out: Sink, narrator: Narrator, out_file: Path | None) -> None:
        self._out = out
        self._narrator = narrator
        self._out_file = out_file
        self._code: ExitCode | None = None
        self._has_given = False

    async def text(self, answer: str) -> None:
        """Hand over a text, an empty row behind the one before; an empty one is not handed over."""
        if answer and not await self._filed(visible(answer).encode("utf-8", "replace") + b"\n"):
            await self._out.text(f"\n{answer}" if self._has_given else answer)
            self._has_given = True

    async def json(self, value: Any) -> None:
        """Hand over a value as one line of JSON."""
        if not await self._filed(to_json(value) + b"\n"):
            await self._out.json(value)

    async def exit_code(self, otherwise: int) -> int:
        """The exit code of the run, unless its answer could not be handed over."""
        if self._out.is_gone:
            return ExitCode.BROKEN_PIPE
        if self._out.failure is not None:
            why = self._out.failure.strerror
            await self._narrator.remark(f"error: cannot write to standard output: {why}", "error")
            return ExitCode.INTERNAL
        return otherwise if self._code is None else self._code

    async def _filed(self, data: bytes) -> bool:
        if self._out_file is None:
            return False
        try:
            await asyncio.to_thread(write_whole, self._out_file, data)
        except OSError as error:
            self._code = ExitCode.USAGE
            text = f"error: cannot write {self._out_file}: {error.strerror}; the answer is on standard output"
            await self._narrator.remark(text, "error")
            return False
        await self._narrator.remark(f"answer written to {self._out_file}")
        return True


def write_whole(path: Path, data: bytes) -> None:
    """Put bytes into a file so that it has all of them or is as it was before.

    Errors:  OSError. What is no regular file (a device, a pipe) is simply written to.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def check_out_file(path: Path) -> None:
    """See before anything is spent that an answer can be written there.

    Errors:  UsageError when the folder is missing or cannot be written, or the path is a folder.
    """
    folder = path.resolve().parent
    if path.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK):
        why = f"the folder {folder} cannot be written"
    else:
        return
    raise UsageError(f"cannot write the answer to {path}", why, "Name another file with --out.")
