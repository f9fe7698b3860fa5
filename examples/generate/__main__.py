"""Writes the corpus and the gold answer: `python -m examples.generate [--into FOLDER]`.

Owns which file goes where. Must never know what is in one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .blocks import Document
from .facts import AGREEMENTS, MASTER
from .gold import gold
from .master import master_blocks, master_front
from .priors import prior_documents
from .write_office import docx_bytes
from .write_pdf import PageOf, long_pdf, short_pdf
from .write_text import markdown, page, plain

MASTER_PAGES = 500
_TEXT_FORMS: dict[str, Callable[[Document], str]] = {"md": markdown, "txt": plain, "html": page}


def generate(into: Path) -> None:
    """Writes `into`/contracts, thirteen files, and `into`/contracts_gold.json beside it."""
    corpus = into / "contracts"
    corpus.mkdir(parents=True, exist_ok=True)
    title = AGREEMENTS[MASTER].title
    header = f"Northgate / Tessellate: {title}"
    data, page_of = long_pdf(title, header, master_front(), master_blocks(), MASTER_PAGES)
    (corpus / MASTER).write_bytes(data)
    for document in prior_documents():
        data, pages = _form(document)
        (corpus / document.file).write_bytes(data)
        page_of |= pages
    (into / "contracts_gold.json").write_bytes(gold(page_of).encode())


def _form(document: Document) -> tuple[bytes, PageOf]:
    agreement = AGREEMENTS[document.file]
    if agreement.kind == "pdf":
        return short_pdf(document)
    if agreement.kind == "docx":
        return docx_bytes(document, agreement.dated), {}
    return _TEXT_FORMS[agreement.kind](document).encode(), {}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m examples.generate", description="Write the example corpus again."
    )
    parser.add_argument(
        "--into", type=Path, default=Path(__file__).parents[1], help="default: the examples folder"
    )
    generate(parser.parse_args().into)


if __name__ == "__main__":
    main()
