"""Schemas: nothing is fetched, nothing runs for ever, and a fault is always words."""

from __future__ import annotations

from typing import Any

import pytest

from rlm_cli.base.errors import UsageError
from rlm_cli.engine.schemas import check_cell_schema, check_schema, fault_of, value_of
from tests.servers.openai_server import Server
from tests.unit.engine.bench import FINISH, LOOK, Bench, cell

LAUGHING: dict[str, Any] = {
    "$ref": "#/$defs/a0",
    "$defs": {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(30)} | {"a30": {}},
}


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "nonsense"}, "nonsense"),
        ({"$ref": "#/nope"}, "not in it"),
        ({"$ref": "#"}, "never end"),
        ({"$ref": "file:///etc/passwd"}, "nothing is fetched"),
        ({"properties": {"a": {"items": {"$ref": "http://127.0.0.1/x"}}}}, "nothing is fetched"),
        (LAUGHING, "too many steps"),
        (5, "neither an object"),
        (None, "neither an object"),
    ],
)
def test_what_is_no_whole_schema_is_refused(schema: Any, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_schema(schema)
    assert why in caught.value.why
    assert why in check_cell_schema(schema)


def test_an_honest_schema_with_references_and_odd_names_is_taken() -> None:
    schema = {
        "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}, "$ref": {"type": "string"}}}},
        "properties": {"first": {"$ref": "#/$defs/node"}, "pattern": {"enum": [{"$ref": "http://x"}]}},
    }
    check_schema(schema)
    assert check_cell_schema(schema) == ""
    assert fault_of({"first": {"next": {"$ref": 5}}}, schema).startswith("$.first.next")


def test_a_cell_may_not_name_a_pattern() -> None:
    assert "check with re in the cell" in check_cell_schema({"items": {"pattern": "(a+)+$"}})


def test_a_value_that_cannot_be_checked_has_a_fault() -> None:
    assert (
        value_of("{}", {"$ref": "#/nope"})[1]
        == "it cannot be checked: it refers to /nope, which is not in it"
    )


@pytest.mark.parametrize("schema", ["{'type': 'nonsense'}", "{'$ref': 'http://127.0.0.1:PORT/steal'}"])
async def test_a_schema_of_a_cell_makes_no_request_and_ends_nothing(schema: str) -> None:
    with Server(["never asked"]) as server:
        schema = schema.replace("http://127.0.0.1:PORT", server.base_url)
        bench = Bench([LOOK, cell(f"r = llm_query('one', schema={schema}); print(r.error)"), FINISH])
        finished = await bench.go()
        assert server.requests == []
    assert finished.stop == "ready"
    assert bench.sub.requests == []
