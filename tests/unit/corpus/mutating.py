"""Damaged copies of real files: bytes flipped, pieces cut out, repeated, exchanged, the end cut off."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator
from pathlib import Path

ZOO = Path(__file__).parents[2] / "zoo"


def mutants(count: int, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """So many damaged files with their names; the same ones for the same seed."""
    chosen = random.Random(seed)
    originals = sorted(path for path in ZOO.iterdir() if path.suffix != ".md")
    for number in range(count):
        path = originals[number % len(originals)]
        raw = path.read_bytes()
        is_package = raw.startswith(b"PK") and chosen.random() < 0.6
        damaged = _inside(raw, chosen) if is_package else _damaged(raw, chosen)
        yield f"{number:04}-{path.name}", damaged


def _damaged(raw: bytes, chosen: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chosen.choice((1, 1, 3, 30))):
        at = chosen.randrange(max(1, len(data)))
        length = chosen.choice((1, 1, 4, 64, 2000))
        match chosen.randrange(6):
            case 0:
                data[at : at + length] = chosen.randbytes(length)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chosen.choice((1, 2, 50))
            case 3:
                data[at : at + length] = b"\0" * length
            case 4:
                del data[at:]
            case 5:
                other = chosen.randrange(max(1, len(data)))
                data[at : at + length] = data[other : other + length]
    return bytes(data)


def _inside(raw: bytes, chosen: random.Random) -> bytes:
    """A package that is whole, with one damaged member: what the reader of the format itself must bear."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        names = package.namelist()
        victim = chosen.choice(names)
        for name in names:
            if package.getinfo(name).flag_bits & 1:
                continue
            content = package.read(name)
            made.writestr(name, _damaged(content, chosen) if name == victim else content)
    return out.getvalue()
