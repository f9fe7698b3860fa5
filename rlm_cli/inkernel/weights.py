"""BM25: what a term in a passage is worth.

Source:  Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009); k1 and b are
         the usual 1.2 and 0.75.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

PASSAGE_CHARACTERS = 1000
_K1, _B = 1.2, 0.75


def weights(having: Mapping[str, int], passages: float) -> dict[str, float]:
    """What each term is worth by the number of passages that have it."""
    return {
        term: math.log(1 + (passages - n + 0.5) / (n + 0.5)) if n < passages else 0.01
        for term, n in having.items()
    }


def score(counts: Mapping[str, int], weight: Mapping[str, float], length: int) -> float:
    """The score of a passage of so many characters in which terms stand so often."""
    norm = _K1 * (1 - _B + _B * length / PASSAGE_CHARACTERS)
    return sum(weight[term] * n * (_K1 + 1) / (n + norm) for term, n in counts.items())
