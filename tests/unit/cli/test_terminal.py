"""What was asked of colour, and by whom."""

import pytest

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
