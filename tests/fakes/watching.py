"""What a face prints, without a terminal: both streams as text, and the commands that it gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rlm_cli.events import Event
from rlm_cli.events.commands import Command
from rlm_cli.faces.choosing import face_for
from rlm_cli.faces.options import FaceOptions
from rlm_cli.faces.output import Look, Output, Sink
from rlm_cli.stream.replaying import as_stream


@dataclass
class Screen:
    """Two streams that are remembered.

    Shape:   out_breaks and err_breaks are how many writes each stream takes before its reader is gone.
    """

    out_look: Look = field(default_factory=Look)
    err_look: Look = field(default_factory=Look)
    out_breaks: int | None = None
    err_breaks: int | None = None
    written: list[tuple[str, bytes]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    @property
    def out(self) -> str:
        return self._text("out")

    @property
    def err(self) -> str:
        return self._text("err")

    def output(self) -> Output:
        return Output(self._sink("out", self.out_look), self._sink("err", self.err_look))

    async def show(self, output_format: str, events: Iterable[Event], options: FaceOptions) -> int:
        """The exit code of a face over these events."""
        face = face_for(output_format, self.output(), options)
        return await face(as_stream(events), self.commands.append)

    def _sink(self, name: str, look: Look) -> Sink:
        def write(data: bytes) -> None:
            left = getattr(self, f"{name}_breaks")
            if left is not None:
                if left == 0:
                    raise BrokenPipeError(32, "Broken pipe")
                setattr(self, f"{name}_breaks", left - 1)
            self.written.append((name, data))

        return Sink(write, look)

    def _text(self, name: str) -> str:
        return b"".join(data for stream, data in self.written if stream == name).decode()
