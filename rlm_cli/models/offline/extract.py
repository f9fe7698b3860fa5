"""Picks the sentences of a passage that bear on a question, word for word.

Owns the ranking of sentences by the words they share with the question, and nothing else: no request, no
cell. What it gives back is always a part of the passage with its white space folded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rlm_cli.models.offline.related import is_comparing, related_to
from rlm_cli.models.offline.words import content_words, fold, sentences, stem, tokens

NOTHING = "NONE"
_MOST_SENTENCES = 5
_LONGEST = 420
_CUT_OFF = 0.5
_LEAST, _PLENTY = 0.25, 0.9
_FOLLOWS_ON = re.compile(
    r"(?i)^(?:this|that|these|those|such|the (?:total|foregoing|amount|limit|same|above)|it|they"
    r"|dies|diese|ceci|cette|esta|este)\b"
)
_HEAD = re.compile(r"^\[[^\]\n]+\]\s*$")


@dataclass(frozen=True)
class Query:
    """What is looked for.

    Units:   weights have no unit; the words of the question weigh about 1.
    Shape:   stems are prefixes of single words; phrases are patterns of several words in all their forms.
    """

    stems: dict[str, float]
    phrases: dict[re.Pattern[str], float]

    def score(self, sentence: str) -> float:
        """How much a sentence bears on the question: 0 when it shares no word with it."""
        folded = fold(sentence)
        words = tokens(sentence)
        score = 0.0
        for start, weight in self.stems.items():
            count = sum(1 for word in words if word.startswith(start))
            score += weight * count * 2 / (count + 1)
        for phrase, weight in self.phrases.items():
            score += weight if phrase.search(folded) else 0.0
        # A heading of three words that holds the word says less than the sentence below it.
        return score * min(1.0, 0.4 + len(words) / 12)


def query_of(prompt: str) -> Query:
    """What a prompt asks for.

    Shape:   the lines `Question: …` and `Related words: a; b; c` are what our own cells write; any other
             prompt is taken for a question as it stands.
    """
    question, related = _parts(prompt)
    words = content_words(question)
    telling = [word for word in words if not is_comparing(word)] or words
    stems = {stem(word): 1.0 for word in telling}
    phrases: dict[re.Pattern[str], float] = {}
    listed = related if related else related_to(question)
    for rank, item in enumerate(listed):
        weight = 0.7 - 0.4 * rank / max(1, len(listed))
        if " " in item.strip():
            phrases.setdefault(_phrase(fold(item)), weight + 0.2)
        elif item.strip():
            stems.setdefault(stem(fold(item.strip())), weight)
    return Query(stems, phrases)


def extract(prompt: str, context: str) -> str:
    """The reply of the sub-model: one quotation a line, `- ` before each, or `NONE`."""
    quotes = best_sentences(query_of(prompt), context)
    return "\n".join(f"- {quote}" for quote in quotes) if quotes else NOTHING


def best_sentences(query: Query, context: str) -> list[str]:
    """The sentences that bear most on the question, in the order of the passage."""
    head, _, rest = context.strip().partition("\n")
    found = sentences(rest if _HEAD.match(head) else context)
    scores = [query.score(sentence) for sentence in found]
    if len(found) > 2 and not re.search(r"[.!?。！？:;][\"”’»)\]]*$", found[-1]):
        scores[-1] *= _CUT_OFF
    if len(found) > 2 and found[0][:1].islower():
        scores[0] *= _CUT_OFF
    best = max(scores, default=0.0)
    if best <= _LEAST:
        return []
    ranked = sorted(range(len(found)), key=lambda at: -scores[at])
    kept = {at for at in ranked[:_MOST_SENTENCES] if scores[at] >= max(_LEAST, min(_PLENTY, best * 0.35))}
    return [_shortened(query, text) for text in _joined(found, kept)]


def _joined(found: list[str], kept: set[int]) -> list[str]:
    """Kept sentences with what follows on from them (`This obligation …`) as one quotation."""
    quotes: list[str] = []
    taken: set[int] = set()
    for at in sorted(kept):
        if at in taken:
            continue
        text = found[at]
        after = at + 1
        while after < len(found) and _FOLLOWS_ON.match(found[after]):
            if len(text) + len(found[after]) > _LONGEST:
                break
            text = f"{text} {found[after]}"
            taken.add(after)
            after += 1
        quotes.append(text)
    return quotes


def _shortened(query: Query, text: str) -> str:
    """At most so many characters around the first word that counts, cut between words."""
    if len(text) <= _LONGEST:
        return text
    folded = text.casefold()
    places = [folded.find(each) for each in query.stems if each in folded]
    places += [match.start() for each in query.phrases if (match := each.search(folded))]
    start = max(0, min(places, default=0) - _LONGEST // 3)
    if start > 0:
        start = text.find(" ", start) + 1
    end = text.rfind(" ", start, start + _LONGEST)
    return text[start : end if end > start else start + _LONGEST].strip()


def _phrase(words: str) -> re.Pattern[str]:
    stems = [re.escape(word.rstrip("e") if len(word) > 4 else word) for word in words.split()]
    return re.compile(r"\b" + r"\w*\s+(?:\w+\s+){0,2}".join(stems))


def _parts(prompt: str) -> tuple[str, list[str]]:
    question = re.search(r"(?m)^Question: (.+)$", prompt)
    related = re.search(r"(?m)^Related words: (.+)$", prompt)
    listed = [item.strip() for item in related[1].split(";") if item.strip()] if related else []
    return (question[1] if question else prompt), listed
