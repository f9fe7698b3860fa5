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
from rlm_cli.corpus.names import printable

_RESERVED = """answer chunks cite context corpus exit get_ipython grep history In input_data llm_batch
    llm_query llm_query_batched memory Out quit rlm_batch rlm_query search search_text show_vars
    asyncio collections csv datetime functools itertools json math os pathlib re statistics sys time
    doc docs document documents hit hits text"""
KERNEL_NAMES = frozenset(_RESERVED.split())
"""Names that the kernel, the usual imports or the habits of models take: never given to an input."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input: what the user wrote, where it is, its variable, and whether it is a folder.

    Shape:   data holds the bytes of a document on stdin (`given` is `-`), None otherwise.
    """

    given: str
    path: Path
    variable: str
    is_folder: bool
    data: bytes | None = None


def sources_of(given: Sequence[str | os.PathLike[str]], stdin: bytes | None = None) -> list[Source]:
    """The inputs as sources, in order; the same path twice counts once.

    Errors:  CorpusError when there is none, when one does not exist, or when one cannot be read.
    """
    if not given:
        raise CorpusError("no corpus was named", "", "Name a folder or files: rlm ask ./contracts …")
    sources: list[Source] = []
    taken: set[str] = set()
    seen: set[Path] = set()
    for item in given:
        source = _source(os.fspath(item), stdin, taken)
        if source.path not in seen:
            seen.add(source.path)
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
    try:
        path = Path(given).expanduser().resolve(strict=True)
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
    name = path.name or "root"
    return Source(shown, path, variable_name(printable(name if is_folder else path.stem), taken), is_folder)
