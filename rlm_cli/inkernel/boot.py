"""The kernel from its boot file: ipykernel without its extras, our names in it, our bounds around it.

It joins the other modules of this package; it owns no behaviour of its own. ipykernel is imported here
alone, inside the function that needs it.

The boot file is JSON: `sys_path`, `wire` (descriptor), `connection_file`, `scratch`, `mount`, `memory`,
`answer` (content and ready), `restore` (whether what the kernel before has kept is brought back).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlm_cli.inkernel import variables
from rlm_cli.inkernel.answer import Answer
from rlm_cli.inkernel.calls import Calls
from rlm_cli.inkernel.cells import Cells
from rlm_cli.inkernel.checkpoint import Checkpoint
from rlm_cli.inkernel.definitions import Definitions
from rlm_cli.inkernel.descriptors import Tap
from rlm_cli.inkernel.display import bounded_repr
from rlm_cli.inkernel.memory import History
from rlm_cli.inkernel.output import Capture, CellStream
from rlm_cli.inkernel.wire import Wire


def run(boot: dict[str, Any]) -> None:
    """Be the kernel that the boot file describes, until the process ends."""
    started = time.monotonic()
    scratch = Path(boot["scratch"])
    inside = Inside(boot, scratch)
    app = _application(boot, scratch)
    inside.install(app.kernel, app.kernel.shell)
    cell, restored = inside.checkpoint.restore() if boot.get("restore") else (0, [])
    inside.wire.send(
        {
            "note": "ready",
            "python": sys.version.split()[0],
            "pid": os.getpid(),
            "names": inside.names,
            "seconds": time.monotonic() - started,
            "restored": restored,
            "restored_cell": cell,
        }
    )
    app.start()


class Inside:
    """What is ours in the kernel, put together."""

    def __init__(self, boot: dict[str, Any], scratch: Path) -> None:
        connection = socket.socket(fileno=int(boot["wire"]))
        os.set_inheritable(connection.fileno(), False)
        self._boot = boot
        self._shell: Any = None
        self.names: list[str] = []
        self.wire = Wire(connection, self._received)
        self.capture = Capture(self._live)
        self.calls = Calls(self.wire.send_frame, self.capture.flush)
        self.tap = Tap(self.capture)
        outputs = scratch / "outputs"
        outputs.mkdir(parents=True, exist_ok=True)
        self.history = History(outputs)
        self.cells = Cells(self.wire.send, self.calls, self.capture, self.tap, outputs)
        self.definitions = Definitions(self._as_python, self.cells.sources.add)
        self.checkpoint = Checkpoint(scratch, self.definitions)
        self.cells.keep = self._keep

    def install(self, kernel: Any, shell: Any) -> None:
        """Put names, bounds and failures of ours into a kernel that was made."""
        from rlm_cli.inkernel import failures

        self._keep_faults_readable()
        self.tap.start()
        self.capture.start()
        sys.stdout = CellStream(self.capture, "stdout", 1, self.tap.take_in)
        sys.stderr = CellStream(self.capture, "stderr", 2, self.tap.take_in)
        failures.install(kernel, shell, self.cells)
        self._shell = shell
        self._names(shell.user_ns)
        self._displays(shell)
        kernel._execute_sleep = 0
        kernel._cancel_on_sigint = self.cells.interrupts.cancelling
        kernel.pre_handler_hook = self.cells.interrupts.install
        kernel.post_handler_hook = self.cells.interrupts.install
        kernel.do_execute = self.cells.wrap(kernel.do_execute)
        os.register_at_fork(after_in_child=self._in_a_child)
        self.wire.start()

    def _names(self, namespace: dict[str, Any]) -> None:
        """Everything that a cell finds (DESIGN §6)."""
        from rlm_cli.inkernel.names import corpus_names
        from rlm_cli.inkernel.queries import Queries

        queries = Queries(self.calls, self.cells)
        found = corpus_names(self._boot["mount"], queries.cite_at)
        draft = self._boot.get("answer") or {}
        self.cells.answer = Answer(draft.get("content", ""), bool(draft.get("ready", False)))
        self.cells.answer.reports_to(self._drafted)
        queries.corpus = found.get("corpus")
        self.cells.ledger = getattr(queries.corpus, "ledger", None)
        ours = {
            **found,
            **queries.names(),
            "answer": self.cells.answer,
            "history": self.history,
            "memory": dict(self._boot.get("memory") or {}),
            "show_vars": variables.shower(lambda: variables.of(namespace, self.cells.built_in)),
        }
        self.names = sorted(ours)
        namespace.update(ours)
        self.cells.namespace = self.checkpoint.namespace = namespace
        self.cells.built_in = self.checkpoint.built_in = dict(namespace)
        self.checkpoint.library = getattr(queries.corpus, "library", None)

    def _keep(self, cell: int, code: str) -> None:
        self.definitions.ran(cell, code)
        self.checkpoint.write(cell)

    def _as_python(self, code: str) -> str:
        return str(self._shell.transform_cell(code))

    def _displays(self, shell: Any) -> None:
        """What a cell shows (a last expression, `display(...)`, `name?`) becomes output of the cell."""

        def show(value: Any) -> None:
            if value is not None:
                shell.user_ns["_"] = value
                self.capture.add("result", bounded_repr(value) + "\n")

        def publish(data: dict[str, Any], *_: Any, **__: Any) -> None:
            text = data.get("text/plain") or data.get("text/markdown") or f"<{', '.join(data)}>"
            self.capture.add("result", f"{text}\n")

        def page(_shell: Any, data: Any, *_: Any, **__: Any) -> None:
            text = data.get("text/plain", "") if isinstance(data, dict) else str(data)
            self.capture.add("stdout", f"{text}\n")

        shell.system = shell.system_raw
        shell.display_trap.hook = show
        shell.display_pub.publish = publish
        shell.set_hook("show_in_pager", page, 0)
        shell.display_formatter.active_types = ["text/plain"]
        for kind in (str, bytes, list, tuple, dict, set, frozenset):
            shell.display_formatter.formatters["text/plain"].for_type(kind, _pretty)

    def _received(self, frame: dict[str, Any]) -> None:
        """A frame has arrived, on the reader's thread."""
        if "reply" in frame:
            self.calls.answered(int(frame["id"]), frame["reply"])
        elif frame.get("note") == "history":
            self.history.add(frame["entry"])
        elif frame.get("note") == "cell":
            self.cells.announced(int(frame["number"]))

    def _drafted(self, content: Any, ready: bool) -> None:
        cell = self.calls.cell or 0
        self.wire.send_through({"note": "draft", "cell": cell, "content": content, "ready": ready})

    def _live(self, cell: int, stream: str, text: str) -> None:
        self.wire.send({"note": "output", "cell": cell, "stream": stream, "text": text})

    def _in_a_child(self) -> None:
        """A forked child writes to the descriptors, and makes no calls."""
        self.calls.refuse_all()
        self.wire.close()
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115

    def _keep_faults_readable(self) -> None:
        """A crash, and a wedged line on SIGUSR1, are written to the log of the process."""
        import faulthandler

        log = open(os.dup(2), "w", encoding="utf-8")  # noqa: SIM115
        self._log = log
        faulthandler.enable(log, all_threads=False)
        faulthandler.register(signal.SIGUSR1, log, all_threads=True)


