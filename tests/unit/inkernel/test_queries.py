"""How arguments of the asking functions become calls, without a kernel."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from rlm_cli.inkernel.calls import CallRefused, Calls
from rlm_cli.inkernel.passages import PassageTooLarge, passage
from rlm_cli.inkernel.queries import BATCH, Queries, pairs
from rlm_cli.inkernel.replies import Reply, Tally, from_frame
from rlm_cli.inkernel.scopes import place, scope
from rlm_cli.kernel import bounds


class Piece(str):
    path = "a.pdf"
    page = 4


def document(index: int) -> Any:
    return SimpleNamespace(index=index, path=f"{index}.txt", text=f"text {index}")


@pytest.mark.parametrize(
    ("prompts", "contexts", "asked"),
    [
        ("p", None, [("p", None)]),
        ("p", ["a", "b"], [("p", "a"), ("p", "b")]),
        ("p", "a", [("p", "a")]),
        (["p", "q"], None, [("p", None), ("q", None)]),
        (["p", "q"], "a", [("p", "a"), ("q", "a")]),
        (["p", "q"], ["a", "b"], [("p", "a"), ("q", "b")]),
        ([("p", "a"), ("q", "b")], None, [("p", "a"), ("q", "b")]),
        ((p for p in "pq"), None, [("p", None), ("q", None)]),
        ([], None, []),
        ("p", [], []),
    ],
)
def test_prompts_and_contexts_are_paired(prompts: Any, contexts: Any, asked: list[Any]) -> None:
    assert pairs(prompts, contexts) == asked


@pytest.mark.parametrize(
    ("prompts", "contexts"), [(["p"], ["a", "b"]), ([("p", "a")], ["b"])], ids=["lengths", "twice"]
)
def test_contexts_that_do_not_fit_are_refused(prompts: Any, contexts: Any) -> None:
    with pytest.raises(ValueError, match="contexts"):
        pairs(prompts, contexts)


def test_passages_are_headed_by_their_source() -> None:
    assert passage(None) is None
    assert passage("plain") == "plain"
    assert passage(Piece("words")) == "[a.pdf p.4]\nwords"
    assert passage([document(1), "and", Piece("w")]) == "[1.txt]\ntext 1\n\nand\n\n[a.pdf p.4]\nw"
    assert passage({"k": 1}) == '{\n "k": 1\n}'


def test_a_passage_is_not_built_past_its_bound() -> None:
    endless = ("x" * 1_000_000 for _ in iter(int, 1))
    with pytest.raises(PassageTooLarge):
        passage(endless)


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (None, {}),
        (document(3), {"documents": [3]}),
        ([document(3), document(1), document(3)], {"documents": [1, 3]}),
        ([SimpleNamespace(document=document(2), text="hit")], {"documents": [2]}),
        ({"name": "text"}, {"texts": {"name": "text"}}),
        ("text", {"texts": {"text 1": "text"}}),
        ([Piece("w")], {"texts": {"a.pdf p.4 (1)": "w"}}),
    ],
)
def test_the_scope_of_a_child_run(part: Any, fields: dict[str, Any]) -> None:
    assert scope(part) == fields


def test_a_child_run_reads_documents_or_texts_but_not_both() -> None:
    with pytest.raises(TypeError, match="not both"):
        scope([document(1), "text"])
    with pytest.raises(TypeError, match="not int"):
        scope([3])


def test_where_a_quotation_is_looked_for() -> None:
    hit = SimpleNamespace(document=document(5), start=70, text="the words")
    assert place(hit, "words") == (5, "words", 70)
    assert place(document(2), "words") == (2, "words", None)
    assert place("a.txt", "words") == ("a.txt", "words", None)
    assert place("words alone", None) == (None, "words alone", None)
    for source, quote in ((document(2), None), (hit, " "), (3, "words")):
        with pytest.raises(TypeError, match="cite"):
            place(source, quote)


def test_a_reply_is_text_that_knows_how_it_went() -> None:
    good = from_frame({"text": "yes", "data": [1], "recorded": True, "usage": {"tokens_in": 3}})
    bad = from_frame({"problem": {"kind": "budget", "message": "spent"}})
    assert (good, good.ok, good.error, good.data, good.cached, good.usage) == (
        "yes",
        True,
        None,
        [1],
        True,
        {"tokens_in": 3},
    )
    assert isinstance(good, str)
    assert (str(bad), bad.ok, str(bad.error)) == ("[failed: budget: spent]", False, "budget: spent")


def test_the_tally_says_how_many_failed_and_why() -> None:
    tally = Tally()
    assert tally.line() == ""
    for kind in ["rate_limit"] * 5 + ["budget"] * 2 + [None] * 193:
        tally.add(from_frame({"problem": {"kind": kind, "message": ""}} if kind else {"text": ""}))
    assert tally.line() == "7 of 200 sub-calls failed: 5 rate_limit, 2 budget\n"
    assert isinstance(Reply(), str)


def test_calls_are_refused_when_no_cell_runs() -> None:
    sent: list[bytes] = []
    calls = Calls(sent.append, lambda: None)
    with pytest.raises(CallRefused, match="no cell is running"):
        calls.serve([{"op": "llm", "prompt": "p"}])
    calls.begin(1)
    calls.end()
    with pytest.raises(CallRefused):
        calls.serve([{"op": "llm", "prompt": "p"}])
    assert sent == []


def test_a_batch_is_sent_whole_and_its_replies_are_put_in_order() -> None:
    sent: list[Any] = []
    calls = Calls(lambda frame: answer(json.loads(frame[4:])), lambda: None)

    def answer(frame: Any) -> None:
        sent.append(frame)
        if len(sent) == 3:
            for each in reversed(sent):
                calls.answered(each["id"], {"text": each["call"]["prompt"]})

    calls.begin(9)
    replies = calls.serve([{"op": "llm", "prompt": prompt} for prompt in "abc"])
    assert [reply["text"] for reply in replies] == ["a", "b", "c"]
    assert {frame["cell"] for frame in sent} == {9}


def test_what_is_being_waited_for_is_cancelled_when_the_cell_is_interrupted() -> None:
    sent: list[Any] = []
    calls = Calls(lambda frame: sent.append(json.loads(frame[4:])), lambda: None)

    def prompts() -> Any:
        yield {"op": "llm", "prompt": "a"}
        yield {"op": "llm", "prompt": "b"}
        raise KeyboardInterrupt

    calls.begin(1)
    with pytest.raises(KeyboardInterrupt):
        calls.serve(prompts())
    assert sent[-1] == {"cancel": [1, 2]}


def test_a_batch_that_the_program_outside_would_not_take_is_refused_before_it_is_sent() -> None:
    sent: list[bytes] = []
    calls = Calls(sent.append, lambda: None)
    calls.begin(1)
    names = Queries(calls, SimpleNamespace(tally=Tally())).names()
    for name in ("llm_batch", "rlm_batch"):
        with pytest.raises(ValueError, match="at most 100,000"):
            names[name](["p"] * (bounds.BATCH + 1))
    assert (sent, BATCH) == ([], bounds.BATCH)
