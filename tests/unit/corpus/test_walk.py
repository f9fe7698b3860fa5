"""The walk: what is found, in which order, and why the rest is left out."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.inputs import sources_of, variable_name
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.walk import Found, LeftOut, walk
from tests.unit.corpus.making import folder_of


def _walked(root: Path, options: ReadOptions | None = None) -> tuple[list[str], dict[str, str]]:
    entries = list(walk(sources_of([root]), options or ReadOptions()))
    found = [entry.path for entry in entries if isinstance(entry, Found)]
    return found, {entry.path: entry.why for entry in entries if isinstance(entry, LeftOut)}


def test_files_are_found_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder_of(tmp_path, {"b.txt": "b", "a/z.txt": "z", "a/b/c.txt": "c", "a.txt": "a", "Z.txt": "Z"})

    found, _ = _walked(tmp_path)

    assert found == ["Z.txt", "a/b/c.txt", "a/z.txt", "a.txt", "b.txt"]


def test_ignore_files_are_read_as_git_reads_them(tmp_path: Path) -> None:
    folder_of(
        tmp_path,
        {
            ".gitignore": "*.log\nbuild/\n/only_here.txt\n",
            "sub/.gitignore": "!keep.log\n",
            "x.log": "x",
            "sub/keep.log": "kept",
            "sub/y.log": "y",
            "build/out.txt": "o",
            "only_here.txt": "1",
            "sub/only_here.txt": "2",
        },
    )

    found, why = _walked(tmp_path)

    assert found == ["sub/keep.log", "sub/only_here.txt"]
    assert why["build/"].startswith("ignored by .gitignore")
    assert set(why) >= {"x.log", "sub/y.log", "build/", "only_here.txt"}


def test_rlmignore_wins_over_gitignore_in_the_same_folder(tmp_path: Path) -> None:
    folder_of(tmp_path, {".gitignore": "*.txt\n", ".rlmignore": "!a.txt\n", "a.txt": "a", "b.txt": "b"})

    assert _walked(tmp_path)[0] == ["a.txt"]


def test_an_ignore_file_further_up_in_the_repository_counts(tmp_path: Path) -> None:
    folder_of(tmp_path, {".git/HEAD": "x", ".gitignore": "*.tmp\nsrc/\n", "src/a.tmp": "a", "src/b.txt": "b"})

    found, why = _walked(tmp_path / "src")

    assert (found, list(why)) == (["b.txt"], ["a.tmp"])


def test_ignore_rules_can_be_switched_off(tmp_path: Path) -> None:
    folder_of(tmp_path, {".gitignore": "*.log\n", "x.log": "x"})

    assert _walked(tmp_path, ReadOptions(is_ignore_respected=False))[0] == ["x.log"]


def test_hidden_files_are_read_when_asked_for_but_version_control_never(tmp_path: Path) -> None:
    folder_of(tmp_path, {".env": "x", ".cfg/a.txt": "a", ".git/config": "g", "b.txt": "b"})

    assert _walked(tmp_path)[0] == ["b.txt"]
    found, why = _walked(tmp_path, ReadOptions(is_hidden_read=True))
    assert found == [".cfg/a.txt", ".env", "b.txt"]
    assert why == {".git/": "version control data"}


def test_include_and_exclude_are_globs(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a.md": "a", "docs/b.md": "b", "docs/c.txt": "c", "old/d.md": "d"})

    found, why = _walked(tmp_path, ReadOptions(include=("*.md",), exclude=("old/",)))

    assert found == ["a.md", "docs/b.md"]
    assert why == {"docs/c.txt": "not included (--include)", "old/": "excluded (--exclude)"}


def test_links_are_left_out_and_loops_end_when_they_are_followed(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a/b.txt": "b"})
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.txt").symlink_to(tmp_path / "a" / "b.txt")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")

    found, why = _walked(tmp_path)
    assert found == ["a/b.txt"]
    assert set(why) == {"a/loop", "link.txt", "dangling"}

    found, why = _walked(tmp_path, ReadOptions(is_symlink_followed=True))
    assert found == ["a/b.txt", "link.txt"]
    assert why == {"a/loop/": "symbolic link loop", "dangling": "dangling symbolic link"}


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "s"))

        _, why = _walked(tmp_path)

    assert why == {"pipe.txt": "a named pipe, not a file", "s": "a socket, not a file"}


def test_names_that_are_no_text_are_made_printable(tmp_path: Path) -> None:
    for name in (b"caf\xe9.txt", b"line\nbreak.txt", b"esc\x1b[31m.txt"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")

    found, _ = _walked(tmp_path)

    assert found == ["caf\\xe9.txt", "esc␛[31m.txt", "line␊break.txt"]


def test_several_inputs_are_told_apart_by_their_variables(tmp_path: Path) -> None:
    folder_of(tmp_path, {"2019 deals/a.txt": "a", "notes.md": "n", "list/b.txt": "b"})

    sources = sources_of([tmp_path / "2019 deals", tmp_path / "notes.md", tmp_path / "list"])
    found = [entry.path for entry in walk(sources, ReadOptions()) if isinstance(entry, Found)]

    assert [source.variable for source in sources] == ["d_2019_deals", "notes", "list_files"]
    assert found == ["d_2019_deals/a.txt", "notes/notes.md", "list_files/b.txt"]


def test_a_file_below_two_inputs_is_found_once(tmp_path: Path) -> None:
    folder_of(tmp_path, {"a/b/c.txt": "c", "a/d.txt": "d"})

    for order in ([tmp_path / "a", tmp_path / "a" / "b"], [tmp_path / "a" / "b", tmp_path / "a"]):
        entries = walk(sources_of(order), ReadOptions())
        assert sorted(entry.path.rpartition("/")[2] for entry in entries) == ["c.txt", "d.txt"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("contracts", "contracts"),
        ("My Files", "my_files"),
        ("class", "class_files"),
        ("print", "print_files"),
        ("corpus", "corpus_files"),
        ("...", "files"),
        ("日本", "日本"),
    ],
)
def test_a_variable_is_an_identifier_that_hides_nothing(name: str, variable: str) -> None:
    assert variable_name(name, set()) == variable


def test_two_inputs_of_one_name_get_two_variables() -> None:
    assert variable_name("docs_", {"docs_files"}) == "docs_files_2"


@pytest.mark.parametrize("given", ["nowhere", "nowhere/a.txt"])
def test_a_missing_input_says_what_why_and_what_to_do(tmp_path: Path, given: str) -> None:
    with pytest.raises(CorpusError) as caught:
        sources_of([tmp_path / given])

    assert "does not exist" in caught.value.what
    assert caught.value.why
    assert caught.value.remedy
    assert caught.value.exit_code == 4
