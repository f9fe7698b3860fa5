"""Imports litellm: late, once, quiet and offline.

Owns what has to be set before and after, so that it never retries, prints, logs, phones home or reads a
`.env` file. Knows nothing of requests.

Source:  measured: 2 to 4 s; litellm reads `.env` files and fetches a price table while it is imported,
         unless LITELLM_MODE and LITELLM_LOCAL_MODEL_COST_MAP are set before.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
import warnings
from typing import Any

from rlm_cli.base.errors import SettingsError
from rlm_cli.models.finishing import STOPS

_BEFORE_IMPORT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
_LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "openai", "httpx", "httpcore")
_PAGES = ("text/html", "application/xhtml+xml")
_lock = threading.Lock()


class Elsewhere(Exception):
    """A server answered with a redirect, or with a page: what no model server does.

    Shape:   location is where a redirect points; content_type and begins are of a page of status 200.
    """

    def __init__(self, status: int, location: str = "", content_type: str = "", begins: str = "") -> None:
        super().__init__(f"{status} {location or content_type}")
        self.status = status
        self.location = location
        self.content_type = content_type
        self.begins = begins


def load() -> Any:
    """litellm, imported quietly; the first call takes seconds.

    Errors:  SettingsError when it is not installed.
    """
    with _lock:
        os.environ.update(_BEFORE_IMPORT)
        try:
            litellm = importlib.import_module("litellm")
        except ImportError as error:
            raise SettingsError(
                "litellm cannot be imported", str(error), "Run: pip install litellm"
            ) from error
        _silence(litellm)
        _stay()
        _tell_every_end()
        return litellm


def warm_up() -> threading.Thread:
    """Import litellm in the background; the thread may be left alone."""

    def run() -> None:
        with contextlib.suppress(SettingsError):
            # An answer that is made up on the spot imports what a first real call would wait for.
            load().completion(
                model="openai/warm-up",
                messages=[{"role": "user", "content": "x"}],
                mock_response="x",
                api_key="none",
            )

    thread = threading.Thread(target=run, name="litellm-import", daemon=True)
    thread.start()
    return thread


def _silence(litellm: Any) -> None:
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.set_verbose = False
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.cache = None
    litellm.num_retries = 0
    for callbacks in (
        "callbacks",
        "success_callback",
        "failure_callback",
        "input_callback",
        "service_callback",
    ):
        setattr(litellm, callbacks, [])
    for module in ("litellm", "pydantic"):
        warnings.filterwarnings("ignore", module=module)
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _stay() -> None:
    """Let no client of litellm's follow a redirect, which would hand the documents to another host.

    Source:  litellm and openai make httpx clients in a dozen places, each with `follow_redirects=True`;
             `send` is what all of them come through.
    """
    httpx = importlib.import_module("httpx")
    send, send_at_once = httpx.AsyncClient.send, httpx.Client.send
    if getattr(send, "stays", False):
        return

    async def stay(client: Any, request: Any, **options: Any) -> Any:
        response = await send(client, request, **{**options, "follow_redirects": False})
        if _is_elsewhere(response):
            begins = await response.aread() if response.status_code == 200 else b""
            await response.aclose()
            _require_reply(response, begins)
        return response

    def stay_at_once(client: Any, request: Any, **options: Any) -> Any:
        response = send_at_once(client, request, **{**options, "follow_redirects": False})
        if _is_elsewhere(response):
            begins = response.read() if response.status_code == 200 else b""
            response.close()
            _require_reply(response, begins)
        return response

    stay.stays = True  # type: ignore[attr-defined]
    httpx.AsyncClient.send, httpx.Client.send = stay, stay_at_once


def _is_elsewhere(response: Any) -> bool:
    """Whether an answer to a request with documents is a redirect or a page."""
    is_page = response.status_code == 200 and _content_type(response) in _PAGES
    return response.request.method == "POST" and (is_page or 300 <= response.status_code < 400)


def _require_reply(response: Any, begins: bytes) -> None:
    """An empty page is left to litellm, as an empty reply.

    Errors:  Elsewhere.
    """
    if begins.strip() or response.status_code != 200:
        location, text = response.headers.get("location", ""), begins[:200].decode("utf-8", "replace")
        raise Elsewhere(response.status_code, location, _content_type(response), text)


def _content_type(response: Any) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _tell_every_end() -> None:
    """Let no finish reason become `stop` that is none.

    Source:  litellm's `map_finish_reason` takes `error`, `network_error` and all that it does not know
             for `stop`.
    """
    helpers = importlib.import_module("litellm.litellm_core_utils.core_helpers")
    known: dict[str, str] = getattr(helpers, "_FINISH_REASON_MAP", {})
    if not isinstance(known, _Ends):
        ends = {word: to for word, to in known.items() if to != "stop" or word.lower() in STOPS}
        setattr(helpers, "_FINISH_REASON_MAP", _Ends(ends))  # noqa: B010


class _Ends(dict[str, str]):
    """litellm's words for finish reasons; any other is `content_filter`, which nobody takes for whole."""

    def get(self, word: str, default: Any = None) -> Any:
        """The word for a reason."""
        return super().get(word) or super().get(str(word).lower(), "content_filter")
