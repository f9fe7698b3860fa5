"""Markdown of a model as HTML that can do nothing: no raw HTML, no image, no link that leads anywhere.

The numbers of citations become buttons; everything else is text in plain elements.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

_NUMBER = re.compile(r"\[(\d+)\](?!\()")


def to_html(markdown: str, citations: Collection[int] = ()) -> str:
    """The HTML of a Markdown text; `[3]` becomes a button where 3 is the number of a citation."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable(["link", "image", "autolink", "html_inline", "html_block", "reference"])
    tokens = parser.parse(markdown)
    for token in tokens:
        for child in token.children or []:
            if child.type == "text":
                child.type = "cited"
    parser.add_render_rule("cited", lambda _self, all_, at, *_: _cited(all_[at].content, citations))
    rendered: str = parser.renderer.render(tokens, parser.options, {})
    return rendered


def _cited(text: str, citations: Collection[int]) -> str:
    def button(match: re.Match[str]) -> str:
        number = int(match[1])
        if number not in citations:
            return match[0]
        return f'<a class="cite" href="#cite-{number}" data-cite="{number}">{number}</a>'

    return _NUMBER.sub(button, escape(text))
