"""One device asked once, for a person: what the collector reads of it, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collector.device.decode import shown
from collector.device.discover import Undiscovered, identify, survey
from collector.device.plan import NOT_ANSWERED, Asked, Plan, Raw, read_text
from collector.device.profile import ProfileSet, Source
from collector.device.recognise import Recognition
from collector.snmp.session import Session, Varbind, dotted
from domain.place import Bounds
from domain.reading import Outcome, Reading, written


@dataclass(frozen=True, slots=True)
class Line:
    """One OID of an explanation: what was asked, what came, what was made of it by which rule."""

    name: str
    oid: str
    raw: str
    rule: str
    result: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What `nigehban probe` prints. `values` holds numbers, and texts such as serial and model."""

    address: str
    outcome: Outcome
    profile: str
    kind: str
    elapsed_ms: int
    values: Mapping[str, float | str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """The machine form; keys as promised to users."""
        return {
            "address": self.address,
            "outcome": str(self.outcome),
            "profile": self.profile,
            "kind": self.kind,
            "elapsed_ms": self.elapsed_ms,
            "values": dict(self.values),
            "absent": dict(self.absent),
        }


async def probe(
    session: Session,
    address: str,
    profiles: ProfileSet,
    profile: str = "auto",
    bounds: Bounds | None = None,
    now: Callable[[], int] = lambda: 0,
) -> ProbeResult:
    """Recognises (unless `profile` is named), discovers, polls once and decodes by the same plan
    the collector uses. `now` gives engine milliseconds. KeyError for an unknown profile name."""
    began = now()
    rows: dict[bytes, Raw] = {}
    if profile == "auto":
        chosen = Recognition("", "", 0)
    else:
        chosen = Recognition(profiles[profile].name, "named by the user", 100)
    try:
        if profile == "auto":
            chosen = await identify(session, profiles, rows)
        plan = await survey(session, profiles[chosen.profile], chosen, rows, bounds)
        varbinds = await _poll(session, plan)
    except Undiscovered as silence:
        answer = silence.answer
        kind = str(profiles[chosen.profile].kind) if chosen.profile else ""
        return ProbeResult(address, answer.outcome, chosen.profile, kind, now() - began, detail=answer.detail)
    reading = plan.decode(varbinds, address, now(), slow=True)
    why = (f"{chosen.profile}: {plan.why}", *(f"not {other}" for other in chosen.considered))
    return ProbeResult(
        address=address,
        outcome=Outcome.OK,
        profile=plan.profile,
        kind=str(plan.kind),
        elapsed_ms=now() - began,
        values=_values(reading),
        absent={**plan.unanswered, **reading.absent},
        why=why,
        notes=plan.notes,
        lines=tuple(explained(plan, varbinds, reading)),
    )


async def _poll(session: Session, plan: Plan) -> list[Varbind]:
    varbinds: list[Varbind] = []
    for pdu in (*plan.gets, *plan.slow_gets):
        answer = await session.get(pdu)
        if answer.outcome is not Outcome.OK:
            raise Undiscovered(answer)
        varbinds += answer.varbinds
    for root in plan.due_walks(varbinds):
        answer = await session.walk(root, 256)
        varbinds += answer.varbinds
    return varbinds


def _tidy(value: float) -> float:
    return int(value) if value == int(value) else round(value, 6)


def said(value: float) -> str:
    """A number as people read it: no exponent, no tail of noughts."""
    return str(_tidy(value))


def _values(reading: Reading) -> dict[str, float | str]:
    numbers: dict[str, float | str] = {
        written(key): _tidy(value) for key, value in sorted(reading.values.items())
    }
    return numbers | dict(sorted(reading.texts.items()))


def explained(plan: Plan, varbinds: Sequence[Varbind], reading: Reading) -> list[Line]:
    """Each OID asked, its raw value, the rule applied and the result; then each verdict."""
    rows = {key: (tag, octets) for key, tag, octets in varbinds}
    lines = [_line(one, rows.get(one.oid)) for one in plan.asked]
    for walk in plan.walked:
        found = [(key, raw) for key, raw in rows.items() if key.startswith(walk.root)]
        for key, raw in found:
            result = walk.read(*raw)
            text = result if isinstance(result, str) else said(result)
            lines.append(Line(walk.name, dotted(key), shown(*raw), rule_text(walk.source), text))
        if not found:
            lines.append(Line(walk.name, dotted(walk.root), "no rows", "walked", "nothing"))
    facts: dict[str, list[float]] = {}
    for one in plan.asked:
        here = rows.get(one.oid)
        if one.kind == "fact" and here is not None and not isinstance(number := one.read(*here), str):
            facts.setdefault(one.name, []).append(number)
    for walk in plan.walked:
        read = [walk.read(*raw) for key, raw in rows.items() if key.startswith(walk.root)]
        facts[walk.name] = [value for value in read if not isinstance(value, str)]
    for (name, _), number in reading.values.items():
        facts.setdefault(name, []).append(number)
    for decision in plan.decisions:
        value, because = decision.decide(facts)
        lines.append(Line(decision.name, "derived", "", because, "absent" if value is None else said(value)))
    return lines


def _line(one: Asked, raw: Raw | None) -> Line:
    where = dotted(one.oid)
    if raw is None:
        return Line(one.shown, where, "nothing", "", NOT_ANSWERED)
    if not isinstance(one.source, Source):
        return Line(one.shown, where, shown(*raw), "text", read_text(one, *raw) or "nothing worth keeping")
    value = one.read(*raw)
    text = f"absent: {value}" if isinstance(value, str) else said(value)
    return Line(one.shown, where, shown(*raw), rule_text(one.source), text)


def rule_text(source: Source) -> str:
    """The rule of a source in a few words."""
    parts: list[str] = []
    if source.pattern:
        parts.append(f"/{source.pattern}/")
    if source.map is not None:
        parts.append(
            "map "
            + ", ".join(
                f"{key}={value if isinstance(value, str) else said(value)}"
                for key, value in source.map.items()
            )
        )
        if source.otherwise is not None:
            parts.append(f"any other {source.otherwise:g}")
    if source.fit is not None:
        parts.append(f"unit fitted ({source.fit.group})")
    elif source.exponent is not None:
        parts.append("scaled by the agent's own scale and precision")
    elif source.multiply != 1 or source.divide != 1:
        parts.append(f"x {source.multiply / source.divide:g}")
    if source.convert:
        parts.append(f"from {source.convert}")
    if source.above is not None:
        parts.append(f"1 above {source.above:g}, else 0")
    if source.sentinels:
        parts.append("sentinels " + ", ".join(str(key) for key in source.sentinels))
    if source.why:
        parts.append(source.why)
    return "; ".join(parts) or "as it is"


def rendered(result: ProbeResult, explain: bool = False) -> str:
    """The words for a terminal."""
    head = f"{result.address}: {result.outcome}"
    if result.outcome is not Outcome.OK:
        return f"{head} ({result.detail})" if result.detail else head
    lines = [f"{head}, {result.kind} by profile {result.profile}, {result.elapsed_ms} ms"]
    if explain:
        lines += [f"  why     {why}" for why in result.why]
    lines += [f"  note    {note}" for note in result.notes]
    width = max((len(name) for name in (*result.values, *result.absent)), default=0)
    lines += [f"  {name:<{width}}  {value}" for name, value in result.values.items()]
    lines += [f"  {name:<{width}}  absent: {why}" for name, why in sorted(result.absent.items())]
    if explain:
        lines.append("")
        for line in result.lines:
            lines.append(f"  {line.name}: {line.oid} = {line.raw} [{line.rule}] -> {line.result}")
    return "\n".join(lines)
