"""The texts that models read, as files; each is loaded once and hashed into the session."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from rlm_cli.base.ids import content_hash


@cache
def load(name: str) -> str:
    """The text of a prompt file, without its last newline."""
    return files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8").rstrip("\n")


def prompt_hash() -> str:
    """One hash over the prompts that shape a run: a session says which texts its models were given."""
    return content_hash("\0".join(load(name) for name in ("root", "sub", "direct", "schema")))[:16]
