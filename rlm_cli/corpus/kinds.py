"""What a file is: its content decides whether it is text, its suffix which format the text has.

One table of suffixes, one of leading bytes. Nothing is read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_cli.corpus.opening import Unreadable

HEAD_BYTES = 1 << 13
"""So many first bytes are enough to tell what a file is."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the kind that people see, who reads it, and the version of that reader.

    Shape:   reader is `plain` (read here) or the name of an extractor of the worker. A higher version
             makes files of the format be read again. has_members: there are documents inside of it;
             is_streamed: it is never held whole, so that it may be of any size.
    """

    kind: str
    reader: str
    version: int
    has_members: bool = False
    is_streamed: bool = False


PLAIN_VERSION = 2
PDF = Format("pdf", "pdf", 102)
DOCX = Format("docx", "docx", 203)
HTML = Format("html", "html", 303)
NOTEBOOK = Format("notebook", "notebook", 401)
SHEETS = Format("workbook", "sheets", 502)
SLIDES = Format("slides", "slides", 601)
ODT = Format("odt", "open_document", 703)
ODP = Format("slides", "open_document", 704)
BOOK = Format("epub", "book", 802)
RTF = Format("rtf", "rich_text", 902)
PARQUET = Format("parquet", "parquet", 951)
MAIL = Format("mail", "mail", 1002, has_members=True)
MAILBOX = Format("mailbox", "mailbox", 1101, has_members=True, is_streamed=True)
ZIP = Format("archive", "zip", 1201, has_members=True, is_streamed=True)
TAR = Format("archive", "tar", 1202, has_members=True, is_streamed=True)
PACKED = Format("archive", "packed", 1203, has_members=True, is_streamed=True)

FORMATS = (
    PDF,
    DOCX,
    HTML,
    NOTEBOOK,
    SHEETS,
    SLIDES,
    ODT,
    ODP,
    BOOK,
    RTF,
    PARQUET,
    MAIL,
    MAILBOX,
    ZIP,
    TAR,
    PACKED,
)
CONTAINER_VERSIONS = frozenset(form.version for form in FORMATS if form.has_members)
"""The versions of the readers that find documents inside of a file."""

_TEXT_KINDS = {
    "markdown": "md markdown mdown mkd rst adoc",
    "csv": "csv",
    "tsv": "tsv tab",
    "json": "json geojson",
    "jsonl": "jsonl ndjson",
    "log": "log out err",
    "xml": "xml xsd xsl svg rss atom",
    "yaml": "yaml yml",
    "code": "py pyi js mjs cjs ts tsx jsx c h cc cpp cxx hpp hh cs java kt kts go rs rb php pl pm swift "
    "scala sh bash zsh fish ps1 bat sql r jl lua hs ml mli ex exs erl clj lisp el vim dart m mm f90 f asm s "
    "v vhd proto graphql tf nix cmake gradle groovy vue svelte css scss less ipy pyx pxd zig nim d",
    "config": "toml ini cfg conf properties env lock",
}
_TEXT = Format("text", "plain", PLAIN_VERSION)
_PLAIN = {
    suffix: Format(kind, "plain", PLAIN_VERSION)
    for kind, suffixes in _TEXT_KINDS.items()
    for suffix in suffixes.split()
}
_FOREIGN = {
    "pdf": PDF,
    "html": HTML,
    "htm": HTML,
    "xhtml": HTML,
    "ipynb": NOTEBOOK,
    "eml": MAIL,
    "mbox": MAILBOX,
    "mbx": MAILBOX,
}
_ZIPPED = {
    **dict.fromkeys(("docx", "docm", "dotx"), DOCX),
    **dict.fromkeys(("xlsx", "xlsm", "xlsb", "xltx", "ods", "ots"), SHEETS),
    **dict.fromkeys(("pptx", "pptm", "ppsx"), SLIDES),
    **dict.fromkeys(("odt", "ott"), ODT),
    **dict.fromkeys(("odp", "otp"), ODP),
    "epub": BOOK,
}
_STREAMS = ((b"\x1f\x8b", "gz tgz"), (b"BZh", "bz2 tbz tbz2"), (b"\xfd7zXZ", "xz txz"))
_MAILBOX = re.compile(rb"From \S+ .{0,80}\d\d:\d\d:\d\d")
_MAIL_FIRST = re.compile(
    rb"(?:Return-Path|Delivered-To|Received|Message-ID|MIME-Version|DKIM-Signature|Date|From|To|Subject|X-[\w-]+):"
    rb"[ \t]",
    re.IGNORECASE,
)
_MAIL_NEEDS = (rb"(?im)^From:[ \t]", rb"(?im)^(?:Message-ID|Received|MIME-Version):[ \t]")
_NEVER_MAIL = ("txt", "text")

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
    (b"(\xb5/\xfd", "zstd archive"),
    (b"7z\xbc\xaf", "7-Zip archive"),
    (b"Rar!", "RAR archive"),
    (b"SQLite format 3\0", "SQLite database"),
    (b"\xd0\xcf\x11\xe0", "old Office file (.doc, .ppt, .msg): save it in the format of today"),
    (b"\0asm", "WebAssembly"),
    (b"\x80\x04\x95", "pickle"),
)
_INSIDE = (
    (b"word/", DOCX),
    (b"xl/", SHEETS),
    (b"ppt/", SLIDES),
    (b"mimetypeapplication/epub+zip", BOOK),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", ODT),
    (b"mimetypeapplication/vnd.oasis.opendocument.presentation", ODP),
    (b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", SHEETS),
)
"""What the first bytes of a ZIP file tell when its name tells nothing."""
_FIRST = frozenset(magic[:1] for magic, _ in (*_MAGIC, *_STREAMS))
_PROGRAMS = {
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
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip_format(suffix, head)
    if head[:1] in _FIRST or head[257:262] == b"ustar":
        packed = _packed_format(name, head)
        if packed is not None:
            return packed
    if suffix == "xls" and head.startswith(b"\xd0\xcf\x11\xe0"):
        return SHEETS
    if head.startswith(b"{\\rtf"):
        return RTF
    if head.startswith(b"PAR1"):
        return PARQUET
    for magic, what in _MAGIC if head[:1] in _FIRST else ():
        if head.startswith(magic) and (len(magic) > 3 or b"\0" in head or not _is_mostly_text(head)):
            raise Unreadable(f"binary: {what}")
    if suffix == "pdf":
        raise Unreadable("not a PDF: it does not begin like one")
    if suffix in _ZIPPED or suffix == "zip":
        raise Unreadable(f"not a .{suffix} file: it does not begin like one")
    foreign = _FOREIGN.get(suffix)
    if foreign is not None:
        return foreign
    if suffix not in _PLAIN and _MAILBOX.match(head):
        return MAILBOX
    if suffix not in _PLAIN and suffix not in _NEVER_MAIL and _is_mail(head):
        return MAIL
    if suffix not in _PLAIN and head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return HTML
    return _PLAIN.get(suffix, _TEXT)


def _is_mail(head: bytes) -> bool:
    """Whether a file without a telling name is a mail, as they lie in a Maildir."""
    if not _MAIL_FIRST.match(head):
        return False
    headers = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    return all(re.search(needed, headers) for needed in _MAIL_NEEDS)


def reader_versions() -> tuple[int, ...]:
    """The versions of all readers: another one makes its files be read again."""
    return (PLAIN_VERSION, *(form.version for form in FORMATS))


def _zip_format(suffix: str, head: bytes) -> Format:
    form = _ZIPPED.get(suffix)
    if form is not None:
        return form
    if suffix in _PROGRAMS:
        raise Unreadable(f"binary: {_PROGRAMS[suffix]}")
    for mark, inner in _INSIDE if suffix != "zip" else ():
        if mark in head:
            return inner
    return ZIP


def _packed_format(name: str, head: bytes) -> Format | None:
    """A tar, or a compressed file: a tar in it is told by the name, as everyone names them."""
    for magic, suffixes in _STREAMS:
        if head.startswith(magic):
            plain, last = name.lower().rpartition(".")[::2]
            is_tar = plain.endswith(".tar") or (last in suffixes.split()[1:] and len(last) > 2)
            return TAR if is_tar else PACKED
    return TAR if head[257:262] == b"ustar" else None


def _is_mostly_text(head: bytes) -> bool:
    control = sum(1 for byte in head[:512] if byte < 9 or 13 < byte < 32)
    return control * 20 < max(1, len(head[:512]))
