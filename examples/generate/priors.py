"""The twelve earlier agreements, amendments and letters as documents.

Owns which parts each of them has and in what order. Must never know a file format.
"""

from __future__ import annotations

from collections.abc import Iterator

from .assembly import preamble, run, signatures, written
from .blocks import Block, Document, Table
from .facts import (
    AGREEMENTS,
    AMEND1,
    AMEND2,
    AMEND24,
    DPA,
    HOSTING,
    LICENCE,
    LOAN,
    MSA19,
    RESELLER,
    SIDE,
    SOW7,
    WEST,
)
from .filler import Filler
from .prose import Clauses, parts
from .topics import TOPICS
from .wording import long_date

_CALLED = {
    MSA19: "Agreement",
    LICENCE: "Agreement",
    HOSTING: "Agreement",
    RESELLER: "Agreement",
    WEST: "Agreement",
    SOW7: "Statement of Work",
    DPA: "Addendum",
    AMEND1: "Amendment",
    AMEND2: "Amendment",
    AMEND24: "Amendment",
    SIDE: "letter agreement",
    LOAN: "letter agreement",
}
_ANNEXED = {WEST: "Dock Scheduling", SOW7: "Customs Filing", DPA: "Data Protection", SIDE: "Fleet Telematics"}
_LOANED = Table(
    (
        ("Handheld Device", "Number", "First serial", "Yard"),
        ("Scanner HD-40, long range", "160", "HD40-20117", "Duluth"),
        ("Scanner HD-40, freezer", "90", "HD40-31002", "Fargo"),
        ("Scanner HD-22, ring", "150", "HD22-00871", "Eau Claire"),
    ),
    (0.4, 0.15, 0.25, 0.2),
)


def prior_documents() -> Iterator[Document]:
    """All documents of the corpus but the master agreement."""
    for file in _CALLED:
        agreement = AGREEMENTS[file]
        header = f"{agreement.title}, {long_date(agreement)}"
        yield Document(file, agreement.title, header, tuple(_blocks(file)))


def _blocks(file: str) -> Iterator[Block | Table]:
    customer, supplier = (role for _, role in AGREEMENTS[file].roles[:2])
    yield preamble(file, _CALLED[file])
    for number, part in enumerate(parts(file), 1):
        if part.heading:
            yield Block("heading", part.heading, str(number))
        if part.topic:
            filler = Filler(TOPICS[part.topic], f"{file}{number}", customer, supplier)
            yield from run(file, "", number, part.count, filler)
        else:
            prefix = f"{number}." if part.heading else ""
            yield from written(file, prefix, _named(part.clauses, customer, supplier))
    yield from signatures(file)
    if file == LOAN:
        yield Block("heading", "Annex: scanners on loan")
        yield _LOANED
    if file in _ANNEXED:
        filler = Filler(TOPICS[_ANNEXED[file]], file, customer, supplier)
        yield Block("heading", "Annex: measures")
        yield filler.levels()


def _named(clauses: Clauses, customer: str, supplier: str) -> Clauses:
    return tuple(
        (heading, text.replace("{A}", customer).replace("{B}", supplier)) for heading, text in clauses
    )
