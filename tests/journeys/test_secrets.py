"""A key goes to its provider in one header, and nowhere else: no file, no stream, no kernel, no model."""

from __future__ import annotations

import json
from pathlib import Path

from tests.journeys.program import Program, cell
from tests.servers.openai_server import Answer, Server

KEY = "plain-words-that-no-pattern-knows-4711"
SNOOP = """
import os, pathlib
found = [dict(os.environ)]
for each in ("self", "1", str(os.getppid())):
    for name in ("environ", "cmdline"):
        try:
            found.append(pathlib.Path(f"/proc/{each}/{name}").read_bytes())
        except OSError as error:
            found.append(str(error))
for path in pathlib.Path.cwd().parent.rglob("*"):
    try:
        found.append(path.read_bytes())
    except OSError as error:
        found.append(str(error))
print(found)
answer["content"] = str(found)[:2000]
"""


def test_a_key_of_a_key_command_is_in_no_file_no_stream_no_kernel_and_no_prompt(
    program: Program, folder: Path
) -> None:
    turns = [
        Answer(status=500, text=f"cannot serve Bearer {KEY}, sorry: {KEY}"),
        Answer(cell(SNOOP)),
        Answer(cell("answer['content'] = 'done'; print(corpus.grep('capped')); answer['ready'] = True")),
        Answer(status=401, text=f"Incorrect API key provided: {KEY}"),
    ]
    ask = program.home / "give key"
    ask.write_text(f"#!/bin/sh\necho {KEY}\n")
    ask.chmod(0o700)
    with Server(turns) as server:
        program.at(server)
        del program.environ["OPENAI_API_KEY"]
        assert program.rlm("config", "keys", "set", "openai", "--command", f"'{ask}'").code == 0
        question = ("ask", folder, "Is the liability capped?", "--mode", "rlm", "--debug")
        ended = program.rlm(*question, "-f", "json", "-v")
        refused = program.rlm(*question)
        listed = program.rlm("config", "keys", "list")
        chats = server.chats
    assert (ended.code, refused.code) == (0, 5), ended.err + refused.err
    assert {chat.headers["Authorization"] for chat in chats} == {f"Bearer {KEY}"}
    assert all(KEY not in json.dumps(chat.body) for chat in chats)
    for each in (ended, refused, listed):
        assert KEY not in each.out + each.err
    holding = [
        path for path in program.home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert holding == [ask]
