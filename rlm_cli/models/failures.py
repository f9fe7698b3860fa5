"""Turns what a provider answered instead of a reply into the error that says what to do about it.

Owns the reading of statuses, error objects and Retry-After. Knows no HTTP library and no provider by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from rlm_cli.base.errors import (
    ContextOverflow,
    CredentialsRefused,
    ModelError,
    ModelUnavailable,
    ModelUnreachable,
    RateLimited,
    RequestRefused,
)
from rlm_cli.base.text import one_line
from rlm_cli.models.redaction import redact

_MESSAGE_CHARACTERS = 400
_OVERFLOW = re.compile(
    r"context[_ ]length|context window|maximum context|context size|prompt is too long|input is too long"
    r"|too many (?:input )?tokens|token count .{0,40}exceed|reduce the length|request too large",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"insufficient[_ ](?:quota|balance|credit|funds)|credit balance is too low|exceeded your current quota",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Place:
    """Where a request went, for the texts of errors.

    Shape:   key_variable is the environment variable of the key, empty when none is needed; is_local says
             that a server of the user's own is asked; secrets are taken out of every text. url is what is
             asked, and origin the variable that gave the address; both empty where nobody knows them.
    """

    model: str
    endpoint: str
    key_variable: str = ""
    is_local: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    url: str = ""
    origin: str = ""

    def clean(self, text: str) -> str:
        """One short line of a provider's text, without keys."""
        return one_line(redact(text, self.secrets), _MESSAGE_CHARACTERS)


def refused(
    place: Place, status: int, message: str, code: str = "", headers: Mapping[str, str] | None = None
) -> ModelError:
    """The error for an answer whose status is not 200.

    Shape:   message and code are the provider's own; headers are looked up without regard to case.
    """
    why = place.clean(message) or "no message"
    told = f"{place.endpoint} answered {status}: {why}"
    if status in (401, 403):
        return _credentials(place, told)
    if status == 402 or _NO_CREDIT.search(f"{code} {message}"):
        what = f"the account for {place.model} has no credit left"
        return RequestRefused(
            what, told, "Add credit with the provider, or choose another model with --model"
        )
    if status in (400, 413, 422) and (status == 413 or _OVERFLOW.search(f"{code} {message}")):
        what = f"the request does not fit the context window of {place.model}"
        return ContextOverflow(what, told)
    if status == 404:
        what = f"{place.model} was not found"
        return RequestRefused(what, told, "Run: rlm models list")
    wait = retry_after_seconds(headers or {})
    if status == 429:
        return RateLimited(f"{place.model} is rate limited", told, "", wait)
    if status in (408, 409, 425) or status >= 500:
        return ModelUnavailable(f"{place.model} cannot answer now", told, "", wait)
    return RequestRefused(f"{place.model} refuses the request", told)


def redirected(place: Place, status: int, location: str) -> ModelError:
    """The error for a 3xx: nothing is sent on to where it points."""
    where = f" to {location}" if location else ""
    why = place.clean(
        f"{place.url or place.endpoint} answered {status}, a redirect{where}: it is not followed"
    )
    return RequestRefused(f"{place.model} is not at this address", why, _address(place))


def not_there(place: Place, message: str) -> ModelError:
    """The error for a 404 that says nothing of a model: the address itself is wrong."""
    why = place.clean(f"{place.url or place.endpoint} answered 404: {message or 'no message'}")
    remedy = _address(place)
    if place.origin:
        remedy += "; addresses of this protocol mostly end with /v1"
    return RequestRefused(f"{place.model} is not at this address", why, remedy)


def no_reply(place: Place, content_type: str, begins: str) -> ModelError:
    """The error for a 200 with something else than a reply, such as the page of a proxy or of a login."""
    asked = place.url or place.endpoint
    why = place.clean(f'{asked} answered with {content_type}, which begins "{one_line(begins, 60)}"')
    return RequestRefused(f"what answers for {place.model} is no model server", why, _address(place))


def _address(place: Place) -> str:
    return f"Check {place.origin}" if place.origin else "Check the network, its proxies and the model's name"


def unreachable(place: Place, why: str) -> ModelError:
    """The error when no connection could be made."""
    remedy = "Check the network, the address and HTTPS_PROXY"
    if place.is_local:
        remedy = "Start that server, or choose another model with --model"
    return ModelUnreachable(f"cannot reach {place.endpoint} for {place.model}", place.clean(why), remedy)


def broken(place: Place, why: str) -> ModelError:
    """The error when a reply began and did not end as it must; it may have been billed."""
    return ModelUnavailable(f"no whole reply of {place.model}", place.clean(why), "", None, True)


def broke_off(place: Place, message: str, code: str) -> ModelError:
    """The error when a provider sent an error object where a piece of its reply should be.

    Shape:   code may be a status (`429`) or a word (`context_length_exceeded`).
    """
    if code.isdigit() and 400 <= int(code) < 600:
        error = refused(place, int(code), message)
    elif _OVERFLOW.search(f"{code} {message}"):
        error = refused(place, 400, message, code)
    elif "rate_limit" in code:
        error = refused(place, 429, message, code)
    else:
        return broken(place, f"{place.endpoint} broke off: {message or code}")
    error.may_be_billed = True
    return error


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the provider asks to wait: from `retry-after-ms` or `Retry-After`, a number or a date.

    Units:   seconds, at least 0; None when nothing readable was said.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    milliseconds = _number(lower.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    given = lower.get("retry-after")
    seconds = _number(given)
    if seconds is not None or not given:
        return seconds
    try:
        # The server's own clock is the one that its date is meant for.
        wait = parsedate_to_datetime(given) - parsedate_to_datetime(lower.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e6 else None


def _credentials(place: Place, told: str) -> ModelError:
    remedy = (
        f"Check {place.key_variable}, or see: rlm help keys" if place.key_variable else "See: rlm help keys"
    )
    return CredentialsRefused(f"the key for {place.model} is not accepted", told, remedy)
