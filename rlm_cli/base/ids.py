"""Identifiers: of runs (sortable by time) and of content (hashes). No clock and no file is read here."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def run_id(started: datetime) -> str:
    """A new run id such as `20261121-113012-7kq3x9`: sorts by time, safe as a file name.

    Source:  Crockford's base 32 (no i, l, o, u); 30 random bits against two runs in one second.
    """
    return f"{started:%Y%m%d-%H%M%S}-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def content_hash(data: bytes | str) -> str:
    """The sha256 of some content, in hexadecimal; text is hashed as UTF-8 with lone surrogates kept."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()
