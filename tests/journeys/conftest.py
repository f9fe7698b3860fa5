"""A user and a folder for every journey."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.program import Program


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A user with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of contracts, some words of which the journeys look for."""
    folder = tmp_path / "contracts"
    folder.mkdir()
    for number in range(12):
        text = "".join(
            f"Section {each}. Contract {number} says nothing of note here.\n" for each in range(40)
        )
        (folder / f"contract_{number:02}.txt").write_text(text)
    (folder / "cap.md").write_text("# Cap\n\nThe Supplier's liability is capped at ten dollars a year.\n")
    (folder / "nocap.md").write_text("# No cap\n\nThe Supplier's liability is not capped at all.\n")
    return folder
