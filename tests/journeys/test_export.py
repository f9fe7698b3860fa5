"""Exports as a user has them: a page in a real browser, a notebook that runs, files and stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.events import Event
from rlm_cli.faces.export.account import Origin, Passage
from rlm_cli.faces.export.html import to_page
from rlm_cli.faces.export.secrets import Cleaner
from rlm_cli.faces.export.telling import story_of
from tests.fakes.story import STORY
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.browser import Browser
from tests.servers.browser import program as chromium
from tests.servers.openai_server import Server

LOOK = cell(
    "print(len(corpus), corpus['a.txt'].text)\n"
    "replies = llm_batch([('Which animal?', corpus['a.txt']), 'Which colour?'])\n"
    "print(replies[0], replies[1].ok)"
)
FINISH = cell("answer.update(content='It is brown ' + cite(corpus['a.txt'], 'quick brown fox'), ready=True)")
SECRET = "sk-" + "test-0123456789abcdef"


@pytest.fixture
def notes(program: Program) -> Path:
    """A folder with a document, and a session about it."""
    folder = program.home / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text("Before it. The quick brown fox jumps. After it.\n")
    with Server(roots_and_subs([LOOK, FINISH], f"brown </script> \x1b[2J {SECRET}")) as server:
        ended = program.at(server).rlm("ask", folder, "which colour?", "--mode", "rlm")
        assert ended.code == 0, ended.err
    return folder


def test_every_format_is_written_without_the_secret_that_was_in_it(program: Program, notes: Path) -> None:
    for name in ("html", "markdown", "ipynb", "cast", "messages"):
        ended = program.rlm("export", "last", "-f", name, "--out", f"x.{name}")
        assert ended.code == 0 and ended.out == "", ended.err
        assert "removed from it: " in ended.err and SECRET not in ended.err
        data = (program.home / f"x.{name}").read_text()
        assert SECRET not in data and str(program.home) not in data and "\x1b[2J" not in data
    assert "It is brown" in program.rlm("export", "last", "-f", "markdown", "--out", "-").out
    page = (program.home / "x.html").read_text()
    assert "Before it. The <mark>quick brown fox</mark> jumps. After it." in page
    assert "It is brown" in page


def test_the_messages_are_those_that_the_provider_has_got(program: Program, notes: Path) -> None:
    told = json.loads(program.rlm("export", "last", "-f", "messages", "--out", "-").out)
    root, *calls = told["conversations"]
    assert told["schema"] == "rlm.messages/1"
    assert [each["role"] for each in root["messages"]] == ["user", "assistant", "user", "assistant"]
    assert "<question>\nwhich colour?" in root["messages"][0]["content"]
    assert "llm_batch" in root["messages"][1]["content"]
    assert [each["span"] for each in calls] == ["root/t1/c1/s1", "root/t1/c1/s2"]
    assert "Which animal?" in calls[0]["messages"][0]["content"]
    assert calls[0]["messages"][-1]["content"].startswith("brown </script>")


def test_without_the_file_the_passage_comes_from_the_record(program: Program, notes: Path) -> None:
    (notes / "a.txt").unlink()
    program.rlm("export", "last", "--out", "x.html")
    page = (program.home / "x.html").read_text()
    assert "<mark>quick brown fox</mark>" in page and "from the record of the session" in page


def test_the_notebook_runs_and_prints_what_the_cells_had_printed(program: Program, notes: Path) -> None:
    program.rlm("export", "last", "-f", "ipynb", "--out", "x.ipynb")
    notebook = json.loads((program.home / "x.ipynb").read_text())
    code = ["".join(each["source"]) for each in notebook["cells"] if each["cell_type"] == "code"]
    script = (
        "import json, sys\nfrom IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='nocolor')\n"
        "for each in json.load(sys.stdin):\n    shell.run_cell(each).raise_error()\n"
        "print(shell.user_ns['answer']['content'])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(code),
        env={"HOME": str(program.home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(root), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "1 The quick" in done.stdout.replace("Before it. ", "")
    assert "It is brown [[cite:1]]" in done.stdout


@pytest.mark.parametrize("words", [["-f", "pdf"], ["--out", "nowhere/x.html"], ["--out", "."]])
def test_what_cannot_be_written_ends_with_2(program: Program, notes: Path, words: list[str]) -> None:
    assert program.rlm("export", "last", *words).code == 2


def test_an_export_imports_no_provider_and_no_kernel(program: Program, notes: Path) -> None:
    from tests.architecture.test_lazy_imports import PROVIDERS_AND_KERNELS, imported_by

    for name in ("html", "markdown", "ipynb", "cast", "messages"):
        found = imported_by(program.home, "export", "last", "-f", name, "--out", "/dev/null")
        assert not PROVIDERS_AND_KERNELS & found, name


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of the story with every kind of event and hostile texts."""
    hostile = (
        "</script><script>document.title='owned'</script><img src=http://evil/x onerror=\"alert(1)\">\u202e"
    )
    events = [Event(seq=n, t=t, span=span, body=body) for n, (t, span, body) in enumerate(STORY, 1)]
    passages = {1: Passage(hostile, "The Supplier shall defend", hostile, "file")}
    path = tmp_path / "x.html"
    path.write_text(to_page(story_of(events, Origin("run", passages=passages), Cleaner())), "utf-8")
    return path


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium on this machine")
async def test_in_a_browser_the_page_works_with_keys_asks_for_nothing_and_runs_nothing_foreign(
    page: Path,
) -> None:
    async with Browser(str(chromium())) as browser:
        await browser.size(1280, 800)
        await browser.open(page)
        assert await browser.run("document.title") == "find indemnification conflicts"
        assert await browser.run("document.querySelectorAll('#tab-answer a.cite').length") == 2

        await browser.run("document.querySelector('a.cite').click()")
        assert "msa_2019.pdf p. 4" in await browser.run("document.getElementById('panel').innerText")
        assert "<script>document.title" in await browser.run(
            "document.querySelector('.panel .passage').innerText"
        )
        await browser.key("Escape")
        assert await browser.run("document.getElementById('panel').hidden")

        await browser.key("3")
        assert await browser.run("document.querySelectorAll('#tab-calls .row').length") == 62
        for key in "jjo":
            await browser.key(key)
        assert "Is there a cap? (2)" in await browser.run("document.getElementById('panel').innerText")
        await browser.key("Escape")
        await browser.key("2")
        assert await browser.run("document.querySelectorAll('#tab-timeline section.card').length") == 3
        assert "\u241b]52" in await browser.run("document.getElementById('tab-timeline').innerText")
        await browser.key("4")
        assert await browser.run("document.querySelector('#draft-2 ins').textContent") == " It has a cap."

        await browser.key("/")
        for letter in "passage 30":
            await browser.key(letter)
        await browser.run("document.querySelector('.hit').click()")
        assert "no cap in passage 30" in await browser.run("document.getElementById('panel').innerText")

        assert browser.requests == [page.as_uri()]
        assert browser.faults == []


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium on this machine")
async def test_on_a_phone_nothing_is_wider_than_the_screen(page: Path) -> None:
    async with Browser(str(chromium())) as browser:
        await browser.size(360, 740, is_phone=True)
        for tab in ("answer", "timeline", "calls", "drafts", "record"):
            await browser.open(page, f"#{tab}")
            assert await browser.run("document.documentElement.scrollWidth") <= 360, tab
