"""Asks servers that may be running nearby which models they serve.

Owns the one question `GET …/models` and its short patience. Sends nothing of the user's, keeps nothing,
and takes any answer that is not a list of models for no answer.
"""

from __future__ import annotations

import concurrent.futures
import re
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rlm_cli.models.endpoints import Address

NEAR_SECONDS = 0.15
FAR_SECONDS = 2.0
_NOT_CHAT = re.compile(r"embed|rerank|whisper|tts|bge-|clip|moderation|guard", re.IGNORECASE)
_ANSWER_BYTES = 4 * 2**20

Probe = Callable[[Sequence[Address]], list[list[str]]]
"""For each address the chat models that it serves, best first; an empty list when nobody answers."""


def probe(addresses: Sequence[Address]) -> list[list[str]]:
    """Ask all of them at once.

    Units:   at most 0.15 s for this machine, 2 s for an address elsewhere.
    """
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, len(addresses))) as pool:
        return list(pool.map(_served, addresses))


def _served(address: Address) -> list[str]:
    if address.is_loopback and not _listens(address):
        return []
    if address.endpoint.provider == "ollama":
        found = _get(address, address.base_url.removesuffix("/v1") + "/api/tags")
        models = _list(found, "models")
        models.sort(key=lambda each: -_size(each))
        return [name for each in models if (name := str(each.get("name", ""))) and not _NOT_CHAT.search(name)]
    models = _list(_get(address, f"{address.base_url}/models"), "data")
    return [name for each in models if (name := str(each.get("id", ""))) and not _NOT_CHAT.search(name)]


def _listens(address: Address) -> bool:
    parts = urlsplit(address.base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=NEAR_SECONDS):
            return True
    except OSError:
        return False


def _get(address: Address, url: str) -> Any:
    import http.client
    import urllib.request

    seconds = NEAR_SECONDS if address.is_loopback else FAR_SECONDS
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    request = urllib.request.Request(url, headers=headers)
    # A proxy of the environment is for addresses elsewhere.
    handlers: list[urllib.request.BaseHandler] = (
        [urllib.request.ProxyHandler({})] if address.is_loopback else []
    )

    class Stay(urllib.request.HTTPRedirectHandler):
        """Following a redirect would hand the key to a host that nobody named."""

        def redirect_request(self, *_: Any) -> None:
            return None

    try:
        with urllib.request.build_opener(*handlers, Stay).open(request, timeout=seconds) as reply:
            return msgspec.json.decode(reply.read(_ANSWER_BYTES))
    except (OSError, ValueError, http.client.HTTPException, msgspec.DecodeError):
        return None


def _list(value: Any, name: str) -> list[dict[str, Any]]:
    listed = value.get(name) if isinstance(value, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _size(model: dict[str, Any]) -> int:
    size = model.get("size")
    return size if isinstance(size, int) else 0
