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

_BEFORE_IMPORT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
_LOGGERS = ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router", "openai", "httpx", "httpcore")
_lock = threading.Lock()


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
