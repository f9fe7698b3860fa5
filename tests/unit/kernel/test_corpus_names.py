"""The corpus as cells of a real kernel find it: names, contexts of sub-calls, citations, coverage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rlm_cli.corpus.opened import HostCorpus, open_corpus
from rlm_cli.events.values import Problem
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.ports import CallReply, CiteCall, KernelCall, LlmCall, RlmCall
from tests.fakes.host import RecordingHost
from tests.unit.kernel.kernels import Bench

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = {
    "msa.md": "# Agreement\n\nThe Supplier shall hold harmless the Buyer.\nNo cap applies to this clause.\n",
    "amendment.txt": "First amendment.\nLiability is capped at ten million dollars in total.\n",
    "mail/note.txt": "Dear all, the renewal was signed on the second of March.\n",
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> HostCorpus:
    folder = tmp_path_factory.mktemp("inputs") / "contracts"
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return open_corpus([str(folder)], cache_dir=tmp_path_factory.mktemp("cache"))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bench(opened: HostCorpus) -> AsyncIterator[Bench]:
    kernel = IpyKernel(opened.mount)
    try:
        yield Bench(kernel, await kernel.start())
    finally:
        await kernel.close()


def checking(opened: HostCorpus) -> RecordingHost:
    """A host that checks quotations as the engine does, and echoes everything else."""

    async def answering(call: KernelCall) -> CallReply:
        if isinstance(call, CiteCall):
            found = opened.cite(call.quote, call.document, call.start)
            if not found.checked:
                return CallReply(problem=Problem(kind="quote_not_found", message=found.why))
            return CallReply(text=f"[[cite:{found.path}]]")
        return CallReply(text="read")

    return RecordingHost(answering)


async def test_every_promised_name_is_there(bench: Bench) -> None:
    promised = {
        *("corpus", "contracts", "context", "input_data", "search_text", "llm_query", "llm_batch"),
        *("llm_query_batched", "rlm_query", "rlm_batch", "cite", "answer", "memory", "history", "show_vars"),
    }
    assert promised <= set(bench.ready.names)
    shown = await bench.shown("print(len(corpus), len(contracts), context is corpus, show_vars())")
    assert shown == "3 3 True no variables yet\n"


async def test_every_name_has_help_with_an_example(bench: Bench) -> None:
    code = (
        "import inspect\n"
        f"for name in {bench.ready.names!r}:\n"
        "    value = globals()[name]\n"
        "    if type(value) in (dict, type) : continue\n"
        "    if '>>>' not in (inspect.getdoc(value) or ''): print('no example:', name)"
    )
    assert (await bench.shown(code)) == ""


async def test_what_goes_to_a_model_is_headed_by_its_source(bench: Bench, opened: HostCorpus) -> None:
    host = checking(opened)
    code = (
        "hit = corpus.grep('no cap')[0]\n"
        "llm_query('q', corpus['mail/note.txt'])\nllm_query('q', hit)\nllm_batch('q', corpus.chunks(40_000))"
    )
    assert (await bench.run(code, host)).status == "ok"
    contexts = [call.context for call in host.calls if isinstance(call, LlmCall)]
    assert contexts[0] == f"[mail/note.txt]\n{TEXTS['mail/note.txt']}"
    assert contexts[1] is not None
    assert contexts[1].startswith("[msa.md]\nNo cap applies")
    assert len(contexts) == 5


async def test_quotations_are_cited_by_hit_document_path_or_alone(bench: Bench, opened: HostCorpus) -> None:
    host = checking(opened)
    code = (
        "hit = corpus.grep('no cap')[0]\n"
        "print(cite(hit, 'No cap applies'), cite(hit), hit.cite)\n"
        "words = 'hold harmless'\nprint(cite(corpus['msa.md'], words), cite('msa.md', words), cite(words))"
    )
    assert (await bench.shown(code, host)) == "\n".join([" ".join(["[[cite:msa.md]]"] * 3)] * 2) + "\n"
    failed = await bench.run("cite(corpus['msa.md'], 'words that are not there')", host)
    assert failed.problem is not None
    assert failed.problem.kind == "QuoteNotFound"


async def test_child_runs_are_narrowed_to_documents(bench: Bench, opened: HostCorpus) -> None:
    host = checking(opened)
    code = (
        "rlm_query('q')\nrlm_query('q', corpus['msa.md'])\nrlm_query('q', corpus.filter('mail/*'))\n"
        "rlm_query('q', corpus.paths('*.txt'))\nrlm_query('q', corpus.grep('no cap'))\n"
        "rlm_query('q', ['text of my own'])"
    )
    assert (await bench.run(code, host)).status == "ok"
    asked = [call for call in host.calls if isinstance(call, RlmCall)]
    paths = [path for path, _ in opened.texts()]
    named = [sorted(paths[index] for index in call.documents) if call.documents else None for call in asked]
    assert named == [
        None,
        ["msa.md"],
        ["mail/note.txt"],
        ["amendment.txt", "mail/note.txt"],
        ["msa.md"],
        None,
    ]
    assert asked[-1].texts == {"text 1": "text of my own"}


async def test_the_report_tells_what_was_searched_and_what_a_model_has_read(opened: HostCorpus) -> None:
    kernel = IpyKernel(opened.mount)
    bench = Bench(kernel, await kernel.start())
    try:
        before = (await bench.run("1")).coverage
        searched = (await bench.run("hits = corpus.grep('no cap')")).coverage
        read = (await bench.run("llm_query('q', corpus['msa.md'])")).coverage
        printed = (await bench.run("print(corpus['amendment.txt'].text)")).coverage
    finally:
        await kernel.close()
    assert (before.documents, before.searched_by_code, before.read_by_model) == (3, 0, 0)
    assert (searched.searched_by_code, searched.read_by_model) == (3, 0)
    assert read.read_by_model == 1
    assert printed.read_by_model == 2


async def test_one_document_is_its_own_context(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("the only text\n")
    opened = open_corpus([str(tmp_path / "one.txt")], cache_dir=tmp_path / "cache")
    kernel = IpyKernel(opened.mount)
    bench = Bench(kernel, await kernel.start())
    try:
        assert (await bench.shown("context, input_data == context, type(context)")).startswith(
            "('the only text\\n', True, "
        )
    finally:
        await kernel.close()
