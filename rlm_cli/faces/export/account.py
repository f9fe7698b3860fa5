"""What an export says of a run as a whole, and of its citations."""

from __future__ import annotations

from dataclasses import dataclass, field

from rlm_cli.events import bodies
from rlm_cli.events.values import Citation, Usage
from rlm_cli.faces.export.story import Cited, Facts
from rlm_cli.faces.export.texts import Texts
from rlm_cli.views import wording
from rlm_cli.views.result import place_of
from rlm_cli.views.run import RunView

_CONTEXT_CHARACTERS = 1_200


@dataclass(frozen=True)
class Passage:
    """What stands around a quotation, and where that was found: `file`, `record`, or nowhere (empty)."""

    before: str = ""
    quote: str = ""
    after: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Origin:
    """What a story needs besides the events: facts of the header, passages of citations by their id.

    Shape:   the citations are those of the last answer.
    """

    session: str
    started: str = ""
    program: str = ""
    argv: tuple[str, ...] = ()
    passages: dict[int, Passage] = field(default_factory=dict)


def cited(citation: Citation, passage: Passage, texts: Texts) -> Cited:
    """A citation with the passage around it."""
    return Cited(
        id=citation.id,
        place=texts.of(place_of(citation)),
        path=texts.of(citation.path),
        quote=texts.of(passage.quote or citation.quote),
        checked=citation.checked,
        why=texts.of(citation.why),
        elsewhere=citation.elsewhere,
        before=texts.of(passage.before[-_CONTEXT_CHARACTERS:]),
        after=texts.of(passage.after[:_CONTEXT_CHARACTERS]),
        origin=passage.origin,
    )


def facts_of(view: RunView, end: bodies.RunFinished, origin: Origin, texts: Texts) -> Facts:
    """The account of a session, whose last question this view and this end are about."""
    started, corpus = view.started, view.corpus
    total: Usage = end.root_usage + end.sub_usage
    title = (started.title or started.question) if started else origin.session
    return Facts(
        title=texts.of(title),
        question=texts.of(started.question if started else "not recorded"),
        session=origin.session,
        started=origin.started,
        status=end.status,
        stop=end.stop,
        ending=texts.of(wording.ending(end)),
        models=texts.of(wording.models(started) if started else "not recorded"),
        corpus=texts.of(wording.corpus(corpus) if corpus else "no documents were read"),
        coverage=wording.coverage(end),
        spending=wording.spending(end),
        sandbox=texts.of(end.sandbox or "no kernel was started"),
        seconds=end.seconds,
        usd=total.usd,
        inputs=[texts.of(each) for each in (started.inputs if started else [])],
        command=texts.of(" ".join(origin.argv)),
        skipped=texts.of(wording.skipped(corpus) if corpus else ""),
        warnings=[texts.of(each) for each in end.warnings],
        program=origin.program,
        usage=[("root model", end.root_usage), ("sub-calls", end.sub_usage)],
    )
