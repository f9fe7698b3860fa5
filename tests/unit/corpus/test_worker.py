"""The process that parses: what it may not do, tried from inside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rlm_cli.corpus.pool import readable_folders

TRIES = """
import json, os, socket, sys
from rlm_cli.corpus.worker import confine
put_on = confine(json.loads(sys.argv[1]))
def tried(action):
    try:
        action()
    except OSError:
        return False
    return True
secret, folder = sys.argv[2], sys.argv[3]
print(json.dumps({
    "put_on": put_on,
    "got_through": [name for name, action in {
        "network": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "raw": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
        "named socket": lambda: socket.socket(socket.AF_UNIX).connect("\\0name"),
        "read a file": lambda: open(secret).read(),
        "read /etc": lambda: open("/etc/passwd").read(),
        "list the home": lambda: os.listdir(os.path.expanduser("~root")),
        "write a file": lambda: open(folder + "/new", "w"),
        "make a folder": lambda: os.mkdir(folder + "/d"),
        "remove a file": lambda: os.unlink(secret),
        "another's memory": lambda: open("/proc/%d/mem" % os.getppid(), "rb").read(1),
        "another's environment": lambda: open("/proc/%d/environ" % os.getppid(), "rb").read(1),
        "run a program": lambda: os.execv(secret, [secret]),
    }.items() if tried(action)],
}))
"""


def test_a_parser_has_no_network_and_no_files(tmp_path: Path) -> None:
    import json

    secret = tmp_path / "secret"
    secret.write_text("#!/bin/sh\nexit 0\n")
    secret.chmod(0o700)

    ended = subprocess.run(
        [sys.executable, "-P", "-c", TRIES, json.dumps(readable_folders()), str(secret), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
    )

    found = json.loads(ended.stdout)
    if found["put_on"] != ["landlock", "seccomp"]:
        pytest.skip(f"this system has only {found['put_on']}")
    assert found["got_through"] == []
    assert secret.exists()
