"""The corpus as names of cells: `corpus`, one variable for each input, `context`, `input_data`.

It opens the mapped store; what documents can do is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_WHOLE_CHARACTERS = 64 * 1024 * 1024


def corpus_names(mount: dict[str, Any] | None, cite: Callable[..., str]) -> dict[str, Any]:
    """Everything that a cell finds of the corpus; nothing without a mount.

    Shape:   `context` and `input_data` are the text itself when the input is one document (of at most
             64 Mi characters), otherwise the corpus.
    """
    if mount is None:
        return {}
    from rlm_cli.inkernel.documents import Services, open_corpus, search_text

    services = Services()
    services.cite = cite
    corpus, inputs = open_corpus(mount, services)
    is_text = len(corpus) == 1 and len(corpus[0]) <= _WHOLE_CHARACTERS
    whole = corpus[0].text if is_text else corpus
    return {
        **inputs,
        "corpus": corpus,
        "context": whole,
        "input_data": whole,
        "search_text": search_text,
    }
