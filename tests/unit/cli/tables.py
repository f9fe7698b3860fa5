"""The tables of docs/ that come from the code. `python -m tests.unit.cli.tables` writes them again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from rlm_cli.cli.topics import EXIT_MEANINGS, OTHER_PROGRAMS_VARIABLES, kind_text
from rlm_cli.settings.showing import toml_text
from rlm_cli.settings.spec import ByProject
from rlm_cli.settings.table import OTHER_VARIABLES, SETTINGS

DOCS = Path(__file__).parents[3] / "docs"
PROJECT_MAY = {ByProject.ANY: "set", ByProject.TIGHTEN: "tighten", ByProject.NEVER: "no"}


def settings_table() -> str:
    rows = [
        "| setting | default | what it may be | flag | variable | an untrusted project |",
        "|---|---|---|---|---|---|",
    ]
    for spec in SETTINGS:
        flags = ", ".join(f"`{flag}`" for flag in spec.flag.split())
        variable = f"`{spec.variable}`" if spec.variable else ""
        kind = kind_text(spec).replace("|", "\\|")
        cells = [
            f"`{spec.name}`",
            f"`{toml_text(spec, spec.default)}`",
            kind,
            flags,
            variable,
            PROJECT_MAY[spec.by_project],
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def settings_list() -> str:
    return "\n".join(f"- **`{spec.name}`** {spec.help}" for spec in SETTINGS)


def variables_table() -> str:
    pairs = {**OTHER_VARIABLES, **OTHER_PROGRAMS_VARIABLES}
    lines = [f"| `{name.replace(', ', '`, `')}` | {text} |" for name, text in pairs.items()]
    return "\n".join(["| variable | what it does |", "|---|---|", *lines])


def exit_codes_table() -> str:
    lines = [f"| {code.value} | {text} |" for code, text in EXIT_MEANINGS.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *lines])


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "help": settings_list,
    "variables": variables_table,
    "exit-codes": exit_codes_table,
}
PAGES = ("configuration.md", "exit-codes.md")


def renewed(text: str) -> str:
    """The page with every table between its marks written again."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text = pattern.sub(lambda match, table=table: f"{match[1]}{table()}\n{match[2]}", text)
    return text


if __name__ == "__main__":
    for page in PAGES:
        (DOCS / page).write_text(renewed((DOCS / page).read_text()))
