"""What happens where a kernel cannot be protected: nothing is downgraded, and only a person says yes."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from rlm_cli.base.errors import ExitCode
from rlm_cli.events import Body
from rlm_cli.events.bodies import DecisionAsked, DecisionMade
from rlm_cli.events.commands import Decide
from rlm_cli.kernel.sandbox import visible
from rlm_cli.kernel.sandbox.abilities import Abilities
from rlm_cli.kernel.sandbox.policy import Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED, Tier
from rlm_cli.runs.confinement import ConfinedKernel, Demand, KernelUnprotected, remedy
from rlm_cli.runs.consent import Consent
from tests.confinement import IS_POSSIBLE


@dataclass(frozen=True)
class NoneHere(Demand):
    """The demand of a machine that has no tier which protects: that of another system stands for all."""

    def sandbox(self, tiers: tuple[Tier, ...]) -> Sandbox:
        return super().sandbox((Tier.C,) if tiers == CONFINED else tiers)


class Person:
    """Somebody at a terminal, or nobody; `said` is what was emitted."""

    def __init__(self, choice: str = "", can_ask: bool = True, is_over: bool = False) -> None:
        self.said: list[Body] = []
        self._choice = choice
        self.read_end, self._write_end = os.pipe()
        self.consent = Consent(self._heard, can_ask, lambda: is_over, self.read_end)

    def _heard(self, body: Body) -> None:
        self.said.append(body)
        if isinstance(body, DecisionAsked) and self._choice:
            os.write(self._write_end, self._choice.encode())


@pytest.mark.parametrize("mode", ["strict", "auto"])
async def test_without_anybody_to_ask_no_kernel_starts(mode: str) -> None:
    kernel = ConfinedKernel(None, NoneHere(mode), Person(can_ask=False).consent if mode == "auto" else None)
    with pytest.raises(KernelUnprotected, match="--sandbox off") as failed:
        await kernel.start()
    assert failed.value.exit_code == ExitCode.KERNEL


async def test_strict_asks_nobody() -> None:
    person = Person("yes\n")
    with pytest.raises(KernelUnprotected):
        await ConfinedKernel(None, NoneHere("strict"), person.consent).start()
    assert person.said == []


@pytest.mark.parametrize("typed", ["no\n", "\n", "yesterday\n"])
async def test_anything_but_yes_is_no(typed: str) -> None:
    person = Person(typed)
    with pytest.raises(KernelUnprotected):
        await ConfinedKernel(None, NoneHere(), person.consent).start()
    assert [type(each) for each in person.said] == [DecisionAsked, DecisionMade]
    assert person.said[1] == DecisionMade(id="sandbox", choice="no", by="user")


async def test_a_yes_holds_for_the_whole_run_and_is_told_truthfully() -> None:
    person = Person("Yes\n")
    tiers = []
    for _ in range(2):
        kernel = ConfinedKernel(None, NoneHere(), person.consent)
        tiers.append((await kernel.start()).tier)
        await kernel.close()
    assert set(tiers) <= {"D", "E"}
    assert len(person.said) == 2
    (asked, _) = person.said
    assert isinstance(asked, DecisionAsked)
    assert "PARTIAL" in asked.question or "NONE" in asked.question
    assert asked.default == "no"


async def test_a_face_can_answer_instead() -> None:
    person = Person()
    person.consent = Consent(
        lambda body: person.consent.decide(Decide("sandbox", "yes")), True, lambda: False, person.read_end
    )
    assert await person.consent.given("go on?")


async def test_a_run_that_is_to_end_waits_for_no_answer() -> None:
    assert not await Person(is_over=True).consent.given("go on?")


async def test_off_is_said_in_the_event_that_the_session_keeps() -> None:
    kernel = ConfinedKernel(None, Demand("off"))
    ready = await kernel.start()
    await kernel.close()
    assert (ready.tier, ready.sandbox) == (
        "off",
        "sandbox: OFF: cells can read your files and use the network",
    )


@pytest.mark.skipif(not IS_POSSIBLE, reason="no tier on this machine protects")
async def test_auto_takes_the_best_tier_and_its_checks_have_held() -> None:
    kernel = ConfinedKernel(None, Demand())
    ready = await kernel.start()
    await kernel.close()
    assert ready.tier in ("A", "B", "C")
    assert kernel.launched is not None
    assert {"network", "files", "corpus", "keys"} <= set(kernel.launched.boot["sandbox"]["checks"])


def test_the_remedy_is_about_what_is_missing() -> None:
    assert "Install bubblewrap" in remedy(
        Abilities(why_no_bubblewrap="bubblewrap is not installed", has_seccomp=True)
    )
    assert "user namespaces" in remedy(Abilities(why_no_bubblewrap="forbidden", has_seccomp=True))


def test_the_program_starts_no_kernel_but_a_confined_one() -> None:
    texts = {path: path.read_text("utf-8") for path in visible.package().rglob("*.py")}
    assert [path for path, text in texts.items() if "IpyKernel(" in text] == []
    heirs = [path.name for path, text in texts.items() if "(IpyKernel)" in text]
    assert heirs == ["confinement.py"]
