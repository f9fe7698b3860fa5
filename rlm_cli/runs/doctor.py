"""Whether everything works here: each check tries the thing itself, and none needs another to have passed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rlm_cli.base.errors import ExitCode, RlmError
from rlm_cli.runs.checks import installation, places
from rlm_cli.runs.checks.finding import Finding, Status, failed_with, ok, warn
from rlm_cli.runs.from_settings import key_names
from rlm_cli.settings.keys import credentials
from rlm_cli.settings.resolving import Sources, resolve


@dataclass(frozen=True, kw_only=True)
class Examined:
    """Whom the doctor sees: the sources of settings, the running program, and facts about its terminal."""

    sources: Sources
    program: Path
    terminal: str


async def examine(examined: Examined) -> list[Finding]:
    """Every finding, required ones first, in an order that does not change."""
    found = await asyncio.gather(
        asyncio.to_thread(_installation),
        _kernel(examined.sources),
        asyncio.to_thread(_places, examined.sources),
        asyncio.to_thread(configured, examined.sources),
        _litellm(examined.sources.environ),
        asyncio.to_thread(_surroundings, examined),
    )
    findings = [each for group in found for each in group]
    return sorted(findings, key=lambda each: not each.is_required)


def exit_code_of(findings: Sequence[Finding]) -> ExitCode:
    """0 when every required check has passed; otherwise the code of the first that has not."""
    failed = [each for each in findings if each.is_required and each.status is Status.FAIL]
    return failed[0].exit_code if failed else ExitCode.COMPLETE


def _installation() -> list[Finding]:
    return [installation.python(), installation.packages()]


async def _kernel(sources: Sources) -> list[Finding]:
    try:
        from rlm_cli.runs.checks.kernel import kernel
        from rlm_cli.runs.confinement import USUAL, demanded
    except ImportError as problem:
        error = RlmError(
            "the kernel cannot be started", str(problem), "Install what is missing: see packages"
        )
        error.exit_code = ExitCode.KERNEL
        return [failed_with("kernel", error)]
    try:
        demand = demanded(resolve(sources).sandbox, sources.directories)
    except RlmError:  # `configured` says what is wrong with the settings
        demand = USUAL
    return await kernel(demand)


def _places(sources: Sources) -> list[Finding]:
    return places.directories(sources.directories)


def configured(sources: Sources) -> list[Finding]:
    """Settings and keys, then what they ask for; models are not looked at when settings are wrong."""
    try:
        settings = resolve(sources)
    except RlmError as error:
        return [failed_with("settings", error)]
    found = [warn("settings", notice) for notice in settings.notices]
    profile = f", profile {settings.profile}" if settings.profile else ""
    given = sum(leaf.origin != "default" for leaf in settings.leaves.values())
    found.append(
        ok("settings", f"{given} set, {len(settings.leaves) - given} default{profile}", is_required=True)
    )
    try:
        environ = credentials(sources.environ, sources.directories, key_names())
    except RlmError as error:
        return [*found, failed_with("keys", error)]
    from rlm_cli.runs.checks import models

    return [*found, *models.models(settings, environ), *models.servers(environ)]


async def _litellm(environ: Mapping[str, str]) -> list[Finding]:
    return [await installation.litellm(environ)]


def _surroundings(examined: Examined) -> list[Finding]:
    return [
        ok("terminal", examined.terminal),
        installation.other_programs(examined.sources.environ, examined.program),
    ]
