"""The program: its root command, and the way from words to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from rlm_cli.base import descriptors
from rlm_cli.cli import failures, screen
from rlm_cli.cli.commands import LazyGroup, new_app

app = new_app()


@app.callback(cls=LazyGroup, no_args_is_help=True)
def rlm(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand anywhere on the command line.")
    ] = False,
) -> None:
    """Ask questions about local folders that are far larger than any context window.

    rlm ask ./contracts "find indemnification conflicts"
    """
    if version:
        from rlm_cli import __version__

        screen.say(f"rlm {__version__}")
        raise typer.Exit(0)


def root_command() -> Any:
    """The command tree, commands still unimported."""
    return typer.main.get_command(app)


def run(arguments: Sequence[str]) -> int:
    """Run one command line to its end. Never raises; the exit code says how it went."""
    is_debugging, words = take_debug(arguments)
    screen.prepare_streams()
    try:
        failures.raise_on_sigterm()
        descriptors.widen()
        with root_command().make_context("rlm", list(words)) as context:
            code = context.command.invoke(context)
        sys.stdout.flush()
        return int(code or 0)
    except BaseException as failure:  # noqa: BLE001 the outermost boundary: everything becomes an exit code
        return _flushed(failures.report(failure, is_debugging))


def take_debug(arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether `--debug` stands before `--`, and the other words: it may follow any command."""
    words = list(arguments)
    end = words.index("--") if "--" in words else len(words)
    is_asked = "--debug" in words[:end]
    rest = [word for word in words[:end] if word != "--debug"] + words[end:]
    return is_asked or os.environ.get("RLM_DEBUG", "") not in ("", "0"), rest


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError as failure:
        return failures.report(failure, is_debugging=False)
    return code
