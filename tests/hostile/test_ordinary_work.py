"""What confines a cell leaves ordinary work with data unhurt; and what it does take is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from rlm_cli.ports import Cell
from tests.confinement import needs
from tests.fakes.host import RecordingHost

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORK = {
    "threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(16) as pool: print(sum(pool.map(len, ['ab'] * 1000)))",
    "subprocess": "import subprocess\n"
    "print(subprocess.run('printf 2000 | cat', shell=True, capture_output=True, text=True).stdout)",
    "another Python": "import subprocess, sys\n"
    "code = 'import json, zmq; print(json.dumps(2000))'\n"
    "print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout.strip())",
    "sqlite": "import sqlite3\n"
    "with sqlite3.connect('kept.db') as db:\n"
    "    db.execute('create table t (n)')\n"
    "    db.executemany('insert into t values (?)', [(2,)] * 1000)\n"
    "print(sqlite3.connect('kept.db').execute('select sum(n) from t').fetchone()[0])",
    "temporary files": "import tempfile, os\n"
    "with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:\n"
    "    file.write(b'x' * 2000); file.flush(); print(os.stat(file.name).st_size)",
    "copies": "import shutil, pathlib\n"
    "pathlib.Path('one').write_text('x' * 2000)\nshutil.copy2('one', 'two'); shutil.move('two', 'three')\n"
    "shutil.make_archive('packed', 'zip', '.', 'three'); print(len(pathlib.Path('three').read_text()))",
    "regular expressions": "import re\nprint(len(re.findall(r'(?i)ab?', 'Ab' * 2000)))",
    "json and csv": "import csv, io, json\n"
    "out = io.StringIO()\ncsv.writer(out).writerows([[n, 'a,b'] for n in range(2000)])\n"
    "print(len(json.loads(json.dumps(list(csv.reader(io.StringIO(out.getvalue())))))))",
    "mapped memory": "import mmap, pathlib\n"
    "pathlib.Path('mapped').write_bytes(bytes(2000))\n"
    "with open('mapped', 'r+b') as file: print(len(mmap.mmap(file.fileno(), 0)))",
    "asyncio": "import asyncio\n"
    "async def one(n): await asyncio.sleep(0); return n\n"
    "print(sum(await asyncio.gather(*[one(2) for _ in range(1000)])))",
    "asyncio and processes": "import asyncio\n"
    "made = await asyncio.create_subprocess_exec('printf', '2000', stdout=-1)\n"
    "print((await made.communicate())[0].decode())",
    "forked workers": "import multiprocessing, os\n"
    "here, there = multiprocessing.Pipe()\n"
    "if os.fork() == 0:\n    there.send(2000); os._exit(0)\n"
    "print(here.recv())",
    "times and places": "import datetime, locale, zoneinfo, os\n"
    "there = zoneinfo.ZoneInfo('Europe/Paris')\n"
    "offset = datetime.datetime(2020, 7, 1, tzinfo=there).utcoffset().seconds\n"
    "print(2000 if offset == 7200 and os.cpu_count() else 0)",
    "random and hashes": "import hashlib, random, secrets, uuid\n"
    "uuid.uuid4(); random.random(); print(len(hashlib.sha512(secrets.token_bytes(9)).hexdigest()) + 1872)",
    "installed packages": "import IPython, psutil, zmq\nprint(2000)",
}
"""Each prints 2000."""

IN_NAMESPACES = {
    "processes in a pool": "from concurrent.futures import ProcessPoolExecutor\n"
    "from operator import mul\n"
    "with ProcessPoolExecutor(2) as pool: print(sum(pool.map(mul, [2] * 10, [100] * 10)))",
    "modes": "import os\nopen('run', 'w').write('#!/bin/sh\\nprintf 2000\\n')\nos.chmod('run', 0o700)\n"
    "import subprocess; print(subprocess.run(['./run'], capture_output=True, text=True).stdout)",
    "a server for other processes": "from multiprocessing.connection import Client, Listener\n"
    "import threading\n"
    "listener = Listener('socket', 'AF_UNIX')\n"
    "threading.Thread(target=lambda: listener.accept().send(2000)).start()\n"
    "print(Client('socket', 'AF_UNIX').recv())",
}
"""What tier B takes away, and docs/security.md says so."""


class Desk:
    """A kernel of a tier."""

    def __init__(self, tier: Tier) -> None:
        self.tier = tier
        self.kernel = IpyKernel(None, sandbox=Sandbox((tier,), hidden=(str(Path.home()),)))
        self._cells = 0

    async def shown(self, code: str) -> str:
        self._cells += 1
        return (await self.kernel.run(Cell(number=self._cells, code=code), RecordingHost())).shown


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=[Tier.A, Tier.B])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    needs(request.param)
    made = Desk(request.param)
    await made.kernel.start()
    yield made
    await made.kernel.close()


@pytest.mark.parametrize("what", WORK)
async def test_ordinary_work_is_unhurt(desk: Desk, what: str) -> None:
    assert await desk.shown(WORK[what]) == "2000\n"


@pytest.mark.parametrize("what", IN_NAMESPACES)
async def test_bubblewrap_allows_what_the_lesser_tier_cannot(desk: Desk, what: str) -> None:
    shown = await desk.shown(IN_NAMESPACES[what])
    assert (shown == "2000\n") is (desk.tier is Tier.A)
