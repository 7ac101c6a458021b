"""The outbox: what is owed is decided, handed to channels, and followed until it has an end.

Laws. A delivery is marked `sending` on disk before it is handed over. After an answer that never
came, or a crash, the channel is asked whether the message left before it is sent again. One person
has one message under way at a time, oldest first, so that "it is over" never overtakes "it began".
A channel that hangs holds up nobody but itself: each has threads of its own.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from alerting.decide import Memory, Plan, decide, dormant, further_roads
from domain.alarm import Decision, Delivery, DeliveryStatus, OwedEvent, Reason
from domain.errors import OutcomeUnknown, Permanent, Retryable
from domain.ports import Channel, Receipt, TellJournal

log = logging.getLogger("nigehban.outbox")

HORIZON_MS = 1_800_000
"""No attempt is put off further; deliveries due within it are looked at, to keep people's order."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the outbox tries again. All in seconds but `patience` and `parallel`."""

    first_s: float = 2.0  # after the first refusal; doubled by each further one
    most_s: float = 300.0
    settle_s: float = 15.0  # before asking after a lost answer; longer than any channel's time-out
    patience: int = 4  # refusals after which the contact's next channel is tried
    parallel: int = 4  # messages under way in one channel

    def wait_ms(self, delivery: Delivery, after_s: float | None) -> int:
        """Doubling, at least what the other side asked for, spread by +-25 % that only the
        delivery and the attempt decide."""
        wait = min(self.first_s * 2.0 ** min(delivery.attempts - 1, 30), self.most_s)
        spread = zlib.crc32(f"{delivery.id}#{delivery.attempts}".encode()) / 2**32
        return min(int(max(wait * (0.75 + spread / 2), after_s or 0.0) * 1000), HORIZON_MS)

    @property
    def settle_ms(self) -> int:
        return int(self.settle_s * 1000)


_DEAD = frozenset({DeliveryStatus.FAILED, DeliveryStatus.UNDELIVERED})


class _NotLearned(Exception):
    """Whether the message left could not be asked; carries what the channel raised."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.after_s: float | None = getattr(error, "after_s", None)


def _hand_over(channel: Channel, delivery: Delivery, ask: bool, send: bool) -> Receipt | None:
    """Runs in the channel's thread. None: asked for, not found, and not to be sent."""
    if ask:
        try:
            found = channel.find(delivery)
        except Exception as error:
            raise _NotLearned(error) from error
        if found is not None:
            return found
    return channel.send(delivery) if send else None


