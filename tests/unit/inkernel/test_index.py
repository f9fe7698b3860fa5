"""The kept index: the same passages as without it, grown with the store, not trusted when it is damaged."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rlm_cli.corpus.caches import kept
from rlm_cli.corpus.indexing import Indexing, make
from rlm_cli.corpus.opened import HostCorpus
from rlm_cli.inkernel.documents import Corpus, Services, open_corpus
from rlm_cli.inkernel.hits import Hits
from rlm_cli.inkernel.index_layout import read_covered
from rlm_cli.inkernel.indexing import make_index
from tests.unit.corpus.making import folder_of, opened

tantivy = pytest.importorskip("tantivy")
WORDS = "notice party agreement shall provide services under this schedule payment term house claim".split()  # noqa: SIM905
SAID = {
    "a/english.txt": "The Supplier indemnifies the Customer against losses from defective wiring.",
    "b/german.txt": "Der Überschuß wird an die Gesellschafter ausgeschüttet.",
    "c/chinese.txt": "甲方应当在三十日内支付违约金。",
    "d/thai.txt": "ผู้ขายต้องชดใช้ค่าเสียหายแก่ผู้ซื้อ",
    "e/hindi.txt": "विक्रेता क्रेता को क्षतिपूर्ति देगा।",
    "f/korean.txt": "공급자는 고객에게 손해를 배상한다.",
    "g/code.txt": "token 0f3c8d2a77aa44ee91bb55cc66dd77ee88ff99aa00bb11cc22dd33ee44ff5566",
}
ASKED = {
    "indemnification of customers for wiring": "a/english.txt",
    "ÜBERSCHUSS überschuß Gesellschafter": "b/german.txt",
    "支付违约金": "c/chinese.txt",
    "约": "c/chinese.txt",
    "ชดใช้ค่าเสียหาย": "d/thai.txt",
    "क्षतिपूर्ति विक्रेता": "e/hindi.txt",
    "손해를 배상": "f/korean.txt",
    "0f3c8d2a77aa44ee91bb55cc66dd77ee88ff99aa00bb11cc22dd33ee44ff5566": "g/code.txt",
}


def filling(rng: random.Random, size: int) -> str:
    rare = [f"{rng.choice(WORDS)}{rng.randrange(400)}" for _ in range(size // 60)]
    lines = (" ".join([*rng.choices(WORDS, k=12), rng.choice(rare)]) for _ in range(size // 90))
    return "\n".join(lines) + "\n"


def files_of(rng: random.Random) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {f"z/{n:02}.txt": filling(rng, 60_000) for n in range(30)}
    for path, words in SAID.items():
        files[path] = filling(rng, 20_000) + words + "\n" + filling(rng, 20_000)
    return files


def mounted(host: HostCorpus) -> Corpus:
    mount = host.mount
    return open_corpus({"store": mount.store, "generation": mount.generation}, Services())[0]


def built(host: HostCorpus) -> Path:
    make(host.mount, lambda _: None)
    return Path(host.mount.store) / "index"


def places(hits: Hits) -> list[tuple[str, int, int]]:
    return [(hit.path, hit.start, hit.end) for hit in hits]


@pytest.fixture
def host(tmp_path: Path) -> HostCorpus:
    return opened(folder_of(tmp_path / "docs", files_of(random.Random(4))), tmp_path / "cache")


@pytest.mark.parametrize("query", ASKED)
def test_a_passage_in_any_language_comes_first_with_an_index(host: HostCorpus, query: str) -> None:
    built(host)
    corpus = mounted(host)

    assert corpus.library.index() is not None
    hit = corpus.search(query, k=3)[0]
    assert hit.path == ASKED[query]
    assert hit.document[hit.start : hit.end] == hit.text


def test_ranking_with_and_without_an_index_agrees(host: HostCorpus) -> None:
    rng, plain = random.Random(8), mounted(host)
    text = plain["z/03.txt"].text.split()
    rare = [word for word in text if word[-1].isdigit()]
    queries = [" ".join([rng.choice(rare), *rng.choices(text, k=rng.randrange(4))]) for _ in range(40)]
    without = [plain.search(query, k=10) for query in queries]
    built(host)
    corpus = mounted(host)

    with_index = [corpus.search(query, k=10) for query in queries]

    assert corpus.library.index() is not None
    for one, other in zip(without, with_index, strict=True):
        assert len(other) >= len(one)
        sums = [sum(hit.score or 0.0 for hit in hits[: len(one)]) for hits in (one, other)]
        assert sums[1] >= 0.85 * sums[0]
    shared = [len({*places(a)} & {*places(b)}) / len(a) for a, b in zip(without, with_index, strict=True)]
    assert sum(shared) / len(shared) > 0.6


def test_what_came_after_the_index_was_made_is_found(host: HostCorpus, tmp_path: Path) -> None:
    built(host)
    (tmp_path / "docs" / "new.txt").write_text(filling(random.Random(1), 9000) + "zymurgy begins at dawn\n")
    (tmp_path / "docs" / "a" / "english.txt").write_text("nothing of the kind")
    grown = opened(tmp_path / "docs", tmp_path / "cache")
    corpus = mounted(grown)

    assert corpus.library.index() is not None
    assert corpus.search("zymurgy at dawn", k=1)[0].path == "new.txt"
    assert all(hit.path != "a/english.txt" for hit in corpus.search("indemnification wiring", k=5))


def test_an_index_grows_by_what_is_missing(host: HostCorpus, tmp_path: Path) -> None:
    folder = built(host)
    (tmp_path / "docs" / "new.txt").write_text(filling(random.Random(1), 9000) + "zymurgy begins at dawn\n")
    grown = opened(tmp_path / "docs", tmp_path / "cache")
    told: list[int] = []

    make(grown.mount, lambda now: told.append(now.of))

    covered = read_covered(str(folder))
    assert covered is not None and sum(covered.bytes_of.values()) == grown.text_bytes
    assert told == [(tmp_path / "docs" / "new.txt").stat().st_size + 1]
    assert mounted(grown).search("zymurgy at dawn", k=1)[0].path == "new.txt"


def test_a_kernel_that_runs_takes_up_an_index_that_appears(host: HostCorpus) -> None:
    corpus = mounted(host)
    assert corpus.library.index() is None
    before = places(corpus.search("supplier wiring losses", k=1))
    built(host)

    assert corpus.library.index() is not None
    assert places(corpus.search("supplier wiring losses", k=1)) == before


def test_a_subset_gives_only_its_own_passages(host: HostCorpus) -> None:
    built(host)
    corpus = mounted(host)

    hits = corpus.filter("z/0*").search("notice of payment", k=20)

    assert len(hits) == 20
    assert {hit.path[:3] for hit in hits} == {"z/0"}
    assert corpus.filter("z/0*").search("indemnification wiring") == []
    assert corpus.filter("a/*").search("indemnification wiring", k=1)[0].path == "a/english.txt"


def test_all_documents_count_as_searched(host: HostCorpus) -> None:
    built(host)
    corpus = mounted(host)

    corpus.search("nothing-of-this-kind whatsoever")

    assert corpus.coverage()["searched_by_code"] == len(corpus)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scrambled(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for at in range(0, len(raw), 7):
        raw[at] ^= 0x5A
    path.write_bytes(raw)


@pytest.mark.parametrize("harm", [cut_short, scrambled, Path.unlink], ids=["cut", "scrambled", "gone"])
def test_a_damaged_index_never_breaks_a_search(host: HostCorpus, harm: Callable[[Path], None]) -> None:
    plain = places(mounted(host).search("supplier indemnifies wiring losses", k=5))
    folder = built(host)
    names = sorted(path.name for path in folder.iterdir() if path.name != ".tantivy-writer.lock")
    intact = {name: (folder / name).read_bytes() for name in names}

    for name in names:
        harm(folder / name)
        # A panic of the library must not take the process with it: each is tried in one of its own.
        found = searched_elsewhere(host)
        assert found in (str(plain[0][0]), "a/english.txt"), name
        (folder / name).write_bytes(intact[name])
    assert searched_elsewhere(host) == "a/english.txt"


def searched_elsewhere(host: HostCorpus) -> str:
    code = (
        "import sys; from rlm_cli.inkernel.documents import *; "
        "corpus, _ = open_corpus({'store': sys.argv[1], 'generation': sys.argv[2]}, Services()); "
        "print(corpus.search('supplier indemnifies wiring losses', k=5)[0].path)"
    )
    mount = host.mount
    ended = subprocess.run(
        [sys.executable, "-c", code, mount.store, mount.generation],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_an_index_of_other_segments_is_made_again(host: HostCorpus, tmp_path: Path) -> None:
    folder = built(host)
    told = folder / "covered.json"
    told.write_text(told.read_text().replace('"tails": {"1": ', '"tails": {"1": 1'))

    assert mounted(host).library.index() is None
    built(host)
    assert mounted(host).library.index() is not None


def test_one_that_was_stopped_goes_on_where_it_committed(host: HostCorpus) -> None:
    folder, mount = Path(host.mount.store), host.mount

    class Stopped(Exception):
        pass

    def stop(done: int, of: int) -> None:
        if done > of // 2:
            raise Stopped

    with pytest.raises(Stopped):
        make_index(tantivy, folder, mount.generation, stop, commit_bytes=200_000)
    covered = read_covered(str(folder / "index"))
    assert covered is not None and 0 < sum(covered.bytes_of.values()) < host.text_bytes
    assert mounted(host).search("supplier wiring losses", k=1)[0].path == "a/english.txt"

    added: list[int] = []
    make(mount, lambda now: added.append(now.of))
    assert added[0] < host.text_bytes
    assert mounted(host).search("supplier wiring losses", k=1)[0].path == "a/english.txt"


def test_two_that_make_one_index_do_not_disturb_each_other(host: HostCorpus) -> None:
    threads = [threading.Thread(target=built, args=(host,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    built(host)

    corpus = mounted(host)
    covered = read_covered(str(Path(host.mount.store) / "index"))
    assert covered is not None and sum(covered.bytes_of.values()) == host.text_bytes
    assert corpus.search("supplier wiring losses", k=1)[0].path == "a/english.txt"


def test_the_cache_knows_of_the_index_and_removes_it(host: HostCorpus, tmp_path: Path) -> None:
    before = kept(tmp_path / "cache")[0]
    built(host)
    after = kept(tmp_path / "cache")[0]

    assert before.index_bytes == 0 < after.index_bytes
    assert after.size_bytes >= before.size_bytes + after.index_bytes


def test_ending_the_making_leaves_no_process(host: HostCorpus) -> None:
    making = Indexing(host.mount)

    making.end()

    assert making.is_over
    assert mounted(host).search("supplier wiring losses", k=1)[0].path == "a/english.txt"
