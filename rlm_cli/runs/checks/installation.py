"""Python, the packages that the program stands on, and whether another program is called `rlm`."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path

from rlm_cli import __version__
from rlm_cli.base.errors import ExitCode
from rlm_cli.runs.checks.finding import Finding, fail, ok, warn

_OLDEST = (3, 11)
_LITELLM_SECONDS = 60.0
_PACKAGES = (
    "aiohttp",
    "charset-normalizer",
    "ipykernel",
    "jsonschema",
    "jupyter-client",
    "litellm",
    "msgspec",
    "pathspec",
    "psutil",
    "pypdf",
    "pypdfium2",
    "python-docx",
    "rich",
    "selectolax",
    "tomlkit",
    "typer",
    "xxhash",
)
_IMPORT_LITELLM = "import litellm"


def python() -> Finding:
    """The interpreter."""
    text = (
        f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}; rlm {__version__}"
    )
    if sys.version_info < _OLDEST or platform.python_implementation() != "CPython":
        return fail("python", text, ExitCode.INTERNAL, "rlm needs CPython 3.11 or newer")
    return ok("python", text, is_required=True)


def packages() -> Finding:
    """The packages, with their versions; which of them are missing."""
    versions, missing = [], []
    for name in _PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        remedy = f"Run: {sys.executable} -m pip install {' '.join(missing)}"
        return fail("packages", f"not installed: {', '.join(missing)}", ExitCode.INTERNAL, remedy)
    return ok("packages", ", ".join(versions), is_required=True)


async def litellm(environ: Mapping[str, str]) -> Finding:
    """Whether litellm can be imported: tried in a process of its own, for it takes seconds."""
    quiet = {**environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _IMPORT_LITELLM,
        env=quiet,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, errors = await asyncio.wait_for(process.communicate(), _LITELLM_SECONDS)
    except TimeoutError:
        return warn("litellm", f"its import took more than {_LITELLM_SECONDS:g} s", _NO_LITELLM)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = errors.decode("utf-8", "replace").strip().splitlines()
        return warn("litellm", f"it cannot be imported: {lines[-1] if lines else 'no message'}", _NO_LITELLM)
    return ok("litellm", f"version {importlib.metadata.version('litellm')} can be imported")


_NO_LITELLM = (
    "Providers that speak OpenAI's protocol work without it; for others: pip install --upgrade litellm"
)


def other_programs(environ: Mapping[str, str], own: Path) -> Finding:
    """Other programs called `rlm` on PATH; `own` is the one that is running."""
    found = list(dict.fromkeys(_programs(environ.get("PATH", ""))))
    mine = own.resolve()
    others = [path for path in found if path.resolve() != mine]
    if found and found[0] in others:
        return warn(
            "rlm on PATH", f"{found[0]} comes first, and this is {own}", f"Run: {own}, or change PATH"
        )
    if others:
        return ok("rlm on PATH", f"{found[0]}; further down: {', '.join(map(str, others))}")
    return ok("rlm on PATH", str(found[0]) if found else f"none; this is {own}")


def _programs(path: str) -> list[Path]:
    candidates = [Path(folder) / "rlm" for folder in path.split(os.pathsep) if folder]
    return [each for each in candidates if each.is_file() and os.access(each, os.X_OK)]
