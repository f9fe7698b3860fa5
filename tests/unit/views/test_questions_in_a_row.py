"""A session of several questions: each has a clock of its own, and models and limits are told once."""

from __future__ import annotations

from rlm_cli.events import Body, Event
from rlm_cli.events.bodies import CorpusLoaded, KernelReady, RunFinished, RunStarted, TurnStarted
from rlm_cli.events.values import Limits
from rlm_cli.views.line import Moment, Told, Verbosity
from rlm_cli.views.lines import closing_lines, tell
from rlm_cli.views.result import SessionFacts
from rlm_cli.views.run import RunView, fold, reduce, standing


def asked(question: str, usd: float = 2.0) -> RunStarted:
    limits = Limits(usd=usd)
    return RunStarted(
        question=question, root_model="m/a", sub_model="m/b", mode="rlm", limits=limits, prompt_hash=""
    )


READY = RunFinished(status="complete", stop="ready", exit_code=0, answer="One.")
STEPS: list[tuple[float, str, Body]] = [
    (3.0, "root", asked("first?")),
    (3.0, "root", CorpusLoaded(documents=2, characters=9, bytes=9, tokens=3, fingerprint="f" * 32)),
    (3.5, "root", KernelReady(python="3.11", sandbox="sandbox: on", tier="A")),
    (4.0, "root/t1", TurnStarted(turn=1, limit=20)),
    (65.0, "root", READY),
    (100.0, "root", asked("second?")),
    (101.0, "root/t2", TurnStarted(turn=2, limit=21)),
    (102.0, "root", READY),
    (103.0, "root", asked("third?", usd=5.0)),
]
EVENTS = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STEPS, 1)]


def told(events: list[Event], view: RunView) -> list[tuple[str, float | None]]:
    state, found = Told(), []
    for event in events:
        view = reduce(view, event)
        state, lines = tell(state, Moment(view, event, Verbosity.NORMAL))
        found += [(line.text, line.t) for line in lines]
    return found


def test_each_question_has_its_own_clock_and_the_first_one_that_of_the_reading() -> None:
    lines = dict(told(EVENTS, RunView()))
    assert lines["question: first?"] == 3.0
    assert lines["question: second?"] == 0.0
    assert lines["turn 2/21, asking m/a"] == 1.0
    assert closing_lines(fold(EVENTS[:8]), SessionFacts(), Verbosity.NORMAL)[0].t == 2.0


def test_models_and_limits_are_told_again_only_when_they_have_changed() -> None:
    lines = [text for text, _ in told(EVENTS, RunView())]
    assert sum(text.startswith("model: ") for text in lines) == 2
    second, third = lines.index("question: second?"), lines.index("question: third?")
    assert not any(text.startswith("limits: ") for text in lines[second:third])
    assert "limits: $5.00" in lines[third + 2]


def test_a_face_that_begins_with_what_stands_tells_what_one_tells_that_has_seen_it_all() -> None:
    stands = standing(EVENTS[:5], is_open=True)
    assert stands.kernel is not None and stands.corpus is not None
    assert told(EVENTS[5:], stands) == told(EVENTS[5:], fold(EVENTS[:5]))


def test_of_a_session_that_is_opened_again_neither_documents_nor_kernel_are_at_hand() -> None:
    stands = standing(EVENTS, is_open=False)
    assert stands.kernel is None and stands.corpus is None and stands.phase == "starting"
    assert standing([], is_open=True) == RunView()
