"""The events for which more than one agreement says who pays.

Owns the words that two clauses must share for one event. Must never know who pays.
"""

from __future__ import annotations

SCANNER = "a defect in a Handheld Device, including a device that was on loan at the Effective Date"
CARRIER = "misuse of the Carrier Portal by a carrier or by anyone using a carrier's credentials"
ROUTING = "any claim that the Routing Engine, or any open source component in it, infringes or misappropriates a right of a third party"
PROPERTY = "damage to tangible property at a Warehouse caused by Supplier Personnel"
INJURY = (
    "the death or bodily injury of any person at a Warehouse caused by the negligence of Supplier Personnel"
)
BREACH = "a Personal Data Breach affecting Customer Personal Data"
AGENCY = (
    "any claim for wages, holiday pay or unfair dismissal made by an agency worker assigned to a Warehouse"
)
