"""How the kept index of a store lies on the disk: its folder, its fields, what of the segments it covers.

The index is tantivy's and holds no text: words and pairs of characters of each block of a segment, and the
block's number. Segments only grow, so that a block stays true whichever generation is served. `covered.json`
says how far each segment is covered; it counts only for the commit that it names.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import Any

from rlm_cli.inkernel.terms import LITTLE_WORDS

FOLDER = "index"
LOCK = "index.lock"
BLOCK_BYTES = 1 << 12
LONGEST_WORD_BYTES = 128
"""Longer words are not in the index; a query that has one is answered by a scan."""
WORDS, PAIRS, BLOCK = "words", "pairs", "block"
_VERSION = 1
_COVERED = "covered.json"
_TAIL_BYTES = 1 << 12


@dataclass(frozen=True)
class Covered:
    """What an index holds.

    Shape:   bytes_of says up to which byte each segment is covered, tails is a checksum of what stands
             before that byte; opstamp names the commit.
    """

    bytes_of: dict[int, int]
    tails: dict[int, int]
    opstamp: int

    def is_of(self, segments: Mapping[int, mmap]) -> bool:
        """Whether these are the segments that were covered."""
        return all(
            len(segments[number]) >= size and tail_of(segments[number], size) == self.tails.get(number)
            for number, size in self.bytes_of.items()
            if number in segments
        )


def tail_of(segment: mmap, size: int) -> int:
    """A checksum of the last bytes of the first `size` bytes of a segment."""
    return zlib.crc32(segment[max(0, size - _TAIL_BYTES) : size])


def read_covered(folder: str) -> Covered | None:
    """What the index in a folder covers; None when there is none, or when it is not whole."""
    try:
        with open(os.path.join(folder, _COVERED), "rb") as file:  # noqa: PTH118 - pathlib costs 8 ms to import
            told = json.loads(file.read())
        with open(os.path.join(folder, "meta.json"), "rb") as file:  # noqa: PTH118
            opstamp = json.loads(file.read())["opstamp"]
        if told["version"] != _VERSION or told["opstamp"] != opstamp:
            return None
        return Covered(_by_number(told["bytes"]), _by_number(told["tails"]), opstamp)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def state_of(folder: str) -> tuple[int, ...]:
    """What changes when an index does; empty where there is none."""
    try:
        facts = os.stat(os.path.join(folder, _COVERED))  # noqa: PTH116, PTH118
    except OSError:
        return ()
    return facts.st_mtime_ns, facts.st_ino


def write_covered(folder: str, covered: Covered) -> None:
    """Say what the index in a folder covers, at once."""
    told = {
        "version": _VERSION,
        "opstamp": covered.opstamp,
        "bytes": covered.bytes_of,
        "tails": covered.tails,
    }
    temporary = os.path.join(folder, f".{_COVERED}.{os.getpid()}")  # noqa: PTH118
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, os.path.join(folder, _COVERED))  # noqa: PTH105, PTH118


def schema(tantivy: Any) -> Any:
    """The fields of the index."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(WORDS, tokenizer_name=WORDS, index_option="freq")
    builder.add_text_field(PAIRS, tokenizer_name=PAIRS, index_option="freq")
    builder.add_unsigned_field(BLOCK, fast=True)
    return builder.build()


def word_analyzer(tantivy: Any) -> Any:
    """What makes tokens of lowered words."""
    simple = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    long = simple.filter(tantivy.Filter.remove_long(LONGEST_WORD_BYTES))
    return long.filter(tantivy.Filter.custom_stopword(sorted(LITTLE_WORDS))).build()


def register(tantivy: Any, index: Any) -> None:
    """Give an index the analyzers that its fields name."""
    index.register_tokenizer(WORDS, word_analyzer(tantivy))
    pairs = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 2))
    index.register_tokenizer(PAIRS, pairs.build())


@contextlib.contextmanager
def failing_cleanly() -> Iterator[None]:
    """Make a panic of the library, which is no Exception, an error that can be handled.

    Errors:  ValueError.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError(str(error)) from error
        raise


def _by_number(told: dict[str, int]) -> dict[int, int]:
    return {int(number): int(value) for number, value in told.items()}
