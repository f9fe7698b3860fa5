"""The inputs that a user names: checked, made absolute, each given its variable name in the kernel.

Knows nothing of what is inside a folder.
"""

from __future__ import annotations

import builtins
import keyword
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.names import INSIDE, printable

_RESERVED = """answer chunks cite context corpus exit get_ipython grep history In input_data llm_batch
    llm_query llm_query_batched memory Out quit rlm_batch rlm_query search search_text show_vars
    asyncio collections csv datetime functools itertools json math os pathlib re statistics sys time
    doc docs document documents hit hits text"""
KERNEL_NAMES = frozenset(_RESERVED.split())
"""Names that the kernel, the usual imports or the habits of models take: never given to an input."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input: what the user wrote, where it is, its variable, and whether it is a folder.

    Shape:   data holds the bytes of a document on stdin (`given` is `-`), None otherwise. inside is the path
             of the documents in the file that are meant (`bundle.zip!/a`), empty for all of them.
    """

    given: str
    path: Path
    variable: str
    is_folder: bool
    data: bytes | None = None
    inside: str = ""

    @property
    def name(self) -> str:
        """What tells this input from others: where it is, and what of it is meant."""
        return f"{self.path}{INSIDE}{self.inside}" if self.inside else str(self.path)


def is_input(given: str) -> bool:
    """Whether something has this path: on the disk, or perhaps in a file on the disk."""
    return os.path.lexists(given) or bool(_parted(given)[1])


def sources_of(given: Sequence[str | os.PathLike[str]], stdin: bytes | None = None) -> list[Source]:
    """The inputs as sources, in order; the same path twice counts once.

    Errors:  CorpusError when there is none, when one does not exist, or when one cannot be read.
    """
    if not given:
        raise CorpusError("no corpus was named", "", "Name a folder or files: rlm ask ./contracts …")
    sources: list[Source] = []
    taken: set[str] = set()
    seen: set[str] = set()
    for item in given:
        source = _source(os.fspath(item), stdin, taken)
        if source.name not in seen:
            seen.add(source.name)
            taken.add(source.variable)
            sources.append(source)
    return sources


def variable_name(name: str, taken: set[str]) -> str:
    """A Python identifier for a path's last part, free of keywords, builtins and the kernel's names."""
    stem = re.sub(r"\W+", "_", name).strip("_").lower() or "files"
    if stem[0].isdigit():
        stem = f"d_{stem}"
    if not stem.isidentifier():
        stem = "files"
    if (
        keyword.iskeyword(stem)
        or keyword.issoftkeyword(stem)
        or hasattr(builtins, stem)
        or stem in KERNEL_NAMES
    ):
        stem = f"{stem}_files"
    candidate, number = stem, 2
    while candidate in taken:
        candidate, number = f"{stem}_{number}", number + 1
    return candidate


def _source(given: str, stdin: bytes | None, taken: set[str]) -> Source:
    if given == "-":
        if stdin is None:
            raise CorpusError(
                "nothing came on stdin", "`-` reads a document from stdin", "Pipe a text into rlm"
            )
        return Source("-", Path("-"), variable_name("stdin", taken), is_folder=False, data=stdin)
    shown = printable(given)
    on_disk, inside = _parted(given)
    try:
        path = Path(on_disk).expanduser().resolve(strict=True)
        is_folder = path.is_dir()
        os.scandir(path).close() if is_folder else os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except FileNotFoundError as error:
        raise CorpusError(f"{shown} does not exist", "no such file or folder", "Check the path") from error
    except PermissionError as error:
        remedy = "Check its permissions: ls -ld " + shown
        raise CorpusError(f"cannot read {shown}", "permission denied", remedy) from error
    except (OSError, RuntimeError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CorpusError(f"cannot read {shown}", why, "Check the path") from error
    stem = (path.name or "root") if is_folder else Path(inside or path.name).stem
    return Source(shown, path, variable_name(printable(stem), taken), is_folder, inside=inside)


def _parted(given: str) -> tuple[str, str]:
    """The path of a file on the disk, and the path inside of it: of `bundle.zip!/a/b.pdf` both.

    Shape:   a file that has the very name that was given comes first.
    """
    at = given.find(INSIDE)
    while at >= 0 and not os.path.lexists(Path(given).expanduser()):
        if Path(given[:at]).expanduser().is_file():
            return given[:at], given[at + len(INSIDE) :].strip("/")
        at = given.find(INSIDE, at + 1)
    return given, ""
