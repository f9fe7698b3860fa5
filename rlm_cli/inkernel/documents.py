"""The way in: a mount of the host becomes `corpus` and a variable for each input.

Nothing is read when a corpus is opened but the header of its store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from rlm_cli.inkernel.collection import Corpus
from rlm_cli.inkernel.document import Document, Library
from rlm_cli.inkernel.hits import Hits
from rlm_cli.inkernel.query import query
from rlm_cli.inkernel.store import Store

_WORDS_CONTEXT = 300


class Services:
    """What documents ask of the host: `cite(document, quote, start)` gives a citation mark or raises."""

    cite: Callable[[int | None, str, int | None], str]

    def __init__(self, cite: Callable[[int | None, str, int | None], str] | None = None) -> None:
        self.cite = cite or _no_host


def open_corpus(mount: dict[str, Any], services: Services) -> tuple[Corpus, dict[str, Corpus]]:
    """The corpus of a mount (as in ports.Mount), and a corpus for each input by its variable name.

    Errors:  ValueError or OSError when the store cannot be mapped.
    """
    library = Library(Store(mount["store"], mount["generation"]), services)
    visible = mount.get("documents")
    everything: Sequence[int] = range(library.store.count) if visible is None else visible
    characters = library.store.facts["characters"] if visible is None else None
    library.ledger.limit_to(everything, characters)
    corpus = Corpus(library, everything)
    inputs = {
        name: corpus if indices is None else Corpus(library, indices)
        for name, indices in (mount.get("variables") or {}).items()
    }
    return corpus, inputs


def context_of(corpus: Corpus, limit_characters: int = 1 << 26) -> str | Corpus:
    """What `context` is: the text itself of a single document, otherwise the corpus.

    The text is not counted as searched: it is handed over before any cell has asked for it.
    """
    if len(corpus) == 1 and len(corpus[0]) <= limit_characters:
        return corpus.library.store.text(corpus[0].index)
    return corpus


def search_text(source: Any, words: str | re.Pattern[str], max_hits: int = 100) -> Hits | list[str]:
    """Where words stand in a document, a corpus, or any text: the short form of grep.

    For documents it gives hits; for a plain str (also a page or a chunk) the lines around each match.

    >>> search_text(corpus["msa.pdf"], "hold harmless"); search_text(reply, r"\\d+ days")
    """
    if isinstance(source, Document | Corpus):
        return source.grep(words, max_hits=max_hits)
    text = source if isinstance(source, str) else getattr(source, "text", None)
    if not isinstance(text, str):
        raise TypeError(
            f"search_text(source, words): a document, the corpus or a str, not {type(source).__name__}"
        )
    wanted = query(
        words, ignore_case=True, literal=False, word=False, max_hits=max_hits,
        max_per_document=None, context=0, seconds=60.0,
    )  # fmt: skip
    found: list[str] = []
    for match in wanted.pattern.finditer(text):
        if len(found) >= max_hits:
            break
        low = text.rfind("\n", 0, match.start()) + 1
        high = text.find("\n", match.end())
        low = max(low, match.start() - _WORDS_CONTEXT)
        high = min(len(text) if high < 0 else high, match.end() + _WORDS_CONTEXT)
        found.append(text[low:high])
    return found


def _no_host(document: int | None, quote: str, start: int | None) -> str:
    raise RuntimeError("there is no host that could check a quotation")
