"""PDF to text, page by page: pdfium for speed, pypdf where pdfium cannot open the file or has failed.

Runs in a worker. Line ends are `\\n`; a hyphen that pdfium marks as broken over two lines (U+FFFE) is taken
out where the joined word reads right, and kept where the document itself writes the word with a hyphen.
"""

from __future__ import annotations

import io
import re
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_BROKEN = re.compile(r"(\w+)[\ufffe\x02](\w+)")
_WRONG_PASSWORD = 4
_LETTERS_LOOKED_AT = 16
OCR = "ocr "
"""How the hint begins that asks for the recognition of images."""
_INFO = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "CreationDate": "created",
    "ModDate": "modified",
}


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the text of every page, one part a page.

    Shape:   hint `pypdf` leaves pdfium out: it has crashed on this file; `ocr 600` reads images of pages
             for so many seconds. Metadata: `pages`, `engine`, `pages_without_text`, `pages_recognised`,
             `pages_of_unknown_letters`, title and author where the file has them. Filled fields, notes and
             struck-out passages stand as lines of their own behind the text of their page.
    Errors:  Unreadable: encrypted, damaged, no text layer.
    """
    pages, meta = _with_pypdf(data) if hint == "pypdf" else _with_pdfium(data)
    pages = _rejoined(pages)
    empty = [number for number, text in enumerate(pages, 1) if not text.strip()]
    if empty and hint.startswith(OCR):
        found = _recognised(data, empty, float(hint.removeprefix(OCR)))
        pages = [found.get(number, text) for number, text in enumerate(pages, 1)]
        meta["pages_recognised"] = [number for number in empty if pages[number - 1].strip()][:1000]
        empty = [number for number in empty if not pages[number - 1].strip()]
    if len(empty) == len(pages):
        what = "1 page is an image" if len(pages) == 1 else f"all {len(pages)} pages are images"
        raise Unreadable(f"no text layer: {what} or empty (it needs OCR)")
    for number, text in enumerate(pages, 1):
        out.part("page", number)
        out.write(text if text.endswith("\n") else text + "\n")
    meta["pages"] = len(pages)
    if empty:
        meta["pages_without_text"] = empty[:1000]
    return meta


def _recognised(data: bytes, pages: list[int], seconds: float) -> dict[int, str]:
    import pypdfium2

    from rlm_cli.corpus.recognising import recognise

    try:
        return recognise(data, pages, seconds)
    except pypdfium2.PdfiumError:
        return {}


def _with_pdfium(data: bytes) -> tuple[list[str], dict[str, Any]]:
    import pypdfium2

    from rlm_cli.corpus.pdf_direction import in_reading_order
    from rlm_cli.corpus.pdf_marks import marks_of

    try:
        document = pypdfium2.PdfDocument(data)
        if document.get_formtype():
            document.init_forms()
        pages, unknown = [], []
        for number in range(len(document)):
            page = document[number]
            text_page = page.get_textpage()
            text = in_reading_order(text_page.get_text_range(), text_page)
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            marks = "\n".join(marks_of(page, text_page, document.formenv))
            pages.append(f"{text.rstrip()}\n{marks}".lstrip("\n") if marks else text)
            if _has_unknown_letters(text_page):
                unknown.append(number + 1)
            text_page.close()
            page.close()
        info: dict[str, Any] = document.get_metadata_dict(skip_empty=True)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _WRONG_PASSWORD or "password" in str(error).lower():
            raise Unreadable("encrypted: it needs a password") from error
        return _with_pypdf(data)
    if not pages:
        return _with_pypdf(data)
    told = {"pages_of_unknown_letters": unknown[:1000]} if unknown else {}
    return pages, {"engine": "pdfium", **told, **_info(info)}


def _has_unknown_letters(text_page: Any) -> bool:
    """Whether most of some characters of a page are of fonts that do not say which letters they are."""
    from pypdfium2.raw import FPDFText_HasUnicodeMapError

    count = text_page.count_chars()
    looked_at = range(0, count, max(1, count // _LETTERS_LOOKED_AT))
    unknown = sum(1 for at in looked_at if FPDFText_HasUnicodeMapError(text_page, at) == 1)
    return unknown * 2 > len(looked_at)


def _with_pypdf(data: bytes) -> tuple[list[str], dict[str, Any]]:
    import logging

    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted: it needs a password")
        pages = [page.extract_text() or "" for page in reader.pages]
        info = {name.lstrip("/"): str(value) for name, value in (reader.metadata or {}).items()}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise Unreadable(f"damaged PDF: {str(error)[:120] or type(error).__name__}") from error
    if not pages:
        raise Unreadable("damaged PDF: it has no pages")
    return pages, {"engine": "pypdf", **_info(info)}


def _info(info: dict[str, str]) -> dict[str, str]:
    return {ours: str(info[theirs])[:500] for theirs, ours in _INFO.items() if info.get(theirs)}


def _rejoined(pages: list[str]) -> list[str]:
    """The pages with words whole that were broken at line ends."""
    if not any("\ufffe" in text or "\x02" in text for text in pages):
        return pages
    written = set(re.findall(r"\w+(?:-\w+)?", "\n".join(pages)))

    def join(match: re.Match[str]) -> str:
        left, right = match.groups()
        if left + right in written:
            return left + right
        if f"{left}-{right}" in written or not right[0].islower() or not left[-1].isalpha():
            return f"{left}-{right}"
        return left + right

    return [re.sub("[\ufffe\x02]", "-", _BROKEN.sub(join, text)) for text in pages]
