"""The kernel's processes: what they are given, how their end is noticed, that none is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rlm_cli.base.errors import KernelError
from rlm_cli.kernel import launch, rundir
from rlm_cli.kernel.adapter import IpyKernel, KernelLimits
from rlm_cli.ports import Cell
from tests.fakes.host import RecordingHost, never
from tests.unit.kernel.kernels import real_kernel

ROOT = Path(__file__).parents[3]
GONE_SECONDS = 5.0


async def test_no_secret_and_no_setting_of_ours_is_in_the_kernels_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-secret")
    monkeypatch.setenv("RLM_MODEL", "a-setting")
    code = (
        "import os, pathlib\n"
        "parts = [str(dict(os.environ))]\n"
        "for pid in ('self', os.getppid()):\n"
        "    parts.append(pathlib.Path(f'/proc/{pid}/environ').read_text())\n"
        "    parts.append(pathlib.Path(f'/proc/{pid}/cmdline').read_text())\n"
        "print('sk-a-secret' in str(parts), 'a-setting' in str(parts), os.environ['HOME'] == os.getcwd())"
    )
    async with real_kernel() as bench:
        assert (await bench.shown(code)) == "False False True\n"


def test_the_environment_is_a_list_of_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "PYTHONPATH", "SSH_AUTH_SOCK", "http_proxy"):
        monkeypatch.setenv(name, "x")
    names = set(launch.environment(tmp_path))
    assert names <= {
        *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "HOME", "TMPDIR", "IPYTHONDIR", "NO_COLOR", "TERM"),
        *(
            "PYTHONHASHSEED",
            "PYTHONDONTWRITEBYTECODE",
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "MKL_NUM_THREADS",
        ),
        "NUMEXPR_NUM_THREADS",
    }


async def test_a_subprocess_of_a_cell_inherits_the_three_standard_descriptors_alone() -> None:
    code = "import subprocess\nsubprocess.run(['ls', '/proc/self/fd'], close_fds=False)\nprint('.')"
    async with real_kernel() as bench:
        assert (await bench.shown(code)) == "0\n1\n2\n3\n.\n"  # 3 is the directory that ls reads


async def test_only_the_user_can_enter_the_run_directory_and_it_is_gone_after_close() -> None:
    async with real_kernel() as bench:
        scratch = Path((await bench.shown("import os; print(os.getcwd())")).strip())
        directory = scratch.parent
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "kernel.json").stat().st_mode) == 0o600
        assert json.loads((directory / "kernel.json").read_text())["transport"] == "ipc"
    assert not directory.exists()


def test_a_temporary_directory_with_a_long_path_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    made = rundir.make()
    try:
        assert len(made.socket(1)) - len("ipc://") < 107
    finally:
        made.remove()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os._exit(3)", "exited with code 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os; os.kill(os.getppid(), 9)\nwhile True: pass", "SIGKILL"),
    ],
)
async def test_the_death_of_a_kernel_is_a_result_and_a_restart_goes_on(code: str, why: str) -> None:
    async with real_kernel() as bench:
        await bench.run(
            "precious = iter(open('/dev/null'))\nmemory['plan'] = 'b'\nanswer['content'] = 'draft'"
        )
        died = await bench.run(f"print('before')\n{code}")
        again = await bench.run("1")
        restarted = await bench.kernel.restart("it died")
        after = await bench.shown("print(memory['plan'], answer['content'], 'precious' in globals())")
    assert (died.status, died.kernel_is_lost, died.content) == ("died", True, "draft")
    assert died.problem is not None
    assert why in died.problem.message
    assert again.status == "died"
    assert restarted.lost == ["precious"]
    assert after == "b draft False\n"


async def test_a_crash_leaves_its_traceback_in_the_problem() -> None:
    async with real_kernel() as bench:
        died = await bench.run("import ctypes\nctypes.string_at(0)")
    assert died.problem is not None
    assert died.problem.message == "the kernel died at line 2: its process was ended by SIGSEGV"
    assert "Segmentation fault" in died.problem.detail


async def test_a_cell_that_does_not_obey_is_killed_and_its_line_is_named() -> None:
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"
    async with real_kernel(grace_seconds=0.1) as bench:
        await bench.run("lost = open('/dev/null')\nmemory['kept'] = 2")
        result = await bench.run(code, compute_seconds=0.2)
        restarted = await bench.kernel.restart("it was stuck")
        after = await bench.shown("memory['kept']")
    assert (result.status, result.kernel_is_lost) == ("timeout", True)
    assert result.problem is not None
    assert "limit of 0.2 s" in result.problem.message
    assert "line 3" in result.problem.message or "line 4" in result.problem.message
    assert restarted.lost == ["lost"]
    assert after == "2\n"


async def test_a_second_interrupt_kills_at_once() -> None:
    host = RecordingHost(never)
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nllm_query('x')\nwhile True:\n    pass"
    )
    async with real_kernel(grace_seconds=60) as bench:
        running = asyncio.create_task(bench.run(code, host))
        await host.asked.wait()
        bench.kernel.interrupt()
        bench.kernel.interrupt(2)
        result = await running
    assert (result.status, result.kernel_is_lost) == ("died", True)
    assert len(host.cancelled) == 1


async def test_history_and_its_whole_outputs_survive_a_restart() -> None:
    async with real_kernel() as bench:
        cell = bench.cell("print('x' * 50_000)")
        bench.kernel.remember({"turn": 1, "reply": "r", "cell": cell.number})
        await bench.kernel.run(cell, RecordingHost())
        await bench.kernel.restart("a test wants it")
        assert (
            await bench.shown("print(len(history), len(history[0].output), history[0].reply)")
        ) == "1 50001 r\n"


async def test_something_else_than_a_frame_ends_the_kernel() -> None:
    code = (
        "import gc, socket\n"
        "ours = [o for o in gc.get_objects() if type(o).__name__ == 'Wire'][0]\n"
        "ours._connection.sendall({!r})\n"
        "while True: pass"
    )
    unknown = b'{"id":1,"cell":1,"call":{"op":"llm","prompt":"x","base_url":"http://evil"}}'
    async with real_kernel() as bench:
        result = await bench.run(code.format(len(unknown).to_bytes(4, "big") + unknown))
    assert (result.status, result.kernel_is_lost) == ("died", True)
    assert result.problem is not None
    assert result.problem.kind == "protocol"
    assert "base_url" in result.problem.message


async def test_what_the_host_raises_ends_the_cell_and_is_raised() -> None:
    class Full(RecordingHost):
        def drafted(self, content: object, ready: bool) -> None:
            raise OSError("disk full")

    async with real_kernel() as bench:
        with pytest.raises(OSError, match="disk full"):
            await bench.run("answer['content'] = 'x'\nwhile True: pass", Full())


async def test_closing_leaves_no_process_behind_daemons_included() -> None:
    code = (
        "import os, subprocess, pathlib, time\n"
        "plain = subprocess.Popen(['sleep', '1000'])\n"
        "subprocess.run('setsid sleep 1000 & echo $! > daemon', shell=True)\n"
        "print(os.getpid(), os.getppid(), plain.pid, pathlib.Path('daemon').read_text())"
    )
    async with real_kernel() as bench:
        pids = [int(word) for word in (await bench.shown(code)).split()]
        processes = [psutil.Process(pid) for pid in pids]
    assert len(processes) == 4
    assert psutil.wait_procs(processes, timeout=GONE_SECONDS)[1] == []


PARENT = """
import asyncio, sys
from rlm_cli.kernel.adapter import IpyKernel
from rlm_cli.ports import Cell
from tests.fakes.host import RecordingHost

