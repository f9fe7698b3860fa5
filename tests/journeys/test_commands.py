"""The commands beside `ask`, as a user has them: what they print where, and how they end."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from rlm_cli.events.bodies import KernelReady
from tests.journeys.program import Program, cell, roots_and_subs
from tests.servers.openai_server import Server

SECRET = "sk-never-show-this-to-anyone"


@pytest.fixture
def config(program: Program) -> Path:
    """The user's configuration file, empty."""
    path = program.home / ".config" / "rlm" / "config.toml"
    path.write_text("")
    return path


class TestHowCommandsEnd:
    def test_help_goes_to_stdout(self, program: Program) -> None:
        for words in (["--help"], ["-h"], ["ask", "-h"], ["config", "keys", "--help"], ["help", "ask"]):
            ended = program.rlm(*words)
            assert (ended.code, ended.err) == (0, ""), words
            assert ended.out.startswith("Usage: rlm"), words

    def test_no_command_is_a_usage_error_that_shows_the_help(self, program: Program) -> None:
        ended = program.rlm()
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Usage: rlm")

    @pytest.mark.parametrize(
        "words", [["aks"], ["config", "sow"], ["ask", "--bogus"], ["replay"], ["ask", "x", "y", "--mode"]]
    )
    def test_what_cannot_be_understood_ends_with_2_on_stderr(
        self, program: Program, words: list[str]
    ) -> None:
        ended = program.rlm(*words)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("rlm: error: ")
        assert "--help" in ended.err

    def test_a_reader_that_has_gone_is_no_error(self, program: Program) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        process = program.start("help", "config", stdout=writer)
        os.close(writer)
        assert process.communicate(timeout=30)[1] == ""
        assert process.returncode == 141

    def test_a_full_device_is_said_and_is_no_success(self, program: Program) -> None:
        with Path("/dev/full").open("w") as full:
            process = program.start("help", "config", stdout=full)
            err = process.communicate(timeout=30)[1]
        assert process.returncode == 1
        assert "No space left" in err
        assert "Traceback" not in err

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_signal_ends_a_command_that_waits_for_input(
        self, program: Program, number: signal.Signals, code: int
    ) -> None:
        process = program.start("corpus", "scan", "-", stdin=subprocess.PIPE)
        wait_until_it_reads(process)
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == code

    def test_an_unexpected_failure_shows_its_traceback_only_when_asked(self, program: Program) -> None:
        program.environ["HOME"] = "\udce9\n/nowhere"
        quiet, loud = program.rlm("config", "path"), program.rlm("config", "path", "--debug")
        assert "Traceback" not in quiet.err
        assert loud.code == quiet.code


