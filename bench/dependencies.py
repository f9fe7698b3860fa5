"""What each dependency costs: installed megabytes (alone, and with what only it needs), import milliseconds.

python -m bench.dependencies
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

MODULES = {
    "aiohttp": "aiohttp",
    "arro3-io": "arro3.io",
    "charset-normalizer": "charset_normalizer",
    "hyperscan": "hyperscan",
    "ipykernel": "ipykernel.kernelapp",
    "jsonschema": "jsonschema",
    "jupyter-client": "jupyter_client.asynchronous",
    "litellm": "litellm",
    "msgspec": "msgspec",
    "pathspec": "pathspec",
    "psutil": "psutil",
    "pypdf": "pypdf",
    "pypdfium2": "pypdfium2",
    "python-docx": "docx",
    "rich": "rich.console",
    "selectolax": "selectolax.lexbor",
    "tantivy": "tantivy",
    "tomlkit": "tomlkit",
    "typer": "typer",
    "xxhash": "xxhash",
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(name: str) -> set[str]:
    """A distribution and all that it needs here, optional extras left out."""
    found: set[str] = set()
    todo = [normal(name)]
    while todo:
        each = todo.pop()
        if each in found:
            continue
        try:
            needed = requires(each) or []
        except PackageNotFoundError:
            continue
        found.add(each)
        todo += [normal(re.split(r"[ ;<>=!~\[(]", need)[0]) for need in needed if "extra ==" not in need]
    return found


def installed_bytes(name: str) -> int:
    files = distribution(name).files or []
    return sum(
        Path(str(file.locate())).stat().st_size for file in files if Path(str(file.locate())).is_file()
    )


def import_milliseconds(module: str, runs: int = 5) -> float:
    """The median over an empty Python, in a process of its own."""

    def once(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, env={"PATH": ""})
        return time.perf_counter() - started

    empty = sorted(once("") for _ in range(runs))[runs // 2]
    return (sorted(once(f"import {module}") for _ in range(runs))[runs // 2] - empty) * 1000


def main() -> None:
    closures = {name: closure(name) for name in MODULES}
    print(f"{'dependency':20} {'version':>10} {'own MB':>8} {'with its own needs MB':>22} {'import ms':>10}")
    for name, module in MODULES.items():
        others = set().union(*(needs for other, needs in closures.items() if other != name))
        alone = installed_bytes(name) / 1e6
        only = sum(installed_bytes(each) for each in closures[name] - others) / 1e6
        version = distribution(name).version
        print(f"{name:20} {version:>10} {alone:8.1f} {only:22.1f} {import_milliseconds(module):10.0f}")


if __name__ == "__main__":
    main()
