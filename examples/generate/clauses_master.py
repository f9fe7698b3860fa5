# ruff: noqa: E501 (prose is kept on one line, as it is quoted)
"""The planted clauses of the master agreement as facts: who owes whom, for what, up to how much.

Owns what they say, never how: `wording` only names a form of words.
"""

from __future__ import annotations

from .events import BREACH, CARRIER, INJURY, PROPERTY, ROUTING, SCANNER
from .facts import MASTER, NORTHGATE, TESSELLATE, Clause, Definition, Duty, Limit, Rule

_N, _T = NORTHGATE, TESSELLATE
_NONE = Limit(None)

IN_MASTER: tuple[Clause, ...] = (
    Definition(
        "m.losses",
        MASTER,
        "1.1",
        "Losses",
        "Losses",
        "all losses, liabilities, damages, awards, settlements, fines and costs",
        takes_in="consequential loss and the reasonable fees of attorneys and experts, whether or not a proceeding is begun",
    ),
    Rule("m.precedence", MASTER, "3.2", "Order of precedence", "order"),
    Rule("m.continuing", MASTER, "3.4", "Continuing Agreements", "unranked"),
    Duty("m.ip", MASTER, "22.2", "Intellectual property", _T, _N, ROUTING, "indemnify", _NONE),
    Duty("m.breach", MASTER, "22.3", "Personal data", _T, _N, BREACH, "indemnify_each", _NONE),
    Duty("m.injury", MASTER, "22.4", "Injury", _T, _N, INJURY, "indemnify"),
    Duty("m.property", MASTER, "22.5", "Property", _T, _N, PROPERTY, "indemnify_cost", _NONE),
    Duty(
        "m.payroll",
        MASTER,
        "22.6",
        "Supplier's workforce",
        _T,
        _N,
        "every wage, benefit, withholding and payroll tax due for a person whom Supplier employs",
        "protect",
    ),
    Rule("m.part_a", MASTER, "Schedule 2, 1.2", "Continuing Agreements", "part_a"),
    Rule("m.part_b", MASTER, "Schedule 2, 1.3", "Discharged Agreements", "part_b"),
    Duty(
        "m.outage",
        MASTER,
        "Schedule 9, 7.3",
        "Shipments lost in an Outage",
        _T,
        _N,
        "shipments lost or misrouted because of an Outage",
        "reimburse",
        Limit(750_000, "in any Contract Year"),
    ),
    Duty(
        "m.restore",
        MASTER,
        "Schedule 9, 7.5",
        "Restoring data",
        _T,
        _N,
        "Customer Data that Supplier loses or corrupts",
        "restore",
    ),
    Duty(
        "m.audit",
        MASTER,
        "Schedule 12, 6.1",
        "Inspection after a breach",
        _T,
        _N,
        "an inspection that follows a Personal Data Breach",
        "expense",
    ),
    Duty(
        "m.customs",
        MASTER,
        "Schedule 14, 7.4",
        "Customs penalties",
        _T,
        _N,
        "each customs penalty that follows from an error in an Entry filed through the Customs Service",
        "reimburse",
        Limit(150_000, "in any calendar year"),
    ),
    Duty("m.carrier", MASTER, "Schedule 16, 5.3", "Misuse by carriers", _N, _T, CARRIER, "bear_loss"),
    Duty(
        "m.telematics",
        MASTER,
        "Schedule 18, 4.2",
        "Harm done by a unit",
        _T,
        _N,
        "a Telematics Unit, whenever installed, injures a person or damages a vehicle",
        "if_bear",
    ),
    Duty(
        "m.trips",
        MASTER,
        "Schedule 18, 4.6",
        "Lost trip records",
        _T,
        _N,
        "trip records that a Telematics Unit fails to transmit",
        "make_good",
        _NONE,
    ),
    Definition(
        "m.parties",
        MASTER,
        "Schedule 21, 1.2",
        "Customer Parties",
        "Customer Parties",
        "Customer",
        takes_in="each of its Affiliates and the directors, employees, agents and contractors of any of them",
    ),
    Duty(
        "m.handheld",
        MASTER,
        "Schedule 21, 5.1",
        "Defective devices",
        _T,
        "the Customer Parties",
        SCANNER,
        "defend",
    ),
    Duty(
        "m.battery",
        MASTER,
        "Schedule 21, 5.4",
        "Battery fires",
        _T,
        _N,
        "the battery of a Handheld Device overheats or burns",
        "if_bear",
    ),
    Rule("m.pilot", MASTER, "Schedule 27, 6.2", "Pilot Services", "pilot"),
)
