"""Why a reply ended, in the port's words: only what is sure to be whole is `stop`.

Owns the words of all providers. What none of them is known to say for a whole reply is never taken for one.
"""

from __future__ import annotations

from rlm_cli.base.text import one_line

STOPS = frozenset(
    ("stop", "stop_sequence", "stop_token", "end_turn", "eos", "eos_token", "end_of_sequence")
) | {"complete", "completed", "tool_calls", "tool_call", "tool_use", "function_call"}
_LENGTHS = frozenset(
    ("length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit")
) | {"model_context_window_exceeded", "compaction"}
_FILTERS = frozenset(
    ("content_filter", "content_filtered", "safety", "refusal", "sensitive", "guardrail_intervened")
)
_WORD_CHARACTERS = 60


def finish_of(reason: str | None) -> str:
    """The port's word for a provider's finish reason; a word that is not known is handed on as it is.

    Shape:   None and the empty reason are `stop`: the server has ended its reply and named no reason.
    """
    word = (reason or "stop").strip().lower()
    if word in STOPS:
        return "stop"
    if word in _LENGTHS:
        return "length"
    return "content_filter" if word in _FILTERS else one_line(word, _WORD_CHARACTERS) or "unknown"
