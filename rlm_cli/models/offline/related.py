"""Other words for the same thing, for questions whose words are not the documents' words.

Owns a short list of groups. It is knowledge of language, never of a corpus; what a corpus itself says in
other words is found by feedback in the search cell.
"""

from __future__ import annotations

from rlm_cli.models.offline.words import content_words, listed, stem, word_set


def related_to(question: str, limit: int = 16) -> list[str]:
    """Phrases that say what a question's words say, without those words themselves."""
    stems = {stem(word) for word in content_words(question)}
    found: dict[str, None] = {}
    for group in listed("same_meaning"):
        phrases = group.split("|")
        if any(_meets(phrase, stems) for phrase in phrases):
            found.update(dict.fromkeys(phrase for phrase in phrases if not _meets(phrase, stems)))
    return list(found)[:limit]


def asks_to_compare(question: str) -> bool:
    """Whether the question is about passages that do not agree with each other."""
    return any(is_comparing(word) for word in content_words(question))


def is_comparing(word: str) -> bool:
    """Whether a word only says that things are to be compared, and not which."""
    return stem(word) in {stem(each) for each in word_set("comparing")}


def _meets(phrase: str, stems: set[str]) -> bool:
    words = phrase.split()
    return len(words) == 1 and stem(words[0]) in stems
