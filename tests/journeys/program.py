"""The program as a user has it: a subprocess with a home of its own, and a scripted provider on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlm_cli.events import Event
from rlm_cli.stream.reading import read
from tests.confinement import SETTING
from tests.servers.openai_server import Answer, Script, Server

PRICES = """
[models.prices]
"openai/test-root" = { in = 10.0, out = 10.0 }
"openai/test-sub" = { in = 10.0, out = 10.0 }
"""


@dataclass
class Ended:
    """How the program has ended."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The object of `-f json`."""
        return json.loads(self.out)  # type: ignore[no-any-return]


@dataclass
class Program:
    """One user: a home, a folder, an environment."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = self.home / ".config" / "rlm"
        config.mkdir(parents=True, exist_ok=True)
        (config / "config.toml").write_text(PRICES)

    def at(self, server: Server, transport: str = "auto") -> Program:
        """The same user with a provider."""
        self.environ |= {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": "sk-test-0123456789abcdef",
            "RLM_MODEL": "openai/test-root",
            "RLM_SUB_MODEL": "openai/test-sub",
            "RLM_MODELS_TRANSPORT": transport,
        }
        return self

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start `rlm` with these arguments."""
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "env": {**plain, **SETTING, **self.environ},
            "cwd": self.home,
            **options,
        }
        return subprocess.Popen([sys.executable, "-m", "rlm_cli", *map(str, arguments)], **settings)

    def rlm(self, *arguments: str | Path, **options: Any) -> Ended:
        """Run `rlm` to its end."""
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)

    def session_file(self) -> Path:
        """The newest session of this user."""
        return max((self.home / ".local/share/rlm/sessions").glob("*/session.jsonl"))

    def events(self) -> list[Event]:
        """The events of the newest session."""
        return list(read(self.session_file()).events)


def cell(code: str) -> str:
    """A root reply with one cell."""
    return f"Next step.\n\n```repl\n{code}\n```"


def roots_and_subs(root: list[Answer | str], sub: Answer | str = "nothing here") -> Script:
    """A provider whose root model plays a list, a turn each, and whose sub-model says one thing."""

    def script(body: dict[str, Any], before: int) -> Answer:
        if body["model"] == "test-sub":
            return sub if isinstance(sub, Answer) else Answer(sub)
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        answer = root[min(turn, len(root) - 1)]
        return answer if isinstance(answer, Answer) else Answer(answer)

    return script
