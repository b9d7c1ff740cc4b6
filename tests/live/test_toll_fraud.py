"""An outside caller cannot make us dial out: every way is tried by itself, on a real Asterisk.

What would tell of it: an INVITE at the far end of a trunk, or at an address that is nobody's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from callcenter.asterisk.secrets import seat_password
from callcenter.numberplan.loader import load
from callcenter.simulator.agent import Call, CallState, Credentials, UserAgent
from callcenter.simulator.behaviour import ANSWER, Behaviour
from callcenter.simulator.phone import Softphone
from callcenter.simulator.sip import Request, Response
from tests.support.city import VOICE, City, edit, new_caller, until, within
from tests.support.live import neighbour
from tests.support.processes import without_controller
from tests.support.serving import until_serving

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False

VICTIM = "13900001111"
"""What fraudsters want us to dial."""
MENUS = """
menus:
  main:
    prompt: menu_main
    choices:
      "1": {title: 人工, queue: hotline}
    seconds: 2
    repeats: 2
    wrong: menu_wrong
    otherwise: {queue: hotline}
"""
MENU = "12369"
NUMBERS = (
    VICTIM,
    f"9{VICTIM}",
    f"0{VICTIM}",
    f"+86{VICTIM}",
    "0014155550100",
    "900881677721234",
    f"*21{VICTIM}%23",
    f"*22{VICTIM}%23",
    "*42252",
    "*11001",
    "*8",
    "600",
    "seat01",
    "trunk-telecom",
    "returned",
    "s",
    "h",
    "T",
    "fallback",
    f"12345,{VICTIM}",
    f"12319&PJSIP%2F{VICTIM}%40trunk-telecom",
    f"PJSIP%2F{VICTIM}%40trunk-telecom",
    f"Local%2F{VICTIM}%40from-seat%2Fn",
    f"$%7BDIALPLAN_EXISTS(from-seat,{VICTIM})%7D",
    f"%24%5B1%5D),Dial(PJSIP%2F{VICTIM}%40trunk-telecom",
    f"{VICTIM};phone-context=12345",
)
"""What an INVITE can name that comes from a trunk."""


def headers_of(elsewhere: str) -> tuple[tuple[str, str], ...]:
    """What an INVITE can carry to name somebody to dial, one by one."""
    victim = f"<sip:{VICTIM}@{elsewhere}>"
    return (
        ("Diversion", f"{victim};reason=unconditional"),
        ("History-Info", f"{victim};index=1"),
        ("P-Asserted-Identity", victim),
        ("P-Asserted-Identity", "<sip:seat01@callcenter.invalid>"),
        ("P-Preferred-Identity", victim),
        ("Remote-Party-ID", f"{victim};party=called"),
        ("P-Called-Party-ID", victim),
        ("Refer-To", victim),
        ("Referred-By", victim),
        ("Transfer", VICTIM),
        ("Replaces", "0@nowhere;to-tag=1;from-tag=2"),
        ("Join", "0@nowhere;to-tag=1;from-tag=2"),
        ("Target-Dialog", "0@nowhere;local-tag=1;remote-tag=2"),
        ("Alert-Info", victim),
        ("Call-Info", f"{victim};answer-after=0"),
        ("Reply-To", victim),
        ("User-to-User", "3133393030303031313131;encoding=hex"),
        ("X-Dial", f"PJSIP/{VICTIM}@trunk-telecom"),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def rules(city: City) -> None:
    """A menu at one number; strangers are refused each time, never banned.

    No key that is pressed here asks for a call back: that is a service, and has rules of its own.
    """
    folder = city.server.settings.plan
    (folder / "dialplan/menus.yaml").write_text(MENUS, encoding="utf-8")
    edit(folder, "dialplan/numbers.yaml", f'"{MENU}":', f'"{MENU}":\n    menu: main')
    edit(folder, "dialplan/queues.yaml", 'key: "1"', 'key: "7"')
    edit(folder, "dialplan/protection.yaml", "tries: 20", "tries: 100000")
    edit(folder, "dialplan/queues.yaml", "announce_operator: true", "announce_operator: false")
    await city.until_plan_is(folder)


@pytest.fixture
def elsewhere(city: City) -> str:
    """An address that is no trunk's."""
    return neighbour(city.server.settings, 77)


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def meant(city: City, elsewhere: str) -> AsyncIterator[set[str]]:
    """The promise: whatever a test does, nobody is called but those whom it adds here."""
    before = city.outside.calls
    nobody = await UserAgent.bind(elsewhere, 5060)
    meant: set[str] = set()
    try:
        yield meant
        await city.hang_up_all()
        await until(lambda: no_call_is_up(city), lambda: "calls are left")
        after = (*city.outside.calls, *nobody.calls)
        reached = {call.number for call in after if call not in before}
    finally:
        await nobody.close()
    assert reached == meant


