"""The entry point. Answers `--version` and the Tab key itself: the command tree costs more than all of it."""

from __future__ import annotations

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

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
