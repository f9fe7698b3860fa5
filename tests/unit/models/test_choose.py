"""Which models a run uses: named, by key, by a local server, or none; and what opening them imports."""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest

from rlm_cli.base.errors import ExitCode, SettingsError
from rlm_cli.models.choose import Chosen, choose
from rlm_cli.models.endpoints import ENDPOINTS, Address, address_of
from rlm_cli.models.opening import ModelOptions, open_model
from rlm_cli.models.prices import PriceTable
from rlm_cli.models.probing import Probe, probe
from tests.servers.openai_server import Server

TABLE = PriceTable()


def nobody(addresses: Sequence[Address]) -> list[list[str]]:
    return [[] for _ in addresses]


def only(provider: str, *models: str) -> Probe:
    def ask(addresses: Sequence[Address]) -> list[list[str]]:
        return [list(models) if address.endpoint.provider == provider else [] for address in addresses]

    return ask


def chosen(
    environ: dict[str, str], root: str | None = None, sub: str | None = None, ask: Probe = nobody
) -> Chosen:
    return choose(root, sub, environ, ask, TABLE)


def test_with_nothing_at_all_it_is_offline_and_says_why() -> None:
    found = chosen({})
    assert (found.root, found.sub) == ("offline", "offline")
    assert "no key" in found.why


def test_a_key_in_the_environment_gives_its_providers_pair() -> None:
    found = chosen({"ANTHROPIC_API_KEY": "x"})
    assert found.root.startswith("anthropic/") and found.sub.startswith("anthropic/")
    assert found.root != found.sub
    assert found.why == "ANTHROPIC_API_KEY is set"


def test_the_first_provider_of_the_table_wins_and_the_others_are_candidates() -> None:
    found = chosen({"XAI_API_KEY": "x", "OPENAI_API_KEY": "x", "GROQ_API_KEY": "x"})
    assert found.root.startswith("openai/")
    assert [candidate.root.partition("/")[0] for candidate in found.candidates] == [
        "openai",
        "groq",
        "xai",
        "offline",
    ]


def test_an_empty_key_is_no_key() -> None:
    assert chosen({"OPENAI_API_KEY": ""}).root == "offline"


def test_a_local_server_comes_before_offline_and_after_keys() -> None:
    assert chosen({}, ask=only("ollama", "qwen3:32b", "gemma3:4b")).root == "ollama/qwen3:32b"
    keyed = chosen({"OPENAI_API_KEY": "x"}, ask=only("ollama", "qwen3:32b"))
    assert keyed.root.startswith("openai/")


def test_servers_are_not_asked_when_a_model_is_named_or_a_key_is_there() -> None:
    def never(_: Sequence[Address]) -> list[list[str]]:
        raise AssertionError("nobody should be asked")

    assert chosen({"OPENAI_API_KEY": "x"}, ask=never).root.startswith("openai/")
    assert chosen({}, root="offline", ask=never).root == "offline"


def test_a_named_root_gets_the_sub_model_of_its_provider_and_a_named_sub_stays() -> None:
    environ = {"OPENAI_API_KEY": "x", "GROQ_API_KEY": "x"}
    alone = chosen(environ, root="openai/gpt-4.1")
    assert alone.sub.startswith("openai/") and alone.sub != alone.root
    both = chosen(environ, root="openai/gpt-4.1", sub="groq/openai/gpt-oss-20b")
    assert both.sub == "groq/openai/gpt-oss-20b"
    assert chosen({}, root="scripted:a.json").sub == "scripted:a.json"


