"""EPUB to text: the chapters in reading order, each a part with its title. Runs in a worker.

zipfile opens the package, ElementTree reads its table, and `web.py` the chapters, which are web pages.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable
from rlm_cli.corpus.web import text_of

_MAX_PAGE_BYTES = 1 << 27
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DAMAGES = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    OSError,
    EOFError,
    NotImplementedError,
    ElementTree.ParseError,
)


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the chapters of a book as its spine orders them.

    Errors:  Unreadable when the package is damaged, protected, or has no text.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if "META-INF/rights.xml" in package.namelist():
                raise Unreadable("protected by DRM")
            opf_path, opf = _table(package)
            for number, name in enumerate(_spine(opf_path, opf), 1):
                text, facts = text_of(_read(package, name))
                if text.strip():
                    out.part("section", number, _title(text, facts) or f"chapter {number}")
                    out.write(text + "\n")
    except _DAMAGES as error:
        raise Unreadable(f"damaged EPUB: {str(error)[:120] or type(error).__name__}") from error
    if not out.visible:
        raise Unreadable("no text in it")
    metadata = {"title": opf.find(f".//{_DC}title"), "author": opf.find(f".//{_DC}creator")}
    return {name: (node.text or "").strip()[:500] for name, node in metadata.items() if node is not None}


def _table(package: zipfile.ZipFile) -> tuple[str, ElementTree.Element]:
    container = ElementTree.fromstring(_read(package, "META-INF/container.xml"))
    root = next((node for node in container.iter() if node.tag.endswith("rootfile")), None)
    path = root.get("full-path", "") if root is not None else ""
    return path, ElementTree.fromstring(_read(package, path))


def _spine(opf_path: str, opf: ElementTree.Element) -> list[str]:
    folder = posixpath.dirname(opf_path)
    items = {item.get("id"): item.get("href", "") for item in opf.iter(f"{_OPF}item")}
    wanted = [items[ref.get("idref")] for ref in opf.iter(f"{_OPF}itemref") if ref.get("idref") in items]
    return [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in wanted if href]


def _title(text: str, facts: dict[str, Any]) -> str:
    heading = next((line.lstrip("# ") for line in text.splitlines() if line.startswith("#")), "")
    return (heading or str(facts.get("title", "")))[:200]


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    if package.getinfo(name).file_size > _MAX_PAGE_BYTES:
        raise Unreadable(f"{name} in it is larger than {_MAX_PAGE_BYTES / 1e6:,.0f} MB")
    return package.read(name)
