"""Bounds on what a cell writes and shows, and how variables and failures are told; without a kernel."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from rlm_cli.inkernel import faults, variables
from rlm_cli.inkernel.display import bounded_repr
from rlm_cli.inkernel.output import LIVE_CHARACTERS, SHOWN_CHARACTERS, Capture, CellStream


def captured(tmp_path: Path) -> tuple[Capture, list[tuple[str, str]]]:
    pieces: list[tuple[str, str]] = []
    capture = Capture(lambda _cell, stream, text: pieces.append((stream, text)))
    capture.begin(1, tmp_path / "out")
    return capture, pieces


def test_short_output_is_shown_whole_and_kept(tmp_path: Path) -> None:
    capture, pieces = captured(tmp_path)
    for stream, text in [("stdout", "a"), ("stdout", "b\n"), ("stderr", "c\n"), ("result", "1\n")]:
        capture.add(stream, text)
    assert capture.end() == ("ab\nc\n1\n", 0)
    assert pieces == [("stdout", "ab\n"), ("stderr", "c\n"), ("result", "1\n")]
    assert (tmp_path / "out").read_text() == "ab\nc\n1\n"


@pytest.mark.parametrize("piece", [1, 7, 100, 5_000, 1_000_000])
def test_long_output_keeps_head_and_tail_however_it_is_written(tmp_path: Path, piece: int) -> None:
    text = "".join(f"{n:07}\n" for n in range(125_000))
    capture, pieces = captured(tmp_path)
    step = piece if piece > 1 else 3
    for start in range(0, len(text), step):
        capture.add("stdout", text[start : start + step])
    shown, omitted = capture.end()
    head, notice, tail = shown.partition("\n[… ")[0], shown, shown.rpartition("…]\n")[2]
    assert len(shown) <= SHOWN_CHARACTERS
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(tail) > 4_000
    assert len(head) + len(tail) + omitted == len(text) == 1_000_000
    assert "of 1,000,000 characters omitted" in notice
    assert (tmp_path / "out").read_text() == text
    assert sum(len(each) for _, each in pieces) == LIVE_CHARACTERS


def test_output_goes_on_where_the_file_cannot_be_written(tmp_path: Path) -> None:
    capture, _ = captured(tmp_path)
    capture.begin(2, tmp_path / "absent" / "out")
    capture.add("stdout", "seen\n")
    assert capture.end() == ("seen\n", 0)


def test_lines_that_were_written_over_are_shown_as_they_ended(tmp_path: Path) -> None:
    capture, _ = captured(tmp_path)
    capture.add("stderr", "10%\r20%\r100%\r\ndone\r\n")
    assert capture.end()[0] == "100%\r\ndone\r\n"


def test_a_stream_is_what_libraries_expect_of_one(tmp_path: Path) -> None:
    capture, _ = captured(tmp_path)
    stream = CellStream(capture, "stdout", 1, lambda: None)
    print("a", file=stream, flush=True)
    stream.writelines(["b", "\n"])
    stream.buffer.write("ç\n".encode())
    assert (stream.isatty(), stream.fileno(), stream.writable(), stream.encoding) == (False, 1, True, "utf-8")
    with pytest.raises(TypeError):
        stream.write(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(io.UnsupportedOperation):
        stream.read()
    assert capture.end()[0] == "a\nb\nç\n"


class Weird:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "'text'"),
        (b"raw", "b'raw'"),
        ([1, "a", None], "[1, 'a', None]"),
        ((1,), "(1,)"),
        ({"k": [1, 2]}, "{'k': [1, 2]}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        ({}, "{}"),
        (Weird(), "<Weird: repr() raised RuntimeError>"),
        (1 << 5000, "<int of 5,001 bits>"),
    ],
)
def test_small_values_look_as_in_python(value: object, shown: str) -> None:
    assert bounded_repr(value) == shown


def test_what_does_not_fit_a_line_has_a_line_for_each_item() -> None:
    rows = [{"path": "a" * 40, "n": 1}, {"path": "b" * 60, "n": 2}]
    assert bounded_repr(rows) == f"[{rows[0]!r},\n {rows[1]!r}]"


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("x" * 10_000_000, "… (10,000,000 characters)"),
        (b"x" * 10_000_000, "… (10,000,000 bytes)"),
        (list(range(1_000_000)), "more, 1,000,000 in all]"),
        ({n: n for n in range(200_000)}, "more, 200,000 in all}"),
        ([["x" * 1_000_000]] * 1_000, "more, 1,000 in all]"),
    ],
)
def test_large_values_are_cut_with_their_true_size(value: object, size: str) -> None:
    shown = bounded_repr(value, 2_000)
    assert shown.endswith(size) or size in shown
    assert len(shown) < 6_000


def test_a_collection_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert bounded_repr(loop).count("[") < 40


def test_variables_leave_out_what_is_built_in_until_it_is_bound_anew() -> None:
    built_in = {"corpus": object(), "answer": {}}
    namespace = {**built_in, "hits": [1, 2], "_x": 1, "n": 3, "io": io, "f": lambda a, b=2: a}
    assert variables.of(namespace, built_in) == [
        ("hits", "list", "2 items"),
        ("n", "int", "3"),
        ("f", "function", "(a, b=2)"),
    ]
    namespace["corpus"] = "mine"
    assert ("corpus", "str", "4 characters") in variables.of(namespace, built_in)


def fault_of(code: str, names: dict[str, Any] | None = None) -> faults.Fault:
    sources = faults.Sources()
    file = sources.add(1, code)
    namespace = dict(names or {})
    try:
        exec(compile(code, file, "exec"), namespace)
    except BaseException as error:  # noqa: BLE001 - a cell may raise anything
        return faults.describe(error, file, sources, namespace)
    raise AssertionError("it did not fail")


def test_near_names_are_told_for_attributes_too() -> None:
    assert fault_of("x = 1\n''.strp()").text.endswith("'strp'\nNear names: strip, rstrip, lstrip\n")


def test_an_unknown_import_says_that_there_is_no_network() -> None:
    assert "there is no network" in fault_of("import not_installed_anywhere").text


def test_causes_and_groups_are_named() -> None:
    code = "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('v') from e"
    assert (
        fault_of(code).text
        == "line 4: raise ValueError('v') from e\nValueError: v\ncaused by KeyError: 'k'\n"
    )
    assert "with TypeError: t" in fault_of("raise ExceptionGroup('g', [TypeError('t')])").text


def test_asyncio_run_in_a_cell_has_a_hint() -> None:
    code = "raise RuntimeError('asyncio.run() cannot be called from a running event loop')"
    assert "await main()" in fault_of(code).text


def test_an_exception_whose_message_raises_is_told_all_the_same() -> None:
    code = "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E"
    assert fault_of(code).text.endswith("E: (its message cannot be shown)\n")


def test_the_line_is_that_of_the_cell_also_when_a_library_fails() -> None:
    fault = fault_of("import json\n\njson.loads('{')")
    assert (fault.kind, fault.line) == ("JSONDecodeError", 3)
    assert fault.text.count("\n") == 3
