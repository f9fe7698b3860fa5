"""Where files live, on Linux and on macOS."""

from pathlib import Path

from rlm_cli.settings.locations import directories, shown


def test_xdg_variables_are_followed_on_every_system() -> None:
    environ = {"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "/k"}
    for platform in ("linux", "darwin"):
        places = directories(environ, platform)
        assert places.config_file == Path("/c/rlm/config.toml")
        assert places.sessions == Path("/d/rlm/sessions")
        assert places.cache == Path("/k/rlm")


def test_without_them_each_system_has_its_own_folders() -> None:
    assert directories({"HOME": "/h"}, "linux").config == Path("/h/.config/rlm")
    assert directories({"HOME": "/h"}, "darwin").config == Path("/h/Library/Application Support/rlm")
    assert directories({"HOME": "/h"}, "darwin").cache == Path("/h/Library/Caches/rlm")


def test_a_relative_xdg_variable_is_ignored() -> None:
    assert directories({"HOME": "/h", "XDG_DATA_HOME": "data"}, "linux").data == Path("/h/.local/share/rlm")


def test_nothing_is_created(tmp_path: Path) -> None:
    places = directories({"HOME": str(tmp_path)}, "linux")
    assert places.sessions.is_absolute()
    assert list(tmp_path.iterdir()) == []


def test_paths_for_people_have_a_tilde() -> None:
    assert shown(Path("/h/.config/rlm"), {"HOME": "/h"}) == "~/.config/rlm"
    assert shown(Path("/home2/x"), {"HOME": "/home"}) == "/home2/x"
    assert shown(Path("/x"), {"HOME": "/"}) == "/x"
