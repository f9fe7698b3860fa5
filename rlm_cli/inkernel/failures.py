"""IPython's ways of showing a failure, replaced by ours; what must not happen in a cell is refused.

It knows IPython's hooks; what a failure looks like is for `faults`.
"""

from __future__ import annotations

import builtins
import sys
import warnings
from typing import Any, NoReturn

from rlm_cli.inkernel.cells import Cells


def install(kernel: Any, shell: Any, cells: Cells) -> None:
    """Put our failures into a shell, and refuse `input`, `exit` and `quit`."""

    def show(exc_tuple: Any = None, *_: Any, **__: Any) -> None:
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if error is not None:
            shell._last_traceback = [cells.failed(error)]

    def name_code(_raw: str, _transformed: str, _number: int) -> str:
        return cells.running

    shell.showtraceback = show
    shell.showsyntaxerror = show
    shell.showindentationerror = show
    shell.compile.get_code_name = name_code
    kernel.raw_input = kernel.getpass = builtins.input = _no_input
    for name in ("exit", "quit"):
        shell.user_ns[name] = _end_of_kernel
        setattr(builtins, name, _end_of_kernel)
    warnings.filterwarnings("ignore", message="To exit: use")


def _no_input(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError(
        "input() has nobody to ask here: decide yourself, or say in the answer what you would have asked"
    )


def _end_of_kernel(*_: Any) -> NoReturn:
    raise SystemExit("exit() was called")
