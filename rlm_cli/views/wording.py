"""The sentences in which a run is told to people. Pure; each takes values and gives one line of text."""

from __future__ import annotations

import re

from msgspec import UnsetType

from rlm_cli.base.text import counted, elapsed, money, one_line
from rlm_cli.events.bodies import (
    CellFinished,
    CorpusChanged,
    CorpusLoaded,
    KernelReady,
    KernelRestarted,
    ReplyFinished,
    RunFinished,
    RunStarted,
)
from rlm_cli.events.values import Citation, Coverage, Limits, Usage
from rlm_cli.views.calls import Batch
from rlm_cli.views.drafts import Draft, without_marks
from rlm_cli.views.result import place_of

THIS_MACHINE = "this machine"
_LOCAL_MODELS = ("offline", "scripted")
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_NAMED_FILES = 3
_NAMED_KINDS = 6
_STOPS = {
    "ready": "the answer is ready",
    "max_cost": "the cost limit was reached",
    "max_tokens": "the token limit was reached",
    "max_calls": "the limit of sub-calls was reached",
    "max_turns": "the limit of turns was reached",
    "timeout": "the time limit was reached",
    "no_progress": "the model made no progress",
    "interrupted": "it was interrupted",
    "terminated": "it was terminated",
    "provider_failed": "the provider failed",
    "kernel_failed": "the kernel failed",
    "corpus_failed": "the corpus could not be read",
    "session_failed": "the record could not be written",
    "internal_error": "of an internal error",
    "no_end": "the record has no end",
}


def models(started: RunStarted) -> str:
    """Which models work, and where passages of the documents go."""
    both = f"{started.root_model} (root), {started.sub_model} (sub-calls)"
    named = started.root_model if started.root_model == started.sub_model else both
    why = f" ({started.models_why})" if started.models_why else ""
    return f"model: {named}{why}; {destination(started)}"


def destination(started: RunStarted) -> str:
    """Where passages of the documents go: to which hosts, or nowhere."""
    names = (started.root_model, started.sub_model)
    if started.endpoints:
        away = [each for each in dict.fromkeys(started.endpoints) if each != THIS_MACHINE]
    else:
        away = [f"the provider of {name}" for name in dict.fromkeys(names) if not _is_local(name)]
    return f"passages go to {' and '.join(away)}" if away else f"nothing leaves {THIS_MACHINE}"


def limits(given: Limits) -> str:
    """The limits that are set."""
    parts = [
        money(given.usd) if given.usd is not None else "",
        counted(given.turns, "turn") if given.turns is not None else "",
        counted(given.calls, "sub-call") if given.calls is not None else "",
        counted(given.tokens, "token") if given.tokens is not None else "",
        elapsed(given.seconds) if given.seconds is not None else "",
    ]
    return f"limits: {', '.join(filter(None, parts)) or 'none'}"


def corpus(loaded: CorpusLoaded) -> str:
    """How much there is to read, and of what kinds."""
    kinds = sorted(loaded.kinds.items(), key=lambda kind: (-kind[1], kind[0]))
    named = ", ".join(f"{number:,} {kind}" for kind, number in kinds[:_NAMED_KINDS])
    rest = sum(number for _, number in kinds[_NAMED_KINDS:])
    text = (
        f"corpus: {counted(loaded.documents, 'document')}, {short(loaded.characters)} characters, "
        f"about {short(loaded.tokens)} tokens"
    )
    text += f" ({named}{f', {rest:,} others' if rest else ''})" if named else ""
    if loaded.extracted:
        text += f"; {loaded.extracted:,} newly read in {loaded.seconds:.1f} s"
    return text


def skipped(loaded: CorpusLoaded) -> str:
    """What is not in the corpus, and the first reasons why; empty when nothing was left out."""
    count = max(loaded.skipped_count, len(loaded.skipped))
    if not count:
        return ""
    named = [f"{each.path} ({each.why})" for each in loaded.skipped[:_NAMED_FILES]]
    rest = count - len(named)
    named += [f"{rest:,} more"] if rest and named else []
    return f"skipped {counted(count, 'file')}" + (f": {'; '.join(named)}" if named else "")


def sandbox(ready: KernelReady) -> str:
    """Which protections are on."""
    return ready.sandbox if ready.sandbox.lower().startswith("sandbox") else f"sandbox: {ready.sandbox}"


def is_unprotected(ready: KernelReady) -> bool:
    """Whether the sandbox leaves files or the network open, so that its line is a warning."""
    return ready.tier.upper() in ("D", "E", "OFF", "NONE") or any(
        word in ready.sandbox for word in ("NONE", "PARTIAL")
    )


def prose(reply: str, limit: int) -> str:
    """What a reply says outside of its code, as one line."""
    return one_line(_FENCE.sub(" ", reply), limit)


def reply_origin(reply: ReplyFinished) -> str:
    """How a reply was come by, when not by one request; empty otherwise."""
    how = [f"after {reply.attempts} attempts"] if reply.attempts > 1 else []
    how += ["from the record"] if reply.recorded else []
    return ", ".join(how)


def cell_end(finished: CellFinished) -> str:
    """How a cell ended."""
    seconds = f"{finished.seconds:.2f} s"
    if finished.waited_seconds >= 0.01:
        seconds += f" and {finished.waited_seconds:.1f} s waiting for its calls"
    if finished.status == "ok":
        return f"cell {finished.cell}: ok, {seconds}" + ("" if finished.shown.strip() else ", no output")
    problem = finished.problem
    if problem is None:
        return f"cell {finished.cell}: {finished.status}, {seconds}"
    where = f" (line {problem.line})" if problem.line is not None else ""
    named = "" if finished.status == "error" else f"{finished.status}: "
    return f"cell {finished.cell}: {named}{problem.kind}: {problem.message}{where}, {seconds}"