class Host(RecordingHost):
    def output(self, stream, text):
        sys.stdout.write(text)
        sys.stdout.flush()

async def main():
    kernel = IpyKernel(None)
    await kernel.start()
    await kernel.run(Cell(number=1, code=sys.argv[1]), Host())

asyncio.run(main())
"""


@pytest.mark.parametrize("then", ["import time; time.sleep(1000)", "sum(range(10**12))"])
def test_nothing_is_left_behind_when_the_program_is_killed(then: str) -> None:
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen(['setsid', 'sleep', '1000'])\n"
        "print(os.getpid(), os.getppid(), child.pid, os.getcwd())\n"
        "llm_query('so that the line above is out')\n" + then
    )
    argv = [sys.executable, "-c", PARENT, code]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=env) as parent:
        assert parent.stdout is not None
        *numbers, scratch = parent.stdout.readline().split()
        processes = [psutil.Process(int(number)) for number in numbers]
        parent.send_signal(signal.SIGKILL)
        assert psutil.wait_procs(processes, timeout=GONE_SECONDS)[1] == []
    assert not Path(scratch).parent.exists()


async def test_a_kernel_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "site-packages" not in entry])
    monkeypatch.setattr(sys, "executable", "/usr/bin/env")
    kernel = IpyKernel(None, KernelLimits(start_seconds=10))
    with pytest.raises(KernelError, match="cannot start the kernel"):
        await kernel.start()
    assert (await kernel.run(Cell(number=1, code="1"), RecordingHost())).status == "died"


async def test_a_program_that_is_not_there_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(KernelError, match=r"/nowhere/python.*rlm doctor"):
        await IpyKernel(None).start()
