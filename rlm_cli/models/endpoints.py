"""The providers that speak OpenAI's protocol: where they listen, which key they want, how they differ.

Owns the table and the reading of addresses and keys from an environment that it is given. Must never
open a connection. Every other provider is litellm's.

Source:  the providers' own references of chat completions, and litellm's names for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """One provider that speaks the protocol.

    Shape:   the first variable that is set counts; is_local providers run on the user's machine or in
             their house, need no key and cost nothing. schema is how far `response_format` goes:
             `json_schema`, `json_object` or empty.
    """

    provider: str
    base_url: str
    key_variables: tuple[str, ...]
    base_url_variables: tuple[str, ...] = ()
    is_local: bool = False
    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    asks_for_usage: bool = True
    schema: str = "json_schema"
    model_prefix: str = ""

    @property
    def key_variable(self) -> str:
        """The variable to name when a key is missing."""
        return self.key_variables[0] if self.key_variables else ""


ENDPOINTS: dict[str, Endpoint] = {
    each.provider: each
    for each in (
        Endpoint(
            "openai",
            "https://api.openai.com/v1",
            ("OPENAI_API_KEY",),
            ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
            max_tokens_field="max_completion_tokens",
        ),
        Endpoint(
            "openrouter",
            "https://openrouter.ai/api/v1",
            ("OPENROUTER_API_KEY", "OR_API_KEY"),
            ("OPENROUTER_API_BASE",),
        ),
        Endpoint("groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), ("GROQ_API_BASE",)),
        Endpoint(
            "together_ai",
            "https://api.together.xyz/v1",
            ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"),
            ("TOGETHER_AI_API_BASE",),
        ),
        Endpoint(
            "deepseek",
            "https://api.deepseek.com/v1",
            ("DEEPSEEK_API_KEY",),
            ("DEEPSEEK_API_BASE",),
            schema="json_object",
        ),
        Endpoint(
            "mistral",
            "https://api.mistral.ai/v1",
            ("MISTRAL_API_KEY",),
            ("MISTRAL_API_BASE",),
            seed_field="random_seed",
            asks_for_usage=False,
        ),
        Endpoint(
            "fireworks_ai",
            "https://api.fireworks.ai/inference/v1",
            ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY"),
            ("FIREWORKS_API_BASE",),
            model_prefix="accounts/fireworks/models/",
        ),
        Endpoint("xai", "https://api.x.ai/v1", ("XAI_API_KEY",), ("XAI_API_BASE",)),
        Endpoint(
            "ollama",
            "http://127.0.0.1:11434/v1",
            ("OLLAMA_API_KEY",),
            ("OLLAMA_API_BASE", "OLLAMA_HOST"),
            is_local=True,
        ),
        Endpoint(
            "lm_studio",
            "http://127.0.0.1:1234/v1",
            ("LM_STUDIO_API_KEY",),
            ("LM_STUDIO_API_BASE",),
            is_local=True,
        ),
        Endpoint(
            "hosted_vllm",
            "http://127.0.0.1:8000/v1",
            ("HOSTED_VLLM_API_KEY",),
            ("HOSTED_VLLM_API_BASE",),
            is_local=True,
        ),
        Endpoint(
            "llamafile",
            "http://127.0.0.1:8080/v1",
            ("LLAMAFILE_API_KEY",),
            ("LLAMAFILE_API_BASE",),
            is_local=True,
        ),
    )
}
"""By litellm's name of the provider. llamafile is also what plain llama.cpp servers are reached as."""

_ALIASES = {"ollama_chat": "ollama"}


@dataclass(frozen=True)
class Address:
    """An endpoint as the environment has it: with its address and its key.

    Shape:   key is None when none is set; origin is the variable that gave the address, empty when it is
             the provider's own.
    """

    endpoint: Endpoint
    base_url: str
    key: str | None = field(default=None, repr=False)
    origin: str = ""

    @property
    def host(self) -> str:
        """Where requests go, for people: `api.openai.com`, `this machine`, `10.0.0.4:8000`."""
        return "this machine" if self.is_loopback else self.netloc

    @property
    def netloc(self) -> str:
        """Host and port as a URL has them, without a password."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def is_loopback(self) -> bool:
        """Whether requests stay on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")

    @property
    def needs_key(self) -> bool:
        """Whether a request without a key is sure to be refused."""
        return not self.endpoint.is_local and not self.origin


def endpoint_of(name: str) -> Endpoint | None:
    """The endpoint for a model's name, None when the provider is not in the table."""
    provider = name.partition("/")[0]
    return ENDPOINTS.get(_ALIASES.get(provider, provider))


def address_of(endpoint: Endpoint, environ: Mapping[str, str]) -> Address:
    """Where an endpoint is, and its key, in this environment.

    Shape:   an address of the user's own may be another server of the same protocol: it is then asked
             for `max_tokens`, which all of them know, instead of what only the provider's own API knows.
    """
    key = next((environ[name] for name in endpoint.key_variables if environ.get(name)), None)
    for variable in endpoint.base_url_variables:
        if environ.get(variable):
            url = _as_url(environ[variable], endpoint.is_local)
            if urlsplit(url).netloc != urlsplit(endpoint.base_url).netloc:
                endpoint = replace(endpoint, max_tokens_field="max_tokens")
            return Address(endpoint, url, key, variable)
    return Address(endpoint, endpoint.base_url, key)


def model_of(endpoint: Endpoint, name: str) -> str:
    """The model as the provider itself calls it."""
    model = name.partition("/")[2]
    if endpoint.model_prefix and "/" not in model:
        return endpoint.model_prefix + model
    return model


def _as_url(given: str, is_local: bool) -> str:
    url = given.strip().rstrip("/").removesuffix("/chat/completions").rstrip("/")
    if "://" not in url:
        url = f"http://{url}"
    parts = urlsplit(url)
    if parts.hostname == "0.0.0.0":  # what a server listens on, not what a client connects to
        url = url.replace("0.0.0.0", "127.0.0.1", 1)
    if is_local and parts.path in ("", "/"):
        url += "/v1"
    return url
