"""The proxies of the environment. aiohttp's own reading of them would also read ~/.netrc at every request."""

from __future__ import annotations

import functools
from urllib.parse import urlsplit


@functools.cache
def _proxies() -> dict[str, str]:
    from urllib.request import getproxies

    return getproxies()


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address; None for this machine, and where there is none."""
    from urllib.request import proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("localhost", "::1") or host.startswith("127."):
        return None
    proxy = _proxies().get(parts.scheme) or _proxies().get("all")
    return proxy if proxy and proxy.startswith("http") and not proxy_bypass(host) else None
