"""In which encoding a file is written: byte order mark, UTF-16 by its NUL pattern, UTF-8, then a guess.

Bytes in, a name out. The guess is charset-normalizer's, held against the common case that it knows badly:
short Western text in Windows-1252.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from rlm_cli.corpus.opening import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NULS = re.compile(rb"\0+")
_BYTES_A_RUN = 20
_SAMPLE_BYTES = 1 << 15


def leading_encoding(head: bytes) -> str | None:
    """The encoding that the first bytes prove, None when they prove none (try UTF-8, then `guess`).

    Errors:  Unreadable when the bytes are not text.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        wide = _wide_encoding(head)
        if wide is not None:
            return wide
        if not _is_text_with_nuls(head):
            raise Unreadable("binary: it holds NUL bytes")
    control = len(head) - len(
        head.translate(None, b"\1\2\3\4\5\6\7\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19")
    )
    if control * 10 > len(head):
        raise Unreadable("binary: control characters")
    return None


def guess(head: bytes, around: bytes = b"") -> str:
    """The likeliest encoding of bytes that are not UTF-8; `around` are bytes near the first proof of that.

    Shape:   `utf-8` when the text is UTF-8 with a few damaged places.
    """
    sample = head[:_SAMPLE_BYTES] + around[:_SAMPLE_BYTES]
    if _is_damaged_utf8(sample):
        return "utf-8"
    from charset_normalizer import from_bytes

    best = next(
        (m for m in from_bytes(sample) if not m.encoding.startswith(("utf_16", "utf_32", "utf_7"))), None
    )
    if best is None:
        return "cp1252"
    is_rival = best.encoding.startswith(("cp125", "iso8859")) and best.coherence >= 0.2
    if _is_western(sample) and (not is_rival or str(best) == sample.decode("cp1252", "replace")):
        return "cp1252"
    return best.encoding


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a mark: text whose every second byte is mostly NUL, and no character is forbidden."""
    sample = head[: len(head) // 2 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    for name, nul, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if nul > other * 4 and nul * 10 >= half * 3 and other * 50 < half and _decodes_as_text(sample, name):
            return name
    return None


def _is_text_with_nuls(head: bytes) -> bool:
    """Whether UTF-8 text is parted by NULs, or has runs of them, as logs have after a loss of power."""
    runs = len(_NULS.findall(head))
    rest = head.replace(b"\0", b"")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(rest)
    except UnicodeDecodeError:
        return False
    return bool(rest.strip()) and runs * _BYTES_A_RUN <= len(head)


def _decodes_as_text(sample: bytes, name: str) -> bool:
    text = sample.decode(name, "replace")
    odd = sum(
        1 for c in text if c == "\ufffd" or (c < " " and c not in "\t\n\r\f") or "\ue000" <= c <= "\uf8ff"
    )
    return odd * 50 < len(text)


def _is_damaged_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for c in text if c > "\x7f") - damaged
    return whole > damaged


def _is_western(sample: bytes) -> bool:
    """Whether the sample reads as Windows-1252: mostly ASCII letters, the rest letters and typography."""
    text = sample.decode("cp1252", "replace")
    high = [c for c in text if c > "\x7f"]
    letters = sum(1 for c in text if c.isalpha())
    plausible = sum(
        1 for c in high if unicodedata.category(c) in ("Ll", "Lu", "Pd", "Pi", "Pf", "Zs", "Sc", "Po")
    )
    return plausible >= len(high) * 0.9 and sum(map(str.isalpha, high)) < max(2, letters * 0.3)
