"""Words without a language model: tokens, light stems, stop words, sentences.

Owns what is language in the offline model, and knows nothing of requests or cells. Several languages are
served by one short list each; a language that is not there is searched by its words as they stand.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from importlib import resources

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_HIRAGANA = re.compile(r"[\u3040-\u309f]")
_CODE = re.compile(r"[{}();]\s*$|\w\(|\s=\s|^\s*(?:def|class|return|import|if|for|while|elif|else)\b.*:$")
_SHORTEST_STEM = 4


_END = re.compile(r"(?<=[.!?。！？])[\"”’»)\]]*\s+(?=[\"“‘«(\[]*[^\W_])|(?<=[。！？])")


@functools.cache
def listed(name: str) -> tuple[str, ...]:
    """The lines of a list of this folder, without its comments."""
    data = resources.files("rlm_cli.models.offline").joinpath(f"lists/{name}.txt").read_text("utf-8")
    return tuple(line.strip() for line in data.splitlines() if line.strip() and not line.startswith("#"))


@functools.cache
def word_set(name: str) -> frozenset[str]:
    """The single words of a list."""
    return frozenset(" ".join(listed(name)).split())


def fold(text: str) -> str:
    """The text for comparing: compatibility forms resolved, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens(text: str) -> list[str]:
    """The words of a text, folded; scripts without spaces give pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        run = _CJK.search(word)
        if run is None:
            found.append(word)
        else:
            letters = run.group()
            found += [letters[at : at + 2] for at in range(max(1, len(letters) - 1))]
    return found


def stem(word: str) -> str:
    """The part of a word that its other forms share: `indemnification` and `indemnify` give `indemn`.

    Source:  one suffix of a list is cut, the longest that leaves four letters; far lighter than Porter,
             and meant for prefixes in a search, where cutting too little loses and too much finds noise.
    """
    if _CJK.search(word) or any(letter.isdigit() for letter in word):
        return word
    for suffix in _suffixes():
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            return word[: -len(suffix)]
    return word


def content_words(text: str) -> list[str]:
    """The words of a text that carry meaning, folded, each once, in their order."""
    return list(
        dict.fromkeys(word for word in tokens(text) if word not in word_set("stop_words") and _carries(word))
    )


def word_pattern(word: str) -> str:
    """A regular expression for a word in all its forms, for text in lower case."""
    if _CJK.search(word):
        return re.escape(word)
    return r"(?<!\w)" + re.escape(stem(word)) + r"\w*"


def sentences(text: str) -> list[str]:
    """The sentences of a text, or its lines where it is no prose (logs, tables, code), white space folded.

    Shape:   joined lines of PDF pages and wrapped text count as prose; nothing is added or left out, so
             that each can be quoted.
    """
    found: list[str] = []
    flowing = re.sub(r"\s*\f\s*(?=[a-zß-ÿ])", "\n", text.replace("\r\n", "\n"))  # a sentence over two pages
    for block in re.split(r"\n\s*\n|\f", flowing):
        lines = [line for line in block.split("\n") if line.strip()]
        units = [" ".join(lines)] if _is_wrapped(lines) else lines
        for unit in units:
            found += _split(" ".join(unit.split()))
    return found


@functools.cache
def _suffixes() -> tuple[str, ...]:
    return tuple(sorted(word_set("suffixes"), key=len, reverse=True))


def _split(text: str) -> list[str]:
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if _goes_on(text[start : match.start()].split()):
            continue
        found.append(text[start : match.end()].strip())
        start = match.end()
    found.append(text[start:].strip())
    return [each for each in found if each]


def _goes_on(words: list[str]) -> bool:
    """Whether the full stop of the last word ends no sentence: `Art.`, `J.`, or a number that leads it."""
    last = words[-1] if words else ""
    word = last.rstrip(".").lstrip('(["“‘«').casefold()
    if not last.endswith("."):
        return False
    is_number = len(words) == 1 and re.fullmatch(r"\(?\d{1,3}(?:\.\d{1,3})*\.\)?", last) is not None
    return is_number or word in word_set("abbreviations") or (len(word) == 1 and word.isalpha())


def _is_wrapped(lines: list[str]) -> bool:
    if len(lines) < 2:
        return False
    follows = sum(
        1
        for line, after in itertools.pairwise(lines)
        if not line.rstrip().endswith((".", ":", ";", "!", "?", "|", "}", "{", ">"))
        and (after.lstrip()[:1].islower() or len(line) >= 60)
        and "  " not in after.strip()
        and not after.lstrip().startswith(("-", "*", "#", "|", "•", ">", "[", "{", "}"))
    )
    return follows * 3 >= len(lines) - 1 and not _looks_like_records(lines)


def _looks_like_records(lines: list[str]) -> bool:
    """Whether lines are units: they begin alike as in logs, hold the same separators, or are code."""
    if sum(1 for line in lines if _CODE.search(line)) * 2 >= len(lines):
        return True
    begins = [re.sub(r"\d", "0", line.strip()[:10]) for line in lines]
    most = max(begins.count(each) for each in set(begins))
    separators = [(line.count(","), line.count("\t"), line.count("|")) for line in lines]
    tabular = [each for each in separators if sum(each) >= 2]
    same = max((tabular.count(each) for each in set(tabular)), default=0)
    return len(lines) >= 3 and (most * 2 > len(lines) or same * 10 >= len(lines) * 8)


def _carries(word: str) -> bool:
    if _CJK.search(word):
        return _HIRAGANA.search(word) is None  # endings and particles
    return len(word) >= 3 or word.isdigit()
