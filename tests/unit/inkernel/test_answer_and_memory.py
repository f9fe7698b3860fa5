"""The answer variable, memory, history and plain values, without a kernel."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rlm_cli.inkernel.answer import Answer, settled
from rlm_cli.inkernel.memory import MEMORY_CHARACTERS, History, kept, output_file
from rlm_cli.inkernel.plain import TooLarge, plain
from rlm_cli.inkernel.wire import FRAME_BYTES, FrameTooLarge, encode


def watched(content: Any = "", ready: bool = False) -> tuple[Answer, list[tuple[Any, bool]]]:
    told: list[tuple[Any, bool]] = []
    return Answer(content, ready).reports_to(lambda *state: told.append(state)), told


CHANGES: list[tuple[Callable[[Answer], object], tuple[Any, bool]]] = [
    (lambda a: a.__setitem__("content", "x"), ("x", False)),
    (lambda a: a.update(content="x", ready=True), ("x", True)),
    (lambda a: a.update([("content", "x")]), ("x", False)),
    (lambda a: a.__ior__({"ready": 1}), ("start", True)),
    (lambda a: a.__delitem__("content"), ("", False)),
    (lambda a: a.pop("content"), ("", False)),
    (lambda a: (a.popitem(), a.popitem()), ("", False)),
    (lambda a: a.clear(), ("", False)),
    (lambda a: (a.pop("content"), a.setdefault("content", "x")), ("x", False)),
]


@pytest.mark.parametrize(("change", "state"), CHANGES)
def test_every_mutator_reports_at_once(change: Callable[[Answer], object], state: tuple[Any, bool]) -> None:
    answer, told = watched("start")
    change(answer)
    assert told[-1] == state


def test_what_changes_nothing_is_not_reported() -> None:
    answer, told = watched("start")
    answer["content"] = "start"
    answer["notes"] = "of my own"
    answer.pop("absent", None)
    assert told == []


def test_a_nested_change_is_found_at_the_end() -> None:
    answer, told = watched()
    answer["content"] = {"rows": []}
    answer["content"]["rows"].append(1)
    assert settled(answer, answer) is answer
    assert told == [({"rows": []}, False), ({"rows": [1]}, False)]


@pytest.mark.parametrize(
    ("bound", "state"),
    [
        ("text", ("text", True)),
        ({"content": "c"}, ("c", False)),
        ({"content": "c", "ready": True}, ("c", True)),
        (["a", "b"], (["a", "b"], True)),
        (None, ("start", True)),
    ],
)
def test_a_name_bound_anew_keeps_what_it_does_not_say(bound: object, state: tuple[Any, bool]) -> None:
    answer, _ = watched("start", ready=True)
    assert settled(bound, answer) is answer
    assert answer.state() == state


def test_an_answer_can_be_pickled_and_printed_as_a_dict() -> None:
    answer, _ = watched("c")
    assert pickle.loads(pickle.dumps(answer)) == {"content": "c", "ready": False}
    assert repr(answer) == "{'content': 'c', 'ready': False}"


def test_plain_values_hold_what_json_holds() -> None:
    class Odd:
        def __str__(self) -> str:
            raise RuntimeError

    value = {1: (1, 2.5, None), "s": {3}, "n": 2**70, "odd": Odd(), "deep": "text"}
    made = plain(value)
    assert made == {
        "1": [1, 2.5, None],
        "s": [3],
        "n": hex(2**70),
        "odd": "<Odd: str() raised RuntimeError>",
        "deep": "text",
    }
    json.dumps(made)


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "…" in json.dumps(plain(loop), ensure_ascii=False)


def test_a_value_past_its_budget_is_too_large() -> None:
    with pytest.raises(TooLarge):
        plain(["x" * 50] * 3, budget_characters=100)


def test_an_answer_that_is_too_large_is_cut_and_says_so() -> None:
    answer, told = watched()
    answer["content"] = "x" * 20_000_000
    assert "the answer was cut: 20,000,000 characters" in told[0][0]


def test_memory_is_kept_name_by_name_within_its_bound() -> None:
    values, left_out = kept({"plan": ["a"], "all": "x" * (MEMORY_CHARACTERS + 1), 3: {"k": 1}})
    assert values == {"plan": ["a"], "3": {"k": 1}}
    assert left_out == ["all"]
    assert kept("not a dict") == ({}, [])


def test_a_turn_reads_its_whole_output_and_falls_back_on_what_was_shown(tmp_path: Path) -> None:
    history = History(tmp_path)
    output_file(tmp_path, 3).write_text("all of it")
    history.add({"turn": 1, "code": "x", "output": "shown", "cells": [3]})
    history.add({"turn": 2, "code": "y", "output": "shown", "cells": [4], "status": "ok"})
    assert [turn.output for turn in history] == ["all of it", "shown"]
    assert (history[-1].turn, history[0:1][0]["code"], len(history)) == (2, "x", 2)
    assert repr(history[-1]) == "<turn 2: ok 'y'>"
    with pytest.raises(AttributeError, match="it has turn, code"):
        _ = history[0].nothing


def test_a_frame_replaces_what_json_and_unicode_do_not_have() -> None:
    assert (
        encode({"x": float("nan"), "y": [float("inf")], "z": "\ud800"})[4:]
        == b'{"x":null,"y":[null],"z":"?"}'
    )
    with pytest.raises(FrameTooLarge):
        encode("x" * FRAME_BYTES)
