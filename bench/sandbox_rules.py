"""Each rule of the sandbox taken away in turn: which attacks of tests/hostile get through without it.

    python -m bench.sandbox_rules [WORD …]      only rules whose name holds one of the words

Layers are looked at one by one, for the layers behind each other hide what a missing rule lets through:
bubblewrap without Landlock, seccomp and dropped rights; the others in tier B, where no bubblewrap helps. A
line is red when attacks succeed that do not with the whole layer. A rule that turns nothing red is a rule
too many, or a test too few. `start` says whether the self-check refused to start such a kernel at all.
"""

from __future__ import annotations

import asyncio
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rlm_cli.base.errors import KernelError
from rlm_cli.kernel.sandbox import bubblewrap
from rlm_cli.kernel.sandbox.abilities import Abilities, abilities
from rlm_cli.kernel.sandbox.policy import Paths, Policy, Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from tests.hostile.aims import Aims, made
from tests.hostile.attack import Attack
from tests.hostile.attacks import ATTACKS, exhaustion
from tests.hostile.battery import DISK_BYTES, MEMORY_BYTES, Battery
from tests.hostile.leftovers import left_by_a_killed_supervisor

Change = Callable[[Policy], Policy]
_SHOWN = 3
_UNLIMITED = 1 << 50
_STRUCTURE = ("--symlink", "--proc", "--dev", "--chdir", "--dir", "--bind")


@dataclass(frozen=True)
class Rule:
    """A rule, the tier in which it is looked at, and what the policy is without it."""

    layer: str
    name: str
    tier: Tier
    change: Change
    is_limit: bool = False


class Weakened(Sandbox):
    """A sandbox whose policy is changed; its self-check is off unless it is looked at."""

    change: Change
    is_checked = False

    def policy(self, tier: Tier, paths: Paths, names: Sequence[str], has: Abilities) -> Policy:
        """The policy without the rule."""
        whole = super().policy(tier, paths, names, has)
        changed = type(self).change(whole)
        return changed if self.is_checked else replace(changed, checks={})


def rules() -> list[Rule]:
    """Every rule there is to take away here."""
    found: list[Rule] = []
    if not abilities().missing(Tier.B):
        found += [_filter(name) for name in _policy(Tier.B).seccomp]
        found += [
            Rule("landlock", f"{name} the listed paths alone", Tier.B, _everywhere(name))
            for name in ("read", "write", "sockets")
        ]
        found.append(Rule("landlock", "signals stay inside", Tier.B, _landlock(scopes_signals=False)))
        found.append(
            Rule(
                "rights", "capabilities and set-user-id", Tier.B, lambda p: replace(p, is_unprivileged=False)
            )
        )
        found += [
            _limit(name) for name in ("memory_bytes", "processes", "file_bytes", "disk_bytes", "open_files")
        ]
    if not abilities().missing(Tier.A):
        found += _of_bubblewrap()
    return found


def _filter(name: str) -> Rule:
    return Rule(
        "seccomp", name, Tier.B, lambda p: replace(p, seccomp=[each for each in p.seccomp if each != name])
    )


def _landlock(**changes: object) -> Change:
    return lambda p: replace(p, landlock={**p.landlock, **changes})


def _everywhere(name: str) -> Change:
    return lambda p: replace(p, landlock={**p.landlock, name: [*p.landlock[name], "/"]})


def _limit(name: str) -> Rule:
    return Rule("limits", name, Tier.B, lambda p: replace(p, limits={**p.limits, name: _UNLIMITED}), True)


def _of_bubblewrap() -> list[Rule]:
    wrap = _policy(Tier.A).wrap
    places = bubblewrap.Places(read_only=(), writable=(), folder="/", shared_bytes=1)
    flags = [rule for rule in bubblewrap.rules(places) if rule[0] not in (*_STRUCTURE, "--ro-bind", "--size")]
    assert all(flag[0] in wrap for flag in flags)
    found = [Rule("bubblewrap", " ".join(flag), Tier.A, _without(flag)) for flag in flags]
    found.append(Rule("bubblewrap", "binds are read-only", Tier.A, _words("--ro-bind", "--bind")))
    found.append(Rule("bubblewrap", "a minimal root", Tier.A, _whole_root))
    found.append(Rule("bubblewrap", "--size of shared memory", Tier.A, _unsized, True))
    return found


def _alone(policy: Policy) -> Policy:
    return replace(policy, landlock={}, seccomp=[], is_unprivileged=False)


def _without(flag: Sequence[str]) -> Change:
    def change(policy: Policy) -> Policy:
        words = policy.wrap
        at = next(n for n in range(len(words)) if tuple(words[n : n + len(flag)]) == tuple(flag))
        return _alone(replace(policy, wrap=[*words[:at], *words[at + len(flag) :]]))

    return change