class Outbox:
    """`tick(now)` is one pass; the caller owns the clock and the pause between passes.

    All journal calls are made in the caller's thread. `executor(name)` gives the threads of a
    channel; tests hand in one that runs at once.
    """

    def __init__(
        self,
        journal: TellJournal,
        channels: Mapping[str, Channel],
        plan: Plan,
        pace: Pace | None = None,
        executor: Callable[[str], Executor] | None = None,
    ) -> None:
        self._journal = journal
        self._channels = dict(channels)
        self._plan = plan
        self._pace = pace or Pace()
        threads = executor or self._threads
        self._executors = {name: threads(name) for name in self._channels}
        self._memory = Memory()
        self._flying: dict[str, tuple[Delivery, Future[Receipt | None]]] = {}
        self._refused: set[str] = set()  # `sending`, but known in this process not to have left
        self._quiet_until: dict[str, int] = {}
        self._failing: set[str] = set()

    def _threads(self, name: str) -> Executor:
        return ThreadPoolExecutor(self._pace.parallel, thread_name_prefix=f"channel-{name}")

    def use(self, plan: Plan) -> None:
        """From now on decides by another accepted configuration."""
        self._plan = plan

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    def tick(self, now: int) -> None:
        self._harvest(now)
        for owed in self._journal.undecided():
            self._decide(owed, now)
        for delivery in self._next_ones(self._journal.due(now + HORIZON_MS, limit=1000), now):
            if delivery.next_attempt_at <= now:
                self._attempt(delivery, now)
        self._harvest(now)

    def close(self) -> None:
        """Starts nothing more. What is under way stays `sending` and is asked after next time."""
        for executor in self._executors.values():
            executor.shutdown(wait=False, cancel_futures=True)

    # deciding

    def _decide(self, owed: OwedEvent, now: int) -> None:
        try:
            decided = decide(owed, self._plan, self._memory)
        except Exception as error:  # one event that cannot be worded must not silence the others
            log.exception("owed event %s cannot be worded", owed.id)
            why = f"cannot be worded: {type(error).__name__}: {error}"
            self._journal.decided(
                owed, (), (Decision(now, owed.id, owed.box, Reason.NO_RECIPIENT, False, why),)
            )
            return
        # watch and tell anchor engine time apart: what is owed "in the future" is due now
        deliveries = [replace(d, next_attempt_at=min(d.next_attempt_at, now)) for d in decided.deliveries]
        self._journal.decided(owed, (*deliveries, *decided.reserves), decided.decisions)
        self._memory = decided.memory

    # handing over

    def _next_ones(self, due: Iterable[Delivery], now: int) -> list[Delivery]:
        """Each person's oldest; what was already handed over comes before what was not."""
        waiting = [delivery for delivery in due if not dormant(delivery, now)]
        waiting.sort(key=lambda d: (d.at, d.status is not DeliveryStatus.SENDING, d.id))
        busy = {delivery.contact for delivery, _ in self._flying.values()}
        chosen = []
        for delivery in waiting:
            if delivery.contact not in busy:
                busy.add(delivery.contact)
                chosen.append(delivery)
        return chosen

    def _attempt(self, delivery: Delivery, now: int) -> None:
        channel = self._channels.get(delivery.channel)
        late = now >= delivery.expires_at
        unsure = delivery.status is DeliveryStatus.SENDING and delivery.id not in self._refused
        if channel is None:
            self._give_up(delivery, now, f"channel {delivery.channel} is not open here")
            return
        if late and not unsure:
            self._end(delivery, DeliveryStatus.EXPIRED, now, delivery.error or "too late to be of use")
            return
        under_way = sum(1 for flying, _ in self._flying.values() if flying.channel == delivery.channel)
        if under_way >= self._pace.parallel or now < self._quiet_until.get(delivery.channel, 0):
            return
        delivery = replace(
            delivery,
            status=DeliveryStatus.SENDING,
            attempts=delivery.attempts + 1,
            next_attempt_at=now + self._pace.settle_ms,
        )
        self._journal.update(delivery, now)
        self._refused.discard(delivery.id)
        work = self._executors[delivery.channel].submit(_hand_over, channel, delivery, unsure, not late)
        self._flying[delivery.id] = delivery, work

    # what came of it

    def _harvest(self, now: int) -> None:
        for delivery, work in [flight for flight in self._flying.values() if flight[1].done()]:
            del self._flying[delivery.id]
            if work.cancelled():
                continue
            error = work.exception()
            if error is not None:
                self._failed(delivery, now, error)
            elif (receipt := work.result()) is not None:
                self._sent(delivery, now, receipt)
            else:  # it never left, and now it is too late
                self._end(delivery, DeliveryStatus.EXPIRED, now, delivery.error or "too late to be of use")

    def _sent(self, delivery: Delivery, now: int, receipt: Receipt) -> None:
        self._spoke(delivery.channel, None)
        delivery = replace(delivery, receipt=receipt.provider_id)
        if receipt.status in _DEAD:
            self._give_up(delivery, now, f"the provider says {receipt.status}")
            return
        self._end(delivery, receipt.status, now, "")
        for reserve in further_roads(delivery, self._plan):
            self._end(reserve, DeliveryStatus.SUPPRESSED, now, f"told by {delivery.channel}")

    def _failed(self, delivery: Delivery, now: int, error: BaseException) -> None:
        self._spoke(delivery.channel, error)
        after_s: float | None = getattr(error, "after_s", None)
        why = str(error) if isinstance(error, Retryable | _NotLearned) else f"{type(error).__name__}: {error}"
        again = self._pace.wait_ms(delivery, after_s)
        if isinstance(error, Permanent):
            self._give_up(delivery, now, f"{error.code} {error}".strip())
            return
        if isinstance(error, Retryable) and not isinstance(error, OutcomeUnknown):
            if after_s:
                self._quiet_until[delivery.channel] = now + min(int(after_s * 1000), HORIZON_MS)
            if delivery.attempts >= self._pace.patience and further_roads(delivery, self._plan):
                self._give_up(delivery, now, why)
                return
            self._refused.add(delivery.id)
            again = min(again, max(delivery.expires_at - now, 0))
        elif isinstance(error, _NotLearned):
            if now >= delivery.expires_at + HORIZON_MS:
                self._end(delivery, DeliveryStatus.EXPIRED, now, f"whether it left was never learned: {why}")
                return
        else:  # no answer, or an error nobody foresaw: it may have left
            again = max(again, self._pace.settle_ms)
        # the journal keeps it `sending`: a status never goes back, and after a crash it is asked for
        self._journal.update(replace(delivery, next_attempt_at=now + again, error=why), now)

    def _give_up(self, delivery: Delivery, now: int, why: str) -> None:
        """Wakes the next channel's first, then ends this one: after a crash between the two, this
        one is `sending`, comes before the other, and ends here again or puts it back to sleep."""
        onward = next(iter(further_roads(delivery, self._plan)), None)
        if onward is not None and now < onward.expires_at:
            self._journal.update(replace(onward, next_attempt_at=now), now)
        log.warning(
            "delivery %s failed: %s%s", delivery.id, why, f"; now by {onward.channel}" if onward else ""
        )
        self._end(delivery, DeliveryStatus.FAILED, now, why)

    def _end(self, delivery: Delivery, status: DeliveryStatus, now: int, why: str) -> None:
        self._refused.discard(delivery.id)
        self._journal.update(replace(delivery, status=status, error=why), now)

    def _spoke(self, channel: str, error: BaseException | None) -> None:
        """Logs on change only. A refusal of one message does not say that the channel is ill."""
        ill = error is not None and not isinstance(error, Permanent)
        if ill and channel not in self._failing:
            self._failing.add(channel)
            log.warning("channel %s fails: %s", channel, error)
        elif error is None and channel in self._failing:
            self._failing.discard(channel)
            log.info("channel %s works again", channel)
