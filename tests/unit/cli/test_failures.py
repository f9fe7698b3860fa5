"""How failures are told: what, why and what to do; a traceback only when asked for, and never a secret."""

from __future__ import annotations

import pytest
import typer

from rlm_cli.base.errors import CorpusError, ExitCode, KernelError, ModelError, RlmError, SettingsError
from rlm_cli.cli import failures


def told(capsys: pytest.CaptureFixture[str], failure: BaseException, debug: bool = False) -> tuple[int, str]:
    code = failures.report(failure, debug)
    seen = capsys.readouterr()
    assert seen.out == ""
    return code, seen.err


def test_an_error_of_ours_is_what_why_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = told(capsys, CorpusError("./x does not exist", "no such file", "Check the path"))
    assert code == 4
    assert err == "rlm: error: ./x does not exist: no such file\n  → Check the path\n"


@pytest.mark.parametrize("error", [CorpusError("x"), SettingsError("x"), KernelError("x"), ModelError("x")])
def test_an_error_without_a_remedy_still_says_what_to_do(
    capsys: pytest.CaptureFixture[str], error: RlmError
) -> None:
    _, err = told(capsys, error)
    assert "  → " in err


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (typer.Abort(), ExitCode.INTERRUPTED),
        (failures.Terminated(), ExitCode.TERMINATED),
        (typer.Exit(7), 7),
        (SystemExit(3), 3),
        (ValueError("x"), ExitCode.INTERNAL),
        (PermissionError(13, "Permission denied", "/x"), ExitCode.INTERNAL),
    ],
)
def test_every_failure_has_its_exit_code(
    capsys: pytest.CaptureFixture[str], failure: BaseException, code: int
) -> None:
    assert told(capsys, failure)[0] == code


def test_an_unexpected_failure_names_the_flag_for_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = told(capsys, ZeroDivisionError("by zero"))
    assert code == 1
    assert "unexpected ZeroDivisionError: by zero" in err
    assert "--debug" in err
    assert "Traceback" not in err


def test_a_traceback_has_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        hidden = "a passage of a private document"
        raise ValueError(len(hidden))

    try:
        fails()
    except ValueError as failure:
        _, err = told(capsys, failure, debug=True)
    assert "Traceback" in err
    assert "a passage" not in err.replace('hidden = "a passage of a private document"', "")


def test_controls_in_an_error_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = told(capsys, RlmError("bad \x1b[31m name\nof a file", "\x9b31m\u202e", "\x07"))
    assert not any(character in err for character in "\x1b\x9b\u202e\x07")
    assert err.count("\n") == 2


def test_a_key_in_an_error_is_taken_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRANGE_API_KEY", "correct-horse-battery")
    error = ModelError("refused: correct-horse-battery", "sk-abcdefghijklmnopqrstuvwxyz")
    for debug in (False, True):
        _, err = told(capsys, error, debug)
        assert "correct-horse" not in err
        assert "sk-abc" not in err
