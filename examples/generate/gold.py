"""The gold answer: every planted item with its places, quoted as the files print them.

Owns the shape of contracts_gold.json. Must never be written into the corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from .blocks import curly
from .clauses import CLAUSES
from .facts import AGREEMENTS, Planted
from .planted import PLANTED
from .wording import passage

QUESTION = "find indemnification conflicts"
_THE_WORDS = re.compile(r"indemnif|indemnit|hold\w*\s+(\w+\s+)?harmless", re.IGNORECASE)


def gold(page_of: Mapping[str, int]) -> str:
    """The gold answer as JSON; `page_of` says on which page of its PDF a clause stands."""
    items = [_item(planted, page_of) for planted in PLANTED]
    answer = {"schema": "rlm.gold/1", "corpus": "contracts", "question": QUESTION, "items": items}
    return json.dumps(answer, indent=2, ensure_ascii=False) + "\n"


def _item(planted: Planted, page_of: Mapping[str, int]) -> dict[str, object]:
    places = [_place(clause_id, page_of) for clause_id in planted.clauses]
    return {
        "id": planted.id,
        "verdict": planted.verdict,
        "kind": planted.kind,
        "uses_the_words": any(_THE_WORDS.search(str(place["quote"])) for place in places),
        "explanation": planted.explanation,
        "places": places,
    }


def _place(clause_id: str, page_of: Mapping[str, int]) -> dict[str, object]:
    clause = CLAUSES[clause_id]
    text = passage(clause)
    curled = AGREEMENTS[clause.file].kind in ("pdf", "docx", "html")
    page = page_of.get(clause_id)
    return {
        "file": clause.file,
        "section": clause.section,
        "page": page,
        "quote": curly(text) if curled else text,
    }
