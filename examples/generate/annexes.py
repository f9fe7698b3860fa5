"""The back of the master agreement: statements of work, exhibits, and the register of sites.

Owns the annexes that are forms and tables rather than law. Must never carry a planted clause.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from .blocks import Block, Table, clause
from .filler import Filler
from .topics import TOPICS

_TOWNS = (
    "Duluth",
    "Fargo",
    "Eau Claire",
    "Sioux Falls",
    "Rockford",
    "Peoria",
    "Dubuque",
    "Toledo",
    "Erie",
    "Scranton",
    "Utica",
    "Bangor",
    "Macon",
    "Mobile",
    "Shreveport",
    "Amarillo",
    "Lubbock",
    "El Paso",
    "Pueblo",
    "Casper",
    "Billings",
    "Boise",
    "Spokane",
    "Yakima",
    "Eugene",
    "Fresno",
    "Reno",
    "Ogden",
    "Flagstaff",
    "Laredo",
    "Tulsa",
    "Wichita",
    "Topeka",
    "Moline",
    "Akron",
    "Dayton",
    "Evansville",
    "Paducah",
    "Knoxville",
)
_KINDS = (
    "cross-dock",
    "distribution centre",
    "bonded warehouse",
    "freight terminal",
    "cold store",
    "returns centre",
    "container yard",
)
_FIRST = (
    "Ana",
    "Bilal",
    "Chidi",
    "Dagny",
    "Emeka",
    "Freya",
    "Gustav",
    "Hana",
    "Ivo",
    "Jun",
    "Katya",
    "Luis",
    "Mirela",
    "Nils",
    "Oona",
    "Priya",
)
_LAST = (
    "Abara",
    "Brandt",
    "Castellan",
    "Dvorak",
    "Eklund",
    "Farouk",
    "Gallo",
    "Hatch",
    "Iwasaki",
    "Jessop",
    "Kowal",
    "Lacroix",
    "Mbeki",
    "Novak",
)
_EXHIBITS = (
    "Operations Manual Extract",
    "Form of Change Request",
    "Interface Specification",
    "Invoice Detail",
    "Acceptance Plan",
    "Measurement Guide",
    "Governance Charter",
    "Site Handbook Extract",
    "Volume Table",
    "Exit Checklist",
)


def statements_of_work(count: int) -> Iterator[Block | Table]:
    """Statements of Work 1 to `count`, each on a service, with milestones, charges and staff."""
    topics = list(TOPICS.values())
    for number in range(1, count + 1):
        topic = topics[(number * 5) % len(topics)]
        filler, chance = Filler(topic, f"sow{number}"), random.Random(f"sow{number}")
        town = chance.choice(_TOWNS)
        yield Block("part", f"Statement of Work 2024-{number:02}: {topic.name}, {town}")
        begins = f"{chance.randint(1, 28)} {chance.choice(('April', 'June', 'September'))} 2024"
        yield Block(
            "plain",
            "This Statement of Work is made under the Master Services Agreement of 1 March 2024. "
            f"It covers {topic.name} at {town} and at the Sites named in Section 2, "
            f"from {begins} for {chance.choice((12, 18, 24, 36))} months.",
        )
        for part, title in enumerate(
            ("Scope", "Sites and volumes", "Deliverables", "Approach", "Reporting"), 1
        ):
            yield Block("heading", title, str(part))
            yield from filler.sections(str(part), chance.randint(6, 9))
        yield Block("heading", "Milestones and charges", "6")
        yield _milestones(chance, town)
        yield Block("heading", "Named staff and rates", "7")
        yield clause(
            "7.1",
            "Lead",
            f"{_person(chance)} leads the work for Supplier, and {_person(chance)} represents Customer.",
        )
        yield filler.rates(chance.randint(5, 9))
        yield Block("heading", "Assumptions", "8")
        yield from filler.sections("8", chance.randint(5, 8))


def exhibits() -> Iterator[Block | Table]:
    """The exhibits: procedures in long, each on several services in turn."""
    topics = list(TOPICS.values())
    for at, title in enumerate(_EXHIBITS):
        letter = chr(ord("A") + at)
        yield Block("part", f"Exhibit {letter}: {title}")
        for part in range(1, 6):
            topic = topics[(at * 3 + part * 7) % len(topics)]
            filler = Filler(topic, f"exhibit{letter}")
            yield Block("heading", topic.name, str(part))
            yield from filler.sections(str(part), 8)
            yield filler.levels() if part % 2 else filler.rates(6)


def register_of_sites() -> Iterator[Block | Table]:
    """The register of sites, a table without end: the writer stops when the pages are full."""
    chance = random.Random("sites")
    yield Block("part", "Register of Sites")
    number = 0
    while True:
        rows = [("No.", "Site", "Kind", "Doors", "Site lead", "Since")]
        for _ in range(400):
            number += 1
            rows.append(
                (
                    f"{number:04}",
                    f"{chance.choice(_TOWNS)} {chance.randint(1, 9)}",
                    chance.choice(_KINDS),
                    str(chance.randint(4, 160)),
                    _person(chance),
                    f"20{chance.randint(10, 24)}",
                )
            )
        yield Table(tuple(rows), (0.09, 0.2, 0.25, 0.1, 0.25, 0.11))


def _milestones(chance: random.Random, town: str) -> Table:
    names = (
        "Kick-off",
        "Design signed",
        f"Pilot at {town}",
        "Acceptance tests",
        "Go-live",
        "Stabilisation",
        "Closure",
    )
    rows = [("Milestone", "Due (weeks)", "Charge (US$)")]
    week = 0
    for name in names:
        week += chance.randint(2, 7)
        rows.append((name, str(week), f"{chance.randint(8, 240) * 500:,}"))
    return Table(tuple(rows), (0.5, 0.25, 0.25))


def _person(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
