"""What the scripted OpenAI-compatible server answers, and what it writes down of each request.

Owns the values of a script (`Answer`, `Rule`, `Script`), the rule by which tokens are counted, and the
record of a request. Knows nothing of HTTP.

How tokens are counted, exactly:

    tokens_in  = for every message 4, and one for each whitespace word of its content
    tokens_out = one for each whitespace word of the text that was sent

A word is never shorter than one byte, so tokens_in ≤ UTF-8 bytes of the contents + 4 a message, and
tokens_out ≤ UTF-8 bytes of the text: a client that reserves by bytes is always on the safe side. A text
of more words than `max_tokens` (or `max_completion_tokens`) is cut there and finishes with `length`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

TOKENS_A_MESSAGE = 4
FAULTS = ("", "cut", "no_finish", "empty", "garbage", "idle", "no_headers", "error_in_stream")


@dataclass(frozen=True)
class Answer:
    """One answer of the script.

    Units:   seconds of real time; retry_after_seconds becomes the header as it stands; cached_tokens are
             part of tokens_in and never more than them.
    Shape:   status other than 200 answers with an OpenAI error object (`error_code`, text as message).
             chunk_words is how many words a streamed chunk holds; split_bytes sends the raw stream in
             pieces of so many bytes. fault, after `fault_after_chunks` chunks (streams only for `cut`,
             `no_finish` and `error_in_stream`): `cut` drops the connection, `no_finish` ends the body
             without a finish reason, `empty` answers 200 with no body, `garbage` what is not JSON,
             `idle` falls silent for ever, `no_headers` never answers, `error_in_stream` sends an error
             object as a chunk. hold waits for `Server.release(hold)` before the first byte.
             usage False leaves the usage out, and reported replaces it. raw replaces the body altogether,
             of any status, with this content_type.
    """

    text: str = ""
    status: int = 200
    retry_after_seconds: float | None = None
    error_code: str | None = None
    headers_delay_seconds: float = 0.0
    first_delay_seconds: float = 0.0
    chunk_delay_seconds: float = 0.0
    chunk_words: int = 1
    split_bytes: int = 0
    fault: str = ""
    fault_after_chunks: int = 2
    finish: str = "stop"
    cached_tokens: int = 0
    usage: bool = True
    hold: str = ""
    raw: str | None = None
    content_type: str = "application/json"
    reported: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; there are {', '.join(FAULTS)}")


Script = Callable[[dict[str, Any], int], Answer]
"""`(request body, how many requests came before)` -> Answer."""


@dataclass
class Received:
    """One request as the server saw it.

    Units:   started and ended are seconds of the monotonic clock; ended is None while it is in flight.
    Shape:   in_flight counts this request and all others that were open when it came.
             disconnected is True when the client went away before the answer was whole.
    """

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    started: float
    in_flight: int
    status: int = 0
    ended: float | None = None
    disconnected: bool = False
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of the request."""
        return list(self.body.get("messages", []))

    @property
    def last(self) -> str:
        """The content of the last message."""
        return content_text(self.messages[-1]["content"]) if self.messages else ""


def content_text(content: Any) -> str:
    """The text of a message's content, which may be a string or a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content or [])


def tokens_in(body: dict[str, Any]) -> int:
    """How many tokens a request is billed for, by the rule of this module."""
    contents = (content_text(message.get("content")) for message in body.get("messages", []))
    return sum(TOKENS_A_MESSAGE + len(content.split()) for content in contents)


def tokens_out(text: str) -> int:
    """How many tokens a text is billed for, by the rule of this module."""
    return len(text.split())


def bounded(answer: Answer, body: dict[str, Any]) -> Answer:
    """The answer, cut at the request's maximum of tokens."""
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    if most is None or tokens_out(answer.text) <= most:
        return answer
    words = re.findall(r"\s*\S+", answer.text)
    return replace(answer, text="".join(words[:most]), finish="length")


def pieces(answer: Answer) -> list[str]:
    """The text in streamed chunks, which joined give the text again."""
    words = re.findall(r"\s*\S+|\s+$", answer.text)
    step = max(1, answer.chunk_words)
    return ["".join(words[at : at + step]) for at in range(0, len(words), step)]


def in_turn(answers: list[Answer]) -> Script:
    """Plays the answers one after another; the last one stands for all that follow."""
    if not answers:
        raise ValueError("a script needs at least one answer")
    return lambda _body, before: answers[min(before, len(answers) - 1)]


def always(answer: Answer | str) -> Script:
    """The same answer to every request."""
    settled = Answer(answer) if isinstance(answer, str) else answer
    return lambda _body, _before: settled


def from_json(path: Path) -> Script:
    """A script from a file.

    Shape:   a list of answers (objects with the fields of `Answer`, or a text) that are played in turn;
             or `{"rules": [{"contains": "…", "model": "…", "answer": …}, …], "list": […], "default": …}`:
             the first rule whose words stand in the last message (and whose model is the request's)
             answers; what no rule takes is played from the list; then the default.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(data, list):
        return in_turn([answer_from(item) for item in data])
    rules = [(rule, answer_from(rule["answer"])) for rule in data.get("rules", [])]
    waiting = [answer_from(item) for item in data.get("list", [])]
    default = answer_from(data.get("default", {"status": 500, "text": "the script has no answer"}))

    def script(body: dict[str, Any], _before: int) -> Answer:
        last = content_text(body["messages"][-1]["content"]) if body.get("messages") else ""
        for rule, answer in rules:
            if rule.get("contains", "") in last and rule.get("model") in (None, body.get("model")):
                return answer
        return waiting.pop(0) if waiting else default

    return script


def answer_from(item: Any) -> Answer:
    """An answer from its JSON: a text, or an object with the fields of `Answer`."""
    if isinstance(item, str):
        return Answer(item)
    unknown = set(item) - {known.name for known in fields(Answer)}
    if unknown:
        raise ValueError(f"an answer has no field {', '.join(sorted(unknown))}")
    return Answer(**item)
