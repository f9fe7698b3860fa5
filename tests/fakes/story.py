"""A run as its events tell it, written by hand: every kind, a batch, a child run, failures, hostile text.

`STORY` is (seconds, span, body); `play` puts it through a bus on a clock that moves as the story says.
"""

from __future__ import annotations

from rlm_cli.events import Body, Unknown
from rlm_cli.events.bodies import (
    BudgetWarned,
    CellFinished,
    CellOutput,
    CellStarted,
    CitationChecked,
    CitationMarked,
    CorpusChanged,
    CorpusLoaded,
    DecisionAsked,
    DecisionMade,
    DraftUpdated,
    HistoryCompacted,
    KernelReady,
    KernelRestarted,
    Notice,
    ReplyDelta,
    ReplyFinished,
    RunFinished,
    RunResumed,
    RunStarted,
    SubFinished,
    SubQueued,
    SubStarted,
    TurnStarted,
)
from rlm_cli.events.values import (
    Citation,
    Coverage,
    Input,
    Limits,
    Message,
    Problem,
    Skipped,
    Usage,
    Variable,
)
from rlm_cli.stream.bus import Bus
from tests.fakes.clock import QuickClock

Step = tuple[float, str, Body]

LIMITS = Limits(usd=2.0, turns=20, calls=1000, depth=2, concurrency=64)
BATCH = 61
HOSTILE = "\x1b]52;c;aGk=\x07 \x1b[2J [/b] \u202etxt.exe \x9b31m"

FOUND = Citation(
    id=1,
    path="msa_2019.pdf",
    quote="The Supplier shall defend and hold harmless the Customer against all claims.",
    page=4,
    line_start=120,
    line_end=121,
    start=5210,
    end=5286,
    checked=True,
)
NOT_FOUND = Citation(
    id=2, path="nda_2019.md", quote="liability is unlimited", why="no such words in nda_2019.md"
)

_LOOK = 'print(corpus.stats())\nfor hit in corpus.grep("indemnif|hold harmless")[:5]:\n    print(hit)'
_ASK = "\n".join(
    ["hits = corpus.grep('indemnif')", "prompts = []"]
    + [
        f"prompts.append(('Is there a cap? ({number})', hits[{number}].around(400)))"
        for number in range(BATCH)
    ]
    + ["replies = llm_batch(prompts)"]
)


def _opening() -> list[Step]:
    return [
        (
            0.0,
            "root",
            RunStarted(
                question="find indemnification conflicts",
                root_model="openai/gpt-5",
                sub_model="openai/gpt-5-mini",
                mode="auto",
                limits=LIMITS,
                prompt_hash="0" * 64,
                system_prompt="You answer a question about documents.",
                inputs=["./contracts"],
                endpoints=["api.openai.com", "api.openai.com"],
            ),
        ),
        (
            0.21,
            "root",
            CorpusLoaded(
                documents=214,
                characters=9_812_004,
                bytes=31_004_112,
                tokens=2_453_001,
                fingerprint="f" * 32,
                kinds={"pdf": 148, "docx": 60, "markdown": 6},
                inputs=[
                    Input(given="./contracts", path="/data/contracts", variable="contracts", documents=214)
                ],
                skipped=[Skipped("scan.png", "an image"), Skipped(HOSTILE, "not text")],
                skipped_count=3,
                extracted=12,
                seconds=0.2,
            ),
        ),
        (
            0.74,
            "root",
            KernelReady(
                python="3.11.9",
                sandbox="sandbox: bubblewrap + landlock + seccomp (no network, corpus read-only)",
                tier="A",
                names=["corpus", "answer"],
                seconds=0.53,
            ),
        ),
    ]


