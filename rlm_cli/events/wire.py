"""Events as lines of JSON, and back: the text of session files and of the jsonl face.

A line is safe to show on a terminal: controls, C1 and invisible marks stand in it as JSON escapes. It
holds every text that Python can hold, lone surrogates included, and loses nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from rlm_cli.events.codec import decode_body, encode_body
from rlm_cli.events.envelope import Event

_UNSAFE = re.compile(
    rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def to_json(value: Any) -> bytes:
    """A value as one line of JSON that does no harm on a terminal.

    Source:  msgspec escapes C0 only; the pattern names DEL, C1, bidi, invisible and tag characters as
             UTF-8. Such characters can stand in JSON strings alone, so escaping them changes no value.
    """
    try:
        raw = _encoder.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value)
        return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return _UNSAFE.sub(_escaped, raw) if _UNSAFE.search(raw) else raw


def from_json(raw: bytes) -> Any:
    """The value that a line of JSON stands for; lone surrogates come back as they were.

    Errors:  ValueError when the line is not JSON.
    """
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _from_loose_json(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _from_loose_json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def event_fields(event: Event, prev: str | None = None) -> dict[str, Any]:
    """An event as the object of its line; `prev` is the hash of the line before, None leaves it out."""
    fields: dict[str, Any] = {"seq": event.seq, "t": event.t, "span": event.span}
    if prev is not None:
        fields["prev"] = prev
    fields["body"] = encode_body(event.body, event.extra)
    return fields


def event_of(fields: Any) -> Event:
    """The event that an object of a line stands for.

    Errors:  ValueError when the object is no event.
    """
    try:
        seq, t, span, body = fields["seq"], fields["t"], fields["span"], fields["body"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no event: {error}") from error
    if not (isinstance(seq, int) and isinstance(t, int | float) and isinstance(span, str)):
        raise ValueError("no event: seq, t or span has the wrong type")
    if not isinstance(body, dict):
        raise ValueError("no event: the body is no object")
    decoded, extra = decode_body(body)
    return Event(seq=seq, t=float(t), span=span, body=decoded, extra=extra)


def _escaped(match: re.Match[bytes]) -> bytes:
    code = ord(match.group().decode("utf-8"))
    if code < 0x10000:
        return b"\\u%04x" % code
    high, low = divmod(code - 0x10000, 0x400)
    return b"\\u%04x\\u%04x" % (0xD800 + high, 0xDC00 + low)
