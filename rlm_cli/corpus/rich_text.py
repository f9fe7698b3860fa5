"""RTF to text, by striprtf. Runs in a worker."""

from __future__ import annotations

import re
from typing import Any

from rlm_cli.corpus.extract import TextOut
from rlm_cli.corpus.opening import Unreadable


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write the text; cells of a table row are joined by ` | `.

    Errors:  Unreadable when there is no text.
    """
    from striprtf.striprtf import rtf_to_text

    text = rtf_to_text(data.decode("latin-1"), errors="replace")
    text = re.sub(r"\|\n", "\n", text)
    text = "\n".join(" | ".join(line.split("|")) if "|" in line else line for line in text.split("\n"))
    if not text.strip():
        raise Unreadable("no text in it")
    out.write(text if text.endswith("\n") else text + "\n")
    return {}
