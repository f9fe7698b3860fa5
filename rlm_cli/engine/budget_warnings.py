"""Says once for each limit that it is near, to the user and to the model."""

from __future__ import annotations

from rlm_cli.base.text import money
from rlm_cli.engine.tree import Tree
from rlm_cli.events.bodies import BudgetWarned

_NEAR = 0.8


class BudgetWarnings:
    """The warnings of one run."""

    def __init__(self, tree: Tree, span: str) -> None:
        self._tree = tree
        self._span = span
        self._said: set[str] = set()

    def say_what_cannot_be_kept(self) -> None:
        """Without a price, a ceiling in dollars holds nothing: the user is told which limits do."""
        limits, models = self._tree.settings.limits, self._tree.models
        unpriced = {
            each.facts.name for each in (models.root, models.sub) if each.facts.usd_per_token_in is None
        }
        if limits.usd is None or not unpriced:
            return
        calls = "no limit of calls" if limits.calls is None else f"{limits.calls:,} sub-calls (--max-calls)"
        warned = BudgetWarned(
            limit="usd",
            state="unknown",
            used=0.0,
            allowed=limits.usd,
            text=f"the price of {' and '.join(sorted(unpriced))} is not known: {money(limits.usd)} cannot be "
            f"kept; what holds: {calls}. Set models.prices to name a price",
        )
        self._tree.session.emit(self._span, warned)

    def check(self) -> str:
        """Emit what has come near since the last time; the same for the model, empty when nothing has."""
        texts = []
        for limit, used, allowed, text in self._states():
            if allowed and used >= allowed * _NEAR and limit not in self._said:
                self._said.add(limit)
                state = "reached" if used >= allowed else "near"
                warned = BudgetWarned(limit=limit, state=state, used=used, allowed=allowed, text=text)
                self._tree.session.emit(self._span, warned)
                texts.append(text)
        return f"Near a limit: {'; '.join(texts)}. Plan to finish." if texts else ""

    def _states(self) -> list[tuple[str, float, float | None, str]]:
        budget = self._tree.budget
        limits, spent, calls = budget.limits, budget.spent, budget.sub_requests
        tokens, usd = spent.tokens_in + spent.tokens_out, spent.usd or 0.0
        return [
            ("calls", calls, limits.calls, f"{calls:,} of {limits.calls} sub-calls"),
            ("usd", usd, limits.usd, f"{money(usd)} of {money(limits.usd)}"),
            ("tokens", tokens, limits.tokens, f"{tokens:,} of {limits.tokens} tokens"),
        ]
