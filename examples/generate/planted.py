"""What is planted for "find indemnification conflicts": eight that clash and ten that only look so.

Owns which clauses belong together and why they clash or do not. Must never know their words.
"""

from __future__ import annotations

from .facts import Planted

OPPOSITE, CAP, TERM = "opposite direction", "capped against uncapped", "defined term differs"

PLANTED: tuple[Planted, ...] = (
    Planted(
        "C1",
        "conflict",
        OPPOSITE,
        ("m.ip", "lic.ip", "m.part_a"),
        "The 2024 master makes Tessellate answer for infringement by the Routing Engine; the 2017 licence, which continues, makes Northgate answer for the same claim.",
    ),
    Planted(
        "C2",
        "conflict",
        OPPOSITE,
        ("m.telematics", "side.telematics", "m.part_a"),
        "Schedule 18 puts harm done by a Telematics Unit on Tessellate, whenever it was installed; paragraph 4 of the 2021 side letter, which continues, puts it on Northgate.",
    ),
    Planted(
        "C3",
        "conflict",
        CAP,
        ("m.breach", "dpa.breach", "dpa.precedence", "m.continuing"),
        "The 2024 master covers personal data breaches without limit; the 2020 addendum stops at US$2,000,000 and says that it prevails, while the master ranks no continuing agreement.",
    ),
    Planted(
        "C4",
        "conflict",
        CAP,
        ("m.outage", "host.outage", "m.part_a"),
        "Schedule 9 stops at US$750,000 a Contract Year for freight lost in an outage; the 2020 hosting agreement, which continues, has no limit for the same event.",
    ),
    Planted(
        "C5",
        "conflict",
        TERM,
        ("m.losses", "s19.losses", "m.injury", "s19.injury"),
        "Both agreements cover the same injuries for 'Losses', but the 2024 term takes in consequential loss and attorneys' fees and the 2019 term leaves them out.",
    ),
    Planted(
        "C6",
        "conflict",
        TERM,
        ("m.parties", "loan.parties", "m.handheld", "loan.handheld"),
        "Schedule 21 protects Affiliates and contractors against claims about handheld devices, those on loan too; the 2022 loan letter leaves affiliates, agents and contractors out.",
    ),
    Planted(
        "C7",
        "conflict",
        OPPOSITE,
        ("a2.agency", "sow.agency", "s19.precedence"),
        "Amendment No. 2 makes Supplier answer for agency workers' claims and SOW 7 makes Customer; SOW 7 does not name Section 12.6, so the 2019 precedence clause does not settle it.",
    ),
    Planted(
        "C8",
        "conflict",
        CAP,
        ("a24.customs", "sow.customs", "m.customs"),
        "The master's limit on customs penalties once matched SOW 7 (US$150,000), but the 2025 amendment replaced it with no limit, whichever agreement the Entry was filed under.",
    ),
    Planted(
        "D1",
        "decoy",
        "superseded by a later amendment",
        ("a1.cap", "a2.delete", "s19.property", "m.property"),
        "The US$500,000 cap of Amendment No. 1 was deleted by Amendment No. 2: both master agreements are uncapped again.",
    ),
    Planted(
        "D2",
        "decoy",
        "superseded by a later amendment",
        ("m.carrier", "host.carrier", "a24.carrier"),
        "Schedule 16 ran against the hosting agreement on misuse by carriers until the 2025 amendment turned it round from the Effective Date: both now put it on Tessellate.",
    ),
    Planted(
        "D3",
        "decoy",
        "expired",
        ("res.ip", "res.expiry", "m.ip", "m.part_b"),
        "The reseller agreement runs the other way but expired on 31 December 2021, its Section 10 with it, and the master lists it as discharged.",
    ),
    Planted(
        "D4",
        "decoy",
        "expired",
        ("side.trips", "m.trips"),
        "The US$50,000 limit for lost trip records ended by its own terms on 30 June 2022; nothing limits the duty in Schedule 18.",
    ),
    Planted(
        "D5",
        "decoy",
        "other party",
        ("west.breach", "m.breach"),
        "A capped promise in the other direction, but made by Westmark, which has no contract with Northgate.",
    ),
    Planted(
        "D6",
        "decoy",
        "other party",
        ("loan.battery", "m.battery"),
        "The limit of US$250,000 binds Halden towards Tessellate; Tessellate's own duty to Northgate is untouched.",
    ),
    Planted(
        "D7",
        "decoy",
        "same in other words",
        ("s19.payroll", "m.payroll"),
        "Both put pay, benefits and payroll tax of Supplier's employees on Supplier, in different words.",
    ),
    Planted(
        "D8",
        "decoy",
        "same in other words",
        ("host.restore", "m.restore"),
        "Both make Tessellate rebuild lost or corrupted data at its own expense and without limit.",
    ),
    Planted(
        "D9",
        "decoy",
        "settled by the order of precedence",
        ("m.pilot", "m.ip", "m.precedence"),
        "Schedule 27 caps the intellectual property promise for Pilot Services, but Section 3.2 ranks the Articles above the Schedules, so Section 22.2 stands uncapped.",
    ),
    Planted(
        "D10",
        "decoy",
        "different event",
        ("dpa.audit", "m.audit"),
        "Controller pays for extra inspections that it asks for without cause, Supplier for those that follow a breach: two events, no clash.",
    ),
)
