"""A mailbox (mbox) to its mails, each a member. Runs in a worker.

Knows where one mail ends and the next begins; what a mail is, `mail.py` knows. The file is read in windows,
so that a mailbox may be larger than the memory. (The standard library's reader needs a name, opens it for
writing, and lists all mails before it gives the first.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from rlm_cli.corpus.extract import MORE, Cut, TextOut
from rlm_cli.corpus.mail import header, name_of_subject
from rlm_cli.corpus.opening import Unreadable

_WINDOW_BYTES = 1 << 24
_BORDER = re.compile(rb"(?:\A|(?<=\n))From \S+[^\n]{0,80}\d\d:\d\d(?::\d\d)?[^\n]{0,40}\n")
_LONGEST_BORDER = 1 << 8
_QUOTED = re.compile(rb"(?m)^>(>*From )")
_SUBJECT = re.compile(rb"^Subject:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)


def extract(file: BinaryIO, out: TextOut, hint: str) -> dict[str, Any]:
    """Bring out the mails, named by number and subject.

    Shape:   hint is `number offset` of the mail to go on with.
    Errors:  Unreadable when it does not begin like a mailbox.
    """
    number, start = map(int, hint.split() or (0, 0))
    mail = b""
    try:
        for at, mail in _mails(file, start):
            if out.is_full:
                return {MORE: f"{number} {at}"}
            number += 1
            out.member(f"{number:05} {_subject(mail)}".rstrip() + ".eml", [_QUOTED.sub(rb"\1", mail)])
    except Cut:
        return {}
    if not number:
        raise Unreadable("not a mailbox: it does not begin like one")
    return {}


def _mails(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes without the border line) of every mail from an offset on, which is that of a border."""
    file.seek(start)
    held, base = file.read(_WINDOW_BYTES), start
    first = _BORDER.match(held)
    if first is None:
        return
    begin: re.Match[bytes] = first
    while True:
        border = _BORDER.search(held, begin.end())
        if border is None or border.end() > len(held) - _LONGEST_BORDER:
            more = file.read(_WINDOW_BYTES)
            if more:
                held, base = held[begin.start() :] + more, base + begin.start()
                begin = _BORDER.match(held) or begin
                continue
        yield base + begin.start(), held[begin.end() : border.start() if border else len(held)]
        if border is None:
            return
        begin = border


def _subject(mail: bytes) -> str:
    found = _SUBJECT.search(mail[: mail.find(b"\n\n") + 1 or 4096])
    return name_of_subject(header(found.group(1).decode("utf-8", "surrogateescape"))) if found else ""
