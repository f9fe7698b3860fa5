"""What a kernel that was lost leaves to the next: variables and definitions; what it cannot is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_cli.corpus.opened import open_corpus
from rlm_cli.events.bodies import KernelRestarted
from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.kernel.endings import Known
from rlm_cli.kernel.frames import Ready
from rlm_cli.kernel.restoring import restored_of
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED
from tests.unit.kernel.kernels import Bench, real_kernel

DIE = "import os; os._exit(3)"
MAKES = """
import collections, re as regular
from math import *
try:
    import tomllib as toml
except ImportError:
    toml = None

class Finding:
    def __init__(self, name, limit=None):
        self.name, self.limit = name, limit

def named(found, most=regular.compile('a+')):
    return _upper(found.name) + str(most.pattern)

def _upper(text):
    return text.upper()

plan = ['read', {'then': (1, 2)}]
the_same = plan
findings = [Finding('cap', 5), Finding('aaa')]
count = collections.Counter('aab')
twice = lambda x: 2 * x
pattern = regular.compile('b')
gen = (x for x in range(3))
handle = open('file', 'w')
half_used = iter([1, 2])
next(half_used)
memory['note'] = 'kept'
answer['content'] = 'draft'
"""
LOOK = """
print(plan, the_same is plan, [named(each) for each in findings], count['a'], twice(4), pattern.pattern)
print(floor(2.5), toml.__name__, next(half_used), memory, answer['content'])
print('gen' in globals(), 'handle' in globals(), 'unfinished' in globals(), len(history))
"""


async def restarted(bench: Bench) -> KernelRestarted:
    return await bench.kernel.restart("a test")


async def test_variables_and_definitions_stand_again_and_what_is_lost_is_named() -> None:
    async with real_kernel() as bench:
        assert (await bench.run(MAKES)).status == "ok"
        died = await bench.run(f"unfinished = 1\n{DIE}")
        told = await restarted(bench)
        after = await bench.shown(LOOK)
    assert died.kernel_is_lost
    assert after == (
        "['read', {'then': (1, 2)}] True ['CAPa+', 'AAAa+'] 2 8 b\n"
        "2 tomllib 2 {'note': 'kept'} draft\n"
        "False False False 0\n"
    )
    assert told.cell == 1
    assert sorted(told.lost) == ["gen", "handle"]
    assert {"answer", "memory", "history", "plan", "findings", "twice", "Finding", "named"} <= set(
        told.restored
    )


async def test_a_second_restart_restores_what_the_first_did_and_failures_show_their_own_lines() -> None:
    async with real_kernel() as bench:
        await bench.run("x = 1\ndef f():\n    return 1 / kept\nkept = 7")
        await bench.run(DIE)
        await restarted(bench)
        await bench.run("later = f() * 7\nkept = 0")
        await bench.run(DIE)
        told = await restarted(bench)
        failed = await bench.run("print(x, later)\nf()")
    assert (told.cell, told.lost) == (3, [])
    assert failed.shown.startswith("1 1.0\n")
    assert "cell 1, line 3 in f: return 1 / kept" in failed.shown


async def test_a_wedged_cell_costs_only_itself_and_a_value_is_as_it_was_after_the_cell_before() -> None:
    wedged = (
        "gone = 1\nhits.append(0)\nanswer['content'] = 'new'\nllm_query('x')\n"
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    )
    async with real_kernel(grace_seconds=0.1) as bench:
        await bench.run("hits = list(range(1000))\ndef f(): return len(hits)")
        result = await bench.run(wedged, compute_seconds=0.2)
        told = await restarted(bench)
        after = await bench.shown("print(f(), answer['content'], 'gone' in globals())")
    assert result.status == "timeout"
    assert (told.cell, told.lost, after) == (1, [], "1000 new False\n")


async def test_a_value_that_is_too_large_or_takes_too_long_costs_no_other_its_place() -> None:
    code = (
        "import time\n"
        "class Slow:\n"
        "    def __reduce__(self):\n"
        "        while True:\n"
        "            try:\n"
        "                time.sleep(1000)\n"
        "            except Exception:\n"
        "                pass\n"
        "class Rude:\n"
        "    def __reduce__(self):\n"
        "        raise SystemExit\n"
        "huge = bytearray(65 * 1024 * 1024)\nrude = Rude()\nslow = Slow()\nsmall = 1"
    )
    async with real_kernel() as bench:
        await bench.run("earlier = 2\n" + code.replace("small = 1", "small = earlier"))
        await bench.run("small += 1")
        await bench.run(DIE)
        told = await restarted(bench)
        after = await bench.shown("print(small, earlier)")
    assert (sorted(told.lost), after) == (["huge", "rude", "slow"], "3 2\n")


async def test_a_checkpoint_that_stops_the_kernel_from_starting_is_left_out() -> None:
    code = "import os\nclass Bomb:\n    def __reduce__(self): return os._exit, (9,)\nbomb, x = Bomb(), 1"
    async with real_kernel() as bench:
        await bench.run(code)
        await bench.run(DIE)
        told = await restarted(bench)
        after = await bench.shown("print('alive')")
    assert after == "alive\n"
    assert told.restored == ["answer", "memory", "history"]
    assert {"bomb", "x"} <= set(told.lost)


async def test_in_a_sandbox_documents_hits_and_coverage_stand_again(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The cap is ten dollars a year, as the parties have agreed.\n")
    (tmp_path / "in" / "b.txt").write_text("There is no cap on any of it, says this paper.\n")
    corpus = open_corpus([str(tmp_path / "in")], cache_dir=tmp_path / "cache")
    tiers = tuple(tier for tier in CONFINED if not abilities().missing(tier))
    if not tiers:
        pytest.skip("this machine has no sandbox")
    makes = (
        "hits = corpus.grep('cap')\ndocs = list(corpus)\nsome = corpus.filter('a.txt')\nmark = hits[0].cite\n"
        "chunk = corpus.chunks(20)[0]\nreply = llm_query('what?', corpus['a.txt'])"
    )
    looks = (
        "print(len(hits), hits[0].path, mark, hits[0].cite, [doc.path for doc in docs], len(some))\n"
        "print(chunk.path, reply, reply.ok, docs[0].library is corpus.library)"
    )
    kernel = IpyKernel(corpus.mount, KernelLimits(), Sandbox(tiers[:1]))
    bench = Bench(kernel, await kernel.start())
    try:
        before = await bench.run(makes)
        await bench.run(DIE)
        told = await restarted(bench)
        after = await bench.run(looks)
    finally:
        await kernel.close()
    assert told.lost == []
    assert after.shown == ("2 a.txt [[cite:1]] [[cite:1]] ['a.txt', 'b.txt'] 1\na.txt re: what? True True\n")
    assert before.coverage.read_by_model == after.coverage.read_by_model == 1
    assert after.coverage.searched_by_code == 2


async def test_a_forged_checkpoint_is_loaded_inside_alone_and_a_damaged_one_not_at_all(
    tmp_path: Path,
) -> None:
    trace = tmp_path / "loaded"
    forged = (
        "import json, os, pickle, struct, time\n"
        "class Evil:\n"
        "    def __reduce__(self):\n"
        f"        return (exec, (\"import os; open({str(trace)!r}, 'a').write(str(os.getpid()))\",))\n"
        "evil = pickle.dumps(Evil())\n"
        "index = json.dumps({'cell': 1, 'definitions': [[1, 'import os', [0]]], 'aliases': {},\n"
        "                    'entries': [['a b; rm', 0, len(evil)]]}).encode()\n"
        "open('checkpoint', 'wb').write(evil + index + struct.pack('>Q', len(index)))\n"
        "os._exit(0)"
    )
    async with real_kernel() as bench:
        await bench.run(forged)
        told = await restarted(bench)
        inside = await bench.shown("import os; print(os.getpid())")
        await bench.run("open('checkpoint', 'wb').write(b'\\xff' * 64)\nimport os; os._exit(0)")
        damaged = await restarted(bench)
    loaded_by = trace.read_text() if trace.exists() else inside.strip()
    assert loaded_by == inside.strip()
    assert loaded_by != str(os.getpid())
    assert "a b; rm" not in told.restored
    assert damaged.restored == ["answer", "memory", "history"]


def test_names_that_a_kernel_claims_are_bounded() -> None:
    ready = Ready(
        python="3",
        pid=1,
        names=[],
        seconds=0,
        restored=["ok", "ok", "no way", "x" * 101, *(f"n{number}" for number in range(1000))],
        restored_cell=3,
    )
    restored = restored_of(ready)
    assert restored.names[:2] == ("ok", "n0")
    assert len(restored.names) == 500
    assert restored.told("why", Known(memory_left_out=("m",)), 0.1).lost == ["memory['m']"]
