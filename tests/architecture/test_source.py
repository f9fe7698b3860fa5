"""What every source file of the program keeps to: two outputs write, modules say what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "rlm_cli"
SOURCES = sorted(path for path in ROOT.rglob("*.py") if "__pycache__" not in path.parts)
# Cells' own output is what the kernel's side writes; it never runs on the user's terminal.
IN_KERNEL = ROOT / "inkernel"
# Both clean what they write.
WRITERS = {ROOT / "faces" / "output.py", ROOT / "cli" / "screen.py"}
# How often a file writes a text that is wholly the program's own: its version, a script, its help.
OWN_TEXTS = {"__main__.py": 1, "cli/completions.py": 1}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def writes(tree: ast.AST) -> Iterator[str]:
    """Every place that writes to the program's own streams."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=ast.Name(id="print" | "Console")) | ast.Call(func=ast.Attribute(attr="Console"))
            ) if not _is_into_text(node):
                yield f"line {node.lineno}: print, or a console of its own"
            case ast.Call(func=ast.Attribute(value=stream, attr="write" | "writelines")) if _is_standard(
                stream
            ):
                yield f"line {node.lineno}: a write to a standard stream"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="os"), attr="write"),
                args=[ast.Constant(value=1 | 2), *_],
            ):
                yield f"line {node.lineno}: os.write to a standard stream"
            case ast.ImportFrom(module="sys") if {each.name for each in node.names} & {"stdout", "stderr"}:
                yield f"line {node.lineno}: a standard stream under another name"
            case ast.Call(func=ast.Attribute(attr="echo" | "secho", value=ast.Name(id="typer" | "click"))):
                yield f"line {node.lineno}: echo"


def _is_into_text(call: ast.Call) -> bool:
    """A console that draws into a text of the program: what becomes of that is somebody else's write."""
    files = [ast.unparse(each.value) for each in call.keywords if each.arg == "file"]
    return files in (["io.StringIO()"], ["StringIO()"])


def _is_standard(stream: ast.expr) -> bool:
    if isinstance(stream, ast.Attribute) and stream.attr == "buffer":
        return _is_standard(stream.value)
    return (
        isinstance(stream, ast.Attribute)
        and isinstance(stream.value, ast.Name)
        and stream.value.id == "sys"
        and stream.attr in ("stdout", "stderr", "__stdout__", "__stderr__")
    )


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if IN_KERNEL not in p.parents and p not in WRITERS], ids=named
)
def test_only_the_cleaning_outputs_write_to_the_streams(path: Path) -> None:
    found = list(writes(ast.parse(path.read_text("utf-8"))))
    assert len(found) <= OWN_TEXTS.get(named(path), 0), found


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_module_says_in_its_first_paragraph_what_it_owns(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    if not tree.body:
        return
    assert ast.get_docstring(tree), f"{named(path)} has no docstring"


def test_the_rule_for_writing_finds_what_it_forbids() -> None:
    code = (
        "print(1)\nsys.stdout.write('x')\nos.write(2, b'x')\nfrom sys import stderr\ntyper.echo('x')\n"
        "Console()\nrich.console.Console(file=sys.stderr)\nConsole(file=io.StringIO())\nsys.stderr.buffer.write(b'x')\nsys.stdout.flush()"
    )
    assert len(list(writes(ast.parse(code)))) == 8
