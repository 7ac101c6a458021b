"""Which threshold rules concern a device, and what a value says of one."""

from __future__ import annotations

from domain.alarm import Evidence
from domain.metric import CATALOGUE
from domain.place import Device, Kind
from rules.limits import Thresholds
from rules.memory import DeviceMemory
from rules.rule import RuleSet, Threshold


def thresholds_for(rules: RuleSet, device: Device, tags: frozenset[str]) -> Thresholds:
    mine = [
        rule
        for rule in rules.thresholds
        if device.kind in rule.kinds and (not rule.tags or rule.tags & (tags | device.tags))
    ]
    plain = [((rule.metric, ""), rule) for rule in mine if not CATALOGUE[rule.metric].label]
    return Thresholds(
        tuple(pair for pair in plain if pair[1].metric.startswith("icmp_")),
        tuple(pair for pair in plain if not pair[1].metric.startswith("icmp_")),
        tuple(rule for rule in mine if CATALOGUE[rule.metric].label),
    )


def forget_unjudged(memory: DeviceMemory) -> None:
    """Drops alarms of rules that no longer concern the device: no reading could ever end them."""
    device, mine = memory.device, memory.thresholds
    judged = {"silent", "flapping", *(rule.id for _, rule in mine.icmp)}
    if device.snmp is not None:
        judged |= {"agent", "identity", *(rule.id for _, rule in mine.snmp)}
        if device.kind is Kind.UPS:
            judged |= {"mains", "forecast", "habit"}
    judged |= {rule.id for rule in mine.labelled}  # a trap may have opened it
    for rule in memory.alarms.keys() - judged:
        del memory.alarms[rule]


def beyond(rule: Threshold, value: float) -> Evidence:
    if rule.above is not None:
        if value > rule.above:
            return Evidence.BAD
        limit = rule.above if rule.clear_below is None else rule.clear_below
        return Evidence.GOOD if value <= limit else Evidence.UNKNOWN
    assert rule.below is not None
    if value < rule.below:
        return Evidence.BAD
    limit = rule.below if rule.clear_above is None else rule.clear_above
    return Evidence.GOOD if value >= limit else Evidence.UNKNOWN
