"""Patterns over the mapped store: the same matches as `re` has, wherever they stand, within bounds."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.inkernel.documents import Corpus, Services, open_corpus
from rlm_cli.inkernel.linear import scanner
from rlm_cli.inkernel.query import PatternError
from rlm_cli.inkernel.scanning import places
from rlm_cli.inkernel.superset import superset
from tests.unit.corpus.making import folder_of, opened

LETTERS = "abkisSK1 .-_éÉßſжЖ東٣\n\nabcı İK\u2003"
FILLING = "the party of the first part shall give notice to the other party of any such claim 17.04\n"


def mounted(root: Path, cache: Path) -> Corpus:
    mount = opened(root, cache).mount
    return open_corpus({"store": mount.store, "generation": mount.generation}, Services())[0]


def by_re(corpus: Corpus, pattern: str, flags: int = re.IGNORECASE) -> list[tuple[str, int, int]]:
    """What `re` finds, document by document."""
    compiled = re.compile(pattern, flags | re.MULTILINE)
    return [
        (document.path, *match.span())
        for document in corpus
        for match in compiled.finditer(document.text)
        if match.end() > match.start()
    ]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus large enough for the engine: many files, a long one, one long line, copies, odd letters."""
    root = tmp_path_factory.mktemp("large")
    rng = random.Random(5)
    files: dict[str, str | bytes] = {}
    for number in range(40):
        lines = [FILLING] * rng.randrange(20, 120)
        lines.insert(
            rng.randrange(len(lines)), f"Invoice QX-{number:05} of Überschuß GmbH to ann{number}@x.org\n"
        )
        lines.insert(
            rng.randrange(len(lines)), "force\n  majeure, Größe, СТОРОНЫ договорились, ılık İstanbul\n"
        )
        files[f"a/{number:03}.txt"] = "".join(lines)
    files["b/copy-1.txt"] = files["b/copy-2.txt"] = "only here twice: zebra crossing\n"
    files["b/empty.txt"] = ""
    files["c/long.txt"] = FILLING * 9000 + "needle-in-long at the end" + "\n" + FILLING * 3000
    files["c/one-line.txt"] = "x,y;" * 60_000 + " needle-in-line " + "é,;" * 60_000
    files["z/last.txt"] = FILLING + "the very last byte is Q"
    return mounted(folder_of(root / "docs", files), root / "cache")


PATTERNS = [
    r"QX-\d{5}",
    r"\b[a-z]+\d+@x\.org\b",
    r"[\w.]+@[\w.]+",
    r"überschuß",
    r"стороны",
    r"ilik|istanbul",
    r"needle-in-\w+",
    r"zebra.*$",
    r"^the very last",
    r"is Q\Z",
    r"force\s+majeure",
    r"(?<=GmbH to )\w+",
    r"(\w)\1@",
    r"invoice[^@]*@",
    r"QX-000(?:0[0-9]|1\d)\b(?! of Unter)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ignores", [True, False])
def test_a_search_finds_the_matches_that_re_has_and_no_others(
    large: Corpus, pattern: str, ignores: bool
) -> None:
    hits = large.grep(pattern, ignore_case=ignores, max_hits=10**6)

    wanted = by_re(large, pattern.replace("to )", r"to\s)"), re.IGNORECASE if ignores else 0)
    assert [(hit.path, hit.start, hit.end) for hit in hits] == wanted
    assert hits.truncated == ""
    for hit in hits[:50]:
        text = hit.document.text
        assert text[hit.start : hit.end] == hit.match
        assert hit.line == text.count("\n", 0, hit.start) + 1


def test_the_engine_looks_only_where_a_looser_form_of_the_pattern_ends() -> None:
    rng = random.Random(11)
    checked = 0
    for _ in range(400):
        compiled = _compiled(rng)
        form = compiled and superset(compiled)
        engine = form and scanner(form.expressions)
        if not compiled or not form or not engine:
            continue
        for _ in range(4):
            text = "".join(rng.choice(LETTERS) for _ in range(40))
            ends, _ = engine.ends(memoryview(text.encode()))
            for match in compiled.finditer(text):
                low, high = (len(text[:at].encode()) for at in match.span())
                if high > low:
                    checked += 1
                    assert any(low < end <= high for end in ends), (compiled, text, match, form)
    assert checked > 1000 or scanner(["a"]) is None


def _compiled(rng: random.Random) -> re.Pattern[str] | None:
    try:
        return re.compile(_pattern(rng, 0), re.MULTILINE | (re.IGNORECASE if rng.random() < 0.5 else 0))
    except (re.error, OverflowError):
        return None


def _pattern(rng: random.Random, depth: int, is_repeated: bool = False) -> str:
    """A pattern at random, of everything that the looser form knows; no repeat inside of a repeat."""
    kind = rng.randrange(12 if depth < 3 else 5)
    if kind < 3:
        return re.escape(rng.choice("abkisSK1 .-_éÉßſжЖ東٣"))
    if kind == 3:
        classes = r"""\w \d \s \W \D \S . [a-k] [^a-k] [éж] [^é] [\d_] [^\W\d] [а-я] [k-s]"""
        return rng.choice(classes.split())
    if kind == 4:
        return rng.choice(["^", "$", r"\b", r"\B"])
    if kind < 8:
        return _pattern(rng, depth + 1, is_repeated) + _pattern(rng, depth + 1, is_repeated)
    if kind == 8:
        return f"(?:{_pattern(rng, depth + 1, is_repeated)}|{_pattern(rng, depth + 1, is_repeated)})"
    if kind == 9:
        return (
            rng.choice(["(?=", "(?!", "(?i:", "(?s:", "(?-i:", "("])
            + _pattern(rng, depth + 1, is_repeated)
            + ")"
        )
    times = "" if is_repeated else rng.choice(["*", "+", "?", "{2}", "{1,3}", "+?", "*?", "{40}"])
    return f"(?:{_pattern(rng, depth + 1, True)}){times}"


