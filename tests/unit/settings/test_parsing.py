"""What people may type for durations, sizes, money and switches, and what is refused."""

import pytest

from rlm_cli.settings import parsing


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("500ms", 0.5),
        (" 1.5 H ", 5400),
        ("1d", 86400),
    ],
)
def test_durations_are_read_in_their_units(text: str, seconds: float) -> None:
    assert parsing.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10x", "m", "10m extra", "-5s", "1h 30", "nan", "1e400s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|large"):
        parsing.duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("20MB", 20_000_000), ("1.5 GiB", 1_610_612_736), ("512k", 512_000), ("1048576", 1_048_576), ("7b", 7)],
)
def test_sizes_are_read_in_their_units(text: str, count: int) -> None:
    assert parsing.size(text) == count


@pytest.mark.parametrize("text", ["", "big", "20XB", "-1MB", "MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="size"):
        parsing.size(text)


@pytest.mark.parametrize(
    ("text", "usd"), [("2", 2), ("2.50", 2.5), ("$0.05", 0.05), ("3 USD", 3), (".5", 0.5)]
)
def test_money_is_read_with_or_without_its_sign(text: str, usd: float) -> None:
    assert parsing.money(text) == usd


@pytest.mark.parametrize("text", ["", "two", "-1", "nan", "inf", "2,50"])
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dollars"):
        parsing.money(text)


@pytest.mark.parametrize("seconds", [0.5, 1, 90, 600, 5400, 7200, 86400])
def test_a_written_duration_reads_back_as_itself(seconds: float) -> None:
    assert parsing.duration(parsing.duration_text(seconds)) == seconds


@pytest.mark.parametrize("count", [1, 1234, 20_000_000, 2 * 1024**3, 5 * 1024**2, 10**12])
def test_a_written_size_reads_back_as_itself(count: int) -> None:
    assert parsing.size(parsing.size_text(count)) == count


def test_switches_know_yes_and_no_and_nothing_else() -> None:
    assert parsing.yes_or_no("On") is True
    assert parsing.yes_or_no("0") is False
    with pytest.raises(ValueError, match="true or false"):
        parsing.yes_or_no("perhaps")
