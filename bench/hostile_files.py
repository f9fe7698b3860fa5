"""A hostile folder: each thing in it must end as text or as one line with a reason, and the others be read.

    python -m bench.hostile_files [500]

In it: so many damaged copies of real files, archives that expand without end, pipes, sockets, links in a
loop, a file of 4 TiB of holes, names with terminal control, and files that grow, shrink and
are replaced meanwhile.
"""

from __future__ import annotations

import io
import os
import socket
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

from rlm_cli.corpus.options import ReadOptions
from tests.unit.corpus.making import folder_of, opened
from tests.unit.corpus.mutating import mutants

_RESTLESS = 20


def hostile_folder(root: Path, files: dict[str, str | bytes]) -> int:
    """Make the folder; how many entries must be told of with a reason for certain."""
    folder_of(root, files)
    inner = _bomb(300)
    (root / "bomb.zip").write_bytes(inner)
    nested = io.BytesIO()
    with zipfile.ZipFile(nested, "w") as package:
        for number in range(40):
            package.writestr(f"{number}.zip", inner)
    (root / "bombs.zip").write_bytes(nested.getvalue())
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "sock"))
    (root / "loop").mkdir()
    (root / "loop" / "self").symlink_to(root / "loop")
    (root / "dangling").symlink_to(root / "nowhere")
    with (root / "holes.log").open("wb") as file:
        file.write(b"text at its start\n")
        file.truncate(4 << 40)
    Path(os.fsdecode(os.fsencode(root) + b"/esc\x1b[2J\nline \xe9.txt")).write_text("a name that lies")
    return 6


def _bomb(megabytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.writestr("zeros.txt", bytes(megabytes << 20))
    return out.getvalue()


class Restless(threading.Thread):
    """Lets files grow, shrink, vanish and be replaced until it is told to stop."""

    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self._paths = [root / f"restless-{number:02}.txt" for number in range(_RESTLESS)]
        self.is_over = False
        for path in self._paths:
            path.write_text("words of a file that does not rest\n" * 20_000)

    def run(self) -> None:
        """Change one file after another."""
        turn = 0
        while not self.is_over:
            path, turn = self._paths[turn % _RESTLESS], turn + 1
            try:
                match turn % 4:
                    case 0:
                        path.open("ab").write(b"and more\n" * 1000)
                    case 1:
                        os.truncate(path, 1000)
                    case 2:
                        path.unlink()
                    case _:
                        path.write_text("written anew\n" * 30_000)
            except OSError:
                continue


def measure(count: int) -> None:
    """Read the folder once, and count how its entries end."""
    with tempfile.TemporaryDirectory() as folder:
        files = dict(mutants(count, seed=count))
        root = Path(folder) / "in"
        certain = hostile_folder(root, {**files, "zz.txt": "read as ever"})
        restless = Restless(root)
        restless.start()
        began = time.perf_counter()
        corpus = opened(
            root, Path(folder) / "cache", ReadOptions(is_symlink_followed=True, max_file_bytes=None)
        )
        seconds = time.perf_counter() - began
        restless.is_over = True
        restless.join()
        read = {path.split("!/")[0] for path, _ in corpus.texts()}
        skips = list(corpus.skipped())
        lost = set(files) - read - {skip.path.split("!/")[0] for skip in skips}
        bad = [skip for skip in skips if not skip.why or "\n" in skip.why or "\x1b" in skip.path + skip.why]
        print(f"{count} damaged files among hostile ones in {seconds:.1f} s: ", end="")
        print(f"{len(read & set(files))} gave text, {len(set(files) - read)} gave a reason; ", end="")
        print(f"lost without a word: {len(lost)} (goal 0)")
        print(f"reasons that are not one clean line: {len(bad)} (goal 0); the whole file: {'zz.txt' in read}")
        told = {skip.path.rstrip("/").split("!/")[0] for skip in skips}
        wanted = {"bombs.zip", "pipe", "sock", "loop/self", "dangling", "holes.log"}
        print(
            f"pipe, socket, loop, dangling link, holes, bombs: {len(wanted & told)} of {certain} told (all)"
        )
        name = "esc␛[2J␊line \\xe9.txt"
        print(f"the name with terminal control: {'read' if name in read else 'LOST'}, shown as {name}")
        for why, number in Counter(skip.why.partition(":")[0] for skip in skips).most_common(30):
            print(f"  {number:>5}  {why}")


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
