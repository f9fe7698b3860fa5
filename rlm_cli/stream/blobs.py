"""Payloads that are too large for a line: kept beside the session file under their hash.

A string that was taken out of a line leaves `{"$blob": sha256, "bytes": n, "head": first characters}`; a
whole body leaves its kind and the same three. What is in `blobs/` is written once and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rlm_cli.base.ids import content_hash
from rlm_cli.events.wire import from_json, to_json
from rlm_cli.stream.files import REAL, Files, read_regular

LINE_BYTES = 64 * 1024
HEAD_CHARACTERS = 200
_LARGEST_BYTES = 1 << 30
_MARK = "$blob"
_SHA = re.compile(r"[0-9a-f]{64}")
_SMALLEST = 2 * HEAD_CHARACTERS
_MOST_STRINGS = 16
_KEYS = {_MARK, "bytes", "head"}


class Blobs:
    """The folder of large payloads of one session."""

    def __init__(self, folder: Path, files: Files = REAL) -> None:
        self.folder = folder
        self._files = files

    def put(self, data: bytes, is_durable: bool = False) -> str:
        """Keep some bytes; their sha256. What is there already is not written again.

        Errors:  OSError; a payload is there whole or not at all.
        """
        sha = content_hash(data)
        path = self.folder / sha
        if path.exists():
            return sha
        self._files.make_folder(self.folder)
        self._files.write_whole(path, data, is_durable)
        return sha

    def get(self, sha: str) -> bytes:
        """The bytes under a hash.

        Errors:  FileNotFoundError when they are missing; OSError, ValueError when they are others.
        """
        data = read_regular(self.folder / sha, _LARGEST_BYTES)
        if content_hash(data) != sha:
            raise ValueError(f"blobs/{sha} was altered")
        return data


def fitted(fields: dict[str, Any], put: Callable[[bytes], str]) -> bytes:
    """The line of an event's object, with its largest strings put away until it fits into a line."""
    line = to_json(fields)
    if len(line) <= LINE_BYTES and b'"$blob"' not in line:
        return line
    body = fields["body"]
    if b'"$blob"' in line and _has_marks(body):
        return to_json({**fields, "body": _whole(body, put)})
    body = _copied(body)
    excess = len(line) - LINE_BYTES
    largest = sorted(_strings(body), key=lambda place: -len(place[0][place[1]]))
    for holder, key in largest[:_MOST_STRINGS]:
        data = holder[key].encode("utf-8", "surrogatepass")
        holder[key] = _reference(data, holder[key], put)
        excess -= len(data)
        if excess > 0:
            continue
        line = to_json({**fields, "body": body})
        if len(line) <= LINE_BYTES:
            return line
        excess = len(line) - LINE_BYTES
    return to_json({**fields, "body": _whole(fields["body"], put)})


def references(body: Any) -> Iterator[dict[str, Any]]:
    """Every place of a body that stands for a payload."""
    if isinstance(body, dict):
        if _is_reference(body) or _is_whole(body):
            yield body
            return
        for value in body.values():
            yield from references(value)
    elif isinstance(body, list):
        for value in body:
            yield from references(value)


def filled_in(body: dict[str, Any], get: Callable[[str], bytes]) -> tuple[dict[str, Any], list[str]]:
    """A body with its payloads put back, and what is wrong with those that could not be.

    Shape:   a string whose payload is missing or was altered is its head and a remark; a whole body is
             left as it was written, and thus read as of an unknown kind.
    """
    faults: list[str] = []

    def text_of(reference: dict[str, Any]) -> str:
        try:
            return get(reference[_MARK]).decode("utf-8", "surrogatepass")
        except (OSError, ValueError) as error:
            faults.append(_fault(reference, error))
            return f"{reference['head']}\n[the rest of {reference['bytes']} bytes is missing]"

    if not _is_whole(body):
        filled: dict[str, Any] = _filled(body, text_of)
        return filled, faults
    try:
        whole = from_json(get(body[_MARK]))
        if isinstance(whole, dict):
            return whole, faults
        raise ValueError("it is no body")
    except (OSError, ValueError) as error:
        return body, [_fault(body, error)]


def _filled(value: Any, text_of: Callable[[dict[str, Any]], str]) -> Any:
    if isinstance(value, dict):
        if _is_reference(value):
            return text_of(value)
        return {name: _filled(inner, text_of) for name, inner in value.items()}
    return [_filled(inner, text_of) for inner in value] if isinstance(value, list) else value


def _fault(reference: dict[str, Any], error: Exception) -> str:
    what = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be used: {error}"
    return f"the payload blobs/{reference[_MARK]} {what}"


def _reference(data: bytes, text: str, put: Callable[[bytes], str]) -> dict[str, Any]:
    return {_MARK: put(data), "bytes": len(data), "head": text[:HEAD_CHARACTERS]}


def _whole(body: dict[str, Any], put: Callable[[bytes], str]) -> dict[str, Any]:
    return {"kind": body["kind"], **_reference(to_json(body), "", put)}


def _is_reference(value: dict[str, Any]) -> bool:
    return value.keys() == _KEYS and isinstance(value[_MARK], str) and bool(_SHA.fullmatch(value[_MARK]))


def _is_whole(value: dict[str, Any]) -> bool:
    return value.keys() == _KEYS | {"kind"} and bool(_SHA.fullmatch(str(value[_MARK])))


def _has_marks(value: Any) -> bool:
    if isinstance(value, dict):
        return _MARK in value or any(_has_marks(inner) for inner in value.values())
    return isinstance(value, list) and any(_has_marks(inner) for inner in value)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _strings(value: Any) -> Iterator[tuple[Any, Any]]:
    places = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in places:
        if isinstance(inner, str):
            if len(inner) > _SMALLEST and key != "kind":
                yield value, key
        elif isinstance(inner, dict | list):
            yield from _strings(inner)
