"""A house full of calls, each in a state of its own, and what must hold of them whatever breaks.

Every call begins with a caller who waits; an operator takes the one who has waited longest and
brings the call where the house wants it. Who talks says a tone, over and over: a conversation that
drops is heard to drop. A caller who has left is looked up among the orders and recordings in the
end.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiohttp

from callcenter.asterisk.ari import Access, Ari
from callcenter.asterisk.decode import queue_leg
from callcenter.asterisk.secrets import USER, ari_password
from callcenter.orders.record import OrderRecord, Outcome
from callcenter.recordings.check import findings
from callcenter.simulator.agent import Call, CallState
from callcenter.simulator.behaviour import AT_ONCE, NO_ANSWER
from callcenter.simulator.phone import Softphone
from callcenter.store.recordings import Recording, RecordingKind, RecordingStore
from tests.support.city import PATIENCE, City, edit, new_caller, until, within
from tests.support.ears import (
    Sound,
    hears,
    longest_gap,
    longest_silence,
    until_hears,
    until_talking,
    voice,
)
from tests.support.processes import replaced
from tests.support.serving import until_serving
from tests.support.talks import speaking

PARTNER = "12319"
BOX = "12365"
"""Closed in this plan: its callers leave a message."""
MESSAGE = 2.5
"""Seconds after which what they have said is one (`least_seconds`, dialplan/voice_boxes.yaml)."""
LONGEST_SILENCE = 5.0
"""Seconds that anybody may hear nothing."""
BACK = 10.0
"""Seconds after which who calls is served again, though Asterisk has died."""
MISSING = 0.5
"""Seconds of what a caller's telephone sent that a recording may lack."""
LONGER = 1.5
"""Seconds by which it may be longer than its call, which is recorded from before the answer on."""
LATER = 0.02
"""Share by which it may be longer besides: what telephones on a busy machine send late and in
bursts comes after the silence that it was taken for."""


class Stay(StrEnum):
    """Where a call is kept."""

    WAITING = "waiting"
    RINGING = "ringing"
    """It is offered to an operator, who lets it ring."""
    TALKING = "talking"
    HELD = "held"
    CONSULTING = "consulting"
    THREE_WAY = "three_way"
    SURVEY = "survey"
    VOICE_MAIL = "voice_mail"
    SERVED = "served"
    """It was left to Asterisk, whose own queue found an operator."""


ONE_OF_EACH: Mapping[Stay, int] = {stay: int(stay is not Stay.SERVED) for stay in Stay}
FULL: Mapping[Stay, int] = {
    Stay.VOICE_MAIL: 4,
    Stay.SURVEY: 6,
    Stay.TALKING: 9,
    Stay.HELD: 3,
    Stay.CONSULTING: 2,
    Stay.THREE_WAY: 3,
    Stay.RINGING: 2,
    Stay.WAITING: 11,
}
"""40 calls; one of the 20 seats is left, to serve whoever is to be asked after the talk."""
LASTING = frozenset({Stay.TALKING, Stay.HELD, Stay.CONSULTING, Stay.THREE_WAY, Stay.SERVED})
"""Somebody has been connected, and nothing but a party may end that."""
_BROUGHT_IN = frozenset({Stay.CONSULTING, Stay.THREE_WAY})


@dataclass
class Desk:
    """An operator at a seat."""

    number: str
    phone: Softphone
    guest: Guest | None = None


