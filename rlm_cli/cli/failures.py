"""How a command ends badly: the one place where exceptions become words on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping

import typer

from rlm_cli.base import descriptors
from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.base.text import one_line
from rlm_cli.cli.screen import note

_WIDTH = 2000
_USUAL_REMEDIES = {
    ExitCode.USAGE: "rlm --help",
    ExitCode.CORPUS: "Run: rlm doctor",
    ExitCode.SETTINGS: "See: rlm help config",
    ExitCode.PROVIDER: "Run: rlm doctor",
    ExitCode.KERNEL: "Run: rlm doctor",
}


class Terminated(BaseException):
    """SIGTERM has arrived."""


def raise_on_sigterm() -> None:
    """From here on SIGTERM unwinds the program, so that kernels and files are closed."""

    def stop(number: int, frame: object) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, stop)


def report(failure: BaseException, is_debugging: bool) -> int:
    """Say on stderr what has happened, why, and what to do; return the exit code.

    Shape:   a traceback is shown only when debugging, and never with local variables.
    """
    if isinstance(failure, BrokenPipeError):
        _silence_stdout()
        return ExitCode.BROKEN_PIPE
    if is_debugging and not isinstance(failure, typer.Exit | typer.TyperException):
        _show_traceback(failure)
    if isinstance(failure, Terminated):
        return ExitCode.TERMINATED
    if isinstance(failure, KeyboardInterrupt | typer.Abort):
        note("rlm: interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(failure, typer.Exit):
        return failure.exit_code
    if isinstance(failure, SystemExit):
        return failure.code if isinstance(failure.code, int) else ExitCode.INTERNAL
    if isinstance(failure, RlmError):
        show_error(failure)
        return failure.exit_code
    if isinstance(failure, typer.TyperException):
        return _show_usage(failure)
    _show_unexpected(failure, is_debugging)
    return ExitCode.INTERNAL


def show_error(error: RlmError) -> None:
    """`rlm: error: what: why`, and the remedy on a line of its own."""
    text = error.what if not error.why else f"{error.what}: {error.why}"
    _show(text, error.remedy or _USUAL_REMEDIES.get(error.exit_code, ""))


def _show(text: str, remedy: str) -> None:
    note(f"rlm: error: {one_line(_redacted(text), _WIDTH)}")
    if remedy:
        note(f"  → {one_line(_redacted(remedy), _WIDTH)}")


def _show_usage(failure: typer.TyperException) -> int:
    context = getattr(failure, "ctx", None)
    message = failure.format_message()
    if message.startswith("Usage:"):  # nothing but the command was said: its help is the best answer
        note(message)
        return ExitCode.USAGE
    command = context.command_path if context is not None else "rlm"
    _show(message[:1].lower() + message[1:].rstrip("."), f"{command} --help")
    return ExitCode.USAGE


def _show_unexpected(failure: BaseException, is_debugging: bool) -> None:
    remedy = "" if is_debugging else "run it again with --debug for the traceback"
    if isinstance(failure, OSError) and failure.strerror:
        place = f"{os.fsdecode(failure.filename)}: " if failure.filename else ""
        is_short_of_files = failure.errno in (errno.EMFILE, errno.ENFILE)
        _show(f"{place}{failure.strerror}", descriptors.REMEDY if is_short_of_files else remedy)
    else:
        _show(f"unexpected {type(failure).__name__}: {failure}", remedy)


def _show_traceback(failure: BaseException) -> None:
    import traceback

    note(_redacted("".join(traceback.format_exception(failure)).rstrip()))


def _redacted(text: str) -> str:
    from rlm_cli.models.redaction import redact

    return redact(text, _secrets(os.environ))


def _secrets(environ: Mapping[str, str]) -> list[str]:
    return [
        value for name, value in environ.items() if name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD"))
    ]


def _silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere: the reader of the pipe has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
