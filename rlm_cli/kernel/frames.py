"""What comes over the socketpair from a kernel, decoded strictly: exact keys, exact types, bounded size.

A cell may write to the socket itself, so nothing here is trusted. It knows shapes, not what is done
with them.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Literal

import msgspec
from msgspec import Struct

from rlm_cli.events.values import Coverage, Json, Problem
from rlm_cli.kernel import bounds
from rlm_cli.ports import CallReply, KernelCall

FRAME_BYTES = 16 * 1024 * 1024
LENGTH = struct.Struct(">I")


class ProtocolFault(ValueError):
    """Something else than a frame of ours has come over the socketpair."""


class CallFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """A cell calls."""

    id: int
    cell: int
    call: KernelCall


class CancelFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody in the kernel waits for these calls any more."""

    cancel: list[int]


class Ready(Struct, frozen=True, tag_field="note", tag="ready", forbid_unknown_fields=True):
    """The kernel can take cells.

    Units:   seconds is what ipykernel and our names took inside the process.
    Shape:   restored are the names that stand again as they were after the cell `restored_cell`.
    """

    python: str
    pid: int
    names: list[str]
    seconds: float
    restored: list[str] = []
    restored_cell: int = 0


class Draft(Struct, frozen=True, tag_field="note", tag="draft", forbid_unknown_fields=True):
    """The answer variable has changed."""

    cell: int
    content: Json
    ready: bool

    @property
    def characters(self) -> int:
        """About how long the content is as text."""
        return len(self.content) if isinstance(self.content, str) else len(msgspec.json.encode(self.content))


class Output(Struct, frozen=True, tag_field="note", tag="output", forbid_unknown_fields=True):
    """A piece of output for the screen."""

    cell: int
    stream: Literal["stdout", "stderr", "result", "error"]
    text: str


class Report(Struct, frozen=True, tag_field="note", tag="report", forbid_unknown_fields=True):
    """A cell has come to its end.

    Shape:   variables are (name, type, size); memory holds what can be kept of it, as JSON.
    """

    cell: int
    status: Literal["ok", "error", "interrupted"]
    problem: Problem | None
    shown: str
    omitted: int
    variables: list[tuple[str, str, str]]
    coverage: Coverage
    content: Json
    ready: bool
    memory: dict[str, Any]
    memory_left_out: list[str]


Frame = CallFrame | CancelFrame | Ready | Draft | Output | Report

_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CALL = msgspec.json.Decoder(CallFrame)
_CANCEL = msgspec.json.Decoder(CancelFrame)
_NOTE = msgspec.json.Decoder(Ready | Draft | Output | Report)


def decode(raw: bytes) -> Frame:
    """The frame that some bytes are.

    Errors:  ProtocolFault for everything else.
    """
    try:
        keys = _KEYS.decode(raw)
        if "call" in keys:
            return _bounded(_CALL.decode(raw))
        return _bounded(_CANCEL.decode(raw) if "cancel" in keys else _NOTE.decode(raw))
    except (msgspec.DecodeError, RecursionError, UnicodeError, bounds.OutOfBounds) as error:
        raise ProtocolFault(str(error)) from error


def _bounded(frame: Frame) -> Frame:
    """The frame, its texts cut where a cell may not choose their length.

    Errors:  OutOfBounds.
    """
    match frame:
        case CallFrame():
            bounds.check_number(frame.id, "the number of a call")
            bounds.check_call(frame.call)
        case Draft():
            bounds.check_depth(frame.content)
        case Report():
            bounds.check_depth(frame.content)
            bounds.check_depth(frame.memory)
            shown, omitted = bounds.cut_shown(frame.shown, frame.omitted)
            return msgspec.structs.replace(
                frame,
                shown=shown,
                omitted=omitted,
                problem=bounds.cut_problem(frame.problem),
                variables=bounds.cut_rows(frame.variables),
                memory_left_out=[name[:100] for name in frame.memory_left_out[:100]],
            )
    return frame


def encode_reply(number: int, reply: CallReply) -> bytes:
    """The frame of a reply; a reply that does not fit becomes one that says so."""
    frame = _encode({"id": number, "reply": reply})
    if len(frame) <= FRAME_BYTES:
        return frame
    problem = Problem(kind="too_large", message="the reply is larger than 16 MiB")
    return _encode({"id": number, "reply": CallReply(problem=problem, usage=reply.usage)})


def encode_note(note: dict[str, Any]) -> bytes:
    """The frame of a note to the kernel; text of a note that does not fit is cut at a million characters."""
    frame = _encode(note)
    return frame if len(frame) <= FRAME_BYTES else _encode(_cut(note))


def _encode(value: Any) -> bytes:
    try:
        raw = msgspec.json.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value)
        raw = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return LENGTH.pack(len(raw)) + raw


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:1_000_000]
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    return [_cut(item) for item in value[:100]] if isinstance(value, list) else value
