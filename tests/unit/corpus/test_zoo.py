"""Real files of other programs: what is read of them, and that a citation names the place where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.recognising import is_installed
from rlm_cli.events.values import Skipped
from tests.unit.corpus.making import folder_of, opened

ZOO = Path(__file__).parents[2] / "zoo"
SNAIL = "sent-snail.mbox!/00002 Fwd handover.eml!/handover.eml"
MBOX = "sent-mutt.mbox!/00002 Fwd Costs.eml!/forward-me.eml"


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> HostCorpus:
    return opened(ZOO, tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("path", "quote", "page", "place"),
    [
        ("lease.docx", "Fair wear and tear excepted", None, "footnote 1"),
        ("lease.docx", "EUR 4,350 held in escrow", None, "table 1"),
        ("lease.docx", "the landlord waives the pet clause", None, 'section "Payment terms"'),
        ("lease.odt", "Fair wear and tear excepted", None, "footnote 1"),
        ("lease.odt", "EUR 4,350 held in escrow", None, 'section "Payment terms"'),
        ("lease.rtf", "Deposit | EUR 4,350 held in escrow", None, ""),
        ("lease.epub", "Deposit | EUR 4,350 held in escrow", None, 'section "chapter 1"'),
        ("lease-writer.pdf", "“Café” costs are shared; Größe matters", 1, ""),
        ("lease-writer.pdf", "the landlord waives the pet clause", 2, ""),
        ("notice-chromium.pdf", "must answer within fourteen days", 2, ""),
        ("costs.xlsx", "Roof needle clause", None, 'sheet "costs", cell A6'),
        ("costs.ods", "2025-01-31", None, 'sheet "costs", cell D6'),
        ("costs.xls", "15000", None, 'sheet "costs", cell C6'),
        ("deck.pptx", "Supplier insolvency", None, "slide 2"),
        ("deck.pptx", "merger before Friday", None, "slide 2, notes"),
        ("deck.odp", "Dana Petrov", None, "slide 2"),
        ("deck.odp", "merger before Friday", None, "slide 2, notes"),
        ("scripts.docx", "اتفاقية الإيجار بين الطرفين", None, 'section "עסקה"'),
        ("scripts.docx", "押金为四千元", None, 'section "עסקה"'),
        ("scripts.docx", "Договор аренды", None, 'section "עסקה"'),
        ("costs-mpack.eml", "the needle clause is in annex seven", None, ""),
        ("costs-mpack.eml!/costs.xlsx", "Roof needle clause", None, 'sheet "costs", cell A6'),
        ("bundle-infozip.zip!/deep/note.txt", "zebra", None, ""),
        ("bundle-infozip.zip!/inner.tar.gz!/deep/lease.docx", "see annex seven", None, "footnote 1"),
        ("sent-mutt.mbox!/00001 Signed lease Größe.eml", "From here on the tenant pays", None, ""),
        (MBOX, "Subject: Costs for Q1", None, ""),
        (f"{MBOX}!/costs.xlsx", "Roof needle clause", None, 'sheet "costs", cell A6'),
        (SNAIL, "die Kaution von 4.350 € bleibt auf dem Sperrkonto", None, ""),
        (SNAIL, "From the first of May the meter belongs to the tenant", None, ""),
        (f"{SNAIL}!/uebergabe.csv", "Küche;1.200,50", None, ""),
        ("scripts-chromium.pdf", "押金为四千三百五十元，由房东保管。", 1, ""),
        ("scripts-chromium.pdf", "契約は三月三十一日に終了する。", 1, ""),
        ("scripts-chromium.pdf", "보증금은 사천 원이다.", 1, ""),
        ("scripts-chromium.pdf", "اتفاقية الإيجار بين الطرفين مبرمة في دبي.", 1, ""),
        ("scripts-chromium.pdf", "דמי השכירות ישולמו מראש בכל חודש.", 1, ""),
        ("scripts-chromium.pdf", "final affidavit without difficulty", 2, ""),
        ("scripts-writer.pdf", "اتفاقية الإيجار بين الطرفين سارية المفعول", 1, ""),
        ("scripts-writer.pdf", "租赁合同自签署之日起生效。押金为四千元。", 1, ""),
        ("changes-writer.docx", "is unlimited for gross negligence", None, 'section "Liability"'),
        ("changes-writer.docx", "capped at USD 2,000,000", None, "deleted passage 1"),
        ("changes-writer.docx", "Ask the insurer first", None, "comment 1"),
        ("changes-writer.odt", "is unlimited for gross negligence", None, 'section "Liability"'),
        ("changes-writer.odt", "capped at USD 2,000,000", None, "deleted passage 1"),
        ("changes-writer.odt", "Ask the insurer first", None, "comment 1"),
        ("changes-writer.rtf", "is unlimited for gross negligence", None, ""),
        ("form-reportlab.pdf", "[field] tenant: Wilhelmina Zebra", 1, ""),
        ("hidden-xlsxwriter.xlsx", "2025-03-01T14:30:00", None, 'sheet "Open", cell B2'),
        ("hidden-xlsxwriter.xlsx", "merged words", None, 'sheet "Open", cell A6'),
        ("hidden-xlsxwriter.xlsx", "very hidden", None, 'sheet "VerySecret", cell A1'),
    ],
)
def test_a_quotation_is_found_where_a_person_would_look(
    zoo: HostCorpus, path: str, quote: str, page: int | None, place: str
) -> None:
    cited = zoo.cite(quote, path)

    assert cited.checked, cited.why
    assert (cited.path, cited.page, cited.place) == (path, page, place)
    text = dict(zoo.texts())[path]
    assert text[cited.start : cited.end] == quote
    assert text.count("\n", 0, cited.start) + 1 == cited.line_start


def test_deleted_words_are_no_standing_text(zoo: HostCorpus) -> None:
    for name in ("changes-writer.docx", "changes-writer.odt", "changes-writer.rtf"):
        refused = zoo.cite("The liability of the Supplier is capped at USD 2,000,000", name)
        assert not refused.checked
        text = dict(zoo.texts())[name]
        assert "capped" not in text.split("[deleted by ")[0]
    assert "[deleted by Dana Petrov] capped" in dict(zoo.texts())["changes-writer.docx"]


def test_a_hidden_sheet_is_said_to_be_hidden(zoo: HostCorpus) -> None:
    lines = dict(zoo.texts())["hidden-xlsxwriter.xlsx"].split("\n")

    assert [line for line in lines if line.startswith("# ")] == [
        "# Open",
        "# Secret (hidden sheet)",
        "# VerySecret (hidden sheet)",
    ]


def test_what_cannot_be_read_is_said_with_its_reason(zoo: HostCorpus) -> None:
    assert {(skip.path, skip.why) for skip in zoo.skipped()} == {
        ("bundle-infozip.zip!/empty.txt", "empty"),
        ("locked-infozip.zip!/deep/note.txt", "encrypted: it needs a password"),
        ("scan-ghostscript.pdf", "no text layer: all 2 pages are images or empty (it needs OCR)"),
    }


def test_the_bytes_of_a_corpus_are_those_of_its_files(zoo: HostCorpus) -> None:
    left_out = {"scan-ghostscript.pdf"}
    on_disk = sum(path.stat().st_size for path in ZOO.iterdir() if path.name not in left_out)

    assert zoo.loaded.bytes == on_disk


def test_a_scan_is_read_where_the_extra_is_installed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", {"scan.pdf": (ZOO / "scan-ghostscript.pdf").read_bytes()})
    if not is_installed():
        with pytest.raises(CorpusError) as caught:
            opened(folder, tmp_path / "cache", ReadOptions(is_ocr=True))
        assert caught.value.remedy == "Run: pip install 'rlm-terminal[ocr]'"
        return

    corpus = opened(folder, tmp_path / "cache", ReadOptions(is_ocr=True))

    cited = corpus.cite("On the second page the landlord waives the pet clause")
    assert (cited.checked, cited.page) == (True, 2)
    assert corpus.cite("The tenant shall keep the premises").page == 1
    partly = corpus.loaded.partly
    assert partly == [Skipped("scan.pdf", "2 pages read by OCR, which may be wrong")]