def test_a_base_url_of_ones_own_is_asked_for_its_models() -> None:
    environ = {"OPENAI_BASE_URL": "http://gateway:4000/v1"}
    found = chosen(environ, ask=only("openai", "house-model", "other"))
    assert (found.root, found.sub, found.why) == (
        "openai/house-model",
        "openai/house-model",
        "OPENAI_BASE_URL is set",
    )
    assert chosen(environ).root == "offline"
    named = chosen(environ, root="openai/house-model")
    assert named.sub == "openai/house-model"


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai/gpt-4.1", "OPENAI_API_KEY"),
        ("anthropic/claude-sonnet-4-6", "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-pro", "GEMINI_API_KEY"),
    ],
)
def test_a_named_model_without_its_key_says_which_variable_to_set(name: str, variable: str) -> None:
    with pytest.raises(SettingsError, match=variable) as raised:
        chosen({}, root=name)
    assert raised.value.exit_code == ExitCode.SETTINGS
    with pytest.raises(SettingsError, match=variable):
        chosen({"GROQ_API_KEY": "x"}, sub=name)


@pytest.mark.parametrize(("name", "hint"), [("opnai/gpt-4.1", "openai/gpt-4.1"), ("ofline", "offline")])
def test_a_wrong_name_is_answered_with_the_nearest_right_one(name: str, hint: str) -> None:
    with pytest.raises(SettingsError, match="Did you mean") as raised:
        chosen({}, root=name)
    assert hint in raised.value.remedy


def test_a_bare_name_that_the_table_knows_gets_its_provider() -> None:
    assert chosen({"OPENAI_API_KEY": "x"}, root="gpt-4.1").root == "openai/gpt-4.1"


# --- asking real servers -----------------------------------------------------------------------------------


def test_a_server_is_asked_which_chat_models_it_has() -> None:
    with Server("x", models=("text-embedding-3", "llama-3-70b", "whisper-1")) as server:
        address = address_of(ENDPOINTS["lm_studio"], {"LM_STUDIO_API_BASE": server.base_url})
        assert probe([address]) == [["llama-3-70b"]]


def test_a_port_where_nothing_listens_and_a_server_of_another_kind_have_none() -> None:
    with Server("x") as server:
        elsewhere = address_of(ENDPOINTS["lm_studio"], {"LM_STUDIO_API_BASE": f"{server.base_url}/nothing"})
        gone = server.base_url
        assert probe([elsewhere]) == [[]]
    assert probe([address_of(ENDPOINTS["lm_studio"], {"LM_STUDIO_API_BASE": gone})]) == [[]]


# --- opening --------------------------------------------------------------------------------


def test_each_name_opens_the_adapter_that_serves_it() -> None:
    environ = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}

    def kind(name: str, transport: str = "auto") -> str:
        return type(
            open_model(name, ModelOptions(environ=environ, transport=transport), table=TABLE)
        ).__name__

    assert kind("offline") == "OfflineModel"
    assert kind("openai/gpt-4.1") == "OpenAIModel"
    assert kind("ollama/qwen3") == "OpenAIModel"
    assert kind("anthropic/claude-sonnet-4-6") == "LitellmModel"
    assert kind("openai/gpt-4.1", "litellm") == "LitellmModel"
    with pytest.raises(SettingsError, match="slim"):
        kind("anthropic/claude-sonnet-4-6", "slim")


def test_choosing_and_opening_import_no_provider_library() -> None:
    code = (
        "import sys\n"
        "from rlm_cli.models.choose import choose\n"
        "from rlm_cli.models.opening import ModelOptions, open_model\n"
        "environ = {'ANTHROPIC_API_KEY': 'x', 'OPENAI_API_KEY': 'x'}\n"
        "found = choose(None, None, environ)\n"
        "for name in ('anthropic/claude-sonnet-4-6', found.root, 'offline'):\n"
        "    open_model(name, ModelOptions(environ=environ)).facts\n"
        "print(sorted({'litellm', 'aiohttp', 'openai', 'httpx', 'pydantic'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_probe_hands_its_key_to_no_other_host() -> None:
    class Away(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{elsewhere.base_url}/models")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with Server("x") as elsewhere, http.server.HTTPServer(("127.0.0.1", 0), Away) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}/v1"
        environ = {"LM_STUDIO_API_BASE": base, "LM_STUDIO_API_KEY": "sk-test-12345678"}
        assert probe([address_of(ENDPOINTS["lm_studio"], environ)]) == [[]]
        server.shutdown()
        assert elsewhere.requests == []
