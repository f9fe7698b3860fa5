"""RTF to text, by striprtf. Runs in a worker.

striprtf knows nothing of tracked changes: what was deleted is taken out before it sees the file.
"""

from __future__ import annotations

import re
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable

_TOKEN = re.compile(r"\\'[0-9a-fA-F]{2}|\\[a-zA-Z]+-?\d* ?|\\[^a-zA-Z]|[{}]|[^\\{}]+")
_DELETED = re.compile(r"\\deleted(0?) ?")


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the text; cells of a table row are joined by ` | `.

    Errors:  Unreadable when there is no text.
    """
    from striprtf.striprtf import rtf_to_text

    given = data.decode("latin-1")
    text = rtf_to_text(_standing(given) if "\\deleted" in given else given, errors="replace")
    text = re.sub(r"\|\n", "\n", text)
    text = "\n".join(" | ".join(line.split("|")) if "|" in line else line for line in text.split("\n"))
    if not text.strip():
        raise Unreadable("no text in it")
    out.write(text if text.endswith("\n") else text + "\n")
    return {}


def _standing(given: str) -> str:
    """An RTF file without the characters that are marked as deleted; a mark holds until its group ends."""
    kept: list[str] = []
    outer: list[bool] = []
    is_deleted = False
    for match in _TOKEN.finditer(given):
        token = match.group()
        mark = _DELETED.fullmatch(token)
        if token == "{":
            outer.append(is_deleted)
        elif token == "}":
            is_deleted = outer.pop() if outer else False
        elif mark:
            is_deleted = not mark.group(1)
        elif token.startswith("\\plain"):
            is_deleted = False
        is_control = token[0] in "{}" or (token[0] == "\\" and token[1:2].isalpha())
        if not is_deleted or (is_control and not re.match(r"\\u-?\d", token)):
            kept.append(token)
    return "".join(kept)
