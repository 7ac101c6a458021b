"""To tell or to stay silent: one owed event becomes deliveries, and a named reason for every person.

A pure fold: `decide(owed, plan, memory)` depends on nothing else, so that `replay` decides as `tell`
did. Its clock is the owed event's own `at`. Ids are made of what they stand for, so that deciding
the same event again makes the same deliveries and never a second message.

Recipients come of the roster alone: the rule that told somebody of an opening tells them of the
closing too. Only for those whom the budget left out is that not so, and `Memory` knows them; it
starts empty after a restart, which errs towards telling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from alerting.message import Texts, system_text, word
from alerting.roster import Roster, placed
from domain.alarm import Concern, Decision, Delivery, DeliveryStatus, Notice, OwedEvent, Reason
from domain.facts import BoxFacts, IncidentFacts, box_facts
from domain.place import Contact

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything of the accepted configuration that telling needs.

    `channels` are the roads to whoever names none, in the city's order of preference; `others` are
    open as well, for those who name them. An opening is worth
    sending late, for it says since when, but not for ever; a closing puts an earlier message
    right, so it is worth sending longer.
    """

    contacts: Mapping[str, Contact]
    roster: Roster
    texts: Texts
    channels: tuple[str, ...]
    zone: tzinfo
    opened_valid_s: float = 2 * 3600.0  # openings and worsenings
    closed_valid_s: float = 12 * 3600.0
    others: frozenset[str] = frozenset()

    def roads(self, contact: Contact) -> tuple[str, ...]:
        """The open channels for a contact, best first."""
        wanted = contact.channels or self.channels
        return tuple(name for name in wanted if name in self.channels or name in self.others)


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier decisions leave for later ones; bounded by one hour and by what is open."""

    told: tuple[tuple[int, str], ...] = ()  # (at, contact) of the last hour's deliveries
    left_out: frozenset[tuple[str, str]] = frozenset()  # (incident, contact) the budget held back


@dataclass(frozen=True, slots=True)
class Decided:
    """`reserves` are the same messages by the contacts' further channels. They are kept with the
    others, in one transaction, but lie dormant until the channel before them has failed."""

    deliveries: tuple[Delivery, ...]
    reserves: tuple[Delivery, ...]
    decisions: tuple[Decision, ...]
    memory: Memory


def decide(owed: OwedEvent, plan: Plan, memory: Memory) -> Decided:
    """Who is told of `owed`, in which words, by which channel, and why nobody else is."""
    facts = box_facts(owed.facts)
    told = [entry for entry in memory.told if entry[0] > owed.at - HOUR_MS]
    left_out = set(memory.left_out)
    deliveries: list[Delivery] = []
    decisions: list[Decision] = []
    elsewhere: list[str] = []
    another_role: list[str] = []
    numbers: dict[str, str] = {}

    def silent(reason: Reason, detail: str) -> None:
        decisions.append(Decision(owed.at, owed.id, owed.box, reason, False, detail))

    for contact in sorted(plan.contacts.values(), key=lambda c: c.id):
        theirs = plan.roster.theirs(contact, owed.reason, facts)
        if not theirs:
            (another_role if placed(contact, facts) else elsewhere).append(contact.id)
            continue
        if owed.reason is Reason.ESCALATED:
            theirs = tuple(i for i in theirs if not i.acknowledged_by)
            if not theirs:
                by = ", ".join(sorted({i.acknowledged_by for i in facts.incidents if i.acknowledged_by}))
                silent(Reason.ACKNOWLEDGED, f"{contact.id}: acknowledged by {by}")
                continue
        if owed.notice is Notice.CLOSED:
            theirs = tuple(i for i in theirs if (i.id, contact.id) not in left_out)
            if not theirs:
                silent(Reason.NOT_YET_TOLD, f"{contact.id}: was not told of the opening")
                continue
        roads = plan.roads(contact)
        if not roads:
            wanted = ", ".join(contact.channels) or "any"
            silent(Reason.NO_CHANNEL, f"{contact.id}: wants {wanted}, open are {', '.join(plan.channels)}")
            continue
        if contact.number in numbers:
            silent(Reason.SAME_NUMBER, f"{contact.id}: the same number as {numbers[contact.number]}")
            continue
        over, last = _budget(contact.id, theirs, plan, told)
        if over:
            if owed.notice is not Notice.CLOSED:
                left_out.update((i.id, contact.id) for i in theirs)
            silent(Reason.OVER_BUDGET, f"{contact.id}: {over}")
            continue
        numbers[contact.number] = contact.id
        told.append((owed.at, contact.id))
        left_out.difference_update((i.id, contact.id) for i in theirs)
        delivery = _delivery(owed, contact, roads[0], facts, theirs, plan, last)
        deliveries.append(delivery)
        detail = f"{contact.id} by {delivery.channel}: {delivery.text}"
        decisions.append(Decision(owed.at, owed.id, owed.box, owed.reason, True, detail))

    if elsewhere:
        silent(Reason.NOT_THEIRS, f"another district or contractor: {', '.join(elsewhere)}")
    if another_role:
        silent(Reason.NOT_THEIRS, f"not for their role: {', '.join(another_role)}")
    if not deliveries and len(elsewhere) + len(another_role) == len(plan.contacts):
        silent(Reason.NO_RECIPIENT, "no contact is to be told of this")
    if owed.notice is Notice.CLOSED:
        left_out = {entry for entry in left_out if entry[0] not in owed.incidents}
    reserves = tuple(r for d in deliveries for r in further_roads(d, plan))
    return Decided(tuple(deliveries), reserves, tuple(decisions), Memory(tuple(told), frozenset(left_out)))


def system(which: str, at: int, since: int, plan: Plan) -> tuple[Delivery, ...]:
    """The dead man's messages ("silent", "alive"): to all who are told when the monitor is blind.

    One for each of a contact's channels, best first: the sender stops at the first that takes it.
    """
    text = system_text(which, plan.texts, plan.zone, at, since)
    to = {
        contact.number: contact
        for contact in sorted(plan.contacts.values(), key=lambda c: c.id, reverse=True)
        if plan.roster.hears(contact.role, Concern.MONITOR, Reason.OPENED)
    }
    name = f"{which}-{since}"
    return tuple(
        Delivery(
            id=_id(name, contact.id, channel),
            owed=name,
            at=at,
            contact=contact.id,
            number=contact.number,
            channel=channel,
            text=text,
            reason=Reason.OPENED if which == "silent" else Reason.CLOSED,
            next_attempt_at=at,
            expires_at=at + int(plan.opened_valid_s * 1000),
        )
        for contact in sorted(to.values(), key=lambda c: c.id)
        for channel in plan.roads(contact)
    )


def further_roads(delivery: Delivery, plan: Plan) -> tuple[Delivery, ...]:
    """The same message by each of the contact's channels after this one, dormant until it expires."""
    contact = plan.contacts.get(delivery.contact)
    roads = plan.roads(contact) if contact else ()
    if delivery.channel not in roads:
        return ()
    return tuple(_by(delivery, channel) for channel in roads[roads.index(delivery.channel) + 1 :])