def _pretty(value: Any, printer: Any, _cycle: bool) -> None:
    printer.text(bounded_repr(value))


def _application(boot: dict[str, Any], scratch: Path) -> Any:
    """An ipykernel that is initialised but does not run yet: no history file, no debugger, no colours."""
    blocked = _without("debugpy")
    warnings.filterwarnings("ignore", "Couldn't bind IOPub Pipe")  # a confined kernel has no TCP
    try:
        from ipykernel.kernelapp import IPKernelApp
        from traitlets.config import Config

        config = Config()
        profile = scratch / "ipython" / "profile"
        profile.mkdir(parents=True, exist_ok=True)
        config.BaseIPythonApplication.ipython_dir = str(profile.parent)
        config.ProfileDir.location = str(profile)
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.cache_size = 0
        config.InteractiveShell.banner1 = ""
        config.InteractiveShellApp.exec_PYTHONSTARTUP = False
        config.InteractiveShellApp.hide_initial_ns = False
        config.IPKernelApp.capture_fd_output = False
        config.IPKernelApp.log_level = 50
        config.Completer.use_jedi = False
        app = IPKernelApp.instance(config=config, parent_handle=0)
        app.initialize(["-f", boot["connection_file"]])
    finally:
        blocked()
    return app


def _without(module: str) -> Callable[[], None]:
    """Make a module look absent; the returned function makes it visible again."""
    import importlib

    was = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]

    def visible() -> None:
        if was is None:
            sys.modules.pop(module, None)
        else:
            sys.modules[module] = was
        importlib.invalidate_caches()

    return visible
