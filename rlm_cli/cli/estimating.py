"""What `rlm ask --estimate` and `rlm corpus scan` print: text for people, or one JSON object."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rlm_cli.base.text import counted, money, one_line
from rlm_cli.cli.screen import note, rows, say, say_json, warn
from rlm_cli.runs.estimate import Estimate, ModelsFound, estimate, or_problem, scanned, usd_of_pass
from rlm_cli.runs.estimate import models_found as find_models
from rlm_cli.runs.plan import AskPlan

if TYPE_CHECKING:
    from rlm_cli.corpus.opened import Scan
    from rlm_cli.corpus.progress import Progress

_SECONDS_BEFORE = 2.0
_SECONDS_BETWEEN = 5.0
_SHOWN_SKIPS = 20


class ProgressLines:
    """Says on stderr how far the reading is: first after two seconds, then once in five."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._next = self._began + _SECONDS_BEFORE

    def __call__(self, progress: Progress) -> None:
        """Take a report."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _SECONDS_BETWEEN
        from rlm_cli.corpus.progress import progress_line

        note(progress_line(progress, now - self._began))


def show_estimate(plan: AskPlan) -> int:
    """Print what the question would read, how it would be answered and what that costs; spend nothing."""
    for notice in plan.settings.notices:
        warn(notice)
    found = estimate(plan, ProgressLines())
    if plan.settings.output.format in ("json", "jsonl"):
        say_json(_estimate_object(plan, found))
        return 0
    from rlm_cli.views import wording

    tokens = found.scan.loaded.tokens
    reader = found.models.root if found.is_direct else found.models.sub
    lines = [
        ("question", one_line(plan.question, 200)),
        *_corpus_lines(found.scan),
        *_model_lines(found.models),
    ]
    if found.is_direct:
        lines.append(("way", "direct: the corpus fits, and is put to the root model whole, in one call"))
    else:
        lines.append(("way", "rlm: the root model works through the corpus with code and sub-calls"))
    lines.append(("one pass", _pass_text(tokens, reader.name, found.usd)))
    lines.append(("ceiling", wording.limits(plan.settings.limits).removeprefix("limits: ")))
    for line in rows(lines):
        say(line)
    note("nothing was sent, nothing was spent")
    return 0


def show_scan(plan: AskPlan, is_json: bool, shows_all: bool) -> int:
    """Print what would be read of the inputs, what not and why, and what one full pass costs."""
    for notice in plan.settings.notices:
        warn(notice)
    scan = scanned(plan, ProgressLines())
    models, problem = or_problem(lambda: find_models(plan))
    usd = usd_of_pass(models.sub, scan.loaded.tokens) if models else None
    if is_json:
        say_json({**_scan_object(scan), "full_pass": _pass_object(models, usd)})
        return 0
    lines = _corpus_lines(scan)
    if models:
        lines.append(("one pass", _pass_text(scan.loaded.tokens, models.sub.name, usd)))
    else:
        lines.append(("one pass", f"cost unknown: {problem}"))
    for line in rows(lines):
        say(line)
    _say_partly(scan, shows_all)
    _say_skipped(scan, shows_all)
    return 0


def _say_partly(scan: Scan, shows_all: bool) -> None:
    from msgspec import UNSET

    partly = [] if scan.loaded.partly is UNSET else scan.loaded.partly
    if not partly:
        return
    say()
    say("read in part:")
    shown = partly if shows_all else partly[:_SHOWN_SKIPS]
    for line in rows([(each.path, each.why) for each in shown]):
        say(f"  {line}")
    if len(shown) < len(partly):
        say(f"  … {len(partly) - len(shown):,} more: --all shows them")


def _say_skipped(scan: Scan, shows_all: bool) -> None:
    if not scan.skipped:
        return
    say()
    say("not read:")
    for line in rows([(f"{count:>8,}", why) for why, count in scan.reasons.items()]):
        say(line)
    say()
    shown = scan.skipped if shows_all else scan.skipped[:_SHOWN_SKIPS]
    for line in rows([(each.path, each.why) for each in shown]):
        say(f"  {line}")
    if len(shown) < len(scan.skipped):
        say(f"  … {len(scan.skipped) - len(shown):,} more: --all shows them")


def _corpus_lines(scan: Scan) -> list[tuple[str, str]]:
    from rlm_cli.views import wording

    lines = [("corpus", wording.corpus(scan.loaded).removeprefix("corpus: "))]
    for given in scan.loaded.inputs:
        lines.append(
            ("input", f"{given.given}: {counted(given.documents, 'document')}, named {given.variable}")
        )
    if scan.loaded.skipped_count:
        lines.append(("skipped", counted(scan.loaded.skipped_count, "entry", "entries")))
    return lines


def _model_lines(models: ModelsFound) -> list[tuple[str, str]]:
    places = [each.endpoint for each in (models.root, models.sub) if each.endpoint]
    where = " and ".join(dict.fromkeys(places)) or "this machine"
    return [
        ("root model", f"{models.root.name} ({models.why})"),
        ("sub-model", models.sub.name),
        ("passages", "stay on this machine" if where == "this machine" else f"would go to {where}"),
    ]


def _pass_text(tokens: int, model: str, usd: float | None) -> str:
    cost = "its cost is not known" if usd is None else f"at most {money(usd)}" if usd else "free"
    return f"about {tokens:,} tokens through {model}: {cost}, replies not counted"


def _estimate_object(plan: AskPlan, found: Estimate) -> dict[str, Any]:
    import msgspec

    return {
        "schema": "rlm.estimate/1",
        "question": plan.question,
        "way": "direct" if found.is_direct else "rlm",
        "models": {"root": found.models.root.name, "sub": found.models.sub.name, "why": found.models.why},
        "limits": msgspec.structs.asdict(plan.settings.limits),
        "full_pass": {
            "model": found.models.root.name if found.is_direct else found.models.sub.name,
            "usd": found.usd,
            "known": found.usd is not None,
        },
        **_scan_object(found.scan),
    }


def _scan_object(scan: Scan) -> dict[str, Any]:
    import msgspec

    facts = msgspec.to_builtins(scan.loaded)
    return {
        "corpus": {name: value for name, value in facts.items() if name not in ("kind", "skipped")},
        "skipped": [{"path": each.path, "why": each.why} for each in scan.skipped],
        "reasons": scan.reasons,
    }


def _pass_object(models: ModelsFound | None, usd: float | None) -> dict[str, Any]:
    return {"model": models.sub.name if models else None, "usd": usd, "known": usd is not None}
