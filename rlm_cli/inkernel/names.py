"""The corpus as names of cells: `corpus`, one variable for each input, `context`, `input_data`.

It opens the mapped store; what documents can do is theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def corpus_names(mount: dict[str, Any] | None, cite: Callable[..., str]) -> dict[str, Any]:
    """Everything that a cell finds of the corpus; nothing without a mount.

    Shape:   `context` and `input_data` are the text itself when the input is one document that is not
             huge, otherwise the corpus.
    """
    if mount is None:
        return {}
    from rlm_cli.inkernel.documents import Services, context_of, open_corpus, search_text

    corpus, inputs = open_corpus(mount, Services(cite))
    whole = context_of(corpus)
    return {**inputs, "corpus": corpus, "context": whole, "input_data": whole, "search_text": search_text}