@dataclass
class Guest:
    """A caller, and everybody who was connected with them."""

    caller: str
    citizen: Call
    stay: Stay
    desk: Desk | None = None
    operator: Call | None = None
    partner: Call | None = None
    talked: bool = False
    since: float = 0.0
    """When it came to where it stays."""

    def telephones(self) -> Iterator[Call]:
        """Those that are in the call."""
        yield from (each for each in (self.citizen, self.operator, self.partner) if each)

    def conversation(self) -> Iterator[tuple[Call, Sound]]:
        """Who must hear what all the time."""
        citizen, operator, partner = self.citizen, self.operator, self.partner
        if self.stay in (Stay.TALKING, Stay.SERVED) and operator:
            yield from ((citizen, Sound.OPERATOR), (operator, Sound.CITIZEN))
        elif self.stay is Stay.CONSULTING and operator and partner:
            yield from ((operator, Sound.PARTNER), (partner, Sound.OPERATOR))
        elif self.stay is Stay.THREE_WAY and operator and partner:
            yield from ((citizen, Sound.OPERATOR), (citizen, Sound.PARTNER))
            yield from ((operator, Sound.CITIZEN), (operator, Sound.PARTNER))
            yield from ((partner, Sound.CITIZEN), (partner, Sound.OPERATOR))

    @property
    def is_spoken_to(self) -> bool:
        """Whether the caller must hear something all the time, from the answer on: a voice or
        music. Who leaves a message or is asked after the talk hears nothing now and then."""
        return self.stay not in (Stay.SURVEY, Stay.VOICE_MAIL)


def furnish(folder: Path) -> None:
    """Edit a plan: 20 operators, offers that ring long, surveys and messages that last, a number
    that is closed; operators' numbers are not spoken."""
    queues = "dialplan/queues.yaml"
    edit(folder, queues, r"ring_seconds: 3\b", "ring_seconds: 120")
    edit(folder, queues, "announce_operator: true", "announce_operator: false")
    edit(folder, queues, "# survey: satisfaction", "survey: satisfaction")
    edit(folder, "dialplan/surveys.yaml", "repeats: 2", "repeats: 9")
    edit(folder, "dialplan/surveys.yaml", "longest_seconds: 180", "longest_seconds: 900")
    edit(folder, "dialplan/voice_boxes.yaml", "longest_seconds: 180", "longest_seconds: 900")
    edit(
        folder,
        "dialplan/hours.yaml",
        "(?m)^hours:\n",
        "hours:\n  never: {title: 从不, weekly: {}}\n",
    )
    closed = f'"{BOX}":\n    hours: never\n    closed: {{voice_box: hotline}}'
    edit(folder, "dialplan/numbers.yaml", f'"{BOX}":', closed)
    more = "".join(f'  "{n:03}": {{name: 临{n}, skills: [general]}}\n' for n in range(16, 21))
    edit(folder, "agents/operators.yaml", r"\Z", more)


