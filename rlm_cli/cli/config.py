"""`rlm config`: shows where every setting comes from, and changes the user's file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rlm_cli.base.errors import SettingsError, UsageError
from rlm_cli.cli import config_keys
from rlm_cli.cli.commands import new_app
from rlm_cli.cli.options import AsJson, Profile
from rlm_cli.cli.screen import note, rows, say, say_json, warn
from rlm_cli.settings.editing import required_spec, set_value, unset_value
from rlm_cli.settings.locations import Directories, directories, shown
from rlm_cli.settings.resolving import Sources, project_file, resolve
from rlm_cli.settings.showing import plain_text, toml_key, toml_text
from rlm_cli.settings.table import SETTINGS, plain_name, spec_of
from rlm_cli.settings.tree import Settings

app = new_app("Show and change settings and keys.", is_group=True)
app.add_typer(config_keys.app, name="keys")

InProfile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="In this profile of the file.")
]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A setting, such as limits.usd.", callback=plain_name)
]


@app.command("show")
def show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each value came from.")] = False,
    as_json: AsJson = False,
    profile: Profile = None,
) -> int:
    """Show all settings as they would be used here."""
    settings = _resolved(profile)
    leaves = settings.leaves
    if as_json:
        say_json({name: {"value": leaf.value, "origin": leaf.origin} for name, leaf in leaves.items()})
        return 0
    lines = []
    for name, leaf in leaves.items():
        spec = spec_of(name)
        if spec is not None:
            line = f"{toml_key(name, spec)} = {toml_text(spec, leaf.value)}"
            lines.append((line, f"# {leaf.origin}"))
    for line in rows(lines) if origin else [one for one, _ in lines]:
        say(line)
    return 0


@app.command("get")
def get(name: Name, profile: Profile = None) -> int:
    """Print the value of one setting as it would be used here."""
    spec = required_spec(name)
    leaf = _resolved(profile).leaves.get(name)
    if leaf is None:
        raise SettingsError(f"{name} is not set", "", f"Run: rlm config set {name} VALUE")
    say(plain_text(spec, leaf.value))
    return 0


@app.command("set")
def set_(
    name: Name,
    value: Annotated[
        list[str],
        typer.Argument(metavar="VALUE...", help="The value, such as 2.50, 10m or none; several are a list."),
    ],
    profile: InProfile = None,
) -> int:
    """Change one setting in your configuration file; comments stay."""
    places, label = _places()
    set_value(places.config_file, label, name, value, profile)
    _say_if_overruled(name, profile, label)
    return 0


@app.command("unset")
def unset(name: Name, profile: InProfile = None) -> int:
    """Take one setting out of your configuration file."""
    places, label = _places()
    if not unset_value(places.config_file, label, name, profile):
        note(f"{name} was not set in {label}")
    return 0


@app.command("edit")
def edit() -> int:
    """Open your configuration file in your editor, and check it afterwards."""
    import shlex
    import subprocess
    import sys

    if not sys.stdin.isatty():
        raise UsageError("rlm config edit needs a terminal", "", "Run: rlm config set NAME VALUE")
    places, _ = _places()
    if not places.config_file.exists():
        _write_template(places)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(editor), str(places.config_file)], check=False).returncode
    except (OSError, ValueError) as problem:
        raise SettingsError(
            f"cannot start the editor {editor}", str(problem), "Set EDITOR to another"
        ) from problem
    if code != 0:
        raise SettingsError(f"the editor {editor} ended with {code}")
    _resolved(None)
    return 0


@app.command("path")
def path(
    everything: Annotated[bool, typer.Option("--all", help="Every file and folder of the program.")] = False,
) -> int:
    """Print the path of your configuration file."""
    places, _ = _places()
    if not everything:
        say(str(places.config_file))
        return 0
    project = project_file(Path.cwd())
    lines = [
        ("configuration", str(places.config_file)),
        ("keys", str(places.keys_file)),
        ("project", str(project) if project else "none"),
        ("sessions", str(places.sessions)),
        ("cache", str(places.cache)),
    ]
    for line in rows(lines):
        say(line)
    return 0


@app.command("init")
def init(
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> int:
    """Write a configuration file that holds every setting as a comment."""
    places, label = _places()
    if places.config_file.exists() and not force:
        raise UsageError(f"{label} exists", "it would be written over", "Run: rlm config init --force")
    _write_template(places)
    say(str(places.config_file))
    return 0


def template() -> str:
    """A configuration file with every setting, its help and its default, all commented out."""
    lines = ["# Configuration of rlm. See: rlm help config", ""]
    section = ""
    for spec in SETTINGS:
        above, _, last = spec.name.partition(".")
        if above != section:
            section = above
            lines += [f"[{section}]"]
        choices = f" One of: {', '.join(spec.choices)}." if spec.choices else ""
        lines += [f"# {spec.help}{choices}", f"# {last} = {toml_text(spec, spec.default)}", ""]
    return "\n".join(lines)


def _write_template(places: Directories) -> None:
    from rlm_cli.settings.writing import replace_file

    replace_file(places.config_file, template())


def _places() -> tuple[Directories, str]:
    places = directories(os.environ)
    return places, shown(places.config_file, os.environ)


def _resolved(profile: str | None) -> Settings:
    environ = dict(os.environ)
    settings = resolve(
        Sources(environ=environ, cwd=Path.cwd(), directories=directories(environ), profile=profile)
    )
    for notice in settings.notices:
        warn(notice)
    return settings


def _say_if_overruled(name: str, profile: str | None, label: str) -> None:
    try:
        origin = _resolved(profile).origin(name)
    except SettingsError as problem:
        warn(str(problem))
        return
    if not origin.startswith(label):
        warn(f"{name} is set, but {origin} wins over it here")
