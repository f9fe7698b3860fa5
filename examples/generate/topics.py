"""The services that the agreements are about, and the words that each brings along.

Owns vocabulary only. Must never know how sentences are made of it, nor touch who carries a loss.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A service with its own nouns: what it handles, keeps, is run by, does, and is measured in."""

    name: str
    system: str
    things: tuple[str, ...]
    records: tuple[str, ...]
    people: tuple[str, ...]
    acts: tuple[str, ...]
    measures: tuple[str, ...]


def _topic(name: str, system: str, things: str, records: str, people: str, acts: str, measures: str) -> Topic:
    lists = [
        tuple(part.strip() for part in text.split(",")) for text in (things, records, people, acts, measures)
    ]
    return Topic(name, system, *lists)


TOPICS: dict[str, Topic] = {
    t.name: t
    for t in (
        _topic(
            "Route Planning",
            "the Routing Engine",
            "load plans, lane tables, route proposals, stop sequences, carrier tenders",
            "the lane history, the route archive, the tender log, the planning calendar",
            "the Planning Desk, the Route Analyst, the Lane Manager",
            "plan, resequence, consolidate, publish",
            "empty miles, plans published on time, tender acceptance, replans per day",
        ),
        _topic(
            "Dock Scheduling",
            "the Dock Scheduler",
            "dock appointments, door assignments, yard moves, trailer spots, gate passes",
            "the yard ledger, the appointment book, the gate log, the detention report",
            "the Dock Supervisor, the Yard Marshal, the Appointment Clerk",
            "book, release, reassign, confirm",
            "turn time, missed appointments, door utilisation, trailers on yard",
        ),
        _topic(
            "Customs Filing",
            "the Customs Service",
            "Entries, tariff classifications, bonded movements, certificates of origin, release notices",
            "the Entry file, the broker's ledger, the classification register, the bond register",
            "the Customs Lead, the Classification Desk, the Entry Writer",
            "classify, file, reconcile, amend",
            "Entries accepted at first filing, classification disputes, release time, late filings",
        ),
        _topic(
            "Hosting",
            "the Platform",
            "virtual hosts, storage volumes, network segments, backup sets, certificates",
            "the asset register, the change calendar, the capacity report, the backup log",
            "the Platform Engineer, the Capacity Planner, the Duty Manager",
            "provision, patch, back up, decommission",
            "availability, restore time, unused capacity, failed changes",
        ),
        _topic(
            "Service Desk",
            "the Ticket System",
            "Incidents, service requests, known errors, call recordings, knowledge articles",
            "the ticket history, the call register, the problem record, the knowledge base",
            "the Service Desk Agent, the Incident Manager, the Problem Manager",
            "log, escalate, resolve, close",
            "first contact resolution, reopened tickets, abandoned calls, time to answer",
        ),
        _topic(
            "Data Protection",
            "the Privacy Register",
            "personal data inventories, data subject requests, transfer assessments, retention rules, consent notices",
            "the record of processing, the request log, the transfer register, the deletion certificate file",
            "the Privacy Officer, the Records Steward, the Request Handler",
            "inventory, redact, return, erase",
            "requests answered in time, records past retention, open assessments, training completed",
        ),
        _topic(
            "Information Security",
            "the Security Monitoring Service",
            "access rights, vulnerability findings, security events, encryption keys, penetration test results",
            "the access review file, the vulnerability register, the event archive, the key inventory",
            "the Security Lead, the Access Administrator, the Event Analyst",
            "review, revoke, rotate, remediate",
            "overdue patches, dormant accounts, time to triage, keys past rotation",
        ),
        _topic(
            "Freight Payment",
            "the Payment Module",
            "freight invoices, accessorial charges, carrier statements, rate confirmations, remittance files",
            "the payment ledger, the match report, the dispute log, the accrual file",
            "the Payment Clerk, the Audit Analyst, the Treasury Contact",
            "match, approve, hold, remit",
            "invoices matched without touch, duplicates found, days to pay, disputes open",
        ),
        _topic(
            "Carrier Onboarding",
            "the Carrier Portal",
            "carrier profiles, operating authorities, safety ratings, insurance certificates, lane preferences",
            "the carrier file, the vetting record, the suspension list, the portal audit trail",
            "the Carrier Relations Desk, the Vetting Officer, the Portal Administrator",
            "vet, admit, suspend, reinstate",
            "days to onboard, lapsed certificates, inactive carriers, portal logins",
        ),
        _topic(
            "Warehouse Management",
            "the Warehouse System",
            "put-away tasks, pick lists, cycle counts, lot records, packing stations",
            "the stock ledger, the count sheet, the task journal, the slotting plan",
            "the Inventory Controller, the Shift Lead, the Slotting Analyst",
            "slot, count, replenish, stage",
            "pick accuracy, lines per hour, stock variance, dock to stock time",
        ),
        _topic(
            "Fleet Telematics",
            "the Telematics Platform",
            "Telematics Units, position reports, engine fault codes, driver hours, geofences",
            "the trip archive, the fault history, the unit register, the hours log",
            "the Fleet Coordinator, the Installation Crew, the Telematics Analyst",
            "install, calibrate, poll, retire",
            "units reporting, position gaps, fault codes cleared, calibration drift",
        ),
        _topic(
            "Electronic Data Interchange",
            "the EDI Gateway",
            "load tenders, status messages, functional acknowledgements, partner maps, code lists",
            "the message archive, the map library, the partner register, the rejection log",
            "the Integration Lead, the Map Developer, the Partner Coordinator",
            "map, translate, acknowledge, resend",
            "messages acknowledged in time, rejected messages, maps in test, partner outages",
        ),
        _topic(
            "Reporting and Analytics",
            "the Reporting Store",
            "dashboards, extracts, data marts, metric definitions, scheduled reports",
            "the metric catalogue, the extract log, the lineage map, the report inventory",
            "the Reporting Lead, the Data Modeller, the Metric Owner",
            "extract, model, certify, distribute",
            "reports on time, certified metrics, refresh failures, unused reports",
        ),
        _topic(
            "Handheld Equipment",
            "the Device Management Console",
            "Handheld Devices, cradles, battery packs, device images, spare units",
            "the device register, the repair log, the image library, the spares count",
            "the Device Technician, the Depot Clerk, the Image Engineer",
            "enrol, image, repair, swap",
            "devices in service, repair turnaround, spares on hand, battery health",
        ),
        _topic(
            "Training",
            "the Learning Portal",
            "course outlines, learner records, simulation exercises, certification tests, job aids",
            "the attendance sheet, the certification record, the course calendar, the feedback file",
            "the Training Lead, the Course Author, the Site Trainer",
            "schedule, deliver, assess, certify",
            "seats filled, pass rate, courses revised, days to certify",
        ),
        _topic(
            "Transition",
            "the Transition Plan",
            "cutover tasks, knowledge transfer sessions, parallel runs, acceptance checklists, asset transfers",
            "the cutover log, the risk register, the readiness report, the acceptance file",
            "the Transition Manager, the Workstream Lead, the Cutover Controller",
            "plan, rehearse, cut over, accept",
            "tasks complete, readiness score, open risks, rehearsals passed",
        ),
        _topic(
            "Temperature Control",
            "the Cold Chain Monitor",
            "temperature probes, reefer set points, excursion alerts, probe calibrations, pre-cool checks",
            "the probe register, the excursion log, the calibration certificate file, the pre-cool record",
            "the Cold Chain Lead, the Probe Technician, the Quality Reviewer",
            "monitor, calibrate, alert, verify",
            "excursions per thousand loads, probes in calibration, alert response, pre-cool compliance",
        ),
        _topic(
            "Returns Handling",
            "the Returns Module",
            "return authorisations, disposition codes, refurbishment orders, restock decisions, carrier labels",
            "the returns ledger, the disposition log, the refurbishment file, the label register",
            "the Returns Lead, the Disposition Clerk, the Refurbishment Planner",
            "authorise, inspect, disposition, restock",
            "days to disposition, restock rate, unlabelled returns, inspection backlog",
        ),
        _topic(
            "Network Operations",
            "the Wide Area Network",
            "circuits, access points, firewall rules, address ranges, failover tests",
            "the circuit inventory, the rule base, the address plan, the failover record",
            "the Network Lead, the Circuit Coordinator, the Firewall Administrator",
            "route, monitor, fail over, restore",
            "packet loss, circuit availability, rules without owner, failover time",
        ),
        _topic(
            "Software Maintenance",
            "the Release Pipeline",
            "releases, defect fixes, regression suites, configuration items, deprecation notices",
            "the release calendar, the defect register, the configuration baseline, the test evidence",
            "the Release Manager, the Test Lead, the Configuration Librarian",
            "build, test, release, roll back",
            "defects escaped, releases on calendar, rollback count, test coverage",
        ),
        _topic(
            "Quality Assurance",
            "the Quality Manual",
            "inspection plans, nonconformity reports, corrective actions, audit schedules, control charts",
            "the nonconformity log, the corrective action register, the audit file, the control plan",
            "the Quality Lead, the Internal Auditor, the Corrective Action Owner",
            "inspect, sample, correct, close out",
            "open nonconformities, overdue actions, audits held, repeat findings",
        ),
        _topic(
            "Business Continuity",
            "the Continuity Plan",
            "recovery scripts, standby sites, call trees, exercise scenarios, recovery priorities",
            "the exercise report, the recovery log, the contact list, the impact analysis",
            "the Continuity Manager, the Recovery Team, the Exercise Director",
            "rehearse, invoke, recover, stand down",
            "recovery time, recovery point, exercises held, contacts verified",
        ),
    )
}
