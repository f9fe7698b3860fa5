"""The entry point. Answers `--version` and the Tab key itself: the command tree costs more than all of it."""

from __future__ import annotations

import contextlib
import os
import sys


def main() -> int:
    """Run the program with the words of its command line, and return its exit code."""
    words = sys.argv[1:]
    if words in (["--version"], ["-V"]):
        from rlm_cli import __version__

        sys.stdout.write(f"rlm {__version__}\n")
        return 0
    if words[:1] == ["__complete"]:
        from rlm_cli.cli.completing import main as complete

        return complete(words)
    from rlm_cli.cli.app import run

    return _left(run(words))


def _left(code: int) -> int:
    """Leave at once where a thread in the background still imports a library of C code.

    An interpreter that ends under such a thread may crash, and with it the exit code is lost.
    """
    threading = sys.modules.get("threading")
    if threading is not None and any(each.daemon for each in threading.enumerate()):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
