"""Text for people: cleaned of terminal control, shortened with the loss stated, counted in words.

`visible` is the only way for a string of a document, a model, a provider or a kernel to a screen.
"""

from __future__ import annotations

import re
import unicodedata

_KEEP = {"\n": "\n", "\t": "\t"}
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\u180e\u200b\u2028\u2029\ufeff\ufff9\ufffa\ufffb"
_TABLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in _KEEP},
    0x7F: "\u2421",
    **dict.fromkeys(range(128, 160), "�"),
    **dict.fromkeys(range(55296, 57344), "�"),
    **dict.fromkeys(range(0x2060, 0x2070), "\ufffd"),
    **{ord(mark): "\ufffd" for mark in _BIDI + _INVISIBLE},
    **dict.fromkeys(range(917504, 917632), "�"),
}


def visible(text: str) -> str:
    """The same text with every terminal control made visible: ESC becomes ␛, C1 and bidi marks �.

    Nothing is parsed, so a control sequence that is split over two chunks is as harmless as a whole one.
    Carriage returns before a newline are dropped; a lone one is shown.
    """
    return text.replace("\r\n", "\n").translate(_TABLE)


def cells(text: str) -> int:
    """How many columns of a terminal a line of visible text takes.

    Source:  Unicode Standard Annex 11: wide and fullwidth characters take two, marks that combine none.
    """
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def cut_to(text: str, columns: int) -> str:
    """The text if it fits into so many columns of a terminal; otherwise its beginning and `…`."""
    if cells(text) <= columns:
        return text
    used, kept = 1, []
    for character in text:
        used += _cells_of(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + ("…" if columns > 0 else "")


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def one_line(text: str, width: int) -> str:
    """The text as one visible line of at most `width` characters, with `…` where it was cut."""
    line = re.sub(r"\s+", " ", visible(text[: width * 8])).strip()
    return line if len(line) <= width else line[: max(0, width - 1)].rstrip() + "…"


def head_and_tail(text: str, limit: int) -> tuple[str, int]:
    """The first and last characters of a long text around a line that states what is missing.

    Units:   limit and the returned count of omitted characters are characters.
    """
    if len(text) <= limit:
        return text, 0
    head = limit * 2 // 3
    tail = limit - head
    omitted = len(text) - limit
    return f"{text[:head]}\n[… {omitted:,} of {len(text):,} characters omitted …]\n{text[-tail:]}", omitted


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 document`, `1,204 documents`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def money(usd: float | None) -> str:
    """Dollars for people: `$0.97`, `$0.0042` under a cent; `cost unknown` for None."""
    if usd is None:
        return "cost unknown"
    return f"${usd:.2f}" if usd >= 0.01 or usd == 0 else f"${usd:.4f}"


def elapsed(seconds: float) -> str:
    """A duration for people: `0:41`, `12:05`, `1:02:03`."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def tokens_estimate(characters: int) -> int:
    """About how many tokens so many characters are: a quarter, the usual figure for English prose."""
    return (characters + 3) // 4