def _first_turn() -> list[Step]:
    turn, cell = "root/t1", "root/t1/c1"
    reply = f"I'll look at what there is first.\n\n```repl\n{_LOOK}\n```"
    return [
        (0.74, turn, TurnStarted(turn=1, limit=20)),
        (1.60, turn, ReplyDelta("I'll look ")),
        (1.62, turn, ReplyDelta("at what ")),
        (1.64, turn, ReplyDelta("there is first.")),
        (
            4.1,
            turn,
            ReplyFinished(
                text=reply,
                model="openai/gpt-5",
                usage=Usage(calls=1, tokens_in=3100, tokens_out=210, usd=0.006),
                request="a" * 32,
                messages=[Message("user", "<question>find indemnification conflicts</question>")],
                seconds=3.3,
            ),
        ),
        (4.1, cell, CellStarted(cell=1, code=_LOOK)),
        (4.15, cell, CellOutput(cell=1, stream="stdout", text="214 documents, 9.8 M characters\nmsa_2019")),
        (4.16, cell, CellOutput(cell=1, stream="stdout", text=f".pdf p. 4: hold harmless\n{HOSTILE}\n")),
        (
            4.2,
            cell,
            CellFinished(
                cell=1,
                status="ok",
                seconds=0.06,
                shown=f"214 documents, 9.8 M characters\nmsa_2019.pdf p. 4: hold harmless\n{HOSTILE}\n",
                variables=[Variable("hit", "Hit", "1 line")],
                coverage=Coverage(documents=214, searched_by_code=214),
            ),
        ),
    ]


def _second_turn() -> list[Step]:
    turn, cell = "root/t2", "root/t2/c2"
    steps: list[Step] = [
        (4.3, turn, TurnStarted(turn=2, limit=20)),
        (
            6.9,
            turn,
            ReplyFinished(
                text=f"Now each hit goes to a sub-model.\n\n```python\n{_ASK}\n```",
                model="openai/gpt-5",
                usage=Usage(calls=1, tokens_in=4100, tokens_out=510, tokens_cached=3000, usd=0.009),
                attempts=2,
                seconds=2.6,
            ),
        ),
        (7.0, cell, CellStarted(cell=2, code=_ASK)),
    ]
    for number in range(1, BATCH + 1):
        passage = "passage " * (9000 if number == 1 else 60)
        queued = SubQueued(
            cell=2,
            op="llm",
            prompt=f"Is there a cap? ({number})\n\n<context>\n{passage}\n</context>",
            model="openai/gpt-5-mini",
            request=f"{number:032x}",
            batch=1,
            index=number - 1,
            of=BATCH,
        )
        steps.append((7.0, f"{cell}/s{number}", queued))
    for number in range(1, BATCH + 1):
        steps.append((7.0 + number * 0.1, f"{cell}/s{number}", SubStarted()))
        steps.append((7.05 + number * 0.1, f"{cell}/s{number}", _sub_end(number)))
    steps += [
        (
            13.2,
            cell,
            CellFinished(
                cell=2,
                status="ok",
                seconds=0.1,
                waited_seconds=6.1,
                shown="\n".join(f"reply {number}" for number in range(30)),
                coverage=Coverage(documents=214, searched_by_code=214, read_by_model=61),
            ),
        ),
        (13.2, turn, DraftUpdated(draft=1, content="There is one conflict. [[cite:1]]")),
        (13.3, turn, DraftUpdated(draft=2, content="There is one conflict. [[cite:1]] It has a cap.")),
        (13.4, turn, BudgetWarned(limit="usd", state="near", used=1.7, allowed=2.0, text="$1.70 of $2.00")),
    ]
    return steps


def _sub_end(number: int) -> SubFinished:
    usage = Usage(calls=1, tokens_in=700, tokens_out=40, usd=0.001)
    if number == 17:
        limited = Problem(kind="rate_limit", message="429 Too Many Requests")
        return SubFinished(status="failed", problem=limited, usage=Usage(calls=6), attempts=6, seconds=0.05)
    if number in (20, 21):
        return SubFinished(status="recorded", text="no cap")
    return SubFinished(status="ok", text=f"no cap in passage {number}", usage=usage, seconds=0.05)


