"""How long `rlm --help` and `rlm --version` take, beside the least that they could: run in turns, one table.

    python -m bench.start_up

The least for `--help` is the help of a Typer app with one empty command, for `--version` a Python that does
nothing. Each program is started as an installed one is: a small script in a process of its own.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 21
HELP_GOAL, VERSION_GOAL = 1.3, 3.0
_RLM = """
import sys
from rlm_cli.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""
_TYPER = """
import typer
app = typer.Typer({settings})
@app.command()
def main() -> None:
    pass
app()
"""
SCRIPTS = {
    "run_rlm": _RLM,
    "empty_app": _TYPER.format(settings=""),
    "plain_app": _TYPER.format(settings="rich_markup_mode=None"),
    "nothing": "",
}


def medians(commands: dict[str, list[str]], environ: dict[str, str]) -> dict[str, float]:
    """The median seconds of each command, the commands taking turns, after one run that warms the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=True)
            if run:
                seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in seconds.items()}


def main() -> None:
    """Measure, and print the ratios beside their goals."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.py" for name in SCRIPTS}
        for name, path in paths.items():
            path.write_text(SCRIPTS[name])
        root = str(Path(__file__).resolve().parent.parent)
        environ = {"PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "PYTHONPATH": root}
        found = medians(
            {
                "rlm --help": [sys.executable, str(paths["run_rlm"]), "--help"],
                "rlm ask --help": [sys.executable, str(paths["run_rlm"]), "ask", "--help"],
                "empty Typer app --help": [sys.executable, str(paths["empty_app"]), "--help"],
                "the same without rich": [sys.executable, str(paths["plain_app"]), "--help"],
                "rlm --version": [sys.executable, str(paths["run_rlm"]), "--version"],
                "empty Python": [sys.executable, str(paths["nothing"])],
            },
            environ,
        )
    for name, seconds in found.items():
        print(f"{name:26} {1000 * seconds:7.1f} ms")
    print()
    show(
        "rlm --help / empty Typer app --help",
        found["rlm --help"] / found["empty Typer app --help"],
        HELP_GOAL,
    )
    show("rlm --help / the same without rich", found["rlm --help"] / found["the same without rich"], None)
    show("rlm --version / empty Python", found["rlm --version"] / found["empty Python"], VERSION_GOAL)


def show(name: str, ratio: float, goal: float | None) -> None:
    """One ratio, and whether it is what was promised."""
    verdict = "" if goal is None else f"  goal ≤ {goal:g}: {'met' if ratio <= goal else 'MISSED'}"
    print(f"{name:36} {ratio:5.2f} ×{verdict}")


if __name__ == "__main__":
    main()
