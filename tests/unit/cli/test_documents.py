"""The tables in docs/ are those of the code, and every exit code is explained."""

import pytest

from rlm_cli.base.errors import ExitCode
from rlm_cli.cli.help import TOPICS
from rlm_cli.cli.topics import EXIT_MEANINGS

from .tables import DOCS, PAGES, TABLES, renewed


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_page_are_those_of_the_code(page: str) -> None:
    text = (DOCS / page).read_text()
    assert text == renewed(text), "stale: run `python -m tests.unit.cli.tables`"


def test_every_table_stands_on_a_page() -> None:
    text = "".join((DOCS / page).read_text() for page in PAGES)
    assert all(f"<!-- {name} -->" in text for name in TABLES)


def test_every_exit_code_is_explained() -> None:
    assert set(EXIT_MEANINGS) == set(ExitCode)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_a_terminal_of_80_columns(topic: str) -> None:
    assert [line for line in TOPICS[topic]().splitlines() if len(line) > 80] == []
