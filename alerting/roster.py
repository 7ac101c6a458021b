"""Who is told: a table of role and incident (roster.yaml), and whose place it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.alarm import Cause, Concern, Reason
from domain.facts import BoxFacts, IncidentFacts
from domain.place import Contact, Role


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty `causes` mean all of them; `corroborated` asks for IncidentFacts.police."""

    concerns: frozenset[Concern]
    causes: frozenset[Cause]
    when: frozenset[Reason]
    corroborated: bool = False

    def about(self, incident: IncidentFacts) -> bool:
        return (
            incident.concern in self.concerns
            and (not self.causes or incident.cause in self.causes)
            and (incident.police or not self.corroborated)
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """SMS per hour; incidents of an exempt concern or cause are counted but never held back."""

    per_contact_per_hour: int
    per_city_per_hour: int
    exempt_concerns: frozenset[Concern] = frozenset()
    exempt_causes: frozenset[Cause] = frozenset()

    def exempts(self, incident: IncidentFacts) -> bool:
        return incident.concern in self.exempt_concerns or incident.cause in self.exempt_causes


@dataclass(frozen=True, slots=True)
class Roster:
    """roster.yaml, checked (alerting.load.load_roster)."""

    roles: Mapping[Role, tuple[Rule, ...]]
    budget: Budget

    def theirs(self, contact: Contact, reason: Reason, facts: BoxFacts) -> tuple[IncidentFacts, ...]:
        """The incidents of this notice that the contact is told of, for this reason."""
        if not placed(contact, facts):
            return ()
        rules = [rule for rule in self.roles.get(contact.role, ()) if reason in rule.when]
        return tuple(i for i in facts.incidents if any(rule.about(i) for rule in rules))

    def may_know(self, contact: Contact, incident: IncidentFacts) -> bool:
        """Whether this incident may be mentioned to them at all, beside another."""
        return any(rule.about(incident) for rule in self.roles.get(contact.role, ()))

    def hears(self, role: Role, concern: Concern, reason: Reason) -> bool:
        return any(concern in rule.concerns and reason in rule.when for rule in self.roles.get(role, ()))

    def late_comer(self, contact: Contact, reason: Reason) -> bool:
        """Those who are told of corroborated incidents only hear of one first when it becomes so."""
        if reason not in (Reason.CORROBORATED, Reason.HOLD_ELAPSED):
            return False
        rules = [rule for rule in self.roles.get(contact.role, ()) if reason in rule.when]
        return bool(rules) and all(rule.corroborated for rule in rules)


def placed(contact: Contact, facts: BoxFacts) -> bool:
    """Whether the box is in a district and of a contractor of theirs.

    What concerns the monitor itself stands in no district, and a box may have no contractor: what
    is nobody's is everybody's, lest nobody be told.
    """
    return (not contact.districts or not facts.district or facts.district in contact.districts) and (
        not contact.contractors or not facts.contractor or facts.contractor in contact.contractors
    )
