"""The master agreement of 2024 from its title to its last exhibit.

Owns the order of its parts. Must never know how many pages they take: the register of sites at the
end has no end, and the PDF writer stops at the last page.
"""

from __future__ import annotations

from collections.abc import Iterator

from .annexes import exhibits, register_of_sites, statements_of_work
from .assembly import preamble, run, signatures, written
from .blocks import Block, Table, clause, planted
from .facts import MASTER
from .filler import Filler
from .prose import Part, parts
from .topics import TOPICS

_SCHEDULES = (
    "Route Planning",
    "Continuing and Discharged Agreements",
    "Training",
    "Service Desk",
    "Quality Assurance",
    "Freight Payment",
    "Transition",
    "Warehouse Management",
    "Hosting",
    "Network Operations",
    "Software Maintenance",
    "Data Protection",
    "Information Security",
    "Customs Filing",
    "Electronic Data Interchange",
    "Carrier Onboarding",
    "Dock Scheduling",
    "Fleet Telematics",
    "Reporting and Analytics",
    "Returns Handling",
    "Handheld Equipment",
    "Temperature Control",
    "Business Continuity",
    "Yard Operations",
    "Bonded Stock",
    "Analytics Extracts",
    "Pilot Services",
    "Governance",
    "Insurance",
    "Exit",
)
_TOPIC_OF = {
    "Yard Operations": "Dock Scheduling",
    "Bonded Stock": "Customs Filing",
    "Analytics Extracts": "Reporting and Analytics",
    "Pilot Services": "Route Planning",
    "Governance": "Quality Assurance",
    "Insurance": "Business Continuity",
    "Exit": "Transition",
}
_PARTS = (
    "Purpose and scope",
    "Roles",
    "Operation",
    "Handling of events",
    "Working rules",
    "Checks",
    "Continuity of the service",
    "Reports",
)


def master_front() -> Iterator[Block]:
    """The title page."""
    yield Block("title", "Master Services Agreement")
    yield Block(
        "centre",
        "between\n\nNorthgate Freight Holdings, Inc.\n(Customer)\n\nand\n\nTessellate Systems LLC\n(Supplier)\n\n\nEffective 1 March 2024\n\nContract No. NFH-2024-0031",
    )


def master_blocks() -> Iterator[Block | Table]:
    """Everything after the table of contents, without end: see `register_of_sites`."""
    yield Block("part", "Parties and Recitals")
    yield preamble(MASTER, "Master Services Agreement")
    yield clause(
        "A",
        "",
        "Customer operates freight terminals, warehouses and a fleet in the United States and Canada.",
    )
    yield clause(
        "B",
        "",
        "Supplier develops and operates software for the planning, filing, tracking and payment of freight.",
    )
    yield clause(
        "C",
        "",
        "The Parties have worked together since 2017 under several agreements, some of which continue beside this one.",
    )
    for number, article in enumerate(parts(MASTER), 1):
        yield Block("article", f"Article {number}: {article.heading}")
        yield from _article(number, article)
    yield Block("part", "Signatures")
    yield from signatures(MASTER)
    for number, title in enumerate(_SCHEDULES, 1):
        yield Block("part", f"Schedule {number}: {title}")
        yield from _agreements() if number == 2 else _schedule(number, title)
    yield from statements_of_work(40)
    yield from exhibits()
    yield from register_of_sites()


def _article(number: int, article: Part) -> Iterator[Block]:
    if article.topic:
        return Filler(TOPICS[article.topic], f"article{number}").sections(str(number), article.count)
    return written(MASTER, f"{number}.", article.clauses)


def _agreements() -> Iterator[Block]:
    yield clause(
        "1.1",
        "Purpose",
        "This Schedule says which earlier agreements between the Parties go on and which do not.",
    )
    yield planted("m.part_a")
    yield planted("m.part_b")
    yield clause(
        "1.4",
        "Effect",
        "An agreement in Part A remains in force in accordance with its terms, with the amendments and Statements of Work made under it. An agreement in Part B has no effect.",
    )
    yield clause(
        "1.5",
        "Other agreements",
        "An earlier agreement between the Parties that is listed in neither Part has no effect from the Effective Date, except as part of an agreement that is listed.",
    )


def _schedule(number: int, title: str) -> Iterator[Block | Table]:
    filler = Filler(TOPICS[_TOPIC_OF.get(title, title)], f"schedule{number}")
    for part, heading in enumerate(_PARTS, 1):
        yield Block("heading", heading, str(part))
        yield from run(MASTER, f"Schedule {number}, ", part, 6 + (number * part) % 4, filler)
    yield Block("heading", "Service Levels", "9")
    yield filler.levels()
    yield Block("heading", "Rate card", "10")
    yield filler.rates(8)
