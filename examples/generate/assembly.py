"""Puts planted and dull clauses into one numbering.

Owns the rule that a planted clause stands at exactly the section that its fact names. Must never
know what a clause says.
"""

from __future__ import annotations

from collections.abc import Iterator

from .blocks import Block, clause, planted
from .clauses import CLAUSES
from .facts import AGREEMENTS, PARTIES
from .filler import Filler
from .wording import long_date

_BY_PLACE = {(c.file, c.section): c.id for c in CLAUSES.values()}


def run(file: str, prefix: str, part: int, count: int, filler: Filler) -> Iterator[Block]:
    """Clauses `part.1` to `part.count`: the planted ones where facts put them, dull ones between."""
    for at in range(1, count + 1):
        number = f"{part}.{at}"
        name = _BY_PLACE.get((file, prefix + number))
        yield planted(name) if name else next(filler.sections(str(part), 1, at))


def written(file: str, prefix: str, clauses: tuple[tuple[str, str], ...]) -> Iterator[Block]:
    """Clauses with the given headings and texts; a planted one takes the place of an empty pair."""
    for at, (heading, text) in enumerate(clauses, 1):
        number = f"{prefix}{at}"
        name = _BY_PLACE.get((file, number))
        assert bool(name) != bool(text), f"{file} {number}: both or neither of planted and written"
        yield planted(name) if name else clause(number, heading, text)


def preamble(file: str, what: str) -> Block:
    """The opening paragraph: date, parties, and what the document calls them."""
    agreement = AGREEMENTS[file]
    named = [
        f'{PARTIES[key].name}, {PARTIES[key].form} of {PARTIES[key].address} ("{role}")'
        for key, role in agreement.roles[:2]
    ]
    return Block(
        "plain", f"This {what} is made on {long_date(agreement)} between {named[0]}, and {named[1]}."
    )


def signatures(file: str) -> Iterator[Block]:
    """The signature blocks, signed by invented officers."""
    officers = {
        "northgate": "Marguerite Oyelaran, Chief Operating Officer",
        "tessellate": "Dov Lindqvist, Managing Member",
        "westmark": "Paloma Reyes-Whitlock, Senior Vice President",
    }
    agreement = AGREEMENTS[file]
    yield Block("plain", "The parties have signed through their authorised representatives.")
    for key, _ in agreement.roles[:2]:
        signer, dated = officers[key], long_date(agreement)
        by = f"By: /s/ {signer.split(',')[0]}\nName and title: {signer}\nDate: {dated}"
        yield Block("signature", f"{PARTIES[key].name}\n{by}")
