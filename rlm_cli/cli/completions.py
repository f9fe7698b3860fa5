"""`rlm completions SHELL`: prints or installs a script that completes without running the program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.command_tree import Node, command_tree
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.completion_bash import bash_script
from rlm_cli.cli.completion_fish import fish_script
from rlm_cli.cli.completion_zsh import zsh_script
from rlm_cli.cli.screen import note

app = new_app()

SHELLS: dict[str, Callable[[Node], str]] = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


@app.command()
def completions(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    install: Annotated[
        bool, typer.Option("--install", help="Write it where the shell looks for it.")
    ] = False,
) -> int:
    """Print a completion script for a shell, or install it."""
    if shell not in SHELLS:
        raise UsageError(f"there are no completions for {shell}", "", f"rlm completions {'|'.join(SHELLS)}")
    script = script_for(shell)
    if not install:
        sys.stdout.write(script)
        return 0
    from rlm_cli.settings.writing import replace_file

    path = installed_path(shell)
    replace_file(path, script, mode=0o644)
    note(f"written to {path}")
    if shell == "zsh":
        note("~/.zshrc must say, before anything else that completes:")
        note(f"  fpath=({path.parent} $fpath); autoload -Uz compinit; compinit")
    note("it works in the next shell that you start")
    return 0


def script_for(shell: str) -> str:
    """The script of a shell, which is a key of SHELLS."""
    return SHELLS[shell](command_tree())


def installed_path(shell: str) -> Path:
    """Where a shell looks for the script in the user's own folders."""
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return {
        "bash": data / "bash-completion" / "completions" / "rlm",
        "zsh": home / ".zfunc" / "_rlm",
        "fish": config / "fish" / "completions" / "rlm.fish",
    }[shell]