def _third_turn() -> list[Step]:
    turn, cell = "root/t3", "root/t3/c3"
    child = f"{cell}/s1"
    return [
        (14.0, turn, TurnStarted(turn=3, limit=20)),
        (
            14.0,
            turn,
            HistoryCompacted(first_turn=1, last_turn=1, characters_before=12000, characters_after=800),
        ),
        (
            15.0,
            turn,
            ReplyFinished(
                text="```repl\nreply = rlm_query('caps?')\n```",
                model="openai/gpt-5",
                usage=Usage(calls=1, usd=0.01),
            ),
        ),
        (15.0, cell, CellStarted(cell=3, code="reply = rlm_query('caps?')")),
        (15.0, child, SubQueued(cell=3, op="rlm", prompt="caps?", model="openai/gpt-5")),
        (
            15.1,
            child,
            RunStarted(
                question="caps?",
                root_model="openai/gpt-5",
                sub_model="openai/gpt-5-mini",
                mode="rlm",
                limits=LIMITS,
                prompt_hash="0" * 64,
            ),
        ),
        (
            15.2,
            child,
            CorpusLoaded(documents=3, characters=3000, bytes=3000, tokens=750, fingerprint="e" * 32),
        ),
        (15.7, child, KernelReady(python="3.11.9", sandbox="sandbox: bubblewrap", tier="A")),
        (15.7, f"{child}/t1", TurnStarted(turn=1, limit=20)),
        (16.0, f"{child}/t1", ReplyDelta("Short. ")),
        (
            16.5,
            f"{child}/t1",
            ReplyFinished(
                text="Short.\n```repl\nanswer['content'] = 'capped'\n```",
                model="openai/gpt-5",
                usage=Usage(calls=1, tokens_in=900, tokens_out=30, usd=0.002),
            ),
        ),
        (16.5, f"{child}/t1/c1", CellStarted(cell=1, code="answer['content'] = 'capped'")),
        (16.6, f"{child}/t1/c1", CellFinished(cell=1, status="ok", seconds=0.01)),
        (16.6, f"{child}/t1", DraftUpdated(draft=1, content="capped", ready=True)),
        (
            16.7,
            child,
            RunFinished(status="complete", stop="ready", exit_code=0, answer="capped", seconds=1.6),
        ),
        (16.8, child, SubFinished(status="ok", text="capped", seconds=1.8)),
        (
            17.0,
            cell,
            CellFinished(
                cell=3,
                status="error",
                seconds=0.2,
                waited_seconds=1.8,
                shown="Traceback: NameError",
                problem=Problem(kind="NameError", message="name 'fnd' is not defined", line=1),
            ),
        ),
        (17.1, turn, KernelRestarted(why="the memory limit", restored=["hits"], lost=["gen"], seconds=0.7)),
    ]


def _end() -> list[Step]:
    answer = "There is one conflict. [[cite:1]] It has a cap. A second is doubtful. [[cite:2]]"
    return [
        (17.2, "root", DecisionAsked(id="cost", question="Spend more?", options=["yes", "no"], default="no")),
        (17.3, "root", DecisionMade(id="cost", choice="no", by="default")),
        (17.4, "root", CorpusChanged(changed=["msa_2019.pdf"])),
        (17.5, "root", Notice(level="warning", code="provider_slow", text=f"slow {HOSTILE}")),
        (17.6, "root", Unknown(kind="weather.changed", fields={"wind": 3})),
        (
            17.7,
            "root",
            RunResumed(
                why="resume",
                turn=4,
                cell=4,
                questions=1,
                cells_again=2,
                lost=["cell 3 raised NameError when it ran first, and did not when it ran again"],
                root_usage=Usage(calls=3, tokens_in=7200, tokens_out=720, tokens_cached=3000, usd=0.025),
                sub_usage=Usage(calls=65, tokens_in=41_500, tokens_out=2350, usd=0.06),
                seconds=0.4,
            ),
        ),
        (17.9, "root/t4/c4", CitationMarked(mark=1, citation=FOUND)),
        (18.0, "root/t4", DraftUpdated(draft=3, content=answer, ready=True)),
        (18.1, "root", CitationChecked(FOUND)),
        (18.1, "root", CitationChecked(NOT_FOUND)),
        (
            18.2,
            "root",
            RunFinished(
                status="complete",
                stop="ready",
                exit_code=0,
                answer="There is one conflict. [1] It has a cap. A second is doubtful. [2]",
                citations=[FOUND, NOT_FOUND],
                coverage=Coverage(documents=214, searched_by_code=214, read_by_model=61),
                root_usage=Usage(calls=3, tokens_in=7200, tokens_out=720, tokens_cached=3000, usd=0.025),
                sub_usage=Usage(calls=67, tokens_in=41_500, tokens_out=2350, usd=0.06),
                limits=LIMITS,
                sandbox="bubblewrap + landlock + seccomp",
                warnings=["1 quotation of the answer is in no document word for word"],
                seconds=18.2,
            ),
        ),
    ]


STORY: list[Step] = [*_opening(), *_first_turn(), *_second_turn(), *_third_turn(), *_end()]


def play(bus: Bus, clock: QuickClock, steps: list[Step] = STORY) -> None:
    """Emit every step at its time."""
    for seconds, span, body in steps:
        clock.seconds = seconds
        bus.emit(span, body)
