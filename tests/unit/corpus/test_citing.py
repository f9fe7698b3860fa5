"""The checker of quotations: what counts as word for word, and what does not."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest

from rlm_cli.corpus.citing import QuoteChecker
from rlm_cli.corpus.folding import fold, fold_quote
from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.corpus.skeleton import Probe
from rlm_cli.corpus.variants import variants
from tests.unit.corpus.making import folder_of, opened

TEXT = """\
ARTICLE 8. Indemnification
8.1 The Supplier shall indemnify and hold harm-
less the Customer from all losses up to USD 1,000,000.50 (the \u201cCap\u201d).
8.2 Non-
compete: the ﬁnal fee is 10² units – see Section 4.2.
The re-signed lease ends on 2019-03-31; soft\u00adhyphen, wide ＡＢＣ, caf\u0065\u0301, nb\u00a0space.
日本の契約書：甲は乙に対し損害を賠償する。🙂 after the emoji.
"""


@pytest.fixture
def corpus(tmp_path: Path) -> HostCorpus:
    files = {"msa.txt": TEXT, "other/nda.txt": "Mutual. The Supplier shall indemnify nobody. \n" * 2}
    return opened(folder_of(tmp_path / "in", files), tmp_path / "cache")


@pytest.mark.parametrize(
    "quote",
    [
        "The Supplier shall indemnify and hold harmless the Customer",
        "The  Supplier\nshall indemnify",
        'USD 1,000,000.50 (the "Cap")',
        "non-compete: the".replace("non", "Non"),
        "the final fee is 10² units - see Section 4.2.",
        "re-signed lease ends on 2019-03-31",
        "softhyphen, wide ABC, café, nb space",
        "甲は乙に対し損害を賠償する",
        "🙂 after the emoji",
        '"The Supplier shall indemnify and hold harmless the Customer..."',
    ],
)
def test_words_that_stand_there_are_found_however_they_are_set(corpus: HostCorpus, quote: str) -> None:
    citation = corpus.cite(quote, "msa.txt")

    assert citation.checked, citation.why
    source = TEXT[citation.start : citation.end]
    assert fold(source.replace("-\n", "")).text.replace("-", "") in fold(quote).text.replace("-", "")
    assert citation.line_start == TEXT[: citation.start].count("\n") + 1
    assert citation.line_end == TEXT[: citation.end].count("\n") + 1


@pytest.mark.parametrize(
    "quote",
    [
        "The Supplier shall indemnify and hold harmless the Client",
        "The Supplier may indemnify",
        "USD 1,000,000.5",
        "USD 1,000,000",
        "USD 1,000",
        "000.50",
        "losses up to USD 1,000,000.51",
        "the final fee is 102 units",
        "see Section 4",
        "The resigned lease",
        "ends on 2019-03-3",
        "upplier shall indemnify",
        "the supplier shall indemnify",
        "The Supplier … the Customer",
        "",
        "...",
        "—",
        "x" * 4001,
    ],
)
def test_a_changed_word_or_number_never_matches(corpus: HostCorpus, quote: str) -> None:
    citation = corpus.cite(quote, "msa.txt")

    assert not citation.checked
    assert citation.why
    assert citation.quote == quote


NUMBERS = (
    "It is capped at 5 000 000 EUR in 2/3 of all cases.\n"
    "In francs the cap is 5'000'000 and the sum of 100\u00a0000 is due.\n"
    "On 12/31/2020 it ends; growth of \u22125.2% in total, a loss of -$3.4 million.\n"
    "- 7 items remain on pages 10\u201312 of Section 4 and/or 6/7.\n"
    "Rent\t120\t130\t140\n900\n901\n"
)


@pytest.mark.parametrize(
    "quote",
    [
        "capped at 5",
        "capped at 5 000",
        "000 EUR in 2/3",
        "3 of all cases",
        "EUR in 2",
        "the cap is 5",
        "the cap is 5'000",
        "sum of 100",
        "000 is due",
        "31/2020 it ends",
        "On 12/31",
        "5.2% in total",
        "$3.4 million",
        "3.4 million",
    ],
)
def test_a_number_is_cut_at_none_of_its_marks(tmp_path: Path, quote: str) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"n.txt": NUMBERS}), tmp_path / "cache")

    assert not corpus.cite(quote, 0).checked


@pytest.mark.parametrize(
    "quote",
    [
        "capped at 5 000 000 EUR in 2/3",
        "2/3 of all cases",
        "5'000'000 and the sum of 100 000",
        "12/31/2020 it ends",
        "-5.2% in total",
        "loss of -$3.4 million",
        "7 items remain",
        "12 of Section 4",
        "Rent 120",
        "130 140",
        "901",
    ],
)
def test_whole_numbers_are_found_and_neighbours_are_no_part_of_them(tmp_path: Path, quote: str) -> None:
    corpus = opened(folder_of(tmp_path / "in", {"n.txt": NUMBERS}), tmp_path / "cache")

    citation = corpus.cite(quote, 0)
    assert citation.checked, citation.why


def test_a_quotation_is_looked_for_everywhere_when_no_document_is_named(corpus: HostCorpus) -> None:
    citation = corpus.cite("indemnify and hold harmless the Customer")

    assert (citation.checked, citation.path) == (True, "msa.txt")


def test_the_place_near_the_given_start_comes_first_and_the_rest_is_counted(corpus: HostCorpus) -> None:
    quote = "The Supplier shall indemnify nobody"
    second = corpus.cite(quote, "nda.txt", start=60)

    assert (second.start, second.line_start, second.elsewhere) == (8 + 46, 2, 1)


def test_the_same_words_in_another_document_count_as_elsewhere(corpus: HostCorpus) -> None:
    citation = corpus.cite("The Supplier shall indemnify", "msa.txt")

    assert citation.elsewhere == 2
    assert citation.elsewhere_in
    for place in citation.elsewhere_in:
        path, _, line = place.partition(" l. ")
        lines = dict(corpus.texts())[path].split("\n")
        assert "The Supplier" in lines[int(line) - 1]


def test_words_of_another_document_are_refused_and_the_document_is_named(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.txt": "One thing is said here.\n",
        "b.txt": "x\nAnother is said there.\n",
    }
    corpus = opened(folder_of(tmp_path / "docs", files), tmp_path / "cache")

    citation = corpus.cite("Another is said there.", "a.txt")

    assert not citation.checked
    assert citation.why.endswith("they stand in b.txt, line 2: name that document")


LONG = "\n".join(f"Line {n} of a document that is longer than a window." for n in range(12_000))
BROKEN = {
    "a short one over a line end": ("held in favour of the\nCap", "held in favour of the Cap"),
    "soft hyphens in every word": (
        "The in\u00addem\u00adni\u00adfi\u00adca\u00adtion sur\u00advives ter\u00admi\u00adna\u00adtion.",
        "The indemnification survives termination.",
    ),
    "hyphens at line ends": (
        "the repre-\nsentations notwith-\nstanding the indemnifi-\ncation of all",
        "the representations notwithstanding the indemnification of all",
    ),
    "wide letters": ("The ｉｎｄｅｍｎｉｔｙ ｃｌａｕｓｅ ｓｔａｎｄｓ", "The indemnity clause stands"),
    "decomposed letters": ("re\u0301sume\u0301 de\u0301le\u0301gue\u0301", "résumé délégué"),
    "Chinese over a line end": (
        "甲方应当在三十日内\n支付全部款项，并\u3000通知乙方。",
        "甲方应当在三十日内支付全部款项，并通知乙方",
    ),
    "Thai over a line end": ("สัญญานี้มีผลบังคับ\nใช้ทันที", "สัญญานี้มีผลบังคับใช้ทันที"),
    "Chinese with numbers": ("第 5 条\n30 日内", "第5条30日内"),
    "Arabic presentation forms": ("\ufefb \ufe8e\ufedf\ufeb4", "لا \u0627\u0644\u0633"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("named", [True, False], ids=["named", "anywhere"])
@pytest.mark.parametrize("length", ["short", "long"])
def test_words_that_are_broken_in_any_script_are_found_in_short_and_long_documents(
    tmp_path: Path, case: str, named: bool, length: str
) -> None:
    source, quote = BROKEN[case]
    around = LONG if length == "long" else "A line."
    files: dict[str, str | bytes] = {"a.txt": "Other words.\n", "b.txt": f"{around}\n{source}\n{around}\n"}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    citation = corpus.cite(quote, "b.txt" if named else None)

    assert (citation.checked, citation.path) == (True, "b.txt"), citation.why
    text = dict(corpus.texts())["b.txt"]
    assert text[citation.start : citation.end].rstrip("。.") == source.rstrip("。.")


def test_what_is_tested_on_bytes_never_says_no_to_words_that_stand_there() -> None:
    numbers = random.Random(17)
    pieces = ["alpha", "12", "gam-\nma", "sof\u00adt", "ﬁ", "ｗ", "e\u0301", "²", "Ⅳ"]
    pieces += ["日本", "を", "สัญ", "ำ", "об'є", "שלום"]
    spaces = [" ", "\n", "", "\u3000", "\u00a0", "\t ", ", ", "，", "’"]
    for _ in range(4000):
        words = [numbers.choice(pieces) + numbers.choice(spaces) for _ in range(numbers.randrange(3, 14))]
        text = "".join(words)
        low = numbers.randrange(len(words))
        quote = fold_quote("".join(words[low : low + numbers.randrange(1, 8)]))
        if quote and quote in fold(text).text:
            assert Probe(quote).may_stand_in(text.encode()), (text, quote)


def test_every_character_that_has_another_form_is_known() -> None:
    for character in map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x110000)]):
        if unicodedata.normalize("NFKC", character) != character:
            assert list(variants(character)) == [(0, 1)], hex(ord(character))
        if unicodedata.combining(character):
            assert next(variants(f"a{character}"), (2, 2))[1] == 2, hex(ord(character))


def test_a_quotation_for_which_the_time_was_too_short_is_not_called_wrong(corpus: HostCorpus) -> None:
    hurried = QuoteChecker(corpus._texts, seconds=-1.0)

    citation = hurried.check("Nobody has said this.", range(2), None, [])

    assert not citation.is_settled
    assert "name the document" in citation.why


def test_a_wrong_quotation_is_told_how_the_source_goes_on(corpus: HostCorpus) -> None:
    why = corpus.cite("The Supplier shall indemnify and defend the Customer", 0).why

    assert 'agrees up to "The Supplier shall indemnify and" (line 2)' in why
    assert "hold harm" in why


@pytest.mark.parametrize("document", [7, -1, "nowhere.txt", "txt"])
def test_an_unknown_document_is_said_to_be_unknown(corpus: HostCorpus, document: int | str) -> None:
    citation = corpus.cite("words", document)

    assert not citation.checked
    assert "document" in citation.why


def test_positions_are_exact_in_long_documents_of_every_script(tmp_path: Path) -> None:
    scripts = [
        "plain words here",
        "ünïcödé wörds",
        "日本語の文章です",
        "emoji 🙂🙂 text",
        "e\u0301a\u0308 marks",
        "שלום עולם",
    ]
    numbers = random.Random(5)
    lines = [f"{numbers.choice(scripts)} number{n}end {numbers.choice(scripts)}" for n in range(40_000)]
    text = "\n".join(lines)
    corpus = opened(folder_of(tmp_path / "in", {"long.txt": text}), tmp_path / "cache")

    for n in [0, 1, 777, 12_345, 23_456, 39_998, 39_999]:
        citation = corpus.cite(f"number{n}end", "long.txt")
        assert text[citation.start : citation.end] == f"number{n}end"
        assert citation.line_start == n + 1
    for start in numbers.sample(range(len(text) - 100), 50):
        assert (
            corpus._texts.slice(corpus._texts.generation.record(0), start, start + 60)
            == text[start : start + 60]
        )


def test_any_span_of_words_is_found_where_it_stands(tmp_path: Path) -> None:
    numbers = random.Random(11)
    kinds = ["alpha", "béta", "gam-\nma", "12.5", "“q”", "ﬁx", "日本", "x"]
    words = [f"{numbers.choice(kinds)}{n}" for n in range(3000)]
    text = "".join(word + numbers.choice([" ", "  ", "\n", "\n\n", "\t", "\u00a0"]) for word in words)
    corpus = opened(folder_of(tmp_path / "in", {"a.txt": text}), tmp_path / "cache")

    for _ in range(200):
        first = numbers.randrange(len(words) - 12)
        chosen = words[first : first + numbers.randrange(2, 12)]
        quote = (
            " ".join(chosen)
            .replace("gam-\nma", "gamma")
            .replace("ﬁ", "fi")
            .replace("“", '"')
            .replace("”", '"')
        )
        citation = corpus.cite(quote, 0)
        assert citation.checked, (quote, citation.why)
        assert text[citation.start : citation.end].split() == "\n".join(chosen).split()
        wrong = quote[:-1] + ("7" if quote[-1] != "7" else "8")
        assert not corpus.cite(wrong, 0).checked or wrong in text
