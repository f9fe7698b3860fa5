"""A program that may open few files: a whole run, or an error that says so, and never a wait without end."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rlm_cli.base.descriptors import ENOUGH
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Server

LOOK = cell("print(corpus.grep('cap'))")
FAN_OUT = cell(
    "replies = llm_batch([f'what of {n}?' for n in range(60)])\n"
    "answer['content'] = f'{len(replies)} replies'; answer['ready'] = True"
)
BARE = """
import asyncio, resource, sys
from rlm_cli.base import descriptors
from rlm_cli.base.errors import KernelError
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.ports import Cell
from tests.fakes.host import RecordingHost

descriptors.ENOUGH = 0

async def main():
    kernel = IpyKernel(None)
    try:
        await kernel.start()
        return (await kernel.run(Cell(number=1, code="print(7)"), RecordingHost())).status
    except KernelError as error:
        return error.what
    finally:
        await kernel.close()

print(asyncio.run(main()))
"""


def allowed(soft: int, hard: int) -> Callable[[], None]:
    """What a child does before it begins: takes so many descriptors for itself, and for all below it."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("number", [8, 12, 20, 28, 36, 44, 48, 52, 60, ENOUGH - 1])
def test_too_few_descriptors_are_an_error_before_anything_is_spent(
    program: Program, folder: Path, number: int
) -> None:
    with Server(roots_and_subs([FAN_OUT])) as server:
        ended = program.at(server).rlm("ask", folder, "How high?", preexec_fn=allowed(number, number))
        assert server.requests == []
    assert ended.code == 8 and ended.out == ""
    assert ended.err == (
        f"rlm: error: cannot start the kernel: only {number} files may be open at once, and a run needs "
        f"{ENOUGH}\n  → Allow more, and try again: ulimit -n 1024\n"
    )
    assert not list((program.home / ".local").glob("**/session.jsonl"))


@pytest.mark.parametrize(("soft", "hard"), [(ENOUGH, ENOUGH), (48, 1024)])
def test_with_enough_descriptors_or_the_right_to_have_them_a_run_is_whole(
    program: Program, folder: Path, soft: int, hard: int
) -> None:
    with Server(roots_and_subs([LOOK, FAN_OUT])) as server:
        ended = program.at(server).rlm(
            "ask", folder, "How high?", "--mode", "rlm", preexec_fn=allowed(soft, hard)
        )
    assert (ended.code, ended.out.strip()) == (0, "60 replies"), ended.err


@pytest.mark.parametrize("number", [32, 40, 44, 48, 50, 52, 56])
def test_a_kernel_that_runs_out_of_descriptors_ends_and_is_not_waited_for(number: int) -> None:
    """`rlm ask` does not come so far; a child run may, when the descriptors are used up by others."""
    ended = subprocess.run(
        [sys.executable, "-c", BARE],
        cwd=Path(__file__).parents[2],
        preexec_fn=allowed(number, number),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.stdout.strip() in ("ok", "error", "died", "cannot start the kernel"), ended.stderr
