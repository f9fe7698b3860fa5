"""Text of pages that are images, by optical character recognition: the extra `ocr`. Runs in a worker.

RapidOCR with the models that its package brings; nothing is fetched. It is asked for (`--ocr`), because a
page takes seconds and what it reads may be wrong.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from typing import Any

_LIBRARY = "rapidocr_onnxruntime"
_DOTS_AN_INCH = 200
_MAX_PIXELS = 40_000_000
_LEAST_SCORE = 0.5


def is_installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec(_LIBRARY) is not None


def recognise(data: bytes, pages: Sequence[int], seconds: float) -> dict[int, str]:
    """Texts of pages of a PDF, by their numbers from 1; those that time ran out for are missing."""
    import pypdfium2
    from rapidocr_onnxruntime import RapidOCR

    deadline = time.monotonic() + seconds
    engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)
    document = pypdfium2.PdfDocument(data)
    found: dict[int, str] = {}
    for number in pages:
        if time.monotonic() > deadline:
            break
        page = document[number - 1]
        scale = min(_DOTS_AN_INCH / 72, (_MAX_PIXELS / max(1.0, page.get_width() * page.get_height())) ** 0.5)
        boxes, _ = engine(page.render(scale=scale).to_numpy())
        found[number] = _lines(boxes or [])
        page.close()
    return found


def _lines(boxes: Sequence[Any]) -> str:
    """Boxes of words as lines, from top to bottom; those at one height are joined."""
    rows: list[tuple[float, float, list[tuple[float, str]]]] = []
    for corners, text, score in sorted(boxes, key=lambda box: float(box[0][0][1])):
        if float(score) < _LEAST_SCORE:
            continue
        top, bottom = float(corners[0][1]), float(corners[2][1])
        middle, left = (top + bottom) / 2, float(corners[0][0])
        if rows and rows[-1][0] <= middle <= rows[-1][1]:
            rows[-1][2].append((left, text))
        else:
            rows.append((top, bottom, [(left, text)]))
    return "".join(" ".join(text for _, text in sorted(words)) + "\n" for _, _, words in rows)
