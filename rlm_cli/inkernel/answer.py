"""The `answer` variable: every change is reported as it happens, by whatever way the dict is changed.

What cannot be seen as it happens (the name bound to something else, a nested value changed, a method of
`dict` called behind its back) is found when the cell ends. It knows nothing of how drafts are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rlm_cli.inkernel.plain import TooLarge, plain

_CLIPPED_CHARACTERS = 1_000_000


class Answer(dict[str, Any]):
    """Your answer: `{"content": "", "ready": False}`.

    Draft early and often: `answer["content"]` is what the user gets when the run stops for any reason.
    `content` is text (or a JSON value when a schema was asked for); put marks of `cite(...)` behind what
    they support. Set `answer["ready"] = True` only when you have checked the draft.

    >>> answer["content"] = f"Clause 9 is uncapped {cite(hit)}."
    >>> answer["ready"] = True
    """

    def __init__(self, content: Any = "", ready: bool = False) -> None:
        super().__init__(content=content, ready=ready)
        self._report: Callable[[Any, bool], None] | None = None
        self._told: tuple[Any, bool] = (_content(content), ready)

    def reports_to(self, report: Callable[[Any, bool], None]) -> Answer:
        """Say where changes are told."""
        self._report = report
        return self

    def state(self) -> tuple[Any, bool]:
        """The content as a plain value, and whether it is ready."""
        return _content(self.get("content", "")), bool(self.get("ready", False))

    def tell(self) -> None:
        """Report, when there is something that was not reported."""
        state = self.state()
        if state != self._told and self._report is not None:
            self._told = state
            self._report(*state)

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.tell()

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.tell()

    def __ior__(self, other: Any) -> Answer:  # type: ignore[override,misc]
        super().update(other)
        self.tell()
        return self

    def update(self, *args: Any, **values: Any) -> None:
        super().update(*args, **values)
        self.tell()

    def setdefault(self, key: str, default: Any = None) -> Any:
        value = super().setdefault(key, default)
        self.tell()
        return value

    def pop(self, *args: Any) -> Any:
        value = super().pop(*args)
        self.tell()
        return value

    def popitem(self) -> tuple[str, Any]:
        item = super().popitem()
        self.tell()
        return item

    def clear(self) -> None:
        super().clear()
        self.tell()

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __repr__(self) -> str:
        return repr(dict(self))


def settled(bound: Any, known: Answer) -> Answer:
    """The answer after a cell: the known one, told of all changes, whatever the name is bound to.

    Shape:   a dict replaces the whole; text or another JSON value replaces the content alone; a name that
             was deleted, or bound to None, leaves the answer as it was.
    """
    if bound is known or bound is None:
        known.tell()
        return known
    if isinstance(bound, dict):
        dict.clear(known)
        dict.update(known, bound)
    else:
        dict.__setitem__(known, "content", bound)
    known.tell()
    return known


def _content(value: Any) -> Any:
    try:
        return plain(value)
    except TooLarge:
        if isinstance(value, str):
            return f"{value[:_CLIPPED_CHARACTERS]}\n[… the answer was cut: {len(value):,} characters]"
        return "[the answer is too large to be taken out of the kernel]"
