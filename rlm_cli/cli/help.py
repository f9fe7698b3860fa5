"""`rlm help TOPIC`: the pages behind the help of the commands; tables in them come from the code."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli import topics
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.screen import say

app = new_app()

TOPICS: dict[str, Callable[[], str]] = {
    "exit-codes": topics.exit_codes,
    "env": topics.env,
    "config": topics.config,
    "formats": topics.formats,
    "keys": topics.keys,
    "privacy": topics.privacy,
}


@app.command()
def help_(
    context: typer.Context,
    topic: Annotated[
        list[str] | None, typer.Argument(metavar="TOPIC", help=", ".join(TOPICS) + ", or a command.")
    ] = None,
) -> int:
    """Explain a topic, or a command."""
    words = topic or []
    if not words:
        say("Topics: " + ", ".join(TOPICS) + "\nFor a command: rlm COMMAND --help")
        return 0
    if words[0] in TOPICS and len(words) == 1:
        say(TOPICS[words[0]]())
        return 0
    return _command_help(context, words)


def _command_help(context: typer.Context, words: list[str]) -> int:
    root = context.parent
    command, at = (root.command, root) if root is not None else (context.command, context)
    for word in words:
        commands = getattr(command, "commands", {})
        if word not in commands:
            raise _unknown(
                words[: words.index(word)], word, [*([] if words[0] != word else TOPICS), *commands]
            )
        command = commands[word]
        at = typer.Context(command, info_name=word, parent=at, help_option_names=["-h", "--help"])
    say(command.get_help(at))
    return 0


def _unknown(above: list[str], word: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(word, known, n=1)
    why = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}"
    return UsageError(
        f"there is no help on {' '.join([*above, word])}", why, " ".join(["rlm help", *above, *near])
    )
