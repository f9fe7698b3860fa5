"""One mail to text: its headers and its body, with every attachment as a member. Runs in a worker.

The plain text of a body is taken where there is one, otherwise its HTML as a reader sees it. A forwarded
mail is a member too, so that attachments of attachments come out one inside of the other.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

from rlm_cli.corpus.encoding import guess
from rlm_cli.corpus.extract import Cut, TextOut
from rlm_cli.corpus.opening import Unreadable

_SHOWN = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
_SPACE = re.compile(r"\s+")
_MAX_PARTS = 10_000


def extract(data: bytes, out: TextOut, hint: str) -> dict[str, Any]:
    """Write headers and bodies, one part a body where there are several; attachments become members.

    Errors:  Unreadable when it is no mail.
    """
    message = email.message_from_bytes(data, policy=policy.compat32)
    headers = {name: header(message.get(name)) for name in _SHOWN}
    if not any(headers.values()) and not message.keys():
        raise Unreadable("not a mail: it has no headers")
    for name, value in headers.items():
        if value:
            out.write(f"{name}: {value}\n")
    bodies, attachments = _parts(message)
    for number, (kind, text) in enumerate(bodies, 1):
        out.write("\n")
        if len(bodies) > 1:
            out.part("message", number, kind)
        out.write(text.strip("\n") + "\n")
    if attachments:
        out.write("\n")
    raws = [(name, _attachment(part)) for name, part in attachments]
    for (name, part), (_, raw) in zip(attachments, raws, strict=True):
        out.write(f"[attachment] {name} ({part.get_content_type()}, {len(raw):,} bytes)\n")
    try:
        for name, raw in raws:
            out.member(name, [raw])
    except Cut:
        pass
    meta = {"title": headers["Subject"], "author": headers["From"], "created": headers["Date"]}
    return {name: value[:500] for name, value in meta.items() if value}


def header(value: Any) -> str:
    """A header as a reader sees it: decoded, on one line."""
    if value is None:
        return ""
    try:
        text = str(make_header(decode_header(str(value))))
    except (LookupError, UnicodeError, ValueError, HeaderParseError):
        text = str(value)
    if any("\udc80" <= character <= "\udcff" for character in text):
        raw = text.encode("utf-8", "surrogateescape")
        text = raw.decode(guess(raw), "replace")
    return _SPACE.sub(" ", text).strip()


def _parts(message: Message) -> tuple[list[tuple[str, str]], list[tuple[str, Message]]]:
    """The bodies as (type, text), and the attachments with their names."""
    bodies: list[tuple[str, str]] = []
    attachments: list[tuple[str, Message]] = []
    for number, part in enumerate(_leaves(message)):
        if number >= _MAX_PARTS:
            break
        kind = part.get_content_type()
        name = header(part.get_filename())
        is_inline = part.get_content_disposition() != "attachment" and not name
        if is_inline and kind in ("text/plain", "text/html", "text/enriched"):
            text = _html(_bytes_of(part), part) if kind == "text/html" else _decoded(part)
            if text.strip():
                bodies.append((kind, text))
        elif kind == "message/rfc822":
            attachments.append((name or f"{_subject(part)}.eml", part))
        elif is_inline and kind.startswith("message/"):
            bodies.append((kind, _decoded(part)))
        else:
            attachments.append((name or f"part-{number + 1}.{part.get_content_subtype()}", part))
    return bodies, attachments


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something: of alternatives the plain text, or else the last that can be read.

    Shape:   what is attached inside of another alternative (Apple Mail does so) comes out as well.
    """
    stack = [message]
    while stack:
        part = stack.pop()
        inner = part.get_payload()
        if not isinstance(inner, list) or part.get_content_type() == "message/rfc822":
            yield part
        elif part.get_content_subtype() == "alternative":
            best = _best(inner)
            others = [each for each in inner if isinstance(each, Message) and each is not best]
            stack.extend(reversed([best, *(found for each in others for found in _attached(each))]))
        else:
            stack.extend(reversed([each for each in inner if isinstance(each, Message)]))


def _attached(message: Message) -> Iterator[Message]:
    """The attachments in an alternative that is not read; pictures of its page are none."""
    stack = [(message, False)]
    while stack:
        part, is_of_page = stack.pop()
        inner = part.get_payload()
        is_attached = part.get_content_disposition() == "attachment"
        if isinstance(inner, list) and part.get_content_type() != "message/rfc822":
            is_page = is_of_page or part.get_content_subtype() == "related"
            stack.extend((each, is_page) for each in reversed(inner) if isinstance(each, Message))
        elif is_attached or (not is_of_page and (part.get_filename() or isinstance(inner, list))):
            yield part


def _best(alternatives: list[Any]) -> Message:
    messages = [each for each in alternatives if isinstance(each, Message)]
    for each in messages:
        if each.get_content_type() == "text/plain" and _decoded(each).strip():
            return each
    return messages[-1] if messages else Message()


def _bytes_of(part: Message) -> bytes:
    """The content of a part, decoded from its transfer encoding; of a mail the whole mail."""
    inner = part.get_payload()
    if isinstance(inner, list):
        return b"\n".join(each.as_bytes() for each in inner if isinstance(each, Message))
    raw = part.get_payload(decode=True)
    return raw if isinstance(raw, bytes) else str(raw or "").encode("utf-8", "surrogateescape")


def _attachment(part: Message) -> bytes:
    """The content of an attachment; a text in the encoding that the mail declares becomes UTF-8.

    Shape:   a page or XML declares its encoding itself, and stays as it is.
    """
    raw = _bytes_of(part)
    declared = part.get_content_charset()
    if part.get_content_maintype() != "text" or part.get_content_subtype() in ("html", "xml") or not declared:
        return raw
    try:
        return raw.decode(declared).encode()
    except (UnicodeError, LookupError):
        return raw


def _decoded(part: Message) -> str:
    raw = _bytes_of(part)
    declared = part.get_content_charset()
    for name in (declared, "utf-8"):
        if name:
            try:
                return raw.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return raw.decode(guess(raw), "replace")


def _html(raw: bytes, part: Message) -> str:
    from rlm_cli.corpus.web import text_of

    declared = part.get_content_charset()
    text = _decoded(part) if declared else raw
    return text_of(text)[0]


def _subject(part: Message) -> str:
    inner = part.get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    subject = header(first.get("Subject")) if isinstance(first, Message) else ""
    return name_of_subject(subject) or "message"


def name_of_subject(subject: str) -> str:
    """A subject as a file name, at most 60 characters."""
    return " ".join(re.sub(r"[^\w .,()'-]+", " ", subject).split())[:60].strip(" .")