class House:
    """Calls that are kept up, and the operators who serve them."""

    def __init__(self, city: City, desks: list[Desk]) -> None:
        self.city = city
        self.guests: list[Guest] = []
        self.left: list[Guest] = []
        """Who has gone."""
        self._desks = desks
        self._since = _now()

    @classmethod
    @asynccontextmanager
    async def open(cls, city: City, seats: int) -> AsyncIterator[House]:
        """So many operators sit at their seats, not ready yet; in the end all have gone home."""
        desks = []
        city.outside.behave(await city.target(PARTNER), AT_ONCE)
        for n in range(1, seats + 1):
            desks.append(Desk(f"{n:03}", await _telephone(city, f"seat{n:02}")))
            await city.ask("POST", f"/operators/{n:03}/sign-in", {"seat": f"seat{n:02}"})
        house = cls(city, desks)
        try:
            yield house
        finally:
            await house.city.hang_up_all()
            for desk in desks:
                await house._closes(desk)

    async def _closes(self, desk: Desk) -> None:
        for call in _live(desk.phone.agent.calls):
            await call.hang_up()
        await until(
            lambda: self.city.tried_sign_out(desk.number), lambda: f"{desk.number} cannot sign out"
        )
        await desk.phone.unregister()

    # -- coming ----------------------------------------------------------------------------------

    async def fill(self, wanted: Mapping[Stay, int]) -> None:
        """Let callers come until so many are in each state; whom Asterisk served goes."""
        for guest in list(self.guests):
            if guest.citizen.ending is not None:
                self._has_left(guest)
            elif guest.stay is Stay.SERVED:
                await self.leaves(guest)
        rest = [stay for stay in wanted if stay not in (Stay.VOICE_MAIL, Stay.WAITING)]
        await asyncio.gather(  # the greeting of a message takes long
            *(self.bring(Stay.VOICE_MAIL) for _ in range(self._missing(wanted, Stay.VOICE_MAIL))),
            self._fill_seats(wanted, (*rest, Stay.WAITING)),
        )

    async def _fill_seats(self, wanted: Mapping[Stay, int], stays: Sequence[Stay]) -> None:
        for stay in stays:
            for _ in range(self._missing(wanted, stay)):
                await self.bring(stay)

    def _missing(self, wanted: Mapping[Stay, int], stay: Stay) -> int:
        return wanted[stay] - sum(guest.stay is stay for guest in self.guests)

    async def bring(self, stay: Stay) -> Guest:
        """A call comes into that state; if somebody waits already, it is theirs."""
        if stay is Stay.VOICE_MAIL:
            return await self._leaves_a_message()
        if stay is Stay.WAITING:
            return await self._waits()
        if not any(guest.stay is Stay.WAITING for guest in self.guests):
            await self._waits()
        guest = await self._is_rung(answered=stay is not Stay.RINGING)
        return guest if stay is Stay.RINGING else await self._goes_on(guest, stay)

    async def _waits(self) -> Guest:
        guest = await self._dials("12345", Stay.WAITING)
        await until_hears(guest.citizen, Sound.OTHER)
        guest.since = _now()
        return guest

    async def _leaves_a_message(self) -> Guest:
        guest = await self._dials(BOX, Stay.VOICE_MAIL)
        await self.city.until_heard(guest.citizen, "voice_mail_greeting")
        (order,) = await self.city.orders_of(guest.caller)
        spool = self.city.server.settings.spooled_recordings
        await until(
            lambda: any(spool.glob(f"{order.record.call}_v*")),
            lambda: f"no message of {guest.caller} is recorded",
        )
        clock = asyncio.get_running_loop().time
        begun = clock()
        await until(lambda: clock() >= begun + MESSAGE, lambda: "time stands still")
        return guest

    async def _dials(self, number: str, stay: Stay) -> Guest:
        caller = new_caller()
        trunk = "telecom" if len(self.guests) % 2 else "unicom"
        guest = Guest(caller, await self.city.call(number, caller, trunk=trunk), stay)
        self.guests.append(guest)
        assert await within(guest.citizen.until_answered())
        guest.citizen.media.background(voice(Sound.CITIZEN))
        return guest

    async def _is_rung(self, *, answered: bool) -> Guest:
        """An operator who is free takes whoever has waited longest."""
        desk = await self._free_desk()
        desk.phone.behaviour = AT_ONCE if answered else NO_ANSWER
        await self._asks(desk, "ready")
        own = await desk.phone.next_call(20.0)
        while own.ending is not None:  # Asterisk's own queue rang it before
            own = await desk.phone.next_call(20.0)
        (guest,) = self._who_is_with(own)
        if guest.desk is not None:  # it has rung there for as long as it may
            guest.desk.guest = None
        guest.desk, guest.operator, guest.stay, desk.guest = desk, own, Stay.RINGING, guest
        guest.since = _now()
        if not answered:
            await self._asks(desk, "not-ready", {"reason": "break"})
        return guest

    async def _goes_on(self, guest: Guest, stay: Stay) -> Guest:
        desk = guest.desk
        assert desk is not None
        guest, operator = await self._is_connected(desk)
        two = (guest.citizen, Sound.CITIZEN), (operator, Sound.OPERATOR)
        await until_talking(*two)
        await self._asks(desk, "not-ready", {"reason": "break"})
        guest.talked, guest.stay = True, Stay.TALKING
        if stay is Stay.SURVEY:
            await self._asks(desk, "hang-up")
            guest.stay, guest.desk, guest.operator, desk.guest = stay, None, None, None
            await until_hears(guest.citizen, Sound.OTHER)
        elif stay is Stay.HELD:
            await self._asks(desk, "hold")
            await until_hears(guest.citizen, Sound.OTHER)
        elif stay in _BROUGHT_IN:
            three = stay is Stay.THREE_WAY
            await self._asks(desk, "three-way" if three else "consult", {"number": PARTNER})
            far = await self.city.outside.call_to(await self.city.target(PARTNER))
            guest.partner = await speaking(far)
            third = (guest.partner, Sound.PARTNER)
            await until_talking(*(two if three else two[1:]), third)
        guest.stay, guest.since = stay, _now()
        return guest

    async def _is_connected(self, desk: Desk) -> tuple[Guest, Call]:
        """The operator's telephone hears a caller. It may have been rung more than once, and for
        another one, where the first was taken by the dialplan meanwhile."""

        def hears_them() -> bool:
            for own in _live(desk.phone.agent.calls)[-1:]:
                for guest in self._who_is_with(own):
                    self._is_with(guest, desk, own)
                    return Sound.CITIZEN in hears(own)
            return False

        await until(hears_them, lambda: f"{desk.number} is connected with nobody")
        guest = desk.guest
        assert guest is not None
        assert guest.operator is not None
        return guest, guest.operator

    def _is_with(self, guest: Guest, desk: Desk, own: Call) -> None:
        if desk.guest is not None and desk.guest is not guest:
            other = desk.guest
            other.stay, other.desk, other.operator = Stay.WAITING, None, None
        if guest.desk is not None:  # it rang there, until the dialplan had the caller
            guest.desk.guest = None
        guest.desk, guest.operator, desk.guest = desk, own, guest

    async def _free_desk(self) -> Desk:
        """Asterisk's own queue may have had the one that was left: then whom it served goes."""
        found: list[Desk] = []

        async def is_there() -> bool:
            await self._note_served()
            for desk in self._desks:
                if desk.guest is None and await self._is_free(desk):
                    found.append(desk)
                    return True
            for guest in [each for each in self.guests if each.stay is Stay.SERVED]:
                await self.leaves(guest)
            return False

        await until(is_there, lambda: "no operator is free")
        return found[0]

    async def _is_free(self, desk: Desk) -> bool:
        try:
            state = await self.city.operator_state(desk.number)
        except aiohttp.ClientError:
            return False
        return state in ("ready", "not_ready") and not _live(desk.phone.agent.calls)

    async def _asks(self, desk: Desk, what: str, body: Mapping[str, object] | None = None) -> None:
        """A controller that is away is asked again; it may have done it before it went."""
        again = False

        async def is_done() -> bool:
            nonlocal again
            path = f"/operators/{desk.number}/{what}"
            try:
                status, answer = await self.city.request("POST", path, body)
            except aiohttp.ClientError:
                again = True
                return False
            assert status == 200 or (again and status == 409), answer
            return True

        await until(is_done, lambda: f"{desk.number} cannot ask for {what}")

    # -- going -----------------------------------------------------------------------------------

    async def leaves(self, guest: Guest) -> None:
        """The caller hangs up, and whoever talked with them is free again."""
        await guest.citizen.hang_up()
        for call in (guest.operator, guest.partner):
            if call is not None and guest.stay is not Stay.RINGING:
                await within(call.until_ended())
        self._has_left(guest)

    async def serves_on(self, desk: Desk) -> None:
        """An operator who talks takes back the wish for a break: Asterisk's own queue knows it."""
        await self._asks(desk, "ready")
        await until_serving(self.city, f"seat{desk.number[1:]}")

    async def rests(self, desk: Desk) -> None:
        """That operator takes no more."""
        await self._asks(desk, "not-ready", {"reason": "break"})

    async def leaves_without_a_controller(self, guest: Guest) -> None:
        """The caller hangs up, and so does the operator, whom nobody else disconnects."""
        await guest.citizen.hang_up()
        if guest.operator is not None:
            await guest.operator.hang_up()
        self._has_left(guest)

    async def is_served_by_asterisk(self, desk: Desk) -> Guest:
        """That seat, which is free, is rung by Asterisk's own queue for one of those who wait."""
        desk.phone.behaviour = AT_ONCE
        own = await desk.phone.next_call(20.0)
        (guest,) = self._who_is_with(own)
        await until_talking((guest.citizen, Sound.CITIZEN), (own, Sound.OPERATOR))
        self._is_served(guest, desk, own)
        return guest

    def _has_left(self, guest: Guest) -> None:
        self.guests.remove(guest)
        self.left.append(guest)
        if guest.desk is not None:
            guest.desk.guest = None

    async def empty(self) -> None:
        """Everybody leaves."""
        await asyncio.gather(*(self.leaves(guest) for guest in list(self.guests)))

    # -- what breaks -----------------------------------------------------------------------------

    async def loses_its_softphone(self, guest: Guest) -> None:
        """The operator's softphone is gone without a word, and soon another one is there, which
        knows of no call: the caller hears music, and is the first whom that operator gets."""
        desk = guest.desk
        assert desk is not None
        await desk.phone.vanish()
        guest.stay, guest.desk, guest.operator, desk.guest = Stay.WAITING, None, None, None
        await until_hears(guest.citizen, Sound.OTHER)
        desk.phone = await _telephone(self.city, f"seat{desk.number[1:]}")
        await self._can_be_rung(desk)
        own = await desk.phone.next_call(20.0)
        assert self._who_is_with(own) == (guest,)
        self._is_with(guest, desk, own)
        await self._goes_on(guest, Stay.TALKING)

    async def loses_asterisk(self) -> None:
        """Asterisk dies. Calls end, as they must; whoever was in one is on the callback list, and
        10 s later every softphone can be rung and who calls is served."""
        began = _now()
        async with replaced(self.city.server, "asterisk", signal.SIGKILL):
            pass
        await self._can_serve()
        guests = await self._are_cut_off()
        newcomer = await self.bring(Stay.TALKING)
        took = _now() - began
        await self.leaves(newcomer)
        orders = await self.orders()
        cut = [guest for guest in guests if guest.stay not in (Stay.SURVEY, Stay.VOICE_MAIL)]
        assert {orders[guest.caller].outcome for guest in cut} == {Outcome.INTERRUPTED}
        assert {f"+86{guest.caller}" for guest in cut} <= await self._to_be_called_back()
        assert took < BACK, f"it took {took:.1f} s"

    async def _are_cut_off(self) -> list[Guest]:
        """Asterisk has died under the calls: everybody finds out for themselves, and hangs up."""
        guests = list(self.guests)
        up = _live([call for guest in guests for call in guest.telephones()])
        await asyncio.gather(*(call.hang_up() for call in up))
        for guest in guests:
            self._has_left(guest)
        return guests

    async def _can_serve(self) -> None:
        """Wait until every operator can be rung."""
        for desk in self._desks:
            await self._can_be_rung(desk)
            await self._asks(desk, "not-ready", {"reason": "break"})

    async def _can_be_rung(self, desk: Desk) -> None:
        await until(
            lambda: self.city.tried_ready(desk.number), lambda: f"{desk.number} cannot be rung"
        )

    async def _to_be_called_back(self) -> frozenset[str]:
        """The numbers of those who called in vain."""
        missed = (await self.city.ask("GET", "/callbacks"))["missed"]
        assert isinstance(missed, list)
        return frozenset(str(each["number"]) for each in missed)

    # -- what must hold --------------------------------------------------------------------------

    @asynccontextmanager
    async def keeps(self, wanted: Mapping[Stay, int]) -> AsyncIterator[None]:
        """So many calls in each state, before and after; all that must hold does."""
        await self.fill(wanted)
        self.listen()
        yield
        await self.must_hold()

    def listen(self) -> None:
        """What is heard from now on counts."""
        self._since = _now()
        for guest in self.guests:
            for call in guest.telephones():
                call.media.heard.packets.clear()

    async def must_hold(self) -> None:
        """Nobody was cut off or heard nothing for long since `listen`; live state is right, and no
        leg is without an owner."""
        await self.until_right()
        until_ = _now()
        wrong = await asyncio.to_thread(lambda: [*self._wrong(until_)])
        assert not wrong, "\n".join(wrong)

    def _wrong(self, until_: float) -> Iterator[str]:
        for guest in self.guests:
            since = max(self._since, guest.since)
            if guest.stay in LASTING:
                yield from (
                    f"the {guest.stay} call of {guest.caller} lost a party: {call.ending}"
                    for call in guest.telephones()
                    if call.ending is not None
                )
            for call, sound in guest.conversation():
                gap = longest_gap(call, sound, since, until_)
                if gap > LONGEST_SILENCE:
                    who = f"{call.number} in the {guest.stay} call of {guest.caller}"
                    yield f"{who} did not hear the {sound} for {gap:.1f} s"
            if guest.is_spoken_to:
                answered = guest.citizen.answered_at or until_
                gap = longest_silence(guest.citizen, max(self._since, answered), until_)
                if gap > LONGEST_SILENCE:
                    yield f"{guest.stay}, {guest.caller} heard nothing for {gap:.1f} s"

    async def until_right(self, patience: float = PATIENCE) -> None:
        """Wait until operators, callers who wait and legs are as the house has them."""
        for guest in self.guests:
            if guest.stay is Stay.RINGING and guest.desk is not None:
                await self._rings_or_waits(guest, guest.desk)
        for look in (self._operators, self._waiting, self._legs):
            await _until_none(look, patience)

    async def _rings_or_waits(self, guest: Guest, desk: Desk) -> None:
        """An offer may be over, where Asterisk took the caller: then they wait again."""

        async def is_settled() -> bool:
            live = _live(desk.phone.agent.calls)
            state = await self.city.operator_state(desk.number)
            if live and state == "ringing":
                guest.operator = live[-1]
            elif not live and state == "not_ready":
                guest.stay, guest.desk, guest.operator, desk.guest = Stay.WAITING, None, None, None
            else:
                return False
            return True

        await until(is_settled, lambda: f"{desk.number} neither rings nor is free")

    async def _note_served(self) -> None:
        """Asterisk's own queue may have had a seat that was free for whoever waited there."""
        async with self._asterisk() as ari:
            legs = [queue_leg(each) for each in await ari.channels()]
        seats = {leg.seat for leg in legs if leg is not None and leg.answered}
        for desk in self._desks:
            live = _live(desk.phone.agent.calls)
            if f"seat{desk.number[1:]}" not in seats or not live:
                continue
            for guest in self._who_is_with(live[-1]):
                if guest.stay is not Stay.SERVED:
                    self._is_served(guest, desk, live[-1])

    def _who_is_with(self, own: Call) -> tuple[Guest, ...]:
        """Whom a seat's call is for, if they have not left."""
        return tuple(each for each in self.guests if each.caller[-8:] in own.invite.from_.uri)

    def _is_served(self, guest: Guest, desk: Desk, own: Call) -> None:
        guest.desk, guest.operator, guest.stay, desk.guest = desk, own, Stay.SERVED, guest
        guest.talked, guest.since = True, _now()

    async def _operators(self) -> AsyncIterator[str]:
        await self._note_served()
        answer = await self.city.ask("GET", "/operators", None)
        told = answer["operators"]
        assert isinstance(told, list)
        by_number = {each["number"]: each for each in told}
        for desk in self._desks:
            one = by_number[desk.number]
            state, talk = one["state"], one["talk"] or {}
            stay = None if desk.guest is None else desk.guest.stay
            if stay is None or stay is Stay.SERVED:
                right = state in ("not_ready", "wrap_up")  # Asterisk's talks are not the core's
            elif stay is Stay.RINGING:
                right = state == "ringing"
            else:
                on_hold = talk.get("on_hold") is (stay in (Stay.HELD, Stay.CONSULTING))
                others = len(talk.get("parties", ())) == (stay in _BROUGHT_IN)
                right = state == "talking" and on_hold and others
            if not right:
                yield f"operator {desk.number} ({stay}) is {state}, {talk}"

    async def _waiting(self) -> AsyncIterator[str]:
        await self._note_served()
        told = (await self.city.ask("GET", "/wallboard", None))["waiting"]
        waiting = sum(guest.stay in (Stay.WAITING, Stay.RINGING) for guest in self.guests)
        if told != waiting:
            yield f"the wallboard has {told} who wait, and there are {waiting}"

    async def _legs(self) -> AsyncIterator[str]:
        ours = [call for guest in self.guests for call in guest.telephones()]
        up = len(_live(ours))
        there = [each for desk in self._desks for each in _live(desk.phone.agent.calls)]
        strays = [call for call in there if call not in ours]
        async with self._asterisk() as ari:
            channels = [str(each.get("id")) for each in await ari.channels()]
        if len(channels) != up or strays:
            yield f"{up} telephones are in calls, {len(strays)} others are; legs: {channels}"

    def _asterisk(self) -> Ari:
        settings = self.city.server.settings
        return Ari(Access("127.0.0.1", settings.ari_port, USER, ari_password(settings)))

    # -- afterwards ------------------------------------------------------------------------------

    async def orders(self) -> dict[str, OrderRecord]:
        """By caller, the one order of each who has left; nobody else has one."""
        found = {}
        for guest in self.left:
            found[guest.caller] = (await self.city.order_of(guest.caller)).record
        numbers = {each.number for each in found.values()}
        assert len(numbers) == len(found), "a number is given twice"
        return found

    async def all_is_filed(self) -> None:
        """Everybody has left: one order each, with the outcome that it must have, and whole
        recordings of all that was said; nothing is left in Asterisk."""
        orders = await self.orders()
        wrong = [
            f"{guest.caller}, {guest.stay}: {order.outcome}"
            for guest in self.left
            if (order := orders[guest.caller]).outcome not in _outcomes(guest)
        ]
        wrong += [each async for each in self._unrecorded(orders)]
        assert not wrong, "\n".join(wrong)
        await until(self._nothing_is_left, lambda: "a leg or a bridge is left")

    async def _unrecorded(self, orders: Mapping[str, OrderRecord]) -> AsyncIterator[str]:
        table = RecordingStore(self.city.orders.engine)
        folder = self.city.server.settings.recordings
        for guest in self.left:
            order = orders[guest.caller]
            kinds = [RecordingKind.CALL]
            kinds += [RecordingKind.CONSULTATION] * (guest.stay is Stay.CONSULTING)
            kinds += [RecordingKind.VOICE_MAIL] * (guest.stay is Stay.VOICE_MAIL)
            found: list[Recording] = []

            async def all_there(
                call: str = order.call,
                wanted: list[RecordingKind] = kinds,
                found: list[Recording] = found,
            ) -> bool:
                found[:] = await table.of_call(call)
                # Whom the dialplan took while they spoke has left it a second message.
                return {each.kind for each in found} == set(wanted)

            try:
                await until(all_there, lambda: "")
            except AssertionError:
                yield f"{guest.caller}, {guest.stay}: recordings {[each.kind for each in found]}"
                continue
            whole = next(each for each in found if each.kind is RecordingKind.CALL)
            citizen = guest.citizen
            lasted = (citizen.ended_at or 0.0) - (citizen.answered_at or citizen.began_at)
            sent = citizen.media.sent
            if not sent - MISSING <= whole.seconds <= lasted * (1 + LATER) + LONGER:
                yield (
                    f"{guest.caller}: {whole.seconds:.1f} s are recorded of {lasted:.1f} s, "
                    f"for {sent:.1f} s of which there was sound"
                )
        async for finding in findings(folder, table):
            yield f"{finding.file} is {finding.fault}: {finding.text}"

    async def _nothing_is_left(self) -> bool:
        async with self._asterisk() as ari:
            return not await ari.channels() and not await ari.bridges()


async def _telephone(city: City, seat: str) -> Softphone:
    """Whoever answers there says a tone."""
    phone = await city.registered(seat, AT_ONCE)
    phone.voice = voice(Sound.OPERATOR)
    return phone


def _outcomes(guest: Guest) -> tuple[Outcome, ...]:
    if guest.stay is Stay.VOICE_MAIL:
        return (Outcome.VOICE_MAIL,)
    return (Outcome.ANSWERED,) if guest.talked else (Outcome.ABANDONED,)


async def _until_none(look: Callable[[], AsyncIterator[str]], patience: float) -> None:
    """Wait until a look finds nothing wrong."""
    found: list[str] = []

    async def is_right() -> bool:
        found[:] = [each async for each in look()]
        return not found

    await until(is_right, lambda: "\n".join(found), patience=patience)


def _live(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.state is not CallState.ENDED]


def _now() -> float:
    return asyncio.get_running_loop().time()
