"""The commands of the shell: a table, and what each does with the desk."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from rlm_cli.base.errors import UsageError
from rlm_cli.cli.shell_desk import Desk
from rlm_cli.events import Event
from rlm_cli.events.bodies import CellFinished, CellStarted
from rlm_cli.faces.delivery import check_out_file, write_whole
from rlm_cli.faces.shell.entry import Slash
from rlm_cli.runs.from_settings import price_table
from rlm_cli.runs.signals import Presses
from rlm_cli.settings.checking import from_text
from rlm_cli.settings.table import BY_NAME
from rlm_cli.stream.sessions import Sessions
from rlm_cli.views import inspecting, wording
from rlm_cli.views.line import Line
from rlm_cli.views.result import answer_markdown
from rlm_cli.views.run import fold
from rlm_cli.views.why import why

Do = Callable[[Desk, Slash, Presses], Awaitable[None]]
_TREE_LINES = 60
_SESSIONS_OFFERED = 30


@dataclass(frozen=True)
class Command:
    """A command: its name, what it takes, one line of help, what it does."""

    name: str
    takes: str
    help: str
    do: Do
    takes_path: bool = False


async def _help(desk: Desk, entry: Slash, presses: Presses) -> None:
    width = max(len(f"/{each.name} {each.takes}") for each in COMMANDS)
    lines = [Line(f"{f'/{each.name} {each.takes}':<{width}}  {each.help}".rstrip()) for each in COMMANDS]
    keys = "Enter asks, Alt-Enter or Ctrl-J begins a line, Ctrl-X Ctrl-E opens the editor, Ctrl-R searches"
    more = [
        Line(">>> CODE runs Python in the kernel; !COMMAND runs a command; @PATH completes a path"),
        Line(f"{keys}; Ctrl-C comes back to the prompt; Ctrl-D leaves"),
    ]
    await desk.showing.paged([*lines, *more])


def _showing(lines_of: Callable[[Sequence[Event]], list[Line]]) -> Do:
    async def do(desk: Desk, entry: Slash, presses: Presses) -> None:
        await desk.showing.paged(lines_of(desk.events))

    return do


def _numbered(lines_of: Callable[[Sequence[Event], int], list[Line]], otherwise: int | None = None) -> Do:
    async def do(desk: Desk, entry: Slash, presses: Presses) -> None:
        number = otherwise if otherwise is not None and not entry.rest else _number(entry, entry.rest)
        await desk.showing.paged(lines_of(desk.events, number))

    return do


async def _out(desk: Desk, entry: Slash, presses: Presses) -> None:
    last = max((e.body.cell for e in desk.events if isinstance(e.body, CellFinished)), default=0)
    number = _number(entry, entry.rest) if entry.rest else last
    await desk.showing.paged(inspecting.output(desk.events, number))


async def _calls(desk: Desk, entry: Slash, presses: Presses) -> None:
    if entry.rest in ("", "failed"):
        await desk.showing.paged(inspecting.calls(desk.events, failed_only=bool(entry.rest)))
    else:
        await desk.showing.paged(inspecting.call(desk.events, _number(entry, entry.rest)))


async def _retry(desk: Desk, entry: Slash, presses: Presses) -> None:
    number, calls = _number(entry, entry.rest), inspecting.all_calls(desk.events)
    if not 1 <= number <= len(calls):
        raise UsageError(f"there is no call {number}", f"there are {len(calls)}", "/calls")
    ask = "llm_query" if calls[number - 1].queued.op == "llm" else "rlm_query"
    code = f"retried = {ask}({calls[number - 1].queued.prompt!r})\nprint(retried)"
    await desk.run_python(code, presses)


async def _diff(desk: Desk, entry: Slash, presses: Presses) -> None:
    if len(entry.words) != 2:
        raise UsageError("/diff takes the numbers of two drafts", "", "/diff 1 2")
    one, other = (_number(entry, word) for word in entry.words)
    await desk.showing.paged(inspecting.difference(desk.events, one, other))


async def _model(desk: Desk, entry: Slash, presses: Presses) -> None:
    purpose = "sub" if entry.name == "sub" else "root"
    if entry.rest:
        facts = desk.session.use_model(purpose, entry.rest)
        await desk.showing.say(f"{purpose} model from the next question on: {facts.name} ({facts.endpoint})")
        return
    models = desk.session.tree.models
    await desk.showing.say(f"root model: {models.root.facts.name}; sub-model: {models.sub.facts.name}")


async def _limits(desk: Desk, entry: Slash, presses: Presses) -> None:
    settings = desk.session.tree.settings
    if entry.words:
        name, *value = entry.words
        spec = BY_NAME.get(f"limits.{name}")
        if spec is None or len(value) != 1:
            names = ", ".join(each.removeprefix("limits.") for each in BY_NAME if each.startswith("limits."))
            raise UsageError("/limits takes a limit and its value", names, "/limits usd 5")
        found = from_text(spec, value[0], f"/limits {name}")
        limits = msgspec.structs.replace(settings.limits, **{name: found})
        desk.session.change(settings=replace(settings, limits=limits))
    await desk.showing.say(wording.limits(desk.session.tree.settings.limits))


async def _corpus(desk: Desk, entry: Slash, presses: Presses) -> None:
    corpus = desk.session.parts.corpus
    tree = [Line(line) for line in corpus.tree(_TREE_LINES).splitlines()]
    await desk.showing.paged([Line(wording.corpus(corpus.loaded), "title"), *tree])


async def _memory(desk: Desk, entry: Slash, presses: Presses) -> None:
    words = entry.words
    if not words:
        shown = await desk.session.peek("for _k, _v in memory.items(): print(f'{_k} = {_v!r}')")
        lines = [Line(line) for line in shown.splitlines()]
        await desk.showing.paged(lines or [Line("there are no notes", "dim")])
        return
    if words[0] == "reset":
        code = f"memory.pop({words[1]!r}, None)" if len(words) > 1 else "memory.clear()"
        await desk.run_python(f"_ = {code}", presses)
        return
    setting = re.match(r"(\S+)\s*=\s*(.+)\Z", entry.rest, re.DOTALL)
    if setting is None:
        raise UsageError("/memory takes NAME = VALUE, or reset [NAME]", "", "/memory customer = 'Acme'")
    await desk.run_python(f"memory[{setting[1]!r}] = {setting[2]}", presses)


async def _undo(desk: Desk, entry: Slash, presses: Presses) -> None:
    await desk.undo(presses)


async def _fork(desk: Desk, entry: Slash, presses: Presses) -> None:
    first, _, rest = entry.rest.partition(" ")
    turn = int(first) if first.isdigit() else None
    question = rest.strip() if turn is not None else entry.rest
    await desk.fork(turn, question, presses)
    await desk.showing.say(f"this is session {desk.run_id}", "dim")


async def _open(desk: Desk, entry: Slash, presses: Presses) -> None:
    if not entry.rest:
        raise UsageError("/open takes a session", "", "/open last")
    await desk.open_recorded(entry.rest, presses)
    await desk.showing.say(f"this is session {desk.run_id}", "dim")


async def _save(desk: Desk, entry: Slash, presses: Presses) -> None:
    if not entry.rest:
        raise UsageError("/save takes a file", "", "/save answer.md")
    path = _file(entry.rest)
    answer = answer_markdown(fold(desk.events))
    if not answer:
        raise UsageError("there is no answer to save")
    try:
        write_whole(path, answer.encode("utf-8", "replace") + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {path}", error.strerror or str(error)) from error
    await desk.showing.say(f"answer written to {path}")


async def _watch(desk: Desk, entry: Slash, presses: Presses) -> None:
    from rlm_cli.cli.shell_watching import watch

    if entry.rest:
        await desk.ask(entry.rest, presses)
    if not presses.is_any:
        await watch(desk, presses)


async def _theme(desk: Desk, entry: Slash, presses: Presses) -> None:
    spec, name = BY_NAME["output.theme"], entry.rest
    if not name:
        for each in spec.choices:
            await desk.showing.sample(each)
        await desk.showing.say(f"theme: {desk.plan.settings.output.theme}; another one: /theme NAME", "dim")
        return
    desk.wear(str(from_text(spec, name, "/theme")))
    await desk.showing.sample(name)
    await desk.showing.say(f"to keep it: rlm config set output.theme {name}", "dim")


async def _quit(desk: Desk, entry: Slash, presses: Presses) -> None:
    desk.is_over = True


COMMANDS = (
    Command("help", "", "this list", _help),
    Command("model", "[NAME]", "the root model, or another one", _model),
    Command("sub", "[NAME]", "the sub-model, or another one", _model),
    Command("limits", "[NAME VALUE]", "the limits of a question, or another one", _limits),
    Command("corpus", "", "the documents", _corpus),
    Command("cells", "", "every cell, a line each", _showing(inspecting.cells)),
    Command("cell", "N", "a cell: its code and its output", _numbered(inspecting.cell)),
    Command("out", "[N]", "the output of a cell, or of the last", _out),
    Command("calls", "[N|failed]", "sub-calls, a line each; one of them whole; those that failed", _calls),
    Command("retry", "N", "make a sub-call again, as a cell of yours", _retry),
    Command("draft", "", "the draft as it stands", _showing(inspecting.draft)),
    Command("diff", "A B", "what two drafts differ in", _diff),
    Command("why", "N", "what stands behind note N, or sentence N, of the answer", _numbered(why, 1)),
    Command("vars", "", "the variables in the kernel", _showing(inspecting.variables)),
    Command("memory", "[NAME = VALUE|reset [NAME]]", "the notes that the model keeps", _memory),
    Command("undo", "", "take back the last question and all that came of it", _undo),
    Command("fork", "[TURN] [QUESTION]", "go on from a turn in a session of its own", _fork),
    Command("open", "ID", "leave this session and go on with another", _open),
    Command("save", "FILE", "write the answer to a file", _save, takes_path=True),
    Command("cost", "", "what each question has cost", _showing(inspecting.cost)),
    Command("watch", "[QUESTION]", "ask the last question again whenever files change, until Ctrl-C", _watch),
    Command("theme", "[NAME]", "the colours, as samples; or other ones", _theme),
    Command("quit", "", "leave", _quit),
)


def arguments(desk: Desk) -> Mapping[str, Callable[[str], Iterable[str]]]:
    """What the commands take, for completion."""

    def models(typed: str) -> Iterable[str]:
        table = price_table(desk.plan.settings)
        provider, slash, _ = typed.partition("/")
        found = table.names(provider) if slash else [f"{each}/" for each in sorted(table.providers())]
        return [*desk.plan.settings.models.aliases, *found]

    def cells(typed: str) -> Iterable[str]:
        return [str(event.body.cell) for event in desk.events if isinstance(event.body, CellStarted)]

    return {
        "model": models,
        "sub": models,
        "limits": lambda typed: [n.removeprefix("limits.") for n in BY_NAME if n.startswith("limits.")],
        "cell": cells,
        "out": cells,
        "calls": lambda typed: ["failed"],
        "memory": lambda typed: ["reset"],
        "theme": lambda typed: BY_NAME["output.theme"].choices,
        "open": lambda typed: _sessions(desk),
    }


def _file(name: str) -> Path:
    path = Path(name).expanduser()
    check_out_file(path)
    return path


def _sessions(desk: Desk) -> list[str]:
    found = Sessions(desk.plan.directories.sessions).newest_first()
    return [summary.header.run for _, summary in zip(range(_SESSIONS_OFFERED), found, strict=False)]


def _number(entry: Slash, word: str) -> int:
    if not word.isdigit():
        raise UsageError(
            f"/{entry.name} takes a number", f"{word!r} is none" if word else "", f"/{entry.name} 1"
        )
    return int(word)
