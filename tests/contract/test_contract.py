"""The same cases on the fake exchange and on a real Asterisk: so the fake stays honest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from callcenter.calls.commands import (
    Answer,
    ArriveAgain,
    Connect,
    Detour,
    Dial,
    Disconnect,
    Guard,
    Hangup,
    Join,
    Mute,
    OutsideAddress,
    Play,
    Ring,
    Role,
    SeatAddress,
    SendDigits,
    Separate,
    Snoop,
    StartMusic,
    StopMusic,
    StopPlaying,
    StopRinging,
    TalkOver,
    Unguard,
    Unmute,
)
from callcenter.calls.events import Ending, SwitchReconciled
from callcenter.settings import Settings
from tests.contract.exchanges import (
    SEAT,
    SILENT_TRUNK,
    Exchange,
    InMemory,
    Seat,
    asterisk_for_all,
    at_asterisk,
)
from tests.support.ears import Sound

pytestmark = pytest.mark.asyncio(loop_scope="module")

Opened = Callable[[Seat], AbstractAsyncContextManager[Exchange]]
RING_SECONDS = 30.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asterisk() -> AsyncIterator[tuple[Settings, dict[str, str]]]:
    async with asterisk_for_all() as found:
        yield found


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.live)])
def exchange(request: pytest.FixtureRequest) -> Opened:
    """Opens the exchange: with one caller in our hands, and a seat that does as it is told."""

    found: tuple[Settings, dict[str, str]] | None = None
    if request.param == "real":
        found = request.getfixturevalue("asterisk")

    @asynccontextmanager
    async def opened(seat: Seat) -> AsyncIterator[Exchange]:
        if found is None:
            fake = InMemory(seat)
            await fake.told("C arrived")
            yield fake
            return
        async with at_asterisk(*found, seat) as real:
            await real.told("C arrived")
            yield real

    return opened


def to_seat(call: str, seconds: float = RING_SECONDS) -> Dial:
    return Dial(call, f"{call}_1", Role.OPERATOR, SeatAddress(SEAT), seconds, "13800004572")


def to_citizen(call: str) -> Dial:
    """At that telephone; the dialplan has who answers there without us."""
    return replace(to_seat(call), role=Role.CITIZEN, alone=True)


def together(call: str, *legs: str) -> Connect:
    return Connect(call, f"{call}_b", (call, *legs), own_digits=(f"{call}_1",))


async def talk(exchange: Exchange) -> str:
    """Caller and seat hear each other; the seat's leg."""
    call, leg = exchange.call, f"{exchange.call}_1"
    exchange.send(to_seat(call))
    await exchange.rung(leg)
    await exchange.told("C_1 answered")
    exchange.send(Answer(call), Unguard(call), together(call, leg))
    await exchange.hears(call, Sound.OPERATOR)
    await exchange.hears(leg, Sound.CITIZEN)
    return leg


# -- dialling --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seat", "fact"),
    [
        (Seat.ANSWERS, "C_1 answered"),
        (Seat.BUSY, "C_1 ended: busy"),
        (Seat.DECLINES, "C_1 ended: declined"),
    ],
)
async def test_a_seat_that_is_dialled_says_what_it_does(
    exchange: Opened, seat: Seat, fact: str
) -> None:
    async with exchange(seat) as x:
        x.send(to_seat(x.call))
        await x.rung(f"{x.call}_1")
        await x.told(fact)


@pytest.mark.parametrize(
    ("seat", "fact"),
    [
        (Seat.ANSWERS, "C_1 answered"),
        (Seat.BUSY, "C_1 ended: busy"),
        (Seat.DECLINES, "C_1 ended: declined"),
        (Seat.AWAY, "C_1 ended: unreachable"),
    ],
)
async def test_a_citizen_who_is_called_says_what_they_do(
    exchange: Opened, seat: Seat, fact: str
) -> None:
    async with exchange(seat) as x:
        x.send(to_citizen(x.call))
        if seat is not Seat.AWAY:
            await x.rung(f"{x.call}_1")
        await x.told(fact)


