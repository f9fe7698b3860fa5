"""Errors say what, why and what to do; identifiers sort by time and name content."""

from __future__ import annotations

from datetime import UTC, datetime

from rlm_cli.base import errors
from rlm_cli.base.ids import content_hash, run_id


def test_an_error_has_three_parts() -> None:
    error = errors.SettingsError(
        "no key for openai", "OPENAI_API_KEY is not set", "Run: rlm config keys set openai"
    )
    assert str(error) == "no key for openai: OPENAI_API_KEY is not set. Run: rlm config keys set openai"


def test_every_error_of_the_tree_has_an_exit_code_of_the_list() -> None:
    tree = [errors.RlmError]
    for error in tree:
        tree += error.__subclasses__()
    assert len(tree) > 10
    assert all(isinstance(error.exit_code, errors.ExitCode) and error.exit_code != 0 for error in tree)


def test_run_ids_sort_by_time_and_differ() -> None:
    early, late = datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert run_id(early) < run_id(late)
    assert len({run_id(early) for _ in range(200)}) == 200


def test_the_same_content_has_the_same_hash_whatever_its_type() -> None:
    assert content_hash("ß") == content_hash("ß".encode())
    assert content_hash("\ud800") == content_hash(b"\xed\xa0\x80")
