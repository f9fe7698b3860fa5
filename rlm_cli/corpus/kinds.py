"""What a file is: its content decides whether it is text, its suffix which format the text has.

One table of suffixes, one of leading bytes. Nothing is read here.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlm_cli.corpus.opening import Unreadable

HEAD_BYTES = 1 << 13
"""So many first bytes are enough to tell what a file is."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the kind that people see, who reads it, and the version of that reader.

    Shape:   reader is `plain` (read here) or the name of an extractor of the worker. A higher version
             makes files of the format be read again.
    """

    kind: str
    reader: str
    version: int


PLAIN_VERSION = 1
PDF = Format("pdf", "pdf", 101)
DOCX = Format("docx", "docx", 201)
HTML = Format("html", "html", 301)
NOTEBOOK = Format("notebook", "notebook", 401)

_TEXT_KINDS = {
    "markdown": "md markdown mdown mkd rst adoc",
    "csv": "csv",
    "tsv": "tsv tab",
    "json": "json geojson",
    "jsonl": "jsonl ndjson",
    "log": "log out err",
    "xml": "xml xsd xsl svg rss atom",
    "yaml": "yaml yml",
    "mail": "eml mbox",
    "code": "py pyi js mjs cjs ts tsx jsx c h cc cpp cxx hpp hh cs java kt kts go rs rb php pl pm swift "
    "scala sh bash zsh fish ps1 bat sql r jl lua hs ml mli ex exs erl clj lisp el vim dart m mm f90 f asm s "
    "v vhd proto graphql tf nix cmake gradle groovy vue svelte css scss less ipy pyx pxd zig nim d",
    "config": "toml ini cfg conf properties env lock",
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _TEXT_KINDS.items() for suffix in suffixes.split()}
_FOREIGN = {
    "pdf": PDF,
    "docx": DOCX,
    "docm": DOCX,
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "ipynb": NOTEBOOK,
}

_MAGIC = (
    (b"\x89PNG", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF8", "GIF image"),
    (b"II*\0", "TIFF image"),
    (b"MM\0*", "TIFF image"),
    (b"RIFF", "RIFF media"),
    (b"\0\0\1\0", "icon"),
    (b"OggS", "Ogg media"),
    (b"ID3", "MP3 audio"),
    (b"\x7fELF", "program"),
    (b"MZ", "Windows program"),
    (b"\xca\xfe\xba\xbe", "program"),
    (b"\xcf\xfa\xed\xfe", "program"),
    (b"\x1f\x8b", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ", "xz archive"),
    (b"(\xb5/\xfd", "zstd archive"),
    (b"7z\xbc\xaf", "7-Zip archive"),
    (b"Rar!", "RAR archive"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"PAR1", "Parquet table"),
    (b"\xd0\xcf\x11\xe0", "old Office file (.doc, .xls, .ppt)"),
    (b"\0asm", "WebAssembly"),
    (b"\x80\x04\x95", "pickle"),
)
_FIRST = frozenset(magic[:1] for magic, _ in _MAGIC)
_ZIP_KINDS = {
    "xlsx": "Excel workbook",
    "pptx": "PowerPoint file",
    "odt": "OpenDocument text",
    "ods": "OpenDocument sheet",
    "odp": "OpenDocument slides",
    "epub": "EPUB book",
    "jar": "Java archive",
    "whl": "Python wheel",
    "apk": "Android package",
}


def format_of(name: str, head: bytes) -> Format:
    """The format of a file from its name and its first bytes.

    Errors:  Unreadable for what is neither text nor a format that has a reader.
    """
    suffix = name.rpartition("/")[2].rpartition(".")[2].lower() if "." in name else ""
    if head.startswith(b"%PDF-") or (suffix == "pdf" and b"%PDF-" in head[:1024]):
        return PDF
    if head.startswith(b"PK\3\4"):
        return _zip_format(suffix)
    for magic, what in _MAGIC if head[:1] in _FIRST else ():
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head or not _is_mostly_text(head)):
            raise Unreadable(f"binary: {what}")
    if suffix == "pdf":
        raise Unreadable("not a PDF: it does not begin like one")
    if suffix in ("docx", "docm"):
        raise Unreadable("not a Word file: it does not begin like one")
    foreign = _FOREIGN.get(suffix)
    if foreign is not None:
        return foreign
    if suffix not in _KIND_OF_SUFFIX and head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    return Format(_KIND_OF_SUFFIX.get(suffix, "text"), "plain", PLAIN_VERSION)


def _zip_format(suffix: str) -> Format:
    if suffix in ("docx", "docm"):
        return DOCX
    what = _ZIP_KINDS.get(suffix)
    raise Unreadable(f"no reader for this format yet: {what}" if what else "binary: ZIP archive")


def _is_mostly_text(head: bytes) -> bool:
    control = sum(1 for byte in head[:512] if byte < 9 or 13 < byte < 32)
    return control * 20 < max(1, len(head[:512]))
