"""A user's directories on a real disk, and a way to resolve settings in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rlm_cli.settings.locations import Directories, directories
from rlm_cli.settings.resolving import Sources, resolve
from rlm_cli.settings.tree import Setting, Settings


@dataclass
class User:
    """A home with configuration, and a project in it."""

    home: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def places(self) -> Directories:
        return directories(self.environ, "linux")

    def writes(self, text: str) -> None:
        self.places.config.mkdir(parents=True, exist_ok=True)
        self.places.config_file.write_text(text)

    def finds_in_project(self, text: str) -> None:
        (self.project / "rlm.toml").write_text(text)

    def settings(
        self,
        flags: Mapping[str, Setting] | None = None,
        profile: str | None = None,
        cwd: Path | None = None,
        **variables: str,
    ) -> Settings:
        return resolve(
            Sources(
                environ={**self.environ, **variables},
                cwd=cwd or self.project,
                directories=self.places,
                flags=flags or {},
                profile=profile,
            )
        )


@pytest.fixture
def user(tmp_path: Path) -> User:
    project = tmp_path / "home" / "work" / "project"
    (project / ".git").mkdir(parents=True)
    home = tmp_path / "home"
    return User(home=home, project=project, environ={"HOME": str(home)})
