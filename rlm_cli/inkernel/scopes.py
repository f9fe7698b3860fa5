"""Which part of the corpus a value stands for: a child run's documents, a citation's document.

It knows the shape of documents, hits, chunks and subsets, not their classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def scope(part: Any, corpus: Any = None) -> dict[str, Any]:
    """The fields `documents` or `texts` of a child run over a part of the corpus; None is all of it.

    Shape:   text that is a path of `corpus` stands for its document; chunks and pages are texts.
    Errors:  TypeError for what is no part of a corpus and no text.
    """
    if part is None:
        return {}
    if isinstance(part, Mapping):
        return {"texts": {str(name): _text(value) for name, value in part.items()}}
    documents: list[int] = []
    texts: dict[str, str] = {}
    for number, each in enumerate(_parts(part), 1):
        if isinstance(each, str) and type(each) is str and corpus is not None and each in corpus:
            each = corpus[each]
        if isinstance(each, str):
            texts[_name(each, number)] = str.__str__(each)
        elif (index := document_index(each)) is not None:
            documents.append(index)
        else:
            raise TypeError(f"a child run reads documents or texts, not {type(each).__name__}")
    if documents and texts:
        raise TypeError("a child run reads documents of the corpus or texts of your own, not both")
    return {"texts": texts} if texts else {"documents": sorted(set(documents))}


def document_index(value: Any) -> int | None:
    """The number in the store of a document, or of the document of a hit, a chunk or a page."""
    for subject in (getattr(value, "document", None), value):
        index = getattr(subject, "index", None)
        if isinstance(index, int):
            return index
    return None


def place(source: Any, quote: str | None) -> tuple[int | str | None, str, int | None]:
    """Document, words and position of a citation.

    Errors:  TypeError when there are no words to look for.
    """
    index = document_index(source)
    start = getattr(source, "start", None)
    near = start if isinstance(start, int) else None
    if quote is None:
        if not isinstance(source, str) or index is not None or not source.strip():
            raise TypeError("cite(source, quote): say which words of the source are quoted")
        return None, str.__str__(source), None
    if not isinstance(quote, str) or not quote.strip():
        raise TypeError(f"cite(source, quote): the quotation must be words, not {quote!r:.60}")
    if index is None and source is not None and not isinstance(source, str):
        raise TypeError(f"cite(source, quote): a hit, a document or a path, not {type(source).__name__}")
    document = index if index is not None else (str.__str__(source) if source else None)
    return document, str.__str__(quote), near


def _parts(part: Any) -> Iterable[Any]:
    is_one = isinstance(part, str) or document_index(part) is not None
    return [part] if is_one else list(part)


def _name(text: str, number: int) -> str:
    path = getattr(text, "path", None)
    page = getattr(text, "page", None)
    if path is None:
        return f"text {number}"
    return f"{path} p.{page} ({number})" if page else f"{path} ({number})"


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else getattr(value, "text", None)
    if not isinstance(text, str):
        raise TypeError(f"a text for a child run must be a str, not {type(value).__name__}")
    return str.__str__(text)
