"""Which part of the corpus a value stands for: a child run's documents, a citation's document.

It knows the shape of documents, hits, chunks and subsets, not their classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def scope(part: Any) -> dict[str, Any]:
    """The fields `documents` or `texts` of a child run over a part of the corpus; None is all of it.

    Errors:  TypeError for what is no part of a corpus and no text.
    """
    if part is None:
        return {}
    if isinstance(part, Mapping):
        return {"texts": {str(name): _text(value) for name, value in part.items()}}
    if isinstance(part, str):
        name = getattr(part, "path", "text")
        return {"texts": {str(name): str.__str__(part)}}
    documents: list[int] = []
    texts: dict[str, str] = {}
    for number, each in enumerate(_parts(part), 1):
        index = document_index(each)
        if index is not None:
            documents.append(index)
        elif isinstance(each, str):
            texts[f"{getattr(each, 'path', 'text')} {number}"] = str.__str__(each)
        else:
            raise TypeError(f"a child run reads documents or texts, not {type(each).__name__}")
    if documents and texts:
        raise TypeError("a child run reads documents of the corpus or texts of your own, not both")
    return {"texts": texts} if texts else {"documents": sorted(set(documents))}


def document_index(value: Any) -> int | None:
    """The number in the store of the document that a document or hit belongs to."""
    if isinstance(value, str):
        return None
    for subject in (value, getattr(value, "document", None)):
        index = getattr(subject, "index", None)
        if isinstance(index, int):
            return index
    return None


def place(source: Any, quote: str | None) -> tuple[int | str | None, str, int | None]:
    """Document, words and position of a citation.

    Errors:  TypeError when there are no words to look for.
    """
    if quote is None:
        quote = source if isinstance(source, str) else getattr(source, "text", None)
    if not isinstance(quote, str) or not quote.strip():
        raise TypeError("cite(source, quote): say which words of the source are quoted")
    start = getattr(source, "start", None)
    near = start if isinstance(start, int) else None
    path = getattr(source, "path", None)
    if isinstance(source, str) and path is None:
        is_words = quote is source
        return (None if is_words else str(source)), str.__str__(quote), None
    index = document_index(source)
    document = index if index is not None else (str(path) if path is not None else None)
    return document, str.__str__(quote), near


def _parts(part: Any) -> Iterable[Any]:
    return [part] if document_index(part) is not None else list(part)


def _text(value: Any) -> str:
    text = getattr(value, "text", value)
    if not isinstance(text, str):
        raise TypeError(f"a text for a child run must be a str, not {type(value).__name__}")
    return str.__str__(text)
