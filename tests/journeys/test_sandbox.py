"""What a user sees of the sandbox, also on a machine that has none: made by refusing the calls for it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.events.bodies import DecisionMade, KernelReady
from rlm_cli.kernel.sandbox.abilities import abilities
from rlm_cli.kernel.sandbox.tiers import Tier
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Server

_ROOT = Path(__file__).parents[2]
_POOR = """
import errno, os, platform, sys
sys.path.insert(0, sys.argv[1])
from rlm_cli.inkernel.confining import rules, seccomp
rules.REFUSED["landlock"] = (errno.ENOSYS, ("landlock_create_ruleset",))
known = seccomp.number
seccomp.number = lambda call, machine: 444 if call.startswith("landlock") else known(call, machine)
seccomp.restrict(["namespaces", "mounts", "landlock"])
os.execv(sys.executable, [sys.executable, "-m", "rlm_cli", *sys.argv[2:]])
"""
"""`rlm` on a machine that allows neither bubblewrap nor Landlock."""
ANSWER = cell("corpus.grep('capped')\nanswer.update(content='It is capped.', ready=True)")
_SECONDS = 60


@pytest.fixture
def poor(program: Program) -> Program:
    """The user of a machine without a tier that protects."""
    if abilities().missing(Tier.D):
        pytest.skip(abilities().missing(Tier.D))

    class Poor(Program):
        def start(self, *arguments: str | Path, **options: object) -> subprocess.Popen[str]:
            plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
            settings: dict[str, object] = {
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                "env": {**plain, **self.environ, "PYTHONPATH": str(_ROOT)},
                "cwd": self.home,
                **options,
            }
            words = [sys.executable, "-c", _POOR, str(_ROOT), *map(str, arguments)]
            return subprocess.Popen(words, **settings)  # type: ignore[call-overload,no-any-return]

    return Poor(program.home)


def ready_of(program: Program) -> KernelReady:
    (ready,) = [event.body for event in program.events() if isinstance(event.body, KernelReady)]
    return ready


def test_off_is_said_and_kept_in_the_session(program: Program, folder: Path) -> None:
    with Server(roots_and_subs([ANSWER])) as server:
        ended = program.at(server).rlm("ask", folder, "capped?", "--mode", "rlm", "--sandbox", "off")
    assert ended.code == 0
    assert "sandbox: OFF: cells can read your files and use the network" in ended.err
    assert ready_of(program).tier == "off"
    assert "sandbox: OFF" in program.rlm("sessions", "show", "last").out


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_nothing_is_downgraded_without_a_person(poor: Program, folder: Path, mode: str) -> None:
    with Server(roots_and_subs([ANSWER])) as server:
        ended = poor.at(server).rlm("ask", folder, "capped?", "--mode", "rlm", "--sandbox", mode)
        asked = len(server.chats)
    assert (ended.code, ended.out, asked) == (8, "", 0)
    assert "--sandbox off" in ended.err


@pytest.mark.parametrize(("typed", "code"), [(b"yes\n", 0), (b"no\n", 8)])
def test_a_person_is_asked_once_on_a_terminal(poor: Program, folder: Path, typed: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    with Server(roots_and_subs([ANSWER])) as server:
        words = ("ask", folder, "capped?", "--mode", "rlm", "--ui", "plain")
        process = poor.at(server).start(*words, stdin=theirs, stderr=theirs)
        os.close(theirs)
        seen = _read_until(ours, b"Go on without protection?")
        os.write(ours, typed)
        seen += _read_until(ours, b"session ")
        out, _ = process.communicate(timeout=_SECONDS)
    os.close(ours)
    assert process.returncode == code
    assert b"PARTIAL" in seen
    (made,) = [event.body for event in poor.events() if isinstance(event.body, DecisionMade)]
    assert made == DecisionMade(id="sandbox", choice=typed.decode().strip(), by="user")
    if code == 0:
        assert "It is capped." in out
        assert ready_of(poor).tier == "D"


def test_the_doctor_names_what_is_missing(poor: Program) -> None:
    ended = poor.rlm("doctor", "--json")
    checks = {each["name"]: each for each in json.loads(ended.out)["checks"]}
    assert ended.code == 0
    assert checks["sandbox"]["status"] == "warn"
    assert "Landlock" in checks["sandbox"]["text"]
    assert "--sandbox off" in checks["sandbox"]["remedy"]
    poor.environ["RLM_SANDBOX_MODE"] = "strict"
    assert poor.rlm("doctor").code == 8


def _read_until(terminal: int, words: bytes) -> bytes:
    """What a terminal shows until these words, or until nobody writes to it any more."""
    seen = b""
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], _SECONDS)
        assert ready, seen
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    return seen