def batch_name(batch: Batch) -> str:
    """What a batch is called."""
    noun = "child run" if batch.op == "rlm" else "sub-call"
    return f"batch {batch.number}: {counted(batch.of, noun)}" if batch.number else counted(batch.of, noun)


def batch_progress(batch: Batch) -> str:
    """How far a batch has come."""
    bad = batch.count("failed", "refused", "cancelled")
    running = batch.count("running", "retried")
    text = f"{batch_name(batch)}, {batch.settled:,} done, {running:,} running"
    return text + (f", {bad:,} failed" if bad else "")


def batch_end(batch: Batch, t: float) -> str:
    """How a batch went.

    Units:   t is the time of the last event, for batches that have not ended.
    """
    seconds = (batch.ended if batch.ended is not None else t) - batch.began
    parts = [f"{batch.count('ok'):,} ok"]
    parts += [f"{batch.count('recorded'):,} from the record"] if batch.count("recorded") else []
    for state in ("failed", "refused", "cancelled"):
        parts += [f"{batch.count(state):,} {state}"] if batch.count(state) else []
    left = batch.of - batch.settled
    parts += [f"{left:,} without an end"] if left else []
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in batch.problems)
    return f"{batch_name(batch)} in {seconds:.1f} s: {', '.join(parts)}" + (f" ({kinds})" if kinds else "")


def draft(state: Draft) -> str:
    """What has changed in the answer."""
    parts = [counted(len(without_marks(state.content)), "character")]
    parts += [f"+{counted(state.added, 'sentence')}"] if state.added else []
    parts += [f"-{counted(state.removed, 'sentence')}"] if state.removed else []
    parts += [counted(state.citations, "citation")] if state.citations else []
    parts += ["ready"] if state.is_ready else []
    return f"draft {state.number}: {', '.join(parts)}"


def unverified(citation: Citation) -> str:
    """A quotation that is not where it is said to be."""
    quote = one_line(citation.quote, 120)
    return f'citation {citation.id} is NOT verified: "{quote}" in {place_of(citation)}: {citation.why}'


def corpus_changed(changed: CorpusChanged) -> str:
    """Which files have changed."""
    counts = [
        f"{len(paths):,} {what}"
        for what, paths in (
            ("added", changed.added),
            ("changed", changed.changed),
            ("removed", changed.removed),
        )
        if paths
    ]
    paths = [*changed.added, *changed.changed, *changed.removed]
    more = f" and {len(paths) - _NAMED_FILES:,} more" if len(paths) > _NAMED_FILES else ""
    return f"files on disk: {', '.join(counts) or 'no change'}: {', '.join(paths[:_NAMED_FILES])}{more}"


def restarted(event: KernelRestarted) -> str:
    """What the replacement of the kernel has cost."""
    kept, lost = ", ".join(event.restored) or "nothing", ", ".join(event.lost) or "nothing"
    when = f" as after cell {event.cell}" if isinstance(event.cell, int) else ""
    return f"kernel restarted in {event.seconds:.1f} s ({event.why}); restored{when}: {kept}; lost: {lost}"


def ending(end: RunFinished) -> str:
    """How a run ended, and why."""
    reason = _STOPS.get(end.stop, end.stop.replace("_", " "))
    if end.status == "complete":
        text = f"complete: {reason}"
    elif end.status == "partial":
        text = f"partial: the draft so far, because {reason}"
    else:
        text = f"{end.status}: no answer, because {reason}"
    return text if end.problem is None else f"{text}: {end.problem.message}"


def coverage(end: RunFinished) -> str:
    """How much of the corpus was read, honestly."""
    seen = end.coverage
    return (
        f"read by a model: {seen.read_by_model:,} of {seen.documents:,} documents{_share_read(seen)}; "
        f"searched by code: {seen.searched_by_code:,} of {seen.documents:,}"
    )


def _share_read(seen: Coverage) -> str:
    """How much of the text a model has read, where it was counted and some was left out."""
    read, characters = seen.characters_read_by_model, seen.characters
    if isinstance(read, UnsetType) or isinstance(characters, UnsetType) or not characters or not read:
        return ""
    percent = 100 * min(1.0, read / characters)
    return f" ({percent:.0f} % of the text)" if percent >= 1 else " (less than 1 % of the text)"


def spending(end: RunFinished, seconds: float | None = None) -> str:
    """What the run has cost.

    Units:   seconds is wall-clock since the command began; None takes those of the run itself.
    """
    total: Usage = end.root_usage + end.sub_usage
    cached = f" ({short(total.tokens_cached)} cached)" if total.tokens_cached else ""
    cost = money(total.usd) + (
        f" of {money(end.limits.usd)}" if end.limits.usd is not None and total.usd else ""
    )
    return (
        f"{counted(end.root_usage.calls, 'root call')}, {counted(end.sub_usage.calls, 'sub-call')}; "
        f"{'about ' if total.estimated else ''}{short(total.tokens_in)} tokens in{cached}, "
        f"{short(total.tokens_out)} out; {cost}; {elapsed(end.seconds if seconds is None else seconds)}"
    )


def short(number: int) -> str:
    """A large number for people: `9.8 M`, `430 k`, `812`."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (10_000, "k")):
        if number >= size:
            value = number / (1_000 if unit == "k" else size)
            return f"{value:.1f} {unit}" if value < 100 and unit != "k" else f"{value:,.0f} {unit}"
    return f"{number:,}"


def _is_local(model: str) -> bool:
    return model.split(":")[0].split("/")[0] in _LOCAL_MODELS