def _words(word: str, instead: str) -> Change:
    return lambda p: _alone(replace(p, wrap=[instead if each == word else each for each in p.wrap]))


def _whole_root(policy: Policy) -> Policy:
    """What is often done: the whole disk, read-only."""
    words = policy.wrap
    kept = [words[0], "--ro-bind", "/", "/"]
    at = words.index("--unshare-net")
    rest = words[at:]
    for folder in ("--symlink", "--ro-bind"):
        while folder in rest:
            place = rest.index(folder)
            rest = [*rest[:place], *rest[place + 3 :]]
    while "--dir" in rest:
        place = rest.index("--dir")
        rest = [*rest[:place], *rest[place + 2 :]]
    return _alone(replace(policy, wrap=[*kept, *rest]))


def _unsized(policy: Policy) -> Policy:
    at = policy.wrap.index("--size")
    return _alone(replace(policy, wrap=[*policy.wrap[:at], *policy.wrap[at + 2 :]]))


def _policy(tier: Tier) -> Policy:
    paths = Paths(run="/tmp", write="/tmp", sockets="/tmp", read=())
    return Sandbox((tier,)).policy(tier, paths, [], abilities())


async def measure(words: Sequence[str] = ()) -> list[str]:
    """The lines of the table, as they become known."""
    lines = []
    chosen = [rule for rule in rules() if not words or any(word in rule.name for word in words)]
    with tempfile.TemporaryDirectory(prefix="rlm-rules-") as folder:
        aims = made(Path(folder), MEMORY_BYTES, DISK_BYTES)
        try:
            whole = {
                Tier.A: await _reached(aims, Tier.A, _alone, _attacks(True)),
                Tier.B: await _reached(aims, Tier.B, lambda policy: policy, _attacks(True)),
            }
            for tier, reached in whole.items():
                print(
                    f"{tier}: {len(_attacks(True))} attacks, {len(reached)} succeed against the whole layer",
                    flush=True,
                )
            for rule in chosen:
                reached = await _reached(aims, rule.tier, rule.change, _attacks(rule.is_limit))
                lines.append(await _line(aims, rule, sorted(reached - whole[rule.tier])))
                print(lines[-1], flush=True)
        finally:
            aims.close()
    return lines


async def _line(aims: Aims, rule: Rule, fresh: list[str]) -> str:
    named = "; ".join(fresh[:_SHOWN]) + (f"; and {len(fresh) - _SHOWN} more" if len(fresh) > _SHOWN else "")
    start = await _start(aims, rule)
    is_red = bool(fresh) or start != "starts"
    return (
        f"| {'red' if is_red else 'GREEN'} | {rule.layer} | {rule.name} | {len(fresh)} | {start} | {named} |"
    )


async def _reached(aims: Aims, tier: Tier, change: Change, attacks: Sequence[Attack]) -> set[str]:
    """The attacks that succeed; a supervisor that is killed is one of them."""
    if abilities().missing(tier):
        return set()
    kind = type("Weakened_", (Weakened,), {"change": staticmethod(change)})
    sandbox = kind((tier,), MEMORY_BYTES, DISK_BYTES, aims.hidden)
    battery = Battery(aims, sandbox)
    reached = set()
    try:
        for attack in attacks:
            if await battery.outcome(attack):
                reached.add(attack.name)
    finally:
        await battery.close()
    if await left_by_a_killed_supervisor(sandbox):
        reached.add("processes after their supervisor")
    return reached


async def _start(aims: Aims, rule: Rule) -> str:
    """Whether the self-check lets such a kernel start."""
    kind = type("Checked", (Weakened,), {"change": staticmethod(rule.change), "is_checked": True})
    battery = Battery(aims, kind((rule.tier,), MEMORY_BYTES, DISK_BYTES, aims.hidden))
    try:
        await battery.kernel.start()
    except KernelError as error:
        return f"refused ({error.why.partition(':')[0]})"
    finally:
        await battery.close()
    return "starts"


def _attacks(is_limit: bool) -> list[Attack]:
    here = [each for each in ATTACKS if each.machine in ("", platform.machine())]
    return here if is_limit else [each for each in here if each not in exhaustion.ATTACKS]


def main() -> None:
    """Print the table."""
    print("| result | layer | rule that is taken away | attacks that then succeed | self-check | which |")
    print("|---|---|---|---|---|---|")
    lines = asyncio.run(measure(sys.argv[1:]))
    green = [line for line in lines if line.startswith("| GREEN")]
    print(f"\n{len(lines)} rules taken away in turn; {len(green)} of them turned nothing red")
    sys.exit(bool(green))


if __name__ == "__main__":
    main()
