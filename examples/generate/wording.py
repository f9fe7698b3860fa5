"""Turns one clause of facts into one passage of contract prose.

Owns every form of words that a planted clause may take. Must never know which clauses clash.
"""

from __future__ import annotations

from .facts import AGREEMENTS, MASTER, Agreement, Clause, Definition, Duty, Limit, Rule

_DUTY = {
    "indemnify": "{A} shall indemnify, defend and hold harmless {B} from and against all Losses arising out of {event}.",
    "indemnify_each": "{A} shall indemnify {B} against every sum that {B} must pay because of {event}.",
    "indemnify_cost": "{A} shall indemnify {B} for the cost of repairing or replacing what is lost through {event}.",
    "indemnify_against": "{A} shall indemnify and hold {B} harmless against {event}.",
    "protect": "{A} shall protect, defend, indemnify and hold harmless {B} in respect of {event}.",
    "reimburse": "{A} shall reimburse {B} for {event}.",
    "restore": "{A} shall restore, entirely at its own expense and with no upper limit, {event}.",
    "expense": "{A} shall bear the expense of {event}.",
    "bear_loss": "{A} shall bear all loss arising from {event}, and shall keep {B} free from any cost of it.",
    "if_bear": "If {event}, {A} shall bear the whole of the resulting loss and shall keep {B} free from any cost of it.",
    "if_bear_plain": "{A} has asked for the units in its own vehicles. If {event}, {A} will bear all of the loss that follows, whoever suffers it, and {B} will be put to no expense.",
    "make_good": "{A} will make good to {B} the cost of {event}.",
    "defend": "{A} shall defend and reimburse {B} in respect of every third-party claim caused by {event}.",
    "make_whole": "{A} will make {B} whole for {event}.",
    "stops_at": "{A}'s reimbursement to {B} of {event} stops at {limit}.",
    "total": "The total that {A} must pay to indemnify {B} in respect of {event} shall not exceed {limit}, however many they are and whatever any other agreement says.",
    "sunset": "Until 30 June 2022, and not after that date, what {A} pays to make good {event} stops at {limit}.",
    "manufacturer": "We have it in writing from {A} that it will reimburse {B} for {event}, up to {limit}. That promise is made to {B} alone.",
    "insert_12_6": 'The following is inserted as Section 12.6 of the 2019 Agreement: "{A} shall indemnify, defend and hold harmless {B} against {event}, whichever party engaged the agency."',
    "replace_customs": 'Section 7.4 of Schedule 14 is deleted and replaced by: "{A} shall reimburse {B} for {event}, and no limit of amount, annual or otherwise, applies."',
    "replace_carrier": 'With effect from the Effective Date of the Agreement, and as if it had never been otherwise, Section 5.3 of Schedule 16 is deleted and replaced by: "{A} shall bear all loss arising from {event}, and shall keep {B} free from any cost of it."',
}
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LIMIT_INSIDE = {"stops_at", "total", "sunset", "manufacturer", "replace_customs"}

_RULE = {
    "order": "If parts of this Agreement differ, the following order applies: (a) an amendment to this Agreement, the latest first; (b) Articles 1 to 32; (c) the Schedules; (d) the Statements of Work under this Agreement; and (e) the Exhibits. A part lower in the order does not limit, reduce or exclude an obligation in a part above it.",
    "unranked": "The order in Section 3.2 does not rank a Continuing Agreement, and neither Party may rely on that order against one. Where a Continuing Agreement and this Agreement deal with the same event, each remains binding in accordance with its own terms until the Contract Board has agreed in writing which of them is to be varied.",
    "part_a": "Part A (Continuing Agreements): {part_a}.",
    "part_b": "Part B (Discharged Agreements, under which neither Party owes anything further): {part_b}.",
    "pilot": "In respect of Pilot Services, the amount that Supplier must pay to indemnify Customer under Section 22.2 shall not exceed US$100,000 in aggregate.",
    "expiry": "This Agreement expires on 31 December 2021. Section 10 ends with it, also for claims of which notice has not been given by that date, and no promise to indemnify survives.",
    "order19": "A Statement of Work prevails over Sections 1 to 20 of this Agreement, as amended, only where it states the number of the Section that it overrides; otherwise neither prevails.",
    "cap_property": 'The following is added at the end of Section 12.2 of the 2019 Agreement: "The amount that Supplier must pay to indemnify Customer under this Section shall not exceed US$500,000 in aggregate."',
    "delete_cap": "Section 2 of Amendment No. 1 is deleted with effect from its date, and Section 12.2 of the 2019 Agreement stands as it was first signed.",
    "dpa_first": "This Addendum prevails over every other agreement between the parties, whether earlier or later, in so far as it concerns personal data.",
}


def passage(clause: Clause) -> str:
    """The prose of a clause, with straight quotation marks.

    Shape:   one paragraph without its section number.
    """
    match clause:
        case Duty():
            return _duty(clause, AGREEMENTS[clause.file])
        case Definition():
            return _definition(clause)
        case Rule():
            return _RULE[clause.about].format(part_a=_listed("continues"), part_b=_listed("expired"))


def _duty(duty: Duty, agreement: Agreement) -> str:
    amount = "" if duty.limit is None else _amount(duty.limit)
    text = _DUTY[duty.wording].format(
        A=agreement.role(duty.obligor), B=agreement.role(duty.beneficiary), event=duty.event, limit=amount
    )
    if duty.limit is None or duty.wording in _LIMIT_INSIDE:
        return text
    if duty.limit.usd is None:
        return f"{text} This obligation is without limit of amount."
    return f"{text} The total payable under this Section shall not exceed {amount}."


def _amount(limit: Limit) -> str:
    return f"US${limit.usd:,} {limit.per}" if limit.usd is not None else "no limit"


def _definition(definition: Definition) -> str:
    text = f'"{definition.term}" means {definition.core}'
    if definition.takes_in:
        text += f", and includes {definition.takes_in}"
    if definition.leaves_out:
        text += f", but does not include {definition.leaves_out}"
    return text + "."


def _listed(standing: str) -> str:
    """The agreements other than the master whose standing starts so, oldest first."""
    found = sorted(
        (a for a in AGREEMENTS.values() if a.file != MASTER and a.standing.startswith(standing)),
        key=lambda a: a.dated,
    )
    return "; ".join(f"the {a.title}, dated {long_date(a)}" for a in found)


def long_date(agreement: Agreement) -> str:
    """The date of an agreement as lawyers write it, without the platform's strftime."""
    return f"{agreement.dated.day} {_MONTHS[agreement.dated.month - 1]} {agreement.dated.year}"