def dormant(delivery: Delivery, now: int) -> bool:
    """In reserve: its turn has not come, and it holds up no other message."""
    return (
        delivery.status is DeliveryStatus.PENDING
        and not delivery.attempts
        and now < delivery.expires_at <= delivery.next_attempt_at
    )


def _by(delivery: Delivery, channel: str) -> Delivery:
    return Delivery(
        id=_id(delivery.owed, delivery.contact, channel),
        owed=delivery.owed,
        at=delivery.at,
        contact=delivery.contact,
        number=delivery.number,
        channel=channel,
        text=delivery.text,
        reason=delivery.reason,
        next_attempt_at=delivery.expires_at,
        expires_at=delivery.expires_at,
    )


def _budget(
    contact: str, theirs: tuple[IncidentFacts, ...], plan: Plan, told: list[tuple[int, str]]
) -> tuple[str, bool]:
    """(why it is over budget or "", whether this message is the last within the contact's)."""
    budget = plan.roster.budget
    if any(map(budget.exempts, theirs)):
        return "", False
    mine = sum(1 for _, to in told if to == contact)
    if mine >= budget.per_contact_per_hour:
        return f"had {mine} messages within the hour", False
    if len(told) >= budget.per_city_per_hour:
        return f"the city had {len(told)} messages within the hour", False
    return "", mine + 1 == budget.per_contact_per_hour


def _delivery(
    owed: OwedEvent,
    contact: Contact,
    channel: str,
    facts: BoxFacts,
    theirs: tuple[IncidentFacts, ...],
    plan: Plan,
    last: bool,
) -> Delivery:
    notice, reason = owed.notice, owed.reason
    if plan.roster.late_comer(contact, reason):
        notice, reason = Notice.OPENED, Reason.OPENED
    standing = tuple(i for i in facts.standing if plan.roster.may_know(contact, i))
    seen = replace(facts, incidents=theirs, standing=standing)
    valid_s = plan.closed_valid_s if owed.notice is Notice.CLOSED else plan.opened_valid_s
    return Delivery(
        id=_id(owed.id, contact.id, channel),
        owed=owed.id,
        at=owed.at,
        contact=contact.id,
        number=contact.number,
        channel=channel,
        text=word(notice, reason, owed.at, seen, plan.texts, plan.zone, limit=last),
        reason=owed.reason,
        next_attempt_at=owed.at,
        expires_at=owed.at + int(valid_s * 1000),
    )


def _id(owed: str, contact: str, channel: str) -> str:
    return f"{owed}/{contact}/{channel}"
