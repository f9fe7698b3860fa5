"""Who agreed what and when: parties, agreements, and the shapes of a clause and a planted item.

Owns the facts of the invented dispute. Must never know a sentence of contract prose or a file format.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["pdf", "docx", "md", "txt", "html"]
Verdict = Literal["conflict", "decoy"]


@dataclass(frozen=True)
class Party:
    """A company, with the state that it is organised in."""

    key: str
    name: str
    form: str
    address: str


@dataclass(frozen=True)
class Agreement:
    """One document of the corpus. `roles` says what the document calls each party."""

    file: str
    title: str
    dated: dt.date
    roles: tuple[tuple[str, str], ...]
    standing: str

    @property
    def kind(self) -> Kind:
        kinds: tuple[Kind, ...] = ("pdf", "docx", "md", "txt", "html")
        return next(kind for kind in kinds if self.file.endswith(f".{kind}"))

    def role(self, party: str) -> str:
        return dict(self.roles).get(party, party)


@dataclass(frozen=True)
class Limit:
    """The most that an obligation can cost. `usd` None means expressly without limit."""

    usd: int | None
    per: str = "in aggregate"


@dataclass(frozen=True)
class Duty:
    """Someone carries someone else's loss. `limit` None means that the clause is silent on amount."""

    id: str
    file: str
    section: str
    heading: str
    obligor: str
    beneficiary: str
    event: str
    wording: str
    limit: Limit | None = None


@dataclass(frozen=True)
class Definition:
    """A defined term, with what it expressly takes in and leaves out."""

    id: str
    file: str
    section: str
    heading: str
    term: str
    core: str
    takes_in: str = ""
    leaves_out: str = ""


@dataclass(frozen=True)
class Rule:
    """A provision that decides which clause counts: precedence, expiry, replacement, survival."""

    id: str
    file: str
    section: str
    heading: str
    about: str


Clause = Duty | Definition | Rule


@dataclass(frozen=True)
class Planted:
    """A conflict or a decoy: the clauses to read together, and why they do or do not clash."""

    id: str
    verdict: Verdict
    kind: str
    clauses: tuple[str, ...]
    explanation: str


NORTHGATE, TESSELLATE, WESTMARK, HALDEN = "northgate", "tessellate", "westmark", "halden"

PARTIES: dict[str, Party] = {
    p.key: p
    for p in (
        Party(
            NORTHGATE,
            "Northgate Freight Holdings, Inc.",
            "a Delaware corporation",
            "400 Canal Street, Duluth, Minnesota",
        ),
        Party(
            TESSELLATE,
            "Tessellate Systems LLC",
            "an Oregon limited liability company",
            "1180 Burnside Row, Portland, Oregon",
        ),
        Party(
            WESTMARK,
            "Westmark Retail Group, Inc.",
            "an Ohio corporation",
            "77 Commerce Parkway, Columbus, Ohio",
        ),
        Party(HALDEN, "Halden Devices Corp.", "a Nevada corporation", "9 Foundry Lane, Reno, Nevada"),
    )
}

MASTER = "master_services_agreement_2024.pdf"
MSA19, LICENCE = "msa_2019.pdf", "software_license_2017.pdf"
AMEND1, AMEND2 = "amendment_no_1_msa_2019.docx", "amendment_no_2_msa_2019.docx"
AMEND24, DPA = "amendment_no_1_msa_2024.docx", "data_processing_addendum_2020.docx"
SIDE, LOAN = "side_letter_2021.md", "equipment_loan_letter_2022.md"
SOW7, WEST = "statement_of_work_7.html", "westmark_services_agreement_2022.html"
HOSTING, RESELLER = "hosting_agreement_2020.txt", "reseller_agreement_2018.txt"


def _two(northgate: str, tessellate: str) -> tuple[tuple[str, str], ...]:
    return ((NORTHGATE, northgate), (TESSELLATE, tessellate))


_USUAL = _two("Customer", "Supplier")
_LETTER = _two("Northgate", "Tessellate")

AGREEMENTS: dict[str, Agreement] = {
    a.file: a
    for a in (
        Agreement(MASTER, "Master Services Agreement", dt.date(2024, 3, 1), _USUAL, "in force"),
        Agreement(
            LICENCE,
            "Perpetual Software License Agreement",
            dt.date(2017, 6, 12),
            _two("Licensee", "Licensor"),
            "continues",
        ),
        Agreement(
            RESELLER,
            "Reseller Agreement",
            dt.date(2018, 10, 1),
            _two("Reseller", "Vendor"),
            "expired 31 December 2021",
        ),
        Agreement(
            MSA19,
            "Master Services Agreement (Warehouse Operations)",
            dt.date(2019, 4, 15),
            _USUAL,
            "continues",
        ),
        Agreement(
            AMEND1,
            "Amendment No. 1 to the 2019 Master Services Agreement",
            dt.date(2020, 9, 30),
            _USUAL,
            "Section 2 deleted by Amendment No. 2",
        ),
        Agreement(HOSTING, "Hosting Agreement", dt.date(2020, 2, 3), _two("Client", "Provider"), "continues"),
        Agreement(
            DPA,
            "Data Processing Addendum",
            dt.date(2020, 5, 20),
            _two("Controller", "Processor"),
            "continues",
        ),
        Agreement(
            SIDE,
            "Side Letter: Fleet Telematics",
            dt.date(2021, 8, 9),
            _LETTER,
            "continues; paragraph 6 ended 30 June 2022",
        ),
        Agreement(
            AMEND2,
            "Amendment No. 2 to the 2019 Master Services Agreement",
            dt.date(2022, 11, 14),
            _USUAL,
            "continues",
        ),
        Agreement(
            LOAN, "Equipment Loan Letter", dt.date(2022, 3, 28), (*_LETTER, (HALDEN, "Halden")), "continues"
        ),
        Agreement(
            WEST,
            "Services Agreement",
            dt.date(2022, 7, 18),
            ((WESTMARK, "Westmark"), (TESSELLATE, "Supplier")),
            "not with Northgate",
        ),
        Agreement(
            SOW7, "Statement of Work No. 7 (Bonded Warehouses)", dt.date(2023, 1, 23), _USUAL, "continues"
        ),
        Agreement(
            AMEND24,
            "Amendment No. 1 to the 2024 Master Services Agreement",
            dt.date(2025, 2, 10),
            _USUAL,
            "in force",
        ),
    )
}
