"""What has changed from one text to the next: by sentences, and by words within a sentence. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

Change = tuple[str, str]
"""`=`, `-` or `+`, and a piece of text. The `=` and `+` pieces together are the later text, the `=` and `-`
pieces the earlier one."""

_SENTENCE = re.compile(r"[^.!?…\n]*(?:[.!?…]+[\"')\]]*\s*|\n+|$)")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_WORDS_COMPARED = 1_000
_ALIKE = 0.4


def changes(before: str, after: str) -> list[Change]:
    """How a text became another."""
    old, new = _pieces(before), _pieces(after)
    found: list[Change] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        removed, added = "".join(old[i:j]), "".join(new[k:m])
        if what == "equal":
            found.append(("=", added))
        elif what == "replace":
            found += _words(removed, added)
        else:
            found += [("-", removed)] if removed else [("+", added)]
    return _joined(found)


def _words(before: str, after: str) -> list[Change]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    is_long = len(old) + len(new) > _WORDS_COMPARED
    if is_long or matcher.quick_ratio() < _ALIKE or matcher.ratio() < _ALIKE:
        return [("-", before), ("+", after)]
    found: list[Change] = []
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            found.append(("=", "".join(new[k:m])))
            continue
        found += [("-", "".join(old[i:j]))] if j > i else []
        found += [("+", "".join(new[k:m]))] if m > k else []
    return found


def _pieces(text: str) -> list[str]:
    return [piece for piece in _SENTENCE.findall(text) if piece]


def _joined(found: list[Change]) -> list[Change]:
    joined: list[Change] = []
    for what, text in found:
        if joined and joined[-1][0] == what:
            joined[-1] = (what, joined[-1][1] + text)
        elif text:
            joined.append((what, text))
    return joined
