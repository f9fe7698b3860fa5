"""Archives to members: ZIP, tar, and single compressed files. Runs in a worker.

Members come out in the archive's own order, so many at a time as a spool holds; a hint says where to go on.
What may come out in all, and of one member, is bounded by the allowance of the caller.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO

from rlm_cli.corpus.extract import MORE, Cut, TextOut
from rlm_cli.corpus.opening import Unreadable

_PIECE_BYTES = 1 << 20
_PACKERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


def extract_zip(file: BinaryIO, out: TextOut, hint: str) -> dict[str, Any]:
    """Bring out the files of a ZIP archive.

    Shape:   hint is the number of the entry to go on with.
    Errors:  Unreadable when it is damaged as a whole; a damaged or locked entry is a member left out.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (*_DAMAGES, KeyError) as error:
        raise Unreadable(f"damaged ZIP archive: {_told(error)}") from error
    entries = archive.infolist()
    for number, entry in enumerate(entries[int(hint or 0) :], int(hint or 0)):
        if out.is_full:
            return {MORE: number}
        if entry.is_dir():
            continue
        if entry.flag_bits & 1:
            out.left_out(entry.filename, "encrypted: it needs a password")
            continue
        try:
            with archive.open(entry) as member:
                out.member(entry.filename, _pieces(member))
        except Cut:
            return {}
        except (*_DAMAGES, RuntimeError) as error:
            out.left_out(entry.filename, f"damaged in its archive: {_told(error)}")
    return {}


def extract_tar(file: BinaryIO, out: TextOut, hint: str) -> dict[str, Any]:
    """Bring out the regular files of a tar archive, compressed or not.

    Shape:   hint is the number of the entry to go on with.
    Errors:  Unreadable when nothing of it can be read; where it breaks off, a member left out says so.
    """
    number = 0
    try:
        with tarfile.open(fileobj=file, mode="r:*") as archive:
            for number, entry in enumerate(archive):
                archive.members = []  # type: ignore[attr-defined,unused-ignore]
                if number < int(hint or 0):
                    continue
                if out.is_full:
                    return {MORE: number}
                _take_from_tar(archive, entry, out)
    except Cut:
        return {}
    except (tarfile.TarError, *_DAMAGES) as error:
        if not number:
            raise Unreadable(f"damaged tar archive: {_told(error)}") from error
        out.left_out("…", f"the archive breaks off after {number + 1:,} entries: {_told(error)}")
    return {}


def _take_from_tar(archive: tarfile.TarFile, entry: tarfile.TarInfo, out: TextOut) -> None:
    if entry.isdir():
        return
    if not entry.isreg():
        what = "a link" if entry.issym() or entry.islnk() else "not a regular file"
        out.left_out(entry.name, f"{what} inside of an archive")
        return
    member = archive.extractfile(entry)
    if member is not None:
        out.member(entry.name, _pieces(member))


def extract_packed(file: BinaryIO, out: TextOut, hint: str) -> dict[str, Any]:
    """Bring out the one file of a gzip, bzip2 or xz file; it is named after the file by the caller.

    Errors:  Unreadable when it is damaged.
    """
    head = file.read(2)
    file.seek(0)
    try:
        with _PACKERS[head](file) as member:
            out.member("", _pieces(member))
    except Cut:
        return {}
    except (KeyError, *_DAMAGES) as error:
        raise Unreadable(f"damaged compressed file: {_told(error)}") from error
    return {}


def unpacked_name(name: str) -> str:
    """The name of the file inside of a single compressed file: `app.log` of `app.log.gz`."""
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz") else f"{path.name}.unpacked"


def _pieces(member: IO[bytes]) -> Iterator[bytes]:
    while piece := member.read(_PIECE_BYTES):
        yield piece


def _told(error: Exception) -> str:
    return str(error)[:120] or type(error).__name__