def test_the_last_byte_of_the_last_document_is_found(large: Corpus) -> None:
    (hit,) = large.grep(r"byte is Q$", ignore_case=False)

    assert (hit.path, hit.end, hit.line) == ("z/last.txt", len(large["z/last.txt"]), 2)


def test_documents_with_the_same_content_all_have_their_hits(large: Corpus) -> None:
    hits = large.grep("zebra crossing")

    assert [hit.path for hit in hits] == ["b/copy-1.txt", "b/copy-2.txt"]


def test_a_subset_is_searched_alone_and_in_its_own_order(large: Corpus) -> None:
    some = large.filter("a/*")[::-1]

    hits = some.grep(r"QX-\d+", max_hits=10**6)

    assert [hit.path for hit in hits] == [document.path for document in some]
    assert large.filter("b/*").grep("notice") == []


def test_bounds_are_kept_and_said(large: Corpus) -> None:
    few = large.grep("party", max_hits=10)
    each = large.grep("party", max_per_document=1, max_hits=10**6)

    assert len(few) == 10
    assert few.truncated.startswith("stopped at max_hits=10")
    assert "1 of 45 documents were searched" in few.truncated
    assert len(each) == len({hit.path for hit in each}) == 42
    assert "max_per_document=1" in each.truncated


def test_counts_are_those_of_re(large: Corpus) -> None:
    counts = large.counts("notice")

    wanted: dict[str, int] = {}
    for path, _, _ in by_re(large, "notice"):
        wanted[path] = wanted.get(path, 0) + 1
    assert counts == wanted
    assert counts.total == sum(wanted.values())
    assert counts.most(1) == [("c/long.txt", 12000)]
    assert large["c/long.txt"].count("notice") == 12000


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(\w+\s?)*!", r"(x|x)*y"])
def test_a_pattern_that_backtracks_without_end_is_stopped_and_said(tmp_path: Path, pattern: str) -> None:
    files: dict[str, str | bytes] = {"a.txt": "needle first\n" + "a" * 60 + " x" * 40 + "x" * 50 + "-\n"}
    corpus = mounted(folder_of(tmp_path / "docs", files), tmp_path / "cache")

    hits = corpus.grep("needle|" + pattern, max_seconds=0.3)

    assert [hit.match for hit in hits[:1]] in ([], ["needle"])
    assert not hits.truncated or "backtracks" in hits.truncated


def test_a_thousand_words_are_one_search(large: Corpus) -> None:
    words = "|".join(f"word{number}" for number in range(1000)) + "|zebra"

    assert [hit.match for hit in large.grep(words)] == ["zebra", "zebra"]


def test_single_spaces_match_line_ends_and_words_are_whole(large: Corpus) -> None:
    assert len(large.grep("force majeure")) == 40
    assert large.grep("force majeure", literal=True)[0].match == "force\n  majeure"
    assert large.grep("zeb", word=True) == []
    assert large.grep("x.org", literal=True, max_hits=3)[0].text.startswith("Invoice")


def test_a_long_line_is_cut_around_its_hit(large: Corpus) -> None:
    (hit,) = large.grep("needle-in-line")

    assert len(hit.text) <= 500
    assert "needle-in-line" in hit.text
    assert hit.document[hit.start : hit.end] == "needle-in-line"


def test_a_pattern_that_is_none_says_what_is_wrong(large: Corpus) -> None:
    with pytest.raises(PatternError, match="literal=True"):
        large.grep("(unclosed")
    with pytest.raises(PatternError, match="empty"):
        large.grep("")


def test_all_documents_that_were_searched_are_in_the_ledger(large: Corpus) -> None:
    large.grep("nothing-like-this")

    assert large.coverage()["searched_by_code"] == len(large)


def test_without_the_engine_the_same_is_found(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "docs", {f"{n}.txt": FILLING * 700 + f"QX-{n:05}\n" for n in range(20)})
    mount = opened(root, tmp_path / "cache").mount
    code = (
        "import sys; sys.modules['hyperscan'] = None\n"
        "from rlm_cli.inkernel.documents import Services, open_corpus\n"
        f"mount = {{'store': {mount.store!r}, 'generation': {mount.generation!r}}}\n"
        "corpus, _ = open_corpus(mount, Services())\n"
        "print([(h.path, h.start, h.line) for h in corpus.grep(r'qx-\\d+$')])\n"
        "print(len(corpus.search('notice of claim')))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    hits, passages = done.stdout.splitlines()
    corpus = mounted(root, tmp_path / "cache")
    assert hits == repr([(hit.path, hit.start, hit.line) for hit in corpus.grep(r"qx-\d+$")])
    assert hits.count("txt") == 20
    assert passages == "10"


def test_a_flood_of_places_is_taken_in_portions_without_loss(large: Corpus) -> None:
    store, extents = large.library.store, large.library.extents(range(len(large)))
    engine, again = scanner(["th", "ty"]), scanner(["th", "ty"])
    if engine is None or again is None:
        pytest.skip("hyperscan is not installed here")

    whole = {(f.piece.segment, at) for f in places(store, extents, engine) for at in f.offsets}
    portions = [f.offsets for f in places(store, extents, again, most=5000)]

    assert len(portions) > 10
    assert {(1, at) for offsets in portions for at in offsets} == whole
