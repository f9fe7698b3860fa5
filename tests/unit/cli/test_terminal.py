"""What was asked of colour, and by whom; and lines that fit the terminal."""

import io

import pytest

from rlm_cli.cli.screen import rows
from rlm_cli.cli.terminal import color_asked
from rlm_cli.settings.tree import Setting


@pytest.mark.parametrize(
    ("value", "origin", "environ", "expected"),
    [
        ("auto", "default", {}, "auto"),
        ("always", "--color", {"NO_COLOR": "1"}, "always"),
        ("never", "RLM_OUTPUT_COLOR", {"FORCE_COLOR": "1"}, "never"),
        ("always", "~/.config/rlm/config.toml:1", {}, "always"),
        ("always", "~/.config/rlm/config.toml:1", {"NO_COLOR": "1"}, "auto"),
        ("never", "~/.config/rlm/config.toml:1", {"FORCE_COLOR": "1"}, "auto"),
        ("never", "~/.config/rlm/config.toml:1", {"NO_COLOR": ""}, "never"),
    ],
)
def test_a_flag_wins_over_the_variables_and_a_file_does_not(
    value: str, origin: str, environ: dict[str, str], expected: str
) -> None:
    assert color_asked(Setting(value, origin), environ) == expected


class Terminal(io.StringIO):
    """A stdout that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_last_column_wraps_below_itself_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "36")
    lines = [("a", "one two three four five six seven"), ("bcd", "short")]
    assert rows(lines) == ["a    one two three four five six seven", "bcd  short"]
    monkeypatch.setattr("sys.stdout", Terminal())
    assert rows(lines) == ["a    one two three four five six\n     seven", "bcd  short"]
    monkeypatch.setenv("COLUMNS", "20")
    assert rows(lines)[0] == "a    one two three four five six seven"