def wait_until_it_reads(process: subprocess.Popen[str]) -> None:
    """Wait until a process sleeps in a read of its stdin, as the kernel tells."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            call = Path(f"/proc/{process.pid}/syscall").read_text().split()
        except OSError:
            pytest.skip("this system does not tell what a process waits for")
        if call[:2] == ["0", "0x0"]:
            return
        time.sleep(0.01)
    raise AssertionError("it never read its stdin")


class TestConfig:
    def test_what_is_set_is_kept_shown_and_taken_out_again(self, program: Program, config: Path) -> None:
        config.write_text("# mine\n")
        assert program.rlm("config", "set", "limits.usd", "0.75").code == 0
        assert program.rlm("config", "get", "limits.usd").out == "0.75\n"
        shown = program.rlm("config", "show", "--origin").out
        assert "limits.usd = 0.75" in shown
        assert "# ~/.config/rlm/config.toml:" in shown
        assert config.read_text().startswith("# mine\n")
        assert program.rlm("config", "unset", "limits.usd").code == 0
        assert program.rlm("config", "get", "limits.usd").out == "2.0\n"

    def test_what_is_shown_is_a_configuration(self, program: Program, config: Path) -> None:
        program.rlm("config", "set", "models.aliases.fast", "openai/small")
        program.rlm("config", "set", "corpus.include", "*.pdf", "*.md")
        shown = program.rlm("config", "show").out
        config.write_text(shown)
        assert program.rlm("config", "show").out == shown

    def test_what_init_writes_is_every_default(self, program: Program, config: Path) -> None:
        before = program.rlm("config", "show").out
        assert program.rlm("config", "init").code == 2
        assert program.rlm("config", "init", "--force").code == 0
        assert program.rlm("config", "show").out == before
        lines = [line.removeprefix("# ") for line in config.read_text().splitlines()]
        config.write_text("\n".join(line for line in lines if line.startswith("[") or " = " in line[:30]))
        assert program.rlm("config", "show").out == before

    def test_a_mistyped_setting_is_an_error_with_the_right_one(self, program: Program, config: Path) -> None:
        config.write_text("[limits]\nmax_usd = 3\n")
        ended = program.rlm("config", "show")
        assert ended.code == 5
        assert "limits.max_usd, from ~/.config/rlm/config.toml:2" in ended.err
        assert "limits.usd" in ended.err
        assert program.rlm("config", "path").code == 0
        assert program.rlm("config", "unset", "limits.max_usd").code == 0
        assert program.rlm("config", "show").code == 0

    def test_a_wrong_variable_is_an_error_that_names_it(self, program: Program) -> None:
        program.environ["RLM_LIMITS_USD"] = "plenty"
        ended = program.rlm("config", "show")
        assert ended.code == 5
        assert "limits.usd = plenty, from RLM_LIMITS_USD" in ended.err

    def test_a_project_that_is_not_trusted_is_told_so(self, program: Program, tmp_path: Path) -> None:
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / "rlm.toml").write_text('sandbox.mode = "off"\nlimits.usd = 0.1\n')
        ended = program.rlm("config", "show", "--origin", cwd=tmp_path / "project")
        assert ended.code == 0
        assert 'sandbox.mode = "auto"' in ended.out
        assert "limits.usd = 0.1" in ended.out
        assert "may not set sandbox.mode: ignored" in ended.err

    def test_without_a_terminal_no_editor_is_started(self, program: Program) -> None:
        program.environ["EDITOR"] = "touch edited;"
        ended = program.rlm("config", "edit")
        assert ended.code == 2
        assert "rlm config set" in ended.err
        assert not (program.home / "edited").exists()


class TestKeys:
    def test_a_key_comes_from_stdin_and_is_never_shown(self, program: Program) -> None:
        process = program.start("config", "keys", "set", "openai", stdin=subprocess.PIPE)
        out, err = process.communicate(SECRET + "\n", timeout=30)
        file = program.home / ".config/rlm/keys.toml"
        assert process.returncode == 0, err
        assert SECRET in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

        listed, shown = program.rlm("config", "keys", "list"), program.rlm("config", "show")
        assert "openai" in listed.out
        assert "OPENAI_API_KEY" in listed.out
        assert SECRET not in out + err + listed.out + listed.err + shown.out
        assert program.rlm("config", "keys", "rm", "openai").code == 0
        assert "openai" not in program.rlm("config", "keys", "list").out

    def test_a_key_on_the_command_line_is_refused_and_not_repeated(self, program: Program) -> None:
        ended = program.rlm("config", "keys", "set", "openai", "correct-horse")
        assert ended.code == 2
        assert "never stands on the command line" in ended.err
        assert "correct-horse" not in ended.err

    def test_a_stored_key_is_sent_to_its_provider_alone(self, program: Program, folder: Path) -> None:
        with Server(roots_and_subs([cell("answer.update(content='x', ready=True)")])) as server:
            program.at(server)
            del program.environ["OPENAI_API_KEY"]
            process = program.start("config", "keys", "set", "openai", stdin=subprocess.PIPE)
            process.communicate(SECRET, timeout=30)
            ended = program.rlm("ask", folder, "capped?", "--max-turns", "1", "--mode", "rlm")
            headers = {name.lower(): value for name, value in server.chats[0].headers.items()}
        assert headers["authorization"] == f"Bearer {SECRET}"
        assert SECRET not in ended.out + ended.err + program.session_file().read_text()

    def test_a_file_of_keys_that_others_can_read_is_not_used(self, program: Program, folder: Path) -> None:
        file = program.home / ".config/rlm/keys.toml"
        file.write_text(f'openai = "{SECRET}"\n')
        file.chmod(0o644)
        ended = program.rlm("ask", folder, "capped?")
        assert ended.code == 5
        assert "chmod 600" in ended.err
        assert SECRET not in ended.err


class TestModels:
    def test_a_provider_is_listed_with_prices(self, program: Program) -> None:
        ended = program.rlm("models", "list", "openai", "--json")
        models = json.loads(ended.out)
        assert any(model["usd_per_million_in"] for model in models)
        assert all(model["name"].startswith("openai/") for model in models)

    def test_a_model_shows_what_is_known_of_it(self, program: Program, config: Path) -> None:
        config.write_text('models.prices."openai/test-root" = { in = 1000, out = 1000 }\n')
        shown = json.loads(program.rlm("models", "show", "openai/test-root", "--json").out)
        assert shown["usd_per_million_in"] == 1000
        assert shown["key"] == "OPENAI_API_KEY is not set"

    def test_an_alias_is_given_used_and_forgotten(self, program: Program, config: Path) -> None:
        assert program.rlm("models", "alias", "fast", "openai/gpt-4.1-mini").code == 0
        assert program.rlm("models", "alias").out.split() == ["fast", "openai/gpt-4.1-mini"]
        assert (
            json.loads(program.rlm("models", "show", "fast", "--json").out)["name"] == "openai/gpt-4.1-mini"
        )
        assert program.rlm("models", "alias", "fast", "--rm").code == 0
        assert config.read_text() == ""

    def test_an_unknown_provider_is_an_error_with_a_suggestion(self, program: Program) -> None:
        ended = program.rlm("models", "list", "opena")
        assert ended.code == 2
        assert "openai" in ended.err

    def test_without_a_key_the_offline_model_is_what_would_be_used(self, program: Program) -> None:
        chosen = json.loads(program.rlm("models", "list", "--json").out)["chosen"]
        assert chosen["root"] == "offline"


class TestCorpusAndEstimate:
    def test_a_scan_says_exactly_what_is_read_and_what_not(self, program: Program, folder: Path) -> None:
        (folder / "empty.txt").write_text("")
        (folder / ".hidden.txt").write_text("hidden")
        found = json.loads(program.rlm("corpus", "scan", folder, "--json").out)
        assert found["corpus"]["documents"] == 14
        assert {each["path"] for each in found["skipped"]} == {"empty.txt", ".hidden.txt"}
        assert sum(found["reasons"].values()) == 2

        more = json.loads(
            program.rlm("corpus", "scan", folder, "--json", "--hidden", "--exclude", "*.md").out
        )
        assert more["corpus"]["documents"] == 13

    def test_a_scan_reads_a_document_on_stdin(self, program: Program) -> None:
        process = program.start("corpus", "scan", "-", "--json", stdin=subprocess.PIPE)
        out, _ = process.communicate("a line of a log\n", timeout=60)
        assert json.loads(out)["corpus"]["characters"] == 16

    def test_a_scan_of_nothing(self, program: Program) -> None:
        ended = program.rlm("corpus", "scan", "./nowhere")
        assert (ended.code, ended.out) == (4, "")

    def test_a_scan_of_what_cannot_be_read_lists_it_and_an_estimate_refuses_it(
        self, program: Program, tmp_path: Path
    ) -> None:
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF")
        listed = program.rlm("corpus", "scan", tmp_path / "bad")
        assert listed.code == 0, listed.err
        assert "broken.pdf" in listed.out
        refused = program.rlm("ask", tmp_path / "bad", "what?", "--estimate")
        assert refused.code == 4
        assert "broken.pdf" in refused.err

    def test_an_estimate_names_way_and_cost_and_sends_nothing(
        self, program: Program, folder: Path, config: Path
    ) -> None:
        config.write_text('models.prices."openai/test-root" = { in = 1000, out = 1000 }\n')
        with Server("never") as server:
            program.at(server)
            found = json.loads(program.rlm("ask", folder, "capped?", "--estimate", "-f", "json").out)
            shown = program.rlm("ask", folder, "capped?", "--estimate", "--mode", "rlm")
            assert not server.chats
        tokens = found["corpus"]["tokens"]
        assert found["way"] == "direct"
        assert found["full_pass"] == {
            "model": "openai/test-root",
            "usd": pytest.approx(tokens / 1000),
            "known": True,
        }
        assert "rlm: the root model works through the corpus" in shown.out
        assert not list((program.home / ".local").rglob("session.jsonl"))


class TestSessions:
    @pytest.fixture
    def session(self, program: Program, folder: Path) -> Path:
        """The session of a question that was answered."""
        ended = program.rlm(
            "ask", folder, "Is the liability capped?", "--title", "caps", "--model", "offline"
        )
        assert ended.code == 0, ended.err
        return program.session_file()

    def test_a_session_is_listed_shown_and_found(self, program: Program, session: Path) -> None:
        run = session.parent.name
        (listed,) = json.loads(program.rlm("sessions", "list", "--json").out)
        assert (listed["session"], listed["status"], listed["title"]) == (run, "complete", "caps")
        assert program.rlm("sessions", "path", "last").out.strip() == str(session)
        shown = program.rlm("sessions", "show", run)
        assert "Is the liability capped?" in shown.out
        assert "capped at ten dollars" in shown.out
        assert json.loads(program.rlm("sessions", "show", run, "--json").out)["schema"] == "rlm.result/1"

    def test_a_replay_tells_the_same_and_ends_the_same(self, program: Program, session: Path) -> None:
        plain = program.rlm("replay", "last")
        assert plain.code == 0
        assert "capped at ten dollars" in plain.out
        events = program.rlm("replay", session, "-f", "jsonl").out.splitlines()
        assert json.loads(events[-1])["body"]["kind"] == "run.finished"

    def test_a_session_that_was_altered_is_found_out(self, program: Program, session: Path) -> None:
        assert program.rlm("sessions", "verify", "last").code == 0
        lines = session.read_text().split("\n")
        lines[1] = lines[1].replace("Is the liability capped?", "Is the liability cappeD?")
        session.write_text("\n".join(lines))
        ended = program.rlm("sessions", "verify", "last")
        assert ended.code == 9
        assert "line 2" in ended.err

    def test_a_session_that_is_not_there(self, program: Program) -> None:
        for words in (["replay", "nothing"], ["sessions", "show", "last"], ["sessions", "path", "./x.jsonl"]):
            ended = program.rlm(*words)
            assert (ended.code, ended.out) == (4, ""), words

    @pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
    def test_a_wrong_speed(self, program: Program, speed: str) -> None:
        assert program.rlm("replay", "last", "--speed", speed).code == 2


class TestSandbox:
    def test_strict_runs_confined_or_not_at_all(self, program: Program, folder: Path) -> None:
        with Server(roots_and_subs([cell("answer.update(content='x', ready=True)")])) as server:
            ended = program.at(server).rlm(
                "ask", folder, "capped?", "--mode", "rlm", "--sandbox", "strict", "--max-turns", "1"
            )
            asked = len(server.chats)
        (ready,) = [event.body for event in program.events() if isinstance(event.body, KernelReady)] or [None]
        if ready is None:
            assert (ended.code, ended.out, asked) == (8, "", 0)
            assert "--sandbox auto" in ended.err
        else:
            assert ready.tier in ("A", "B", "C")


class TestDoctorAndHelp:
    def test_the_doctor_starts_a_kernel_and_interrupts_it(self, program: Program) -> None:
        ended = program.rlm("doctor", "--json")
        found = json.loads(ended.out)
        checks = {check["name"]: check for check in found["checks"]}
        assert (ended.code, found["ok"]) == (0, True), checks
        assert checks["kernel"]["status"] == checks["interrupt"]["status"] == "ok"
        assert checks["models"]["status"] == "warn"
        assert checks["litellm"]["status"] == "ok"
        assert "GB free" in checks["sessions"]["text"]
        assert {check["name"] for check in found["checks"] if check["required"]} >= {
            "python",
            "kernel",
            "cache",
        }

    @pytest.mark.parametrize("topic", ["exit-codes", "env", "config", "formats", "keys", "privacy"])
    def test_every_topic_has_a_page(self, program: Program, topic: str) -> None:
        ended = program.rlm("help", topic)
        assert (ended.code, ended.err) == (0, "")
        assert len(ended.out.splitlines()) > 5
        assert max(map(len, ended.out.splitlines())) <= 120

    def test_an_unknown_topic_is_an_error_with_a_suggestion(self, program: Program) -> None:
        ended = program.rlm("help", "exitcodes")
        assert ended.code == 2
        assert "rlm help exit-codes" in ended.err

    def test_completions_are_installed_where_the_shell_looks(self, program: Program) -> None:
        assert program.rlm("completions", "fish", "--install").code == 0
        installed = program.home / ".config/fish/completions/rlm.fish"
        assert installed.read_text() == program.rlm("completions", "fish").out
        assert program.rlm("completions", "tcsh").code == 2
