"""Files with documents inside: archives and mail, their bounds, and what a second reading does again."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from rlm_cli.base.errors import CorpusError
from rlm_cli.corpus.extract import MORE, TextOut
from rlm_cli.corpus.ingest import ReadingStopped
from rlm_cli.corpus.mailbox import extract as extract_mailbox
from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.corpus.options import ReadOptions
from rlm_cli.corpus.store import PARTIAL
from tests.unit.corpus.making import folder_of, opened, pdf


def zipped(files: Mapping[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: Mapping[str, bytes], mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return out.getvalue()


def mail(subject: str, body: str, **attachments: bytes | EmailMessage) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", subject
    message.set_content(body)
    for name, content in attachments.items():
        if isinstance(content, EmailMessage):
            message.add_attachment(content)
        else:
            message.add_attachment(content, "application", "octet-stream", filename=name.replace("_", "."))
    return message


def texts(root: Path, cache: Path, options: ReadOptions | None = None) -> dict[str, str]:
    return dict(opened(root, cache, options).texts())


def skips(corpus: HostCorpus) -> list[tuple[str, str]]:
    return [(skip.path, skip.why) for skip in corpus.skipped()]


@pytest.mark.parametrize(
    ("name", "content", "inside"),
    [
        ("a.zip", zipped({"d/x.txt": b"hello"}), "a.zip!/d/x.txt"),
        ("a.tar", tarred({"d/x.txt": b"hello"}, "w"), "a.tar!/d/x.txt"),
        ("a.tar.gz", tarred({"d/x.txt": b"hello"}, "w:gz"), "a.tar.gz!/d/x.txt"),
        ("a.txz", tarred({"d/x.txt": b"hello"}, "w:xz"), "a.txz!/d/x.txt"),
        ("x.txt.gz", gzip.compress(b"hello"), "x.txt.gz!/x.txt"),
        ("x.txt.bz2", bz2.compress(b"hello"), "x.txt.bz2!/x.txt"),
        ("x.txt.xz", lzma.compress(b"hello"), "x.txt.xz!/x.txt"),
        ("no-suffix", zipped({"d/x.txt": b"hello"}), "no-suffix!/d/x.txt"),
    ],
    ids=["zip", "tar", "tar.gz", "txz", "gz", "bz2", "xz", "no suffix"],
)
def test_an_archive_is_a_folder(tmp_path: Path, name: str, content: bytes, inside: str) -> None:
    assert texts(folder_of(tmp_path / "in", {name: content}), tmp_path / "cache") == {inside: "hello"}


def test_names_inside_of_an_archive_stay_inside_and_are_told_apart(tmp_path: Path) -> None:
    content = tarred({"../../up.txt": b"1", "/etc/abs.txt": b"2", "a\x1b[31m\n.txt": b"3"}, "w")
    twice = zipped({"x.txt": "first", "./x.txt": "second", "c\\d.txt": "third"})
    corpus = opened(folder_of(tmp_path / "in", {"a.tar": content, "b.zip": twice}), tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == [
        *("a.tar!/up.txt", "a.tar!/etc/abs.txt", "a.tar!/a␛[31m␊.txt"),
        *("b.zip!/x.txt", "b.zip!/x (2).txt", "b.zip!/c/d.txt"),
    ]
    assert skips(corpus) == [("a.tar!/link", "a link inside of an archive")]


def test_members_are_left_out_by_choice_as_files_are(tmp_path: Path) -> None:
    content = zipped({".hidden/a.txt": "1", "__MACOSX/._b.txt": "2", "tmp/c.txt": "3", "d.txt": "4"})
    folder_of(tmp_path / "in", {"a.zip": content})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(exclude=("tmp/",)))

    assert [path for path, _ in corpus.texts()] == ["a.zip!/d.txt"]
    assert [why for _, why in skips(corpus)] == [
        *("hidden (--hidden reads it)", "hidden (--hidden reads it)", "excluded (--exclude)")
    ]


def test_every_level_of_nesting_is_read_up_to_the_bound(tmp_path: Path) -> None:
    content: bytes = b"the core"
    name = "core.txt"
    for level in range(6):
        content, name = zipped({name: content}), f"{level}.zip"
    folder_of(tmp_path / "in", {name: content, "z.txt": "z"})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(archive_depth=4))

    assert skips(corpus) == [("5.zip!/4.zip!/3.zip!/2.zip!/1.zip", "nested in more than 4 files")]
    deeper = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(archive_depth=6))
    assert deeper.cite("the core").path == "5.zip!/4.zip!/3.zip!/2.zip!/1.zip!/0.zip!/core.txt"


def test_a_bomb_costs_itself_alone(tmp_path: Path) -> None:
    bomb = zipped({f"{n}.txt": b"0" * (40 << 20) for n in range(4)})
    assert len(bomb) < 1 << 18
    folder_of(tmp_path / "in", {"bomb.zip": zipped({"in.zip": bomb, "y.txt": "y"}), "z.txt": "z"})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(archive_bytes=100 << 20))

    assert corpus.cite("z", "z.txt").checked
    ((path, why),) = skips(corpus)
    assert path == "bomb.zip!/in.zip!/2.txt"
    assert why == "its archive unpacks to too much: this and what follows is not read"


def test_a_member_larger_than_a_file_may_be_is_left_out(tmp_path: Path) -> None:
    folder_of(tmp_path / "in", {"a.zip": zipped({"big.txt": "x" * 2_000_000, "y.txt": "y"})})

    corpus = opened(tmp_path / "in", tmp_path / "cache", ReadOptions(max_file_bytes=1_000_000))

    assert [path for path, _ in corpus.texts()] == ["a.zip!/y.txt"]
    assert skips(corpus) == [("a.zip!/big.txt", "larger than 1 MB when unpacked")]


def test_a_damaged_member_costs_itself_alone(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.txt": "a" * 400, "b.txt": "b" * 400}, zipfile.ZIP_STORED))
    content[60:80] = b"?" * 20
    corpus = opened(folder_of(tmp_path / "in", {"a.zip": bytes(content)}), tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == ["a.zip!/b.txt"]
    ((path, why),) = skips(corpus)
    assert (path, why.split(":")[0]) == ("a.zip!/a.txt", "damaged in its archive")


def test_a_tar_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    whole = tarred({f"{n}.txt": b"text %d " % n * 200 for n in range(5)}, "w")
    corpus = opened(folder_of(tmp_path / "in", {"a.tar": whole[:3000]}), tmp_path / "cache")

    assert [path for path, _ in corpus.texts()] == ["a.tar!/0.txt"]
    assert "breaks off" in skips(corpus)[-1][1]


def test_an_attachment_of_an_attachment_is_a_document(tmp_path: Path) -> None:
    inner = mail("The inner", "see the file", contract_pdf=pdf([["The cap is USD 7."], ["needle"]]))
    outer = mail("The outer", "as forwarded", forwarded=inner, data_csv=b"a,b\n1,2\n")
    corpus = opened(folder_of(tmp_path / "in", {"m.eml": outer.as_bytes()}), tmp_path / "cache")

    paths = [path for path, _ in corpus.texts()]
    assert paths == ["m.eml", "m.eml!/The inner.eml", "m.eml!/The inner.eml!/contract.pdf", "m.eml!/data.csv"]
    cited = corpus.cite("needle")
    assert (cited.path, cited.page) == ("m.eml!/The inner.eml!/contract.pdf", 2)
    assert corpus.loaded.kinds == {"mail": 2, "pdf": 1, "csv": 1}


def test_a_mail_is_its_headers_and_the_body_that_is_read_best(tmp_path: Path) -> None:
    message = mail("Größe", "plain words")
    message.add_alternative("<p>plain <b>words</b></p>", subtype="html")
    only_html = EmailMessage()
    only_html["Subject"] = "H"
    only_html.set_content("<h1>Head</h1><p>one</p>", subtype="html")
    files = {"a.eml": message.as_bytes(), "b.eml": only_html.as_bytes(), "c.eml": b"no mail at all"}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    found = dict(corpus.texts())
    assert found["a.eml"] == "From: a@example.org\nTo: b@example.org\nSubject: Größe\n\nplain words\n"
    assert found["b.eml"] == "Subject: H\n\n# Head\n\none\n"
    assert skips(corpus) == [("c.eml", "not a mail: it has no headers")]


def test_a_mailbox_is_read_in_windows_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    mails = [f"Subject: S{n}\n\nbody {n}\n>From quoted\nFrom nobody\n" for n in range(3)]
    border = "From a@b Sat Jan  3 01:05:34 1998\n"
    box = io.BytesIO((border + ("\n" + border).join(mails)).encode())
    with (tmp_path / "spool").open("wb") as spool:
        first = TextOut(spool.fileno())
        assert extract_mailbox(box, first, "") == {}
        second = TextOut(spool.fileno())
        again = second.members_bytes = 1 << 40
        stopped = extract_mailbox(box, second, f"1 {len(border) + len(mails[0]) + 1}")

    assert [member.name for member in first.members] == ["00001 S0.eml", "00002 S1.eml", "00003 S2.eml"]
    assert again and stopped == {MORE: f"1 {len(border) + len(mails[0]) + 1}"}
    raw = (tmp_path / "spool").read_bytes()
    place = first.members[1]
    assert raw[place.start_byte : place.start_byte + place.size_bytes] == (
        b"Subject: S1\n\nbody 1\nFrom quoted\nFrom nobody\n\n"
    )


def test_an_unchanged_archive_is_not_opened_again_and_a_changed_one_reads_what_is_new(tmp_path: Path) -> None:
    first = {"a.txt": "one", "b.pdf": pdf([["two"]]), "empty.txt": ""}
    root = folder_of(tmp_path / "in", {"m.zip": zipped(first), "z.txt": "z"})
    before = opened(root, tmp_path / "cache")
    folder_of(root, {"y.txt": "y"})
    unchanged = opened(root, tmp_path / "cache")
    folder_of(root, {"m.zip": zipped({**first, "c.txt": "three"})})
    changed = opened(root, tmp_path / "cache")

    paths = ["m.zip!/a.txt", "m.zip!/b.pdf", "z.txt"]
    assert [path for path, _ in before.texts()] == paths
    assert [path for path, _ in unchanged.texts()] == [*paths[:2], "y.txt", "z.txt"]
    assert (before.loaded.extracted, unchanged.loaded.extracted) == (4, 1)
    assert skips(unchanged) == skips(before) == [("m.zip!/empty.txt", "empty")]
    assert [path for path, _ in changed.texts()][:3] == ["m.zip!/a.txt", "m.zip!/b.pdf", "m.zip!/c.txt"]
    assert changed.cite("two").page == 1


def test_nothing_of_the_unpacking_is_left_in_the_store(tmp_path: Path) -> None:
    opened(folder_of(tmp_path / "in", {"m.zip": zipped({"a.txt": "one"})}), tmp_path / "cache")

    (store,) = (tmp_path / "cache" / "corpora").iterdir()
    names = sorted(path.name.partition("-")[0] for path in store.iterdir())
    assert names == ["generation", "lock", "segment"]
    assert PARTIAL not in names


@pytest.mark.parametrize("checks", [3, 12, 30, 45])
def test_an_archive_whose_reading_was_stopped_is_read_to_its_end_the_next_time(
    tmp_path: Path, checks: int
) -> None:
    files = {f"{n:02}.txt": f"text {n}" for n in range(40)} | {"a.html": "<p>page</p>", "b.html": "<p>q</p>"}
    root = folder_of(tmp_path / "in", {"m.zip": zipped(files), "n.zip": zipped({"n.txt": "n"}), "z.txt": "z"})
    asked = iter(range(10_000))
    with pytest.raises(ReadingStopped):
        open_corpus([root], cache_dir=tmp_path / "cache", is_cancelled=lambda: next(asked) > checks)

    found = texts(root, tmp_path / "cache")

    assert found == texts(root, tmp_path / "fresh")
    assert len(found) == 44


def test_a_changed_archive_before_an_unchanged_one_costs_it_nothing(tmp_path: Path) -> None:
    archives = {"m.zip": zipped({"a.txt": "one"}), "n.zip": zipped({"n.txt": "n"})}
    root = folder_of(tmp_path / "in", {**archives, "a!/b.zip": zipped({"c.txt": "c"}), "z.txt": "z"})
    opened(root, tmp_path / "cache")
    folder_of(root, {"m.zip": zipped({"b.txt": "two"})})

    found = texts(root, tmp_path / "cache")

    assert found == {"a!/b.zip!/c.txt": "c", "m.zip!/b.txt": "two", "n.zip!/n.txt": "n", "z.txt": "z"}


def _named(root: Path, cache: Path, *inside: str) -> HostCorpus:
    return open_corpus([f"{root}/{each}" for each in inside], cache_dir=cache)


def test_a_document_inside_of_a_file_is_an_input_of_its_own(tmp_path: Path) -> None:
    inner = tarred({"deep/n.txt": b"deep", "deep/o.txt": b"other"}, "w:gz")
    outer = mail("Outer", "words", bundle_zip=zipped({"a/b.txt": "one", "a/c.txt": "two", "i.tar.gz": inner}))
    root = folder_of(tmp_path / "in", {"m.eml": outer.as_bytes(), "z.zip": zipped({"a/b.txt": "z"})})

    one = _named(root, tmp_path / "cache", "m.eml!/bundle.zip!/a/b.txt")
    folder = _named(root, tmp_path / "cache", "m.eml!/bundle.zip!/a")
    nested = _named(root, tmp_path / "cache", "m.eml!/bundle.zip!/i.tar.gz!/deep/n.txt")
    two = _named(root, tmp_path / "cache", "m.eml!/bundle.zip!/i.tar.gz", "z.zip!/a")

    assert one.texts() == [("m.eml!/bundle.zip!/a/b.txt", "one")]
    assert [path for path, _ in folder.texts()] == [
        "m.eml!/bundle.zip!/a/b.txt",
        "m.eml!/bundle.zip!/a/c.txt",
    ]
    assert nested.texts() == [("m.eml!/bundle.zip!/i.tar.gz!/deep/n.txt", "deep")]
    assert list(nested.skipped()) == []
    assert sorted(text for _, text in two.texts()) == ["deep", "other", "z"]
    again = _named(root, tmp_path / "cache", "m.eml!/bundle.zip!/a/b.txt")
    assert (again.texts(), again.loaded.extracted) == (one.texts(), 0)


def test_a_document_that_is_not_in_its_file_is_said_to_be_missing(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "in", {"z.zip": zipped({"a/b.txt": "z"}), "a.txt": "plain"})

    for named, why in (
        ("z.zip!/none.txt", "z.zip!/none.txt: there is no such document in it"),
        ("a.txt!/x", "a.txt: there are no documents inside of it"),
    ):
        with pytest.raises(CorpusError) as caught:
            _named(root, tmp_path / "cache", named)
        assert why in str(caught.value)


def test_a_mail_of_a_maildir_and_what_apple_mail_attaches_are_read(tmp_path: Path) -> None:
    page = mail("Apple", "plain body")
    page.make_alternative()
    mixed = EmailMessage()
    mixed.set_content("<p>html body</p>", subtype="html")
    mixed.make_mixed()
    mixed.add_attachment(b"a,b\n1,heron\n", "application", "octet-stream", filename="x.csv")
    page.attach(mixed)
    head = b"Return-Path: <a@example.org>\nMessage-ID: <1@example.org>\n"
    files = {"cur/1700000000.M1P2.host:2,S": head + page.as_bytes(), "n.txt": head + page.as_bytes()}
    corpus = opened(folder_of(tmp_path / "in", files), tmp_path / "cache")

    assert corpus.loaded.kinds == {"mail": 1, "csv": 1, "text": 1}
    found = dict(corpus.texts())
    assert "plain body" in found["cur/1700000000.M1P2.host:2,S"]
    assert "heron" in found["cur/1700000000.M1P2.host:2,S!/x.csv"]
