"""Corpora for the benches: folders of generated text, the same ones for the same numbers.

Text is built of paragraphs of words with the frequencies of a language; each file has lines of its own with
rare words, dates, addresses and amounts, so that patterns of every selectivity have something to find.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

_STARTS = "b c d f g h j k l m n p r s t v w bl br ch cl cr dr fl fr gr pl pr sh sl st th tr"
_MIDDLES = "a e i o u ai ea ee ie oa oo ou"
_ENDS = "n r s t l m d ng st ck nd rt ve ce"
_FREQUENT = """the of and to in a is that for it as was with be by on not this are or his from at which
but have an had they you were their one all we can her has there been if more when will
would who so no contract party agreement liability supplier customer notice payment error
server request house time work"""
_RARE = ["indemnification", "ConnectionResetError", "Überschuß", "force majeure", "naïveté"]
FILE_CHARACTERS = 50_000
_PARAGRAPHS = 3000


def folder_of_text(root: Path, size_bytes: int, file_bytes: int = FILE_CHARACTERS) -> Path:
    """A folder with about so many bytes of text in files of about so many bytes; made once."""
    done = root / ".done"
    if done.exists() and done.read_text() == f"{size_bytes} {file_bytes}":
        return root
    rng = random.Random(20260101)
    paragraphs = list(itertools.islice(_paragraphs(rng), _PARAGRAPHS))
    written = number = 0
    while written < size_bytes:
        folder = root / f"{number // 1000:04}"
        if number % 1000 == 0:
            folder.mkdir(parents=True, exist_ok=True)
        raw = _file(rng, paragraphs, number, file_bytes).encode()
        (folder / f"{number:07}.txt").write_bytes(raw)
        written += len(raw)
        number += 1
    done.write_text(f"{size_bytes} {file_bytes}")
    return root


def folder_of_files(root: Path, files: int) -> Path:
    """A folder with so many tiny files of one or two hundred bytes."""
    return folder_of_text(root, files * 150, 150)


def _file(rng: random.Random, paragraphs: list[str], number: int, file_bytes: int) -> str:
    pieces = [f"Document {number}, dated {rng.randrange(28) + 1:02}.{rng.randrange(12) + 1:02}.2019\n"]
    left = file_bytes - len(pieces[0])
    while left > 0:
        piece = rng.choice(paragraphs)[:left]
        pieces.append(piece)
        left -= len(piece)
        if rng.random() < 0.02:
            pieces.append(_own_line(rng, number))
            left -= len(pieces[-1])
    return "".join(pieces)


def _own_line(rng: random.Random, number: int) -> str:
    kind = rng.randrange(5)
    if kind == 0:
        return f"mail user{number}@example{rng.randrange(99)}.org about {rng.choice(_RARE)}\n"
    if kind == 1:
        return f"Amount due: {rng.randrange(10**6):,}.{rng.randrange(100):02} for item {number:09x}\n"
    if kind == 2:
        return f"{rng.choice(_RARE)} at line {rng.randrange(10**4)}: {rng.getrandbits(64):016x}\n"
    if kind == 3:
        return f"Ticket QX-{rng.randrange(10**5):05}: {rng.choice(_FREQUENT.split())} {rng.choice(_RARE)}\n"
    return "Die Größe des Schadens übersteigt die Höhe der Prämie. Стороны договорились. 東京都の契約\n"


def _paragraphs(rng: random.Random) -> Iterator[str]:
    rare = [_word(rng) for _ in range(20_000)]
    words = _FREQUENT.split() + rare
    cumulated = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    while True:
        chosen = rng.choices(words, cum_weights=cumulated, k=rng.randrange(40, 200))
        lines = [" ".join(chosen[at : at + 14]) for at in range(0, len(chosen), 14)]
        yield "\n".join(lines).capitalize() + ".\n\n"


def _word(rng: random.Random) -> str:
    syllables = (
        rng.choice(_STARTS.split())
        + rng.choice(_MIDDLES.split())
        + (rng.choice(_ENDS.split()) if rng.random() < 0.5 else "")
        for _ in range(rng.randrange(1, 4))
    )
    return "".join(syllables)
