"""One search as a program of its own: a request on standard input, hits as lines of JSON on standard output.

It is run by path, so that the command line finds exactly what a cell finds. It knows no kernel and no host.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any


def main() -> int:
    """Answer the request; the last line holds `counted`, everything before it a hit or a count.

    Shape:   the request has `sys_path`, `mount` (as in ports.Mount), `operation` (grep, count or search),
             `words`, and `options` as the method of a corpus takes them. A pattern that is wrong is the
             line `{"wrong": why}`, and exit code 2.
    """
    request = json.load(sys.stdin)
    sys.path.extend(entry for entry in request["sys_path"] if entry not in sys.path)
    try:
        for line in _lines(request):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    except ValueError as error:
        sys.stdout.write(json.dumps({"wrong": str(error)}) + "\n")
        return 2
    return 0


def _lines(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    from rlm_cli.inkernel.documents import Services, open_corpus

    began = time.monotonic()
    corpus, _ = open_corpus(request["mount"], Services())
    words, options = request["words"], request["options"]
    if request["operation"] == "count":
        counts = corpus.counts(words, **options)
        yield from ({"path": path, "matches": number} for path, number in counts.items())
        yield _counted(counts.total, len(counts), counts.truncated, began)
        return
    hits = (
        corpus.grep(words, **options) if request["operation"] == "grep" else corpus.search(words, **options)
    )
    yield from _shown(hits)
    yield _counted(len(hits), len({hit.document.index for hit in hits}), hits.truncated, began)


def _shown(hits: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for hit in hits:
        yield {
            "path": hit.path,
            "page": hit.page,
            "line": hit.line,
            "start": hit.start,
            "end": hit.end,
            "match": hit.match,
            "text": hit.text,
            "place": hit.place,
            **({} if hit.score is None else {"score": hit.score}),
        }


def _counted(matches: int, documents: int, truncated: str, began: float) -> dict[str, Any]:
    seconds = round(time.monotonic() - began, 4)
    return {"counted": matches, "documents": documents, "truncated": truncated, "seconds": seconds}


if __name__ == "__main__":
    sys.exit(main())
