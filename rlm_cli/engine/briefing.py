"""The words of the host to the root model: the opening message, and the report after each cell."""

from __future__ import annotations

from collections.abc import Iterable

from rlm_cli.base.ids import content_hash
from rlm_cli.base.text import counted, money
from rlm_cli.engine.budget import Budget
from rlm_cli.events.bodies import KernelRestarted
from rlm_cli.events.values import Json, Limits
from rlm_cli.ports import CellResult, Corpus

_TREE_LINES = 60
_PREVIEW_DOCUMENTS = 6
_PREVIEW_CHARACTERS = 400


def opening(question: str, corpus: Corpus, limits: Limits, schema: Json, children: bool) -> str:
    """The first user message: the question, facts about the corpus, the limits.

    Shape:   the question stands between <question> and </question>, the facts between <corpus> and
             </corpus>; `Turn 1/N` ends it.
    """
    facts = corpus.loaded
    kinds = ", ".join(
        f"{count:,} {kind}" for kind, count in sorted(facts.kinds.items(), key=lambda kv: -kv[1])
    )
    parts = [
        f"<question>\n{question}\n</question>",
        "",
        "<corpus>",
        f"{counted(facts.documents, 'document')} ({kinds}), {facts.characters:,} characters, "
        f"about {facts.tokens:,} tokens.",
        *_variables(corpus),
    ]
    if facts.skipped_count:
        parts.append(f"{counted(facts.skipped_count, 'file')} could not be read, among them:")
        parts += [f"  {each.path}: {each.why}" for each in facts.skipped[:5]]
    parts += ["", corpus.tree(_TREE_LINES), "", corpus.preview(_PREVIEW_DOCUMENTS, _PREVIEW_CHARACTERS)]
    parts += ["</corpus>", "", _limits(limits, children)]
    if schema is not None:
        parts.append(
            'answer["content"] must be a value (not text) that satisfies this JSON Schema:\n'
            + _compact(schema)
        )
    parts += ["", turn_line(1, limits.turns)]
    return "\n".join(parts)


def follow_up(question: str, limits: Limits, children: bool, notes: list[str], turn: str) -> str:
    """The message with the next question of a session."""
    parts = [
        f"<question>\n{question}\n</question>",
        "This is the user's next question. Your variables, `memory` and `history` are as you left them; "
        "`answer` is empty again.",
        *notes,
        _limits(limits, children),
        turn,
    ]
    return "\n\n".join(filter(None, parts))


def with_earlier(opening_text: str, earlier: list[tuple[str, str]]) -> str:
    """An opening message behind questions of the session that no message of this conversation holds."""
    said = [f"<earlier>\nQuestion: {question}\nAnswer: {answer}\n</earlier>" for question, answer in earlier]
    return "\n\n".join([*said, opening_text])


def ended(stop: str) -> str:
    """What stands before the last report of a question that has ended."""
    if stop == "ready":
        return "Accepted: the user has got your answer."
    return f"The run was ended ({stop}); the user has got your last draft."


def not_rebuilt(lost: list[str]) -> str:
    """What the model is told of a session that was rebuilt with differences."""
    lines = [f"- {each}" for each in lost[:20]] + ([f"- and {len(lost) - 20} more"] if len(lost) > 20 else [])
    return "\n".join(
        [
            "The kernel was replaced and your cells were run again with the recorded replies. Not all came "
            "out as before; look before you build on it:",
            *lines,
        ]
    )


def turn_line(turn: int, limit: int | None) -> str:
    """`Turn 3/20`, and a word when it is the last."""
    if limit is None:
        return f"Turn {turn}"
    last = " (the last: set the answer now, with ready = True)" if turn >= limit else ""
    return f"Turn {turn}/{limit}{last}"


def report(turn: str, cell: int, result: CellResult, notes: list[str]) -> str:
    """What the model is told of its cell: how it ended, what it printed, what else there is to know."""
    waited = f", {result.waited_seconds:.1f} s waiting for its calls" if result.waited_seconds >= 0.05 else ""
    head = f"Cell {cell}: {_ENDINGS.get(result.status, result.status)} ({result.seconds:.1f} s{waited})."
    shown = result.shown.rstrip("\n")
    body = f"<output>\n{shown}\n</output>" if shown else "It printed nothing."
    return "\n\n".join([turn, f"{head}\n{body}", *notes])


def restarted(event: KernelRestarted) -> str:
    """What the model is told of a kernel that was replaced: what stands again, and what is lost."""
    when = f", as after cell {event.cell}" if isinstance(event.cell, int) else ""
    kept, lost = ", ".join(event.restored) or "nothing", ", ".join(event.lost) or "nothing"
    return (
        f"The kernel was restarted ({event.why}). Restored{when}: {kept}. Lost: {lost}. "
        "What the last cell made is gone, except for its changes of answer."
    )


def spending(budget: Budget) -> str:
    """One line of what is spent and what is left, for the model to plan with."""
    limits, spent = budget.limits, budget.spent
    parts = []
    if limits.calls is not None:
        parts.append(f"{budget.sub_requests:,} of {limits.calls:,} sub-calls")
    if limits.usd is not None and spent.usd:
        parts.append(f"{money(spent.usd)} of {money(limits.usd)}")
    if limits.tokens is not None:
        parts.append(f"{spent.tokens_in + spent.tokens_out:,} of {limits.tokens:,} tokens")
    return f"Spent so far: {', '.join(parts)}." if parts else ""


_ENDINGS = {
    "ok": "ran",
    "error": "failed",
    "interrupted": "was interrupted",
    "timeout": "was stopped at its limit of computing time",
    "died": "ended the kernel",
}


def _variables(corpus: Corpus) -> list[str]:
    return [
        f"variable `{each.variable}`: {each.given} ({counted(each.documents, 'document')})"
        for each in corpus.loaded.inputs
    ]


def _limits(limits: Limits, children: bool) -> str:
    parts = []
    if limits.calls is not None:
        parts.append(f"{limits.calls:,} sub-calls")
    if limits.usd is not None:
        parts.append(f"{money(limits.usd)}")
    if limits.tokens is not None:
        parts.append(f"{limits.tokens:,} tokens")
    if limits.cell_seconds is not None:
        parts.append(f"{limits.cell_seconds:g} s of computing a cell")
    runs = (
        "rlm_query and rlm_batch are on." if children else "rlm_query and rlm_batch are off: use llm_batch."
    )
    return f"Limits: {', '.join(parts) or 'none'}. {runs}"


def _compact(schema: Json) -> str:
    import msgspec

    return msgspec.json.encode(schema).decode()


def tag_around(name: str, texts: Iterable[str]) -> str:
    """The name of a tag that no text can close: with a number of its own where a text holds the plain one."""
    texts = list(texts)
    if not any(f"</{name}" in text for text in texts):
        return name
    return f"{name}-{content_hash(repr(texts))[:16]}"
