"""A session as one page that opens offline: the answer at once, everything else packed behind it.

The page makes no request and runs nothing but its own script: its policy names the hashes of the one style
and the one script, and every text of the session is put in as text.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable
from html import escape
from importlib import resources

import msgspec

from rlm_cli.base.text import elapsed, money
from rlm_cli.faces.export.prose import to_html
from rlm_cli.faces.export.story import Answered, Cited, Story

PAGE_BYTES = 4_700_000
LIMITS = (40_000, 16_000, 6_000, 2_000, 700, 250)
"""Characters that one text may have, tried in this order until the page is small enough."""

_ORIGINS = {"file": "read from the file when this page was made", "record": "from the record of the session"}
_KEYS = (
    ("1 … 5", "answer, timeline, calls, drafts, record"),
    ("/", "search everything"),
    ("j k", "next and previous"),
    ("o", "open what is marked"),
    ("t", "light or dark"),
    ("Esc", "close"),
)


def page_within(make: Callable[[int], Story], most_bytes: int = PAGE_BYTES) -> str:
    """The page of a story, its longest texts shortened until it has no more than so many bytes.

    Shape:   make gives the story with texts of at most so many characters.
    """
    page = ""
    for limit in LIMITS:
        page = to_page(make(limit))
        if len(page) <= most_bytes:
            break
    return page


def to_page(story: Story) -> str:
    """The whole page."""
    style, script = _resource("page.css"), _resource("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return "".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n',
            f"<title>{escape(story.facts.title[:200])}</title>\n<style>{style}</style>\n</head>\n<body>\n",
            _head(story),
            _tabs(),
            '<main class="wrap">\n',
            f'<div id="tab-answer" role="tabpanel">{_answer(story)}</div>\n',
            *(
                f'<div id="tab-{name}" role="tabpanel" hidden></div>\n'
                for name in ("timeline", "calls", "drafts", "record")
            ),
            '<p id="hint" class="warn" hidden></p>\n',
            _footer(story),
            "</main>\n",
            _overlays(),
            f'<script type="text/plain" id="story">{_packed(story)}</script>\n',
            f"<script>{script}</script>\n</body>\n</html>\n",
        ]
    )


def _head(story: Story) -> str:
    facts = story.facts
    chips = [
        (facts.status, facts.status),
        ("", elapsed(facts.seconds)),
        ("", money(facts.usd)),
        ("", facts.coverage.split(";")[0]),
        ("", facts.started.replace("T", " ").partition(".")[0] + " UTC" if facts.started else ""),
    ]
    items = "".join(f'<li class="{kind}">{escape(text)}</li>' for kind, text in chips if text)
    heading = f"<h1>{escape(facts.title)}</h1>"
    return f'<header class="top wrap">\n{heading}\n<ul class="chips">{items}</ul>\n</header>\n'


def _tabs() -> str:
    names = ("Answer", "Timeline", "Calls", "Drafts", "Record")
    buttons = "".join(
        f'<button role="tab" id="to-{name.lower()}" aria-controls="tab-{name.lower()}" '
        f'aria-selected="{str(name == "Answer").lower()}">{name}</button>'
        for name in names
    )
    tools = (
        '<span class="push"><button id="find" title="Search (/)" aria-label="Search">⌕</button>'
        '<button id="theme" title="Light or dark (t)" aria-label="Light or dark">◐</button>'
        '<button id="help" class="key-only" title="Keys (?)" aria-label="Keys">?</button></span>'
    )
    return f'<nav class="tabs" id="tabs"><div class="wrap" role="tablist">{buttons}{tools}</div></nav>\n'


def _answer(story: Story) -> str:
    numbers = {each.id for each in story.citations}
    if story.data is not None:
        body = f"<pre>{escape(str(story.data))}</pre>"
    else:
        body = to_html(story.answer, numbers) if story.answer else '<p class="soft">There is no answer.</p>'
    parts = [f'<article class="card prose">{body}</article>']
    parts += [f'<p class="warn small">{escape(each)}</p>' for each in story.facts.warnings]
    if story.citations:
        notes = "".join(_note(each) for each in story.citations)
        parts.append(
            f'<h2 class="label">Sources</h2><section class="card"><div class="notes">{notes}</div></section>'
        )
    if story.earlier:
        parts.append('<h2 class="label">Earlier in this session</h2>')
        parts += [_earlier(each) for each in story.earlier]
    return "\n".join(parts)


def _earlier(asked: Answered) -> str:
    body = to_html(asked.answer) if asked.answer else '<p class="soft">There is no answer.</p>'
    sources = "".join(
        f'<p class="small soft">[{each.id}] “{escape(each.quote[:400])}” {escape(each.place)} '
        f"{_mark(each)}</p>"
        for each in asked.citations
    )
    return (
        f'<details class="card asked"><summary>{escape(asked.question)}</summary>'
        f'<div class="prose">{body}</div>{sources}<p class="small soft">{escape(asked.ending)}</p></details>'
    )


def _mark(cited: Cited) -> str:
    return '<span class="ok">✓</span>' if cited.checked else '<span class="bad">✗ not verified</span>'


def _note(cited: Cited) -> str:
    origin = _ORIGINS.get(cited.origin, "")
    marked = f"{escape(cited.before)}<mark>{escape(cited.quote)}</mark>{escape(cited.after)}"
    passage = f'<div class="passage">{marked}</div>'
    why = f'<p class="bad small">{escape(cited.why)}</p>' if cited.why and not cited.checked else ""
    told = f'<p class="small soft">{origin}</p>' if origin else ""
    return (
        f'<details class="note" id="cite-{cited.id}"><summary><span class="num">[{cited.id}]</span>'
        f'<span><span class="quote">{escape(cited.quote[:400])}</span>'
        f'<span class="place">{escape(cited.place)} {_mark(cited)}</span></span></summary>'
        f"{why}{passage}{told}</details>"
    )


def _footer(story: Story) -> str:
    removed = (
        f"Removed from this page: {'; '.join(story.removed)}."
        if story.removed
        else "No secret was found in it."
    )
    cut = (
        f" {story.cut:,} texts longer than {story.limit:,} characters are shortened here."
        if story.cut
        else ""
    )
    return (
        f"<footer>Session {escape(story.facts.session)}, made with rlm {escape(story.facts.program)}. "
        f"{escape(removed)}{escape(cut)} This page makes no request.</footer>\n"
    )


def _overlays() -> str:
    keys = "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(what)}</dd>" for key, what in _KEYS)
    return (
        '<aside class="panel" id="panel" aria-label="Details" hidden><div class="bar">'
        '<b id="panel-title"></b><button id="panel-close" aria-label="Close">✕</button></div>'
        '<div class="body" id="panel-body"></div></aside>\n'
        '<div class="veil" id="veil" hidden><div class="box" id="search-box">'
        '<input id="search" type="search" placeholder="Search everything" aria-label="Search everything">'
        '<div class="hits" id="hits"></div></div>'
        f'<div class="box keys" id="keys" hidden><dl>{keys}</dl></div></div>\n'
    )


def _packed(story: Story) -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(msgspec.json.encode(story)) + packer.flush()
    return base64.b64encode(raw).decode("ascii")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
