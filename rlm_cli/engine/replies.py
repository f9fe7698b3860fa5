"""What a root model's reply means: code to run, or something that must be corrected.

Models fence their code in many ways: several blocks, fences inside of strings, no fence at all. A block is
closed by the first fence after which the block is a program; so a fence inside of a string does not cut it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_OPENING = re.compile(r"^(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[\w+.-]*)[^`\n]*$")
_THINKING = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>\s*", re.DOTALL)
_OPEN_THINKING = re.compile(r"\s*<(?:think|thinking|reasoning)>")
_CODE_INFO = {"repl", "python", "py", "python3", "ipython"}
_MAGIC = re.compile(r"^\s*[%!]")
_LEGACY_FINAL = re.compile(r"\bFINAL(_VAR)?\s*\(")


@dataclass(frozen=True)
class Code:
    """Code for one cell, and the prose around it.

    Shape:   blocks counts the fenced blocks that were joined, 0 when the code had no fence.
    """

    code: str
    prose: str
    blocks: int


@dataclass(frozen=True)
class Malformed:
    """A reply with nothing to run; `why` is written to the model that sent it."""

    why: str
    prose: str


Reading = Code | Malformed


def without_thinking(text: str) -> str:
    """A reply without the thoughts before it, which some models write as text between tags."""
    return _THINKING.sub("", text)


def read_reply(text: str) -> Reading:
    """What a whole reply means."""
    text = without_thinking(text)
    if _OPEN_THINKING.match(text):
        return Malformed("Your reply ended inside of your thoughts, so nothing was run. Think less.", "")
    blocks, prose, has_open_fence = _fenced(text)
    code = "\n\n".join(block for block in blocks if block.strip())
    if code:
        return Code(code=code, prose=prose.strip(), blocks=len(blocks))
    if has_open_fence:
        return Malformed(
            "Your code block was never closed, so nothing was run. Send the whole cell again.", prose
        )
    if _is_bare_code(text):
        return Code(code=text.strip(), prose="", blocks=0)
    if _LEGACY_FINAL.search(text):
        return Malformed(
            "FINAL(...) and FINAL_VAR(...) do nothing here. Give the answer in a cell: "
            'set answer["content"], then answer["ready"] = True.',
            text,
        )
    if not text.strip():
        return Malformed("Your reply was empty. Send a ```repl block with the next cell.", "")
    return Malformed(
        "Your reply had no ```repl block, so nothing was run and nobody has seen it. To go on, send a cell; "
        'to give your answer, set answer["content"] and answer["ready"] = True in a cell.',
        text,
    )


def is_program(code: str) -> bool:
    """Whether the kernel would accept the code: Python with top-level await, `%` and `!` lines allowed."""
    lines = _lines(code)
    if lines and lines[0].lstrip().startswith("%%"):
        return True
    plain = "\n".join(re.sub(r"[%!].*", "pass", line) if _MAGIC.match(line) else line for line in lines)
    try:
        compile(plain, "<cell>", "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True


def _fenced(text: str) -> tuple[list[str], str, bool]:
    """The code blocks of a reply, its prose, and whether a code block was left open."""
    lines = _lines(text)
    blocks: list[str] = []
    prose: list[str] = []
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        if opening is None:
            prose.append(lines[at])
            at += 1
            continue
        is_code = opening["info"].lower() in _CODE_INFO
        closings = _closings(lines, at + 1, opening["fence"])
        if not closings:
            rest = "\n".join(lines[at + 1 :])
            if is_code and is_program(rest) and rest.strip():
                return [*blocks, rest], "\n".join(prose), False
            return blocks, "\n".join(prose), is_code
        end = closings[0]
        if is_code:
            end = next((each for each in closings if is_program("\n".join(lines[at + 1 : each]))), end)
            blocks.append("\n".join(lines[at + 1 : end]))
        else:
            prose.extend(lines[at : end + 1])
        at = end + 1
    return blocks, "\n".join(prose), False


def _lines(text: str) -> list[str]:
    """The lines as Python and Markdown have them: a form feed or U+2028 in a string is no end of a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _closings(lines: list[str], start: int, fence: str) -> list[int]:
    """Where the block may end: at a bare fence, as long as no other code block has been opened before."""
    found: list[int] = []
    for at in range(start, len(lines)):
        stripped = lines[at].strip()
        if stripped and set(stripped) == {fence[0]} and len(stripped) >= len(fence):
            found.append(at)
        elif found and (opening := _OPENING.match(lines[at])) and opening["info"].lower() in _CODE_INFO:
            break
    return found


def _is_bare_code(text: str) -> bool:
    """A reply without fences that is a program and does something, unlike the one word `Done`."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    if _LEGACY_FINAL.match(text.strip()):
        return False
    doing = (ast.Call, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.For)
    return any(isinstance(node, doing) for node in ast.walk(tree))
