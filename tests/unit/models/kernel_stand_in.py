"""A kernel's names over plain texts, in this process: enough for the cells of the offline model.

It has the shape of the real objects (DESIGN, section 6) and none of their speed.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


class QuoteNotFound(ValueError):
    """The quotation is not in its document."""


class Reply(str):
    """A text that also says whether the call went well."""

    ok: bool = True
    error: Any = None


@dataclass(frozen=True)
class Hit:
    path: str
    text: str
    start: int
    end: int
    document: Document
    page: int | None = None

    @property
    def match(self) -> str:
        return self.document.text[self.start : self.end]

    def around(self, lines: int) -> str:
        text = self.document.text
        start, end = self.start, self.end
        for _ in range(lines + 1):
            start = text.rfind("\n", 0, max(0, start - 1)) + 1
            end = text.find("\n", end + 1) if 0 <= end < len(text) else -1
            end = len(text) if end < 0 else end
        return text[start:end]


class Hits(list[Hit]):
    truncated: str = ""


class Document:
    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    def __len__(self) -> int:
        return len(self.text)

    def grep(self, pattern: str, max_hits: int = 1000) -> list[Hit]:
        found = [
            Hit(self.path, _line(self.text, match.start(), match.end()), match.start(), match.end(), self)
            for match in re.finditer(pattern, self.text, re.IGNORECASE)
        ]
        return found[:max_hits]

    def passages(self, size: int = 900) -> Iterator[Hit]:
        start = 0
        while start < len(self.text):
            end = (
                self.text.rfind("\n", start + size // 2, start + size)
                if start + size < len(self.text)
                else -1
            )
            end = end + 1 if end > 0 else min(len(self.text), start + size)
            yield Hit(self.path, self.text[start:end], start, end, self)
            start = end


class Corpus:
    def __init__(self, texts: dict[str, str]) -> None:
        self.documents = [Document(path, text) for path, text in texts.items()]
        self._passages = [hit for document in self.documents for hit in document.passages()]
        self._bags = [Counter(re.findall(r"\w+", hit.text.lower())) for hit in self._passages]

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(self.documents)

    def __getitem__(self, key: int | str) -> Document:
        if isinstance(key, int):
            return self.documents[key]
        return next(document for document in self.documents if document.path == key)

    def tree(self) -> str:
        return "\n".join(f"{document.path} {len(document)}" for document in self.documents)

    def stats(self) -> dict[str, int]:
        return {"documents": len(self)}

    def grep(self, pattern: str, max_hits: int = 1000, max_per_document: int = 1000) -> Hits:
        found = [hit for document in self.documents for hit in document.grep(pattern, max_per_document)]
        return Hits(found[:max_hits])

    def search(self, query: str, k: int = 10) -> list[Hit]:
        words = set(re.findall(r"\w+", query.lower()))
        total = len(self._bags)
        mean = sum(bag.total() for bag in self._bags) / max(1, total)
        idf = {}
        for word in words:
            held = sum(1 for bag in self._bags if word in bag)
            idf[word] = math.log(1 + (total - held + 0.5) / (held + 0.5))
        scored = []
        for at, bag in enumerate(self._bags):
            length = 0.25 + 0.75 * bag.total() / mean
            score = sum(idf[w] * bag[w] * 2.2 / (bag[w] + 1.2 * length) for w in words if w in bag)
            if score > 0:
                scored.append((-score, at))
        return [self._passages[at] for _, at in sorted(scored)[:k]]


class Kernel:
    """Runs cells; sub-calls are answered by a function `(prompt, context) -> text`."""

    def __init__(self, texts: dict[str, str], ask: Callable[[str, str], str], fails: int = 0) -> None:
        self.marks: dict[str, tuple[str, str]] = {}
        self.asked = 0
        self._ask = ask
        self._fails = fails
        self.names: dict[str, Any] = {
            "corpus": Corpus(texts),
            "answer": {"content": "", "ready": False},
            "llm_batch": self._batch,
            "cite": self._cite,
            "QuoteNotFound": QuoteNotFound,
        }

    @property
    def answer(self) -> str:
        return str(self.names["answer"]["content"])

    @property
    def is_ready(self) -> bool:
        return bool(self.names["answer"]["ready"])

    def run(self, code: str) -> tuple[str, str]:
        """How the cell ended (`ran` or `failed`) and what it printed."""
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "<cell>", "exec"), self.names)
        except Exception as error:  # noqa: BLE001 - whatever a cell raises is its result
            return "failed", f"{printed.getvalue()}{type(error).__name__}: {error}"
        return "ran", printed.getvalue()

    def _batch(self, prompt: str, contexts: list[str]) -> list[Reply]:
        return [self._reply(prompt, context) for context in contexts]

    def _reply(self, prompt: str, context: str) -> Reply:
        self.asked += 1
        if self.asked <= self._fails:
            reply = Reply("[failed: max_calls: the limit is reached]")
            reply.ok, reply.error = False, "max_calls: the limit is reached"
            return reply
        return Reply(self._ask(prompt, context))

    def _cite(self, source: Hit, quote: str) -> str:
        if _folded(quote) not in _folded(source.document.text):
            raise QuoteNotFound(quote)
        mark = f"[[cite:{len(self.marks) + 1}]]"
        self.marks[mark] = (source.path, quote)
        return mark


def _line(text: str, start: int, end: int) -> str:
    last = text.find("\n", end)
    return text[text.rfind("\n", 0, start) + 1 : len(text) if last < 0 else last]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
