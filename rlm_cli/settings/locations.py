"""Where configuration, sessions and caches live. Computes paths; creates and reads nothing.

Source:  XDG Base Directory Specification 0.8: relative values are ignored. macOS's own folders are used
         only where the XDG variable is not set.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Directories:
    """The program's own directories, which need not exist."""

    config: Path
    data: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The user's configuration."""
        return self.config / "config.toml"

    @property
    def keys_file(self) -> Path:
        """The user's credentials."""
        return self.config / "keys.toml"

    @property
    def sessions(self) -> Path:
        """The folder of session folders."""
        return self.data / "sessions"


def directories(environ: Mapping[str, str], platform: str = sys.platform) -> Directories:
    """The directories that an environment asks for.

    Shape:   `platform` is a value of `sys.platform`.
    """
    home = Path(environ.get("HOME") or Path.home())
    is_mac = platform == "darwin"
    support = home / "Library" / "Application Support"
    return Directories(
        config=_folder(environ, "XDG_CONFIG_HOME", support if is_mac else home / ".config"),
        data=_folder(environ, "XDG_DATA_HOME", support if is_mac else home / ".local" / "share"),
        cache=_folder(environ, "XDG_CACHE_HOME", home / "Library" / "Caches" if is_mac else home / ".cache"),
    )


def shown(path: Path, environ: Mapping[str, str]) -> str:
    """The path for people: with `~` for the home directory."""
    home = environ.get("HOME", "")
    text = str(path)
    return "~" + text[len(home) :] if home not in ("", "/") and text.startswith(home + "/") else text


def _folder(environ: Mapping[str, str], variable: str, otherwise: Path) -> Path:
    asked = environ.get(variable, "")
    return (Path(asked) if asked.startswith("/") else otherwise) / "rlm"
