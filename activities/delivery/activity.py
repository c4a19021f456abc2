"""The activity that sends the messages of the outbox, each once (R4, R20, R21)."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.database.database import Database
from activities.delivery.channel_limits import ChannelLimits
from activities.delivery.customer_link import Outgoing, with_link
from activities.delivery.hand_over import BEATS, ClaimLostError, Complete, HandOver
from activities.delivery.outbox import Outbox, RowState
from activities.delivery.sent_memory import SentMemory
from activities.delivery.status import GIVEN_UP, MAY_HAVE_ARRIVED, OutboxStatus
from activities.delivery.transport import (
    Envelope,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    Transports,
    UnknownOutcomeError,
    UnreachableError,
    without_recipient,
)
from activities.heartbeat import heartbeats
from activities.links.mark import Portal
from workflows.domain.event import Message
from workflows.domain.time.virtual_time import VirtualTime
from workflows.domain.vocabulary import CUSTOMER, ONE_TIME_CODE, WEBHOOK
from workflows.ports import DELIVERY_HEARTBEAT, Delivery

logger = logging.getLogger(__name__)

OnFailed = Callable[..., Awaitable[None]]
"""Called as `on_failed(number=, message=, recipient=, channel=, error=, key=)` when a row has failed for good.

It may be called again for the same key when its answer was lost.
"""

OnSentAgain = Callable[..., Awaitable[None]]
"""Called as `on_sent_again(number=, message=, key=)` when a message to a customer was sent that had failed before."""
IN_HAND: Final = "InHand"
"""The type of the error where all that is left is on its way already, by other deliveries."""
_HELD: Final = "another delivery has it in hand"
_SHORTEST_WAIT: Final = timedelta(seconds=1)
"""The shortest wait that the other side can ask for; for less, the pauses between attempts grow as always."""
_ENDED: Final = (OutboxStatus.SENT, OutboxStatus.STORED, OutboxStatus.UNTOLD, OutboxStatus.TOLD)


@dataclass
class DeliveryActivities:
    """Delivers rows of the outbox.

    Attributes:
        database: where the outbox is.
        transports: the ways messages can go, webhooks among them.
        on_failed: tells the case that a notification will never arrive; without it the case does not learn.
        on_sent_again: tells the case that one was sent after all; without it the case does not learn.
        complete: puts into a message what the outbox may not show.
        portal: what the links in messages to customers are made with.
        time: relation of the case's time to the wall clock.
        next_after: in the case's time, how long each channel of a message is tried before the next one is.
        give_up_after: in the case's time, since a row was written, or somebody had it sent again: then a passing fault
            becomes a failure.
        send_timeout: wall clock; how long handing over one message may take.
        unnoted: what was sent, and could not be noted yet.
        lease: wall clock; how long a claim holds. It is renewed while its delivery goes on: a killed worker's runs out.
        limits: how many messages go by one channel at once.
        now: the wall clock.
    """

    database: Database
    transports: Transports
    on_failed: OnFailed | None = None
    on_sent_again: OnSentAgain | None = None
    complete: Complete | None = None
    portal: Portal = field(default_factory=Portal)
    time: VirtualTime = field(default_factory=VirtualTime)
    next_after: timedelta = timedelta(minutes=15)
    give_up_after: timedelta = timedelta(days=3)
    send_timeout: timedelta = timedelta(seconds=20)
    lease: timedelta = DELIVERY_HEARTBEAT
    limits: ChannelLimits = field(default_factory=ChannelLimits)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    unnoted: SentMemory = field(default_factory=SentMemory, repr=False)

    @activity.defn
    async def deliver(self, delivery: Delivery) -> None:
        """Send each row that has not ended, once; a row in another delivery's hands is left to that one.

        Raises:
            ApplicationError: retryable; how many rows may still succeed later, and why the last one did not. Of type
                `IN_HAND` where that is for other deliveries to say.
        """
        going = _DeliveryPass(self)
        faults = await going.run(delivery.keys)
        if faults:
            count, of = len(set(delivery.keys)), delivery.number or "cases that are over"
            raise ApplicationError(
                f"{len(faults)} of {count} notifications of {of} are not delivered yet: {faults[-1]}",
                type=IN_HAND if set(faults) == {_HELD} else "Undelivered",
                next_retry_delay=min(going.waits) if len(going.waits) == len(faults) else None,
            )


class _DeliveryPass:
    """One pass over the rows of a delivery."""

    def __init__(self, owner: DeliveryActivities) -> None:
        self._owner = owner
        self._outbox = Outbox(owner.database)
        self._token = uuid4().hex
        self._hand_over = HandOver(
            self._outbox, owner.transports, owner.complete, self._token, lease=owner.lease, now=owner.now
        )
        self._closed: dict[str, str] = {}
        """Name of a transport -> why nothing more is tried on it in this pass."""
        self.waits: list[timedelta] = []
        """Of messages put off: for how long the other side asks to be left alone."""

    async def run(self, keys: tuple[str, ...]) -> list[str]:
        """Why each row that is left was not delivered.

        People go before systems, and systems side by side: one that hangs holds up no other. Whatever was tried least
        goes first: a message at which the server fails is in the way of no other for long.
        """
        states = await self._outbox.states(tuple(dict.fromkeys(keys)))
        for key in set(keys) - states.keys():
            logger.warning("no such outbox row: %s", key)
        systems: defaultdict[str, list[RowState]] = defaultdict(list)
        for state in (states[key] for key in dict.fromkeys(keys) if key in states):
            systems[state.envelope.transport_name if state.envelope.channel == WEBHOOK else ""].append(state)
        async with heartbeats(self._owner.lease / BEATS):
            faults = await self._in_turn(systems.pop("", []))
            for one in await asyncio.gather(*map(self._in_turn, systems.values()), return_exceptions=True):
                if isinstance(one, BaseException):
                    raise one
                faults += one
        return faults

    async def _in_turn(self, states: list[RowState]) -> list[str]:
        """Why each of these that is left was not delivered."""
        async with AsyncExitStack() as stack:
            handled = [await self._handle(state, stack) for state in sorted(states, key=lambda one: one.attempts)]
        return [fault for fault in handled if fault]

    async def _handle(self, state: RowState, stack: AsyncExitStack) -> str | None:
        envelope = state.envelope
        if state.status in _ENDED:
            return None
        if state.status is OutboxStatus.FAILED:
            return None if state.reported else await self._report(envelope, state.error or "")
        if envelope.key in self._owner.unnoted:
            await self._mark_sent(envelope)
            return None
        crowded = self._owner.limits.fault(envelope.transport_name)
        closed = self._closed.get(envelope.transport_name) or crowded
        # Read before the claim: a process that is stopped between claim and hand-over has to know the claim's age.
        surely = self._hand_over.surely()
        now = self._owner.now()
        until = now + self._owner.lease
        if not await self._outbox.claim(envelope.key, by=self._token, now=now, until=until, tried=closed is None):
            return await self._held(envelope.key)
        if state.status is OutboxStatus.SENDING and not self._hand_over.knows_repeats(envelope.transport_name):
            return await self._lost_sight(state, stack, "its delivery ended while it was on its way")
        if closed is not None:
            wait = self._owner.limits.wait(envelope.transport_name) if crowded else None
            return await self._put_off(state, stack, closed, wait)
        return await self._send(state, stack, surely)

    async def _held(self, key: str) -> str | None:
        """Why a row could not be claimed: another delivery has it; None where it has ended meanwhile."""
        state = (await self._outbox.states([key]))[key]
        ended = state.status in _ENDED or state.reported
        return None if ended else _HELD

    async def _send(self, state: RowState, stack: AsyncExitStack, surely: float) -> str | None:
        envelope = state.envelope
        outgoing = with_link(envelope, state.link, self._owner.portal, state.created_at)
        if outgoing.lacking:
            logger.warning("%s: %s", envelope.key, outgoing.lacking)
        following = await self._outbox.answered_by(outgoing.envelope)
        send_timeout = self._owner.send_timeout.total_seconds()
        last = asyncio.get_running_loop().time() + send_timeout
        try:
            async with self._owner.limits.hold(envelope.transport_name):
                await self._hand_over.once(following, stack, last, surely)
        except PermanentDeliveryError as error:
            return await self._go_on(state, stack, _said(error, outgoing))
        except UnknownOutcomeError as error:
            return await self._lost_sight(state, stack, _said(error, outgoing))
        except UnreachableError as error:
            self._closed[envelope.transport_name] = _said(error, outgoing)
            return await self._put_off(state, stack, self._closed[envelope.transport_name])
        except TimeoutError:
            self._closed[envelope.transport_name] = f"no answer within {send_timeout:g} s"
            return await self._put_off(state, stack, self._closed[envelope.transport_name])
        except ClaimLostError as error:
            # Where the transport does not know repeats the claim is left to run out: then the row is not sent again.
            is_harmless = not error.begun or self._hand_over.knows_repeats(envelope.transport_name)
            return await self._postpone(state, str(error)) if is_harmless else str(error)
        except asyncio.CancelledError:
            # Whether it arrived is not known: the next attempt bears the same Message-ID; where the claim is left to
            # run out, there is no next attempt.
            if self._hand_over.knows_repeats(envelope.transport_name):
                await asyncio.shield(self._outbox.release(envelope.key, by=self._token, error="interrupted"))
            raise
        except TemporaryDeliveryError as error:
            return await self._put_off(state, stack, _said(error, outgoing), error.wait)
        except Exception as error:
            logger.exception("%s could not be sent", envelope.key)
            return await self._put_off(state, stack, type(error).__name__)
        await self._mark_sent(envelope, outgoing.lacking)
        if state.again is not None:
            await self._report_sent_again(envelope)
        return None

    async def _lost_sight(self, state: RowState, stack: AsyncExitStack, error: str) -> str | None:
        return await self._go_on(state, stack, f"{MAY_HAVE_ARRIVED} {error}")

    async def _go_on(self, state: RowState, stack: AsyncExitStack, error: str) -> str | None:
        """Go on by the next way of the message; where there is none, it has failed."""
        if not state.others:
            return await self._fail(state.envelope, error)
        logger.info("%s goes on by %s: %s", state.envelope.key, state.others[0][0], error)
        moved = await self._outbox.move(state, by=self._token, error=error)
        return await self._handle(moved, stack) if len(moved.others) < len(state.others) else _HELD

    async def _put_off(
        self, state: RowState, stack: AsyncExitStack, error: str, wait: timedelta | None = None
    ) -> str | None:
        """Put the message off; by its next way where this one has been tried for long, or asks to wait for so long."""
        patience = self._owner.next_after
        if state.others and (self._age(state) >= patience * (len(state.tried) + 1) or (wait or timedelta()) > patience):
            return await self._go_on(state, stack, error)
        fault = await self._postpone(state, error)
        if fault is not None and wait is not None and wait >= _SHORTEST_WAIT:
            self.waits.append(wait)
        return fault

    async def _report_sent_again(self, envelope: Envelope) -> None:
        """Tell the case. One that does not hear it has a customer told by a person what they have in writing."""
        if self._owner.on_sent_again is None or envelope.recipient != CUSTOMER:
            return
        try:
            await self._owner.on_sent_again(number=envelope.number, message=envelope.message, key=envelope.key)
        except Exception:
            logger.exception("%s was not told that %s was sent after all", envelope.number, envelope.key)

    async def _mark_sent(self, envelope: Envelope, lacking: str | None = None) -> None:
        at = self._owner.time.virtual(self._owner.now())
        await self._owner.unnoted.note(envelope.key, lambda: self._outbox.sent(envelope.key, at=at, lacking=lacking))

    async def _postpone(self, state: RowState, error: str) -> str | None:
        if self._age(state) >= self._owner.give_up_after:
            return await self._fail(state.envelope, f"{GIVEN_UP} {_span(self._owner.give_up_after)}: {error}")
        await self._outbox.release(state.envelope.key, by=self._token, error=error)
        return error

    def _age(self, state: RowState) -> timedelta:
        """The age of a message in the case's time, since it was written, or somebody had it sent again."""
        time = self._owner.time
        return time.virtual(self._owner.now()) - (time.virtual(state.again) if state.again else state.created_at)

    async def _fail(self, envelope: Envelope, error: str) -> str | None:
        await self._outbox.fail(envelope.key, by=self._token, error=error)
        return await self._report(envelope, error)

    async def _report(self, envelope: Envelope, error: str) -> str | None:
        """Tell the case; that nobody could be told of a failed notification is told to nobody, who waits for a code in
        vain asks for another, and what a system has not heard is for the operator.
        """
        untold = {Message.UNDELIVERABLE, ONE_TIME_CODE, WEBHOOK}
        if self._owner.on_failed is not None and envelope.message not in untold:
            try:
                await self._owner.on_failed(
                    number=envelope.number,
                    message=envelope.message,
                    recipient=envelope.recipient,
                    channel=envelope.channel,
                    error=error,
                    key=envelope.key,
                )
            except Exception as fault:
                logger.exception("%s was not told that %s failed", envelope.number, envelope.key)
                return f"the case could not be told of a failure: {type(fault).__name__}"
        await self._outbox.reported(envelope.key, now=self._owner.now())
        return None


def _said(error: Exception, outgoing: Outgoing) -> str:
    """An error of a transport, without whom the message is for and what it may open."""
    return outgoing.hidden(without_recipient(error, outgoing.envelope.address, outgoing.envelope.name))


def _span(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 24 else f"{hours:g} hours"
