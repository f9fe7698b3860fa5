"""What the tiers are made of, as data and text; what each does is shown by tests/hostile."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from rlm_cli.inkernel.confining import rules, seccomp, syscalls
from rlm_cli.kernel import launch, rundir
from rlm_cli.kernel.sandbox import bubblewrap, seatbelt, visible
from rlm_cli.kernel.sandbox.abilities import Abilities
from rlm_cli.kernel.sandbox.policy import Paths, Policy, Sandbox
from rlm_cli.kernel.sandbox.tiers import CONFINED, Tier, Worded, status_line

HAS = Abilities("/usr/bin/bwrap", "", True, 7, True, True)


def policy(tier: Tier, folder: Path, has: Abilities = HAS, **demand: int) -> Policy:
    paths = Paths(
        run=str(folder), write=str(folder / "s"), sockets=str(folder / "i"), read=(str(folder / "b"),)
    )
    (folder / "s").mkdir(exist_ok=True)
    return Sandbox((tier,), **demand).policy(tier, paths, ["PATH"], has)


@pytest.mark.parametrize("tier", list(Tier))
def test_a_status_line_tells_what_is_open(tier: Tier) -> None:
    line = status_line(tier, Worded(True, True, 4 * 10**9))
    assert line.startswith("sandbox: ")
    assert ("no network" in line) is (tier in (*CONFINED, Tier.D))
    assert any(word in line for word in ("NONE", "PARTIAL", "OFF")) is (tier not in CONFINED)


def test_a_status_line_names_only_what_is_on() -> None:
    line = status_line(Tier.A, Worded(has_landlock=False, has_seccomp=True, memory_bytes=512 * 10**6))
    assert line == "sandbox: bubblewrap + seccomp (no network, corpus read-only, home hidden, memory 512 MB)"


@pytest.mark.parametrize(
    ("has", "tiers"),
    [
        (HAS, {Tier.A, Tier.B, Tier.C, Tier.D}),
        (replace(HAS, has_seatbelt=False, why_no_bubblewrap="forbidden"), {Tier.B, Tier.D}),
        (replace(HAS, has_seatbelt=False, landlock_abi=0), {Tier.A, Tier.D}),
        (replace(HAS, has_seatbelt=False, has_seccomp=False), set()),
        (Abilities(why_no_bubblewrap="this is not Linux", has_seatbelt=True), {Tier.C}),
    ],
)
def test_a_tier_is_there_only_with_all_that_it_is_made_of(has: Abilities, tiers: set[Tier]) -> None:
    assert {tier for tier in (*CONFINED, Tier.D) if not has.missing(tier)} == tiers


def test_landlock_that_cannot_see_truncation_is_helped_out(tmp_path: Path) -> None:
    assert "truncation" not in policy(Tier.B, tmp_path).seccomp
    assert "truncation" in policy(Tier.B, tmp_path, replace(HAS, landlock_abi=2)).seccomp


def test_signals_are_checked_only_where_they_are_held_back(tmp_path: Path) -> None:
    assert "processes" in policy(Tier.B, tmp_path).checks
    assert "processes" not in policy(Tier.B, tmp_path, replace(HAS, landlock_abi=5)).checks


def test_bubblewrap_gets_no_root_no_home_and_nothing_to_write_but_two_folders(tmp_path: Path) -> None:
    wrap = policy(Tier.A, tmp_path).wrap
    binds = {wrap[n + 1] for n, word in enumerate(wrap) if word in ("--ro-bind", "--bind")}
    writable = [wrap[n + 1] for n, word in enumerate(wrap) if word == "--bind"]
    assert writable == [str(tmp_path / "s"), str(tmp_path / "i")]
    assert not binds & {
        "/",
        "/home",
        "/root",
        "/etc",
        "/var",
        "/run",
        "/tmp",
        "/proc",
        "/sys",
        str(Path.home()),
    }
    assert wrap[-4:] == ["--remount-ro", "/", "--chdir", str(tmp_path / "s")]


def test_bubblewrap_that_cannot_bound_shared_memory_gets_none() -> None:
    places = bubblewrap.Places((), (), "/", shared_bytes=0)
    assert "/dev/shm" not in bubblewrap.flat(bubblewrap.rules(places))


def test_no_folder_that_holds_a_home_may_be_read() -> None:
    home = str(Path.home())
    assert not [
        path for path in visible.readable() if home == path or home.startswith(path.rstrip("/") + "/")
    ]


def test_modules_are_not_found_where_the_program_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(tmp_path) not in visible.sys_path()
    assert str(visible.package().parent) in visible.sys_path()


def test_the_memory_limit_fits_the_machine_and_is_never_too_small_to_start(tmp_path: Path) -> None:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert policy(Tier.B, tmp_path, memory_bytes=1 << 60).limits["memory_bytes"] == physical * 3 // 4
    assert policy(Tier.B, tmp_path, memory_bytes=1).limits["memory_bytes"] == 256 * 10**6


def test_every_rule_of_a_policy_has_calls_that_it_refuses(tmp_path: Path) -> None:
    names = {
        *policy(Tier.B, tmp_path, replace(HAS, landlock_abi=1)).seccomp,
        *policy(Tier.D, tmp_path).seccomp,
    }
    for machine in syscalls.MACHINES:
        empty = seccomp.program([], machine)
        for name in names:
            assert len(seccomp.program([name], machine)) > len(empty), name


@pytest.mark.parametrize("machine", list(syscalls.MACHINES))
def test_a_filter_is_short_enough_and_every_jump_lands_in_it(machine: str) -> None:
    steps = seccomp.program([*rules.REFUSED, *seccomp.SPECIAL, "later"], machine)
    assert len(steps) < 4096
    for place, (code, when_true, when_false, _) in enumerate(steps):
        if code & 0x07 == 0x05:
            assert place + 1 + max(when_true, when_false) < len(steps)
    assert [each for each in steps if each[0] == 0x06][-1][3] == 0x7FFF0000


def test_a_machine_without_a_table_has_no_filter() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        seccomp.program(["sockets"], "riscv64")


def test_the_profile_of_macos_denies_what_is_not_named() -> None:
    text = seatbelt.profile(["/opt/py thon", '/a"b\\c'], ["/tmp/run/scratch"])
    lines = text.splitlines()
    assert lines[:3] == ["(version 1)", "(deny default)", "(deny network*)"]
    assert '(allow file-read* (subpath "/opt/py thon"))' in lines
    assert '(allow file-read* (subpath "/a\\"b\\\\c"))' in lines
    assert '(allow file-write* (subpath "/tmp/run/scratch"))' in lines
    assert text.count("(") == text.count(")")
    assert [line for line in lines if "file-write*" in line and "literal" not in line] == [
        '(allow file-write* (subpath "/tmp/run/scratch"))'
    ]


def test_what_a_launch_claims_is_what_the_boot_file_demands() -> None:
    made = rundir.make()
    try:
        built = launch.build(made, 3, 4, launch.Mounted(Sandbox((Tier.OFF,)), Tier.OFF))
    finally:
        made.remove()
    assert (built.tier, built.boot["sandbox"]["tier"]) == ("off", "off")
    assert built.status_line.startswith("sandbox: OFF")
    assert built.boot["sandbox"]["limits"]["memory_bytes"] > 0