async def no_call_is_up(city: City) -> bool:
    """Whether the wallboard has no call in progress."""
    async with city.http.get(f"{city.server.settings.web_url}/metrics") as answer:
        return "callcenter_calls_in_progress 0.0" in await answer.text()


async def end_all(calls: Sequence[Call]) -> None:
    """Let each call come to what it comes to, then end it."""
    for call in calls:
        with_end = [
            asyncio.create_task(call.until_answered()),
            asyncio.create_task(call.until_ended()),
        ]
        await asyncio.wait(with_end, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        for task in with_end:
            task.cancel()
        await within(call.hang_up())


@asynccontextmanager
async def talk(city: City) -> AsyncIterator[tuple[Call, Call]]:
    """A caller's and the operator's leg of a talk."""
    async with city.operator("001", "seat01") as phone:
        call = await city.call("12345", new_caller())
        seat = await phone.next_call()
        await city.until_operator("001", "talking")
        assert await within(call.until_answered())
        yield call, seat
        await call.hang_up()


# -- by what is dialled, and by headers -----------------------------------------------------------


async def test_no_number_that_a_trunk_brings_is_dialled(city: City) -> None:
    for number in NUMBERS:
        caller = new_caller()
        call = await city.call(number, caller)
        await end_all([call])
        assert call.ending is not None
        assert call.answered_at is None, f"{number} was answered"
        assert call.ending.status >= 400


async def test_no_header_makes_us_dial(city: City, elsewhere: str) -> None:
    for header in headers_of(elsewhere):
        call = await city.call("12345", new_caller(), headers=(header,))
        await end_all([call])


@pytest.mark.long
@pytest.mark.parametrize("name", ["Route", "Record-Route"])
async def test_nor_does_a_way_that_leads_elsewhere(city: City, elsewhere: str, name: str) -> None:
    """Our answer is acknowledged there instead of to us, so that we give the call up."""
    header = (name, f"<sip:{VICTIM}@{elsewhere};lr>")
    await end_all([await city.call("12345", new_caller(), headers=(header,))])


async def test_who_says_in_from_to_be_a_seat_or_a_trunk_is_none(city: City, elsewhere: str) -> None:
    """On a trunk it is a caller like any other; from elsewhere nobody."""
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    for name in ("seat01", "trunk-telecom", "telecom", "callcenter", "asterisk"):
        on_trunk = await city.call(VICTIM, f"<sip:{name}@{server}>")
        await end_all([on_trunk])
        stranger = await UserAgent.bind(elsewhere)
        for number in (VICTIM, "12345", "110", "*12", "600"):
            call = await stranger.call(f"sip:{number}@{server}", caller=f"<sip:{name}@{server}>")
            assert (await within(call.until_ended())).status == 401
        await stranger.close()


# -- by what is asked within a call ---------------------------------------------------------------


async def test_no_request_within_a_call_makes_us_dial(city: City, elsewhere: str) -> None:
    victim = f"sip:{VICTIM}@{elsewhere}"
    trunk = f"sip:{VICTIM}@{city.server.trunks['telecom']}"
    async with talk(city) as (call, _):
        for to in (victim, trunk, f"{victim}?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3", "tel:110"):
            assert await asked(call.ask("REFER", ("Refer-To", f"<{to}>"))) != 202
        kinds = (
            ("INFO", "application/dtmf", "#"),
            ("INFO", "application/hook-flash", ""),
            ("MESSAGE", "text/plain", VICTIM),
            ("NOTIFY", "message/sipfrag", "SIP/2.0 200 OK\r\n"),
            ("UPDATE", "text/plain", ""),
            ("PUBLISH", "text/plain", ""),
            ("SUBSCRIBE", "text/plain", ""),
        )
        for method, kind, body in kinds:
            headers = (("Content-Type", kind), ("Event", "refer"), ("Record", "on"))
            await asked(call.ask(method, *headers, uri=trunk, body=body.encode()))
        for key in "*21110#":
            signal = f"Signal={key}\r\nDuration=100\r\n".encode()
            await asked(call.ask("INFO", ("Content-Type", "application/dtmf-relay"), body=signal))
        assert call.state is CallState.UP
        await city.until_operator("001", "talking")


async def asked(request: Awaitable[Response]) -> int:
    """With what a request is answered; 0: not at all, so that nobody waits for it here."""
    try:
        return (await asyncio.wait_for(request, 0.2)).status
    except TimeoutError:
        return 0


async def test_no_new_offer_within_a_call_makes_us_dial(city: City, elsewhere: str) -> None:
    """A re-INVITE, whomever it names, is about the audio of this call and nothing else."""
    victim, trunk = f"sip:{VICTIM}@{elsewhere}", f"sip:{VICTIM}@{city.server.trunks['telecom']}"
    async with talk(city) as (call, seat):
        kind = ("Content-Type", "application/sdp")
        for header in (
            ("Refer-To", f"<{victim}>"),
            ("Diversion", f"<{victim}>;reason=unconditional"),
            ("Route", f"<{victim};lr>"),
            ("Replaces", seat.replaces),
        ):
            await within(call.ask("INVITE", kind, header, uri=trunk, body=call.invite.body))
        assert (call.state, seat.state) == (CallState.UP, CallState.UP)
        await city.until_operator("001", "talking")


async def test_no_call_takes_the_place_of_a_talk(city: City, elsewhere: str) -> None:
    """INVITE with Replaces, even by somebody who has overheard how the talk's legs are named."""
    server = f"{city.server.sip[0]}:{city.server.sip[1]}"
    stranger = await UserAgent.bind(elsewhere)
    async with talk(city) as (call, seat):
        for leg in (call, seat):
            headers = (("Replaces", leg.replaces),)
            for number in (VICTIM, "seat01", "600"):
                other = await city.call(number, new_caller(), headers=headers)
                assert (await within(other.until_ended())).status >= 400
                assert other.answered_at is None
            other = await stranger.call(
                f"sip:12345@{server}", caller=f"<sip:seat01@{server}>", headers=headers
            )
            assert (await within(other.until_ended())).status == 401
        assert (call.state, seat.state) == (CallState.UP, CallState.UP)
        await city.until_operator("001", "talking")
    await stranger.close()


async def test_no_request_outside_of_a_call_makes_us_dial(city: City, elsewhere: str) -> None:
    place = city.server.sip
    for host in (city.server.trunks["telecom"], elsewhere):
        agent = await UserAgent.bind(host)
        for method in ("REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "UPDATE", "INFO"):
            uri = f"sip:{VICTIM}@{place[0]}"
            request = Request(
                (
                    ("Max-Forwards", "70"),
                    ("From", f"<sip:{VICTIM}@{host}>;tag=1"),
                    ("To", f"<{uri}>"),
                    ("Call-ID", f"{method}@{host}"),
                    ("CSeq", f"1 {method}"),
                    ("Contact", f"<{agent.contact}>"),
                    ("Refer-To", f"<sip:{VICTIM}@{elsewhere}>"),
                    ("Event", "presence"),
                ),
                b"",
                method,
                uri,
            )
            assert await asked(agent.ask(request, place)) not in range(100, 300)
        await agent.close()


# -- by key ---------------------------------------------------------------------------------------


async def test_a_callers_keys_are_no_feature_codes(city: City) -> None:
    async with talk(city) as (call, seat):
        keys = "*21110#*2212319#"
        await within(call.media.press(keys))
        await until(lambda: seat.media.digits == keys, lambda: f"came: {seat.media.digits}")
        await city.until_operator("001", "talking")


async def test_nor_while_they_wait_or_choose_in_a_menu(city: City) -> None:
    caller = new_caller()
    waiting = await city.waiting_call(caller)
    choosing = await city.call(MENU, new_caller())
    assert await within(choosing.until_answered())
    await asyncio.gather(
        within(waiting.media.press("*21110#*0")),
        within(choosing.media.press("*22#0")),
    )
    await end_all([waiting, choosing])
    assert [leg.role for leg in (await city.order_of(caller)).record.legs] == ["caller"]


# -- by whom we dial ------------------------------------------------------------------------------


def moved(to: str) -> Behaviour:
    """A telephone that sends its callers elsewhere."""
    return Behaviour(302, ring_seconds=0, contact=to)


def places(city: City, elsewhere: str) -> tuple[str, ...]:
    """Where a 302 may point. The first two can be dialled, and would be, if we followed it."""
    own = f"{city.server.sip[0]}:{city.server.sip[1]}"
    return (
        f"sip:110@{own}",
        f"sip:600@{own}",
        f"sip:*12@{own}",
        f"sip:{VICTIM}@{city.server.trunks['telecom']}",
        f"sip:{VICTIM}@{elsewhere}",
    )


EACH = [0, *(pytest.param(number, marks=pytest.mark.long) for number in range(1, 5))]
"""Of those places: all are refused in the same way."""


@pytest.mark.parametrize("place", EACH)
async def test_a_partner_cannot_send_our_call_elsewhere(
    city: City, elsewhere: str, meant: set[str], place: int
) -> None:
    target = await city.target("12319")
    meant.add(target)
    city.outside.behave(target, moved(places(city, elsewhere)[place]))
    async with talk(city) as (call, seat):
        await seat.media.press("*2212319#")
        await within((await city.outside.call_to(target, within=20)).call.until_ended())
        await city.until_operator("001", "talking")
        assert call.state is CallState.UP
    city.outside.behave(target, ANSWER)


@pytest.mark.parametrize("place", EACH)
async def test_nor_one_to_whom_a_number_is_forwarded(
    city: City, elsewhere: str, meant: set[str], place: int
) -> None:
    target = await city.target("12319")
    meant.add(target)
    city.outside.behave(target, moved(places(city, elsewhere)[place]))
    call = await city.call("12319", new_caller())
    partner = (await city.outside.call_to(target)).call
    await within(partner.until_ended())
    assert await within(call.until_answered()), "nobody says that they cannot be reached"
    assert (partner.ended_at or 0) < (call.answered_at or 0)
    city.outside.behave(target, ANSWER)


async def test_nor_one_that_answers_for_an_emergency_number(
    city: City, elsewhere: str, meant: set[str]
) -> None:
    """The next trunk is taken, as where nobody can be reached."""
    ways = load(city.server.settings.plan).plan
    assert ways is not None
    digits = [target.digits for target in ways.emergencies["110"].targets]
    meant.update(digits)
    for place in places(city, elsewhere)[:3]:
        for each in digits:
            city.outside.behave(each, moved(place))
        call = await city.call("110", new_caller())
        assert (await within(call.until_ended())).status >= 400
    for each in digits:
        city.outside.behave(each, ANSWER)


async def test_nor_a_seat(city: City, elsewhere: str) -> None:
    """A caller who is offered there waits on."""
    for place in places(city, elsewhere):
        async with city.operator("001", "seat01", moved(place)) as phone:
            call = await city.call("12345", new_caller())
            await within((await phone.next_call(within=20)).until_ended())
            await city.until_operator("001", "not_ready")
            await call.hang_up()


@pytest.mark.parametrize("place", EACH)
async def test_nor_anybody_while_asterisk_serves_alone(
    city: City, elsewhere: str, meant: set[str], place: int
) -> None:
    """No key and no request of a caller, no 302 of a seat or a partner."""
    target = await city.target("12319")
    meant.add(target)
    away = moved(places(city, elsewhere)[place])
    city.outside.behave(target, away)
    async with city.operator("001", "seat01"), city.operator("002", "seat02", away) as sends_away:
        await until_serving(city, "seat01", "seat02")
        async with without_controller(city.server):
            call = await city.call("12345", new_caller())
            await city.until_heard(call, VOICE)
            waits = await city.call("12345", new_caller())
            await within((await sends_away.next_call(within=20)).until_ended())
            await city.call("12319", new_caller())
            await within(call.media.press("#110#*2*1*0"))
            assert await asked(call.ask("REFER", ("Refer-To", f"<sip:{VICTIM}@1.2.3.4>"))) != 202
            assert (call.state, waits.state) == (CallState.UP, CallState.UP)
            await within((await city.outside.call_to(target)).call.until_ended())
            await city.hang_up_all()
    city.outside.behave(target, ANSWER)


# -- by taking somebody's place -------------------------------------------------------------------


async def test_nobody_registers_in_a_seats_place(city: City, elsewhere: str) -> None:
    """Neither from a trunk, which needs no password, nor with another seat's password."""
    place = city.server.sip
    async with city.operator("001", "seat01") as phone:
        on_trunk = await UserAgent.bind(city.server.trunks["telecom"])
        assert (await within(on_trunk.register("seat01", place))).status >= 400
        assert (await within(on_trunk.register("trunk-telecom", place))).status >= 400
        await on_trunk.close()
        stranger = await UserAgent.bind(elsewhere)
        assert (await within(stranger.register("seat01", place))).status == 401
        await stranger.close()
        password = seat_password(city.server.settings, "seat02")
        other = await UserAgent.bind(elsewhere, credentials=Credentials("seat02", password))
        assert (await within(other.register("seat01", place))).status >= 400
        await other.close()
        call = await city.call("12345", new_caller())
        await phone.next_call()
        await call.hang_up()


async def test_a_seats_password_dials_nobody_but_whom_the_plan_lets_it(
    city: City, elsewhere: str
) -> None:
    """A stolen password is no way out: a softphone dials codes, rooms and emergency numbers."""
    password = seat_password(city.server.settings, "seat03")
    thief = await Softphone.register("seat03", password, city.server.sip, host=elsewhere)
    for number in (VICTIM, f"9{VICTIM}", "0014155550100", "12319", f"*41{VICTIM}", f"*42{VICTIM}"):
        call = await thief.dial(number)
        await end_all([call])
    await thief.unregister()
