"""Makes clauses, tables and whole sections that are dull on purpose, the same ones for the same seed.

Owns how patterns and vocabulary are combined. Must never know about parties or planted clauses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from .blocks import Block, Table, clause
from .prose import lines, pairs
from .topics import Topic

_DOCS = (
    "the Operations Manual",
    "the Service Catalogue",
    "the Interface Specification",
    "the Site Handbook",
    "Exhibit A",
    "Exhibit C",
    "Exhibit F",
    "the Volume Table",
    "the Governance Charter",
    "the applicable Statement of Work",
    "the Acceptance Plan",
    "the Measurement Guide",
)
_PERIODS = ("week", "month", "calendar quarter", "Contract Year", "fortnight", "shift")
_UNITS = ("Business Days", "hours", "calendar days", "weeks")
_ORDINALS = ("third", "fifth", "seventh", "tenth", "twelfth")


class Filler:
    """Prose on one topic. Two with the same topic and seed say the same; patterns recur late.

    `customer` and `supplier` are what the document calls the two sides.
    """

    def __init__(
        self, topic: Topic, seed: str, customer: str = "Customer", supplier: str = "Supplier"
    ) -> None:
        self.topic = topic
        self._sides = (customer, supplier)
        self._random = random.Random(f"{topic.name}/{seed}")
        self._duties: list[tuple[str, str]] = []

    def sections(self, article: str, count: int, first: int = 1) -> Iterator[Block]:
        """`count` numbered clauses of an article, from `article.first` on."""
        for at in range(first, first + count):
            yield clause(f"{article}.{at}", *self.paragraph())

    def paragraph(self) -> tuple[str, str]:
        """A heading, and a duty, mostly with a detail or two, sometimes with an exception."""
        heading, duty = self._next_duty()
        parts = [duty]
        parts += self._random.sample(lines("details.txt"), self._random.choice((0, 1, 1, 2)))
        if self._random.random() < 0.4:
            parts.append(self._random.choice(lines("exceptions.txt")))
        text = " ".join(self._filled(part) for part in parts)
        return heading, text.replace("Customer", self._sides[0]).replace("Supplier", self._sides[1])

    def levels(self) -> Table:
        """A service level table: one row per measure."""
        rows = [("Service level", "Target", "Measured", "Weight")]
        for measure in self.topic.measures:
            target = f"{self._random.randint(900, 999) / 10} %"
            rows.append(
                (
                    _upper(measure),
                    target,
                    f"each {self._random.choice(_PERIODS)}",
                    f"{self._random.randint(1, 9) * 5}",
                )
            )
        return Table(tuple(rows), (0.43, 0.17, 0.25, 0.15))

    def rates(self, roles: int) -> Table:
        """A rate card: hourly rates by role and location."""
        rows = [("Role", "Grade", "On site (US$/h)", "Remote (US$/h)")]
        for at in range(roles):
            person = self.topic.people[at % len(self.topic.people)].removeprefix("the ")
            rate = self._random.randint(58, 190)
            rows.append(
                (
                    person,
                    f"G{self._random.randint(2, 8)}",
                    f"{rate}.00",
                    f"{rate - self._random.randint(6, 21)}.50",
                )
            )
        return Table(tuple(rows), (0.46, 0.14, 0.2, 0.2))

    def _next_duty(self) -> tuple[str, str]:
        """The next of a shuffled bag, refilled when empty, so that none recurs before the rest."""
        if not self._duties:
            duties = pairs("duties.txt")
            self._duties = self._random.sample(duties, len(duties))
        return self._duties.pop()

    def _filled(self, pattern: str) -> str:
        pick, topic = self._random.choice, self.topic
        person = pick(topic.people)
        return _upper(
            pattern.format(
                act=pick(topic.acts),
                things=pick(topic.things),
                system=topic.system,
                record=pick(topic.records),
                people=person,
                People=_upper(person),
                measure=pick(topic.measures),
                topic=topic.name,
                doc=pick(_DOCS),
                period=pick(_PERIODS),
                unit=pick(_UNITS),
                n=pick((2, 3, 4, 5, 6, 8, 10, 12, 15, 20)),
                nth=pick(_ORDINALS),
                big=f"{self._random.randint(4, 90) * 250:,}",
                percent=pick((2, 3, 5, 8, 10, 12, 15)),
                years=pick((3, 5, 6, 7)),
            )
        )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
