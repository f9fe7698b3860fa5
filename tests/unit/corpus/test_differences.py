"""What has changed between two readings, members of archives included."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from tests.unit.corpus.making import folder_of, opened


def packed(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return raw.getvalue()


def test_added_changed_and_removed_documents_are_named(tmp_path: Path) -> None:
    inner = {"z.txt": "z", "b/c.txt": "c", "a.txt": "a"}
    root = folder_of(
        tmp_path / "docs",
        {**{f"{n:03}.txt": str(n) for n in range(50)}, "p.zip": packed(inner), "p/q.txt": "q", "x.txt": "x"},
    )
    before = opened(root, tmp_path / "cache")
    assert before.changes_since(before).count == 0
    (root / "007.txt").write_text("seven")
    (root / "008.txt").unlink()
    (root / "000a.txt").write_text("new")
    (root / "p.zip").write_bytes(packed({**inner, "a.txt": "A", "d.txt": "d"}))

    found = opened(root, tmp_path / "cache").changes_since(before)

    assert found.added == ["000a.txt", "p.zip!/d.txt"]
    assert found.changed == ["007.txt", "p.zip!/a.txt"]
    assert found.removed == ["008.txt"]
    assert found.count == 5
