"""The Kernel port: one ipykernel after the other, over one run directory.

It joins process, wire and channel, and keeps what has to outlive a process. What happens within a cell
is `running`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from dataclasses import dataclass

import msgspec

from rlm_cli.base import descriptors
from rlm_cli.base.errors import KernelError
from rlm_cli.events.bodies import KernelReady, KernelRestarted
from rlm_cli.events.values import Json, Problem
from rlm_cli.kernel import launch, rundir
from rlm_cli.kernel.client import ShellChannel, import_libraries
from rlm_cli.kernel.endings import Known
from rlm_cli.kernel.frames import Frame, Ready, encode_note
from rlm_cli.kernel.history import Turns
from rlm_cli.kernel.process import KernelProcess
from rlm_cli.kernel.restoring import Restored, restored_of
from rlm_cli.kernel.running import Parts, RunningCell
from rlm_cli.kernel.sandbox.policy import UNCONFINED, Sandbox
from rlm_cli.kernel.sandbox.tiers import Tier
from rlm_cli.kernel.wire import Wire
from rlm_cli.ports import Cell, CellHost, CellResult, Mount

_REACHED_SECONDS = 10.0


@dataclass(frozen=True)
class KernelLimits:
    """What an IpyKernel allows itself.

    Units:   start_seconds bounds a start; grace_seconds is the pause between two steps of the ladder.
    """

    start_seconds: float = 30.0
    grace_seconds: float = 2.0


class IpyKernel:
    """An ipykernel in a process of its own: implements `ports.Kernel`.

    Shape:   mount is what the kernel maps; None gives a kernel without a corpus. The sandbox says which
             tiers of protection may be used; which one it became is told by `start`.
    """

    def __init__(
        self, mount: Mount | None, limits: KernelLimits = KernelLimits(), sandbox: Sandbox = UNCONFINED
    ) -> None:
        self._mount = mount
        self._limits = limits
        self._sandbox = sandbox
        self.launched: launch.Launch | None = None
        self._known = Known()
        self._turns = Turns()
        self._directory: rundir.RunDirectory | None = None
        self._process: KernelProcess | None = None
        self._wire: Wire | None = None
        self._channel: ShellChannel | None = None
        self._running: RunningCell | None = None
        self._ready: asyncio.Future[Ready] | None = None
        self._is_restoring = False
        self._restored = Restored()

    async def start(self) -> KernelReady:
        """Start it, and map the corpus.

        Errors:  KernelError when it cannot be started.
        """
        started = time.monotonic()
        descriptors.check()
        if self._directory is None:
            self._directory = rundir.make()
        try:
            built, ready = await self._launched(self._directory)
        except OSError as error:
            await self.close()
            raise KernelError("cannot start the kernel", str(error), "Run `rlm doctor`.") from error
        except BaseException:
            await self.close()
            raise
        self._restored = restored_of(ready)
        for entry in self._turns.all():
            self._send(encode_note({"note": "history", "entry": entry}))
        return KernelReady(
            python=ready.python,
            sandbox=built.status_line,
            tier=built.tier,
            names=ready.names,
            seconds=time.monotonic() - started,
        )

    async def run(self, cell: Cell, host: CellHost) -> CellResult:
        """Run one cell to its end: its own report, its own reply, all of its calls settled or cancelled.

        Errors:  none for what a cell does; what the host raises while it serves the cell.
        """
        process, channel = self._process, self._channel
        if process is None or channel is None or not process.is_alive or self._directory is None:
            return self._gone()
        parts = Parts(
            process, self._directory, self._send, self._drain, self._known, self._limits.grace_seconds
        )
        running = RunningCell(cell, host, parts)
        self._running = running
        self._send(encode_note({"note": "cell", "number": cell.number, "turn": cell.turn}))
        try:
            result = await running.result(channel.execute(cell.number, cell.code))
        finally:
            self._running = None
        self._add_turns(self._turns.ran(cell, result))
        return result

    def interrupt(self, force: int = 1) -> None:
        """Stop the running cell: 1 interrupts, 2 and more kills. Does nothing when none runs."""
        if self._running is not None:
            self._running.stop(force)

    def remember(self, entry: dict[str, Json]) -> None:
        """Give the kernel an entry of `history`; one that names a cell appears when that cell has ended."""
        self._add_turns(self._turns.add(entry))

    async def restart(self, why: str) -> KernelRestarted:
        """Replace the process by a fresh one over the same corpus, with what it can bring back.

        Errors:  KernelError when it cannot be started.
        """
        started = time.monotonic()
        await self._end_process()
        self._is_restoring = True
        try:
            await self.start()
        finally:
            self._is_restoring = False
        return self._restored.told(why, self._known, time.monotonic() - started)

    async def close(self) -> None:
        """End the process and everything that it has started, and remove its directory."""
        await self._end_process()
        if self._directory is not None:
            directory, self._directory = self._directory, None
            await asyncio.to_thread(directory.remove)

    async def _launched(self, directory: rundir.RunDirectory) -> tuple[launch.Launch, Ready]:
        """A started kernel; one that fails over what it is to bring back is started again without it."""
        try:
            return await self._confined(directory)
        except KernelError:
            if not self._is_restoring:
                raise
            await self._end_process()
            self._is_restoring = False
            return await self._confined(directory)

    async def _confined(self, directory: rundir.RunDirectory) -> tuple[launch.Launch, Ready]:
        """A started kernel in the best tier that may be used and whose protections hold.

        Errors:  KernelUnconfined when there is none.
        """
        missing: list[str] = []
        for tier in self._sandbox.tiers:
            why = await asyncio.to_thread(launch.missing, tier)
            if not why:
                try:
                    return await self._launch(directory, tier)
                except launch.KernelUnconfined as error:
                    why = error.why
                    await self._end_process()
            missing.append(why)
        raise launch.KernelUnconfined("the kernel cannot be confined", "; ".join(missing))

    async def _launch(self, directory: rundir.RunDirectory, tier: Tier) -> tuple[launch.Launch, Ready]:
        ours, theirs = socket.socketpair()
        leash_end, leash = os.pipe()
        libraries = asyncio.create_task(asyncio.to_thread(import_libraries))
        try:
            mount = launch.Mounted(self._sandbox, tier, self._mount.store if self._mount else "")
            built = launch.build(directory, theirs.fileno(), leash_end, mount)
            directory.write_connection_file()
            directory.write_boot_file(self._boot(directory, theirs.fileno()) | built.boot)
            self._process = await KernelProcess.spawn(built, directory.log, leash)
        except OSError:
            ours.close()
            os.close(leash)
            raise
        finally:
            theirs.close()
            os.close(leash_end)
        self._ready = asyncio.get_running_loop().create_future()
        self._wire = Wire(self._received, self._broken)
        await self._wire.start(ours)
        ready = await self._until_ready(self._process, self._ready, directory)
        await libraries
        self._channel = ShellChannel(directory)
        await self._until_reached(self._process, self._channel)
        self.launched = built
        return built, ready

    async def _until_ready(
        self, process: KernelProcess, ready: asyncio.Future[Ready], directory: rundir.RunDirectory
    ) -> Ready:
        waiting: set[asyncio.Future[object]] = {ready, process.ended}  # type: ignore[arg-type]
        await asyncio.wait(waiting, timeout=self._limits.start_seconds, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return ready.result()
        tail = directory.log_tail()
        if "No module named" in tail:
            remedy = f"Run: {sys.executable} -m pip install ipykernel"
        else:
            remedy = "Run `rlm doctor`."
        last = tail.splitlines()[-1] if tail else process.why()
        if process.ended.done() and launch.is_unconfined(process.ended.result(), last):
            raise launch.KernelUnconfined("the kernel is not confined", last, remedy)
        if not process.ended.done():
            last = f"it was not ready after {self._limits.start_seconds:g} s: {last}"
        raise KernelError("cannot start the kernel", last, remedy)

    async def _until_reached(self, process: KernelProcess, channel: ShellChannel) -> None:
        """Wait until the kernel answers on its channel: one that cannot would never begin a cell.

        Errors:  KernelError.
        """
        answered = channel.answered()
        waiting: set[asyncio.Future[object]] = {answered, process.ended}  # type: ignore[arg-type]
        await asyncio.wait(waiting, timeout=_REACHED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done():
            answered.cancel()
            why = f"it does not answer on its channel: {process.why()}"
            raise KernelError("cannot start the kernel", why, "Run `rlm doctor`.")
        answered.result()

    def _boot(self, directory: rundir.RunDirectory, wire: int) -> dict[str, object]:
        return {
            "wire": wire,
            "connection_file": str(directory.connection_file),
            "scratch": str(directory.scratch),
            "mount": None if self._mount is None else msgspec.to_builtins(self._mount),
            "memory": self._known.memory or {},
            "answer": {"content": self._known.content, "ready": self._known.ready},
            "restore": self._is_restoring,
        }

    def _received(self, frame: Frame) -> None:
        if isinstance(frame, Ready):
            if self._ready is not None and not self._ready.done():
                self._ready.set_result(frame)
        elif self._running is not None:
            self._running.received(frame)

    def _broken(self, fault: str) -> None:
        if self._running is not None:
            self._running.broken(fault)
        elif self._process is not None:
            self._process.kill()

    def _send(self, frame: bytes) -> None:
        if self._wire is not None:
            self._wire.send(frame)

    async def _drain(self, seconds: float) -> None:
        if self._wire is not None:
            await self._wire.drain(seconds)

    def _add_turns(self, entries: list[dict[str, Json]]) -> None:
        for entry in entries:
            self._send(encode_note({"note": "history", "entry": entry}))

    def _gone(self) -> CellResult:
        why = self._process.why() if self._process is not None else "it was not started"
        known = self._known
        return CellResult(
            status="died",
            problem=Problem(kind="KernelDied", message=f"there is no kernel: {why}"),
            variables=list(known.variables),
            coverage=known.coverage,
            content=known.content,
            ready=known.ready,
            kernel_is_lost=True,
        )

    async def _end_process(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            await self._process.end()
            self._process = None
        if self._wire is not None:
            wire, self._wire = self._wire, None
            with contextlib.suppress(OSError):
                await wire.close()
