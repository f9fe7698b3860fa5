"""The tree of errors and the exit codes that they carry.

    RlmError                     1   something of ours is wrong
    ├── UsageError               2   the command line cannot be understood
    ├── CorpusError              4   no corpus, or none of it can be read
    ├── SettingsError            5   configuration or credentials
    ├── ModelError               6   a provider failed, after retries
    │   ├── CredentialsRefused   5   401, 403
    │   ├── ContextOverflow      6   the request does not fit the model
    │   ├── RequestRefused       6   400, 404, 422: will not succeed when tried again
    │   └── ModelUnavailable     6   408, 409, 5xx, timeouts, cut streams: may be retried
    │       ├── RateLimited      6   429: tried again, more slowly
    │       └── ModelUnreachable 6   no connection: no such host, refused, no network
    ├── KernelError              8   the kernel or its sandbox cannot start, or is gone
    │   └── KernelDied           8
    ├── SessionError             4   a session file cannot be found, read or locked
    └── VerificationFailed       9   a check of a session found a difference

A failing cell and a failing sub-call are data (events), never exceptions of this tree. Reaching a limit
is a stop of the run, never an exception. The numbers are the exit codes; `rlm help exit-codes` prints them.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Every way in which `rlm` can end, as the number that the shell sees."""

    COMPLETE = 0
    INTERNAL = 1
    USAGE = 2
    PARTIAL = 3
    CORPUS = 4
    SETTINGS = 5
    PROVIDER = 6
    LIMIT = 7
    KERNEL = 8
    VERIFICATION = 9
    INTERRUPTED = 130
    BROKEN_PIPE = 141
    TERMINATED = 143


class RlmError(Exception):
    """A failure that ends a command: what happened, why, and what to do about it.

    Shape:   `what` and `why` without a final full stop; `remedy` is a command or a sentence, or empty.
    """

    exit_code: ExitCode = ExitCode.INTERNAL

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        text = self.what if not self.why else f"{self.what}: {self.why}"
        return text if not self.remedy else f"{text}. {self.remedy}"


class UsageError(RlmError):
    """The command line cannot be understood."""

    exit_code = ExitCode.USAGE


class CorpusError(RlmError):
    """There is no corpus, or nothing in it can be read."""

    exit_code = ExitCode.CORPUS


class SettingsError(RlmError):
    """A setting is wrong, or a credential is missing."""

    exit_code = ExitCode.SETTINGS


class ModelError(RlmError):
    """A provider failed. `is_retryable` says whether the same request may succeed later.

    Units:   retry_after_seconds is what the provider asked for; None when it said nothing.
    Shape:   may_be_billed: the provider has probably worked on the request (a timeout, a cut stream).
    """

    exit_code = ExitCode.PROVIDER
    is_retryable = False

    def __init__(
        self,
        what: str,
        why: str = "",
        remedy: str = "",
        retry_after_seconds: float | None = None,
        may_be_billed: bool = False,
    ) -> None:
        super().__init__(what, why, remedy)
        self.retry_after_seconds = retry_after_seconds
        self.may_be_billed = may_be_billed


class CredentialsRefused(ModelError):
    """The provider does not accept the key (401, 403)."""

    exit_code = ExitCode.SETTINGS


class ContextOverflow(ModelError):
    """The request is larger than the model's context window."""


class RequestRefused(ModelError):
    """The provider refuses this request, and would refuse it again."""


class ModelUnavailable(ModelError):
    """The provider cannot answer now: rate limit, server error, timeout, connection, cut stream."""

    is_retryable = True


class RateLimited(ModelUnavailable):
    """The provider asks for fewer requests (429)."""


class ModelUnreachable(ModelUnavailable):
    """No connection to the provider could be made: no network, no such host, nothing listens there."""


class KernelError(RlmError):
    """The kernel cannot be started or used."""

    exit_code = ExitCode.KERNEL


class KernelDied(KernelError):
    """The kernel process ended while it was needed."""


class SessionError(RlmError):
    """A session file cannot be found, read or locked."""

    exit_code = ExitCode.CORPUS


class VerificationFailed(RlmError):
    """A check of a session found a difference."""

    exit_code = ExitCode.VERIFICATION
