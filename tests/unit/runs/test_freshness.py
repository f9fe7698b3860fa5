"""What was read last serves at once; what has changed since is never passed over in silence."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.opened import HostCorpus, kept_corpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.engine.tree import Models
from rlm_cli.events import Body
from rlm_cli.events.bodies import CorpusChanged, Notice
from rlm_cli.runs.freshness import Freshness
from rlm_cli.runs.opening import Opened
from tests.unit.corpus.making import folder_of, opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = folder_of(tmp_path / "docs", {f"{n}.txt": f"paper {n}" for n in range(5)} | {"a/b.txt": "inner"})
    opened(root, tmp_path / "cache")
    return root


class Told:
    def __init__(self, root: Path, cache: Path, is_slow: bool = False) -> None:
        self.events: list[Body] = []
        self.notes: list[str] = []
        kept = kept_corpus([root], cache_dir=cache)
        assert kept is not None
        self.kept = kept
        self.may_look = threading.Event()
        stopped, self.differs = threading.Event(), threading.Event()

        def look() -> HostCorpus:
            self.may_look.wait()
            return open_corpus(
                [root],
                cache_dir=cache,
                is_cancelled=stopped.is_set,
                progress=lambda _: self.differs.set(),
            )

        check = asyncio.create_task(asyncio.to_thread(look))
        world = Opened(kept, Models(None, None), "", check, stopped, self.differs)  # type: ignore[arg-type]
        if not is_slow:
            self.may_look.set()
        self.freshness = Freshness(world, self.events.append, self.notes.append)


async def test_unchanged_documents_are_served_as_they_were_read(root: Path, tmp_path: Path) -> None:
    told = Told(root, tmp_path / "cache")

    assert await told.freshness.settled(None) is told.kept
    await told.freshness.close()
    assert (told.events, told.notes) == ([], [])


async def test_a_changed_document_is_read_again_before_the_question(root: Path, tmp_path: Path) -> None:
    (root / "1.txt").write_text("another text")
    told = Told(root, tmp_path / "cache")

    corpus = await told.freshness.settled(60.0)

    assert dict(corpus.texts())["1.txt"] == "another text"
    assert dict(told.kept.texts())["1.txt"] == "paper 1"
    assert (told.events, told.notes) == ([], [])


async def test_what_is_found_later_is_told_to_user_and_model(root: Path, tmp_path: Path) -> None:
    (root / "1.txt").write_text("another text")
    (root / "a" / "b.txt").unlink()
    (root / "c.txt").write_text("new")
    told = Told(root, tmp_path / "cache", is_slow=True)
    corpus = await told.freshness.settled(0.0)
    assert corpus is told.kept
    (notice,) = told.events
    assert isinstance(notice, Notice) and "as they were read at" in notice.text

    told.may_look.set()
    await told.freshness.told()

    assert told.events[1:] == [CorpusChanged(added=["c.txt"], changed=["1.txt"], removed=["a/b.txt"])]
    (note,) = told.notes
    assert "changed: 1.txt" in note and "you see the documents as they were before" in note
    assert dict(corpus.texts())["1.txt"] == "paper 1"


async def test_a_check_that_finds_nothing_says_nothing_more(root: Path, tmp_path: Path) -> None:
    told = Told(root, tmp_path / "cache", is_slow=True)
    await told.freshness.settled(0.0)

    told.may_look.set()
    await told.freshness.told()

    assert [type(each) for each in told.events] == [Notice]
    assert told.notes == []


async def test_a_change_that_is_being_read_is_waited_for(root: Path, tmp_path: Path) -> None:
    (root / "1.txt").write_text("another text")
    told = Told(root, tmp_path / "cache")
    handle = os.open(told.kept.folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    await asyncio.to_thread(told.differs.wait)
    settled = asyncio.ensure_future(told.freshness.settled(0.0))
    await asyncio.wait([settled], timeout=0.1)
    assert not settled.done()

    os.close(handle)

    assert dict((await settled).texts())["1.txt"] == "another text"
    assert told.events == []


async def test_a_folder_that_was_emptied_is_an_error_before_the_question(root: Path, tmp_path: Path) -> None:
    for number in range(5):
        (root / f"{number}.txt").unlink()
    (root / "a" / "b.txt").unlink()
    told = Told(root, tmp_path / "cache")

    with pytest.raises(CorpusError, match="the folder is empty"):
        await told.freshness.settled(None)
    await told.freshness.close()


async def test_closing_ends_a_look_that_goes_on(root: Path, tmp_path: Path) -> None:
    (root / "1.txt").write_text("another text")
    told = Told(root, tmp_path / "cache", is_slow=True)
    await told.freshness.settled(0.0)
    closing = asyncio.ensure_future(told.freshness.close())
    await asyncio.wait([closing], timeout=0.01)
    told.may_look.set()

    await closing

    assert [type(each) for each in told.events] == [Notice]
    assert told.notes == []


def test_nothing_is_served_that_was_read_in_another_way(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    assert kept_corpus([root], cache_dir=cache) is not None
    assert kept_corpus([root], ReadOptions(exclude=("1.txt",)), cache_dir=cache) is None
    assert kept_corpus([os.path.relpath(root)], cache_dir=cache) is None
    assert kept_corpus([root, "-"], cache_dir=cache) is None
    assert kept_corpus([root / "a"], cache_dir=cache) is None