async def test_a_seat_without_a_telephone_cannot_be_reached(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(to_seat(x.call))
        await x.told("C_1 ended: unreachable")


async def test_a_seat_that_nobody_answers_is_given_up_in_time(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(to_seat(x.call, seconds=1.0))
        await x.rung(f"{x.call}_1")
        await x.time_passes()
        await x.told("C_1 ended: no_answer")


async def test_a_far_end_that_says_nothing_is_given_up_in_time(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        to = OutsideAddress(SILENT_TRUNK, "12319")
        x.send(Dial(x.call, f"{x.call}_1", Role.PARTNER, to, 1.0, "13800004572"))
        await x.time_passes()
        await x.told("C_1 ended: no_answer")


@pytest.mark.parametrize("ending", [Ending.NORMAL, Ending.NO_ANSWER])
async def test_who_rings_can_be_hung_up(exchange: Opened, ending: Ending) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(to_seat(x.call))
        await x.rung(f"{x.call}_1")
        x.send(Hangup(f"{x.call}_1", ending))
        await x.told(f"C_1 ended: {ending}")


async def test_a_hang_up_does_not_overtake_the_dialling(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(to_seat(x.call), Hangup(f"{x.call}_1"))
        await x.told("C_1 ended: *")  # by us: whatever Asterisk gives as the cause
        assert (await x.connect()).legs == ("C",)


async def test_nobody_is_dialled_for_a_caller_who_is_gone(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        await x.caller_goes()
        await x.told("C ended: normal")
        x.send(to_seat(x.call))
        await x.told("C_1 ended: unreachable")


# -- legs that are gone ----------------------------------------------------------------------------


async def test_a_leg_that_is_not_there_has_ended(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        gone = f"{x.call}_9"
        x.send(Hangup(gone))
        await x.told("C_9 ended: normal")
        x.send(Play(gone, f"{gone}_p", ("greeting",)))
        await x.told("C_9 ended: normal")
        x.send(Ring(gone), SendDigits(gone, "2"))
        await x.told("C_9 ended: normal", "C_9 ended: normal")
        x.send(StopMusic(gone), StopRinging(gone), Guard(gone), Separate(f"{x.call}_b", gone))
        x.send(Disconnect(f"{x.call}_b"))
        await x.told()


async def test_a_leg_that_is_gone_cannot_be_connected(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), together(x.call, f"{x.call}_9"))
        await x.told("Connect failed on C")


async def test_the_caller_hangs_up(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), StartMusic(x.call, "default"))
        await x.hears(x.call, Sound.OTHER)
        await x.caller_goes()
        await x.told("C ended: normal")
        await x.lines("C over: not handled")


async def test_the_caller_gives_up_ringing(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(Ring(x.call), to_seat(x.call))
        await x.caller_hears_ringing()
        await x.rung(f"{x.call}_1")
        await x.caller_goes()
        await x.told("C ended: normal")
        assert (await x.connect()).legs == ("C_1",), "the seat rings on until we end it"


# -- what is heard ---------------------------------------------------------------------------------


async def test_a_prompt_is_played_to_its_end(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), Play(x.call, f"{x.call}_2", ("digit_1",)))
        if isinstance(x, InMemory):
            x.switch.prompt_ends(x.call)
        await x.told("C has heard C_2")


async def test_a_prompt_is_cut_short(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), Play(x.call, f"{x.call}_2", ("queue_sorry", "queue_sorry")))
        await x.hears(x.call, Sound.OTHER)
        x.send(StopPlaying(x.call, f"{x.call}_2"))
        await x.told("C has heard C_2")
        x.send(StopPlaying(x.call, f"{x.call}_2"), StartMusic(x.call, "default"))
        await x.hears(x.call, Sound.OTHER)


async def test_music_until_it_is_stopped(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), StartMusic(x.call, "default"))
        await x.hears(x.call, Sound.OTHER)
        x.send(StopMusic(x.call))
        await x.hears(x.call)
        await x.told()


async def test_a_ringing_tone_until_it_is_stopped(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), Ring(x.call))
        await x.hears(x.call, Sound.RINGING)
        x.send(StopRinging(x.call))
        await x.hears(x.call)
        await x.told()


# -- talks -----------------------------------------------------------------------------------------


async def test_a_talk_that_the_seat_ends(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        await talk(x)
        await x.seat_goes()
        await x.told("C_1 ended: normal")
        assert (await x.connect()).legs == ("C",)


async def test_the_operators_keys_come_to_us_and_to_nobody_else(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        await talk(x)
        await x.seat_presses("5")
        await x.told("C_1 pressed 5")
        await x.hears(x.call, Sound.OPERATOR)


async def test_who_is_muted_hears_and_presses_keys_and_is_not_heard(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(Mute(leg))
        await x.hears(x.call)
        await x.hears(leg, Sound.CITIZEN)
        await x.seat_presses("5")
        await x.told("C_1 pressed 5")
        x.send(Unmute(leg))
        await x.hears(x.call, Sound.OPERATOR)


async def test_keys_are_pressed_towards_one_leg(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(SendDigits(leg, "2"))
        assert await x.seat_received() == "2"
        await x.told()


async def test_one_is_taken_out_of_a_talk_and_brought_back(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(Separate(f"{x.call}_b", x.call), StartMusic(x.call, "default"))
        await x.hears(x.call, Sound.OTHER)
        await x.hears(leg)
        x.send(StopMusic(x.call), together(x.call))
        await x.hears(x.call, Sound.OPERATOR)
        await x.hears(leg, Sound.CITIZEN)
        await x.told()


async def test_a_bridge_is_removed_and_its_legs_stay(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(Disconnect(f"{x.call}_b"))
        await x.hears(x.call)
        x.send(together(x.call, leg))
        await x.hears(x.call, Sound.OPERATOR)
        await x.told()


async def test_a_bridges_name_cannot_be_had_again_at_once(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(replace(together(x.call, leg), bridge=f"{x.call}_mb", new=True))
        await x.hears(x.call, Sound.OPERATOR)
        x.send(Disconnect(f"{x.call}_b"))
        x.send(replace(together(x.call, leg), new=True))
        await x.told("Connect failed on C")


async def test_connecting_again_cuts_nobody(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        x.send(Answer(x.call), Unguard(x.call), StopMusic(x.call), together(x.call, leg))
        await x.told()
        await x.hears(x.call, Sound.OPERATOR)
        await x.hears(leg, Sound.CITIZEN)


# -- snoops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("whisper", [False, True])
async def test_a_snoop_hears_a_telephone_and_is_heard_there_if_it_whispers(
    exchange: Opened, whisper: bool
) -> None:
    """The caller is put where a team leader would be: with the snoop, apart from the seat."""
    async with exchange(Seat.ANSWERS) as x:
        leg, snoop, apart = await talk(x), f"{x.call}_v8", f"{x.call}_v7_b"
        x.send(Join(x.call, apart, make=True), Snoop(snoop, leg, whisper=whisper))
        await x.told("C_v8 answered")
        x.send(Join(snoop, apart, make=False))
        await x.hears(x.call, Sound.OPERATOR)
        await x.hears(leg, *([Sound.CITIZEN] if whisper else []))
        x.send(Join(snoop, apart, make=False), Join(x.call, apart, make=True))
        await x.hears(x.call, Sound.OPERATOR)
        x.send(Hangup(snoop))
        await x.told("C_v8 ended: *")
        await x.hears(x.call)
        await x.hears(leg)


async def test_a_snoop_ends_with_the_leg_that_it_hears(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg, snoop = await talk(x), f"{x.call}_v8"
        x.send(Snoop(snoop, leg, whisper=False))
        await x.told("C_v8 answered")
        await x.seat_goes()
        await x.told("C_*ended: normal", "C_*ended: normal")  # in any order


async def test_a_snoop_is_still_there_after_we_were_away(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg, snoop = await talk(x), f"{x.call}_v8"
        x.send(Snoop(snoop, leg, whisper=False))
        await x.told("C_v8 answered")
        await x.disconnect()
        found = await x.connect()
        assert found.legs == ("C", "C_1", "C_v8")


async def test_a_leg_that_is_gone_has_no_snoop_and_joins_nothing(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), Snoop(f"{x.call}_v8", f"{x.call}_9", whisper=False))
        await x.told("C_v8 ended: unreachable")
        x.send(Join(f"{x.call}_9", f"{x.call}_v7_b", make=True))
        await x.told("Join failed on C_9")
        x.send(Join(x.call, f"{x.call}_v6_b", make=False))
        await x.told("Join failed on C")


# -- the dialplan ----------------------------------------------------------------------------------


async def test_whom_nobody_renews_the_dialplan_has(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call))
        await x.nobody_renews()
        await x.told("C left")
        await x.lines("C entered")
        assert await x.connect() == SwitchReconciled((), outside=("C",))
        x.send(Guard(x.call))
        await x.told()


async def test_a_detour_leads_to_the_dialplan_at_once(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Detour(x.call))
        await x.told("C left")
        x.send(Play(x.call, f"{x.call}_2", ("greeting",)))
        await x.told("Play failed on C")
        x.send(Detour(x.call))
        await x.told("Detour failed on C")
        x.send(together(x.call))
        await x.told("Connect failed on C")
        await x.caller_goes()
        await x.lines("C entered", "C over: queue")


async def test_the_dialplan_ends_a_caller_whose_talk_is_over(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Answer(x.call), TalkOver(x.call))
        await x.nobody_renews()
        await x.told("C left")
        await x.lines("C entered", "C over: not handled")


async def test_an_arrival_can_be_told_again(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(ArriveAgain(x.call))
        await x.told("C left", "C arrived")
        await x.caller_goes()
        await x.told("C ended: normal")


# -- after we were away ----------------------------------------------------------------------------


async def test_who_talks_is_still_there_after_we_were_away(exchange: Opened) -> None:
    async with exchange(Seat.ANSWERS) as x:
        leg = await talk(x)
        await x.disconnect()
        await x.hears(leg, Sound.CITIZEN)
        assert await x.connect() == SwitchReconciled(
            ("C", "C_1"), answered=("C_1",), callers=("C",), bridges=("C_b",), up=("C",)
        )


async def test_who_answers_while_we_are_away_is_gone(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(to_seat(x.call))
        await x.rung(f"{x.call}_1")
        await x.disconnect()
        await x.seat_answers()
        await x.seat_is_hung_up()
        found = await x.connect()
        assert (found.legs, found.answered) == (("C",), ())


async def test_a_citizen_who_answers_while_we_are_away_waits_for_us(exchange: Opened) -> None:
    async with exchange(Seat.RINGS) as x:
        x.send(to_citizen(x.call))
        await x.rung(f"{x.call}_1")
        await x.disconnect()
        await x.seat_answers()
        assert (await x.connect()).legs == ("C", "C_1")
        await x.told("C_1 answered")


async def test_a_caller_can_be_refused_with_a_code(exchange: Opened) -> None:
    async with exchange(Seat.AWAY) as x:
        x.send(Hangup(x.call, Ending.UNALLOCATED))
        await x.told("C ended: normal")
        await x.lines("C over: not handled")
