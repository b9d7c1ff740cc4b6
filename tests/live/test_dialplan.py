"""What Asterisk does with a call by itself, seen from the telephones at both ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from callcenter.asterisk.ami import Ami, AmiError, SeatContact
from callcenter.asterisk.ari import Access, Ari, JsonObject
from callcenter.asterisk.decode import Decoder, feature_call
from callcenter.asterisk.exchange import Exchange, FallbackNumber, Treatment
from callcenter.asterisk.process import AsteriskProcess
from callcenter.asterisk.queue_log import CallRecord, follow
from callcenter.asterisk.render import BANS, render, write_change
from callcenter.asterisk.secrets import USER, ari_password, seat_password, set_seat_password
from callcenter.attacks import bans
from callcenter.calls.events import CallArrived, Ending, Handled, SipHeaders
from callcenter.numberplan.model import Action, Queue
from callcenter.settings import PROJECT, Settings
from callcenter.simulator.agent import Call, UserAgent
from callcenter.simulator.behaviour import AT_ONCE, BUSY, NO_ANSWER, UNAVAILABLE
from callcenter.simulator.heard import Catalog
from callcenter.simulator.outside import Outside
from callcenter.simulator.phone import RegistrationError, Softphone
from tests.support.live import neighbour

pytestmark = pytest.mark.usefixtures("asterisk")

CITIZEN = "<sip:051987200000@carrier.example>"
ODD_NAME = '"a(b, \\"c|d;%41" <sip:051987200000@carrier.example>'


@pytest.fixture
async def citizen(exchange: Exchange) -> AsyncIterator[UserAgent]:
    """Somebody whose calls come in on the first trunk."""
    agent = await UserAgent.bind(exchange.trunks[0].host)
    yield agent
    await agent.close()


@pytest.fixture
async def outside(exchange: Exchange) -> AsyncIterator[Outside]:
    """The far ends of both trunks; they answer at once."""
    places = {trunk.name: (trunk.host, trunk.port) for trunk in exchange.trunks}
    outside = await Outside.listen(places)
    for number in ("110", "0519110", "120", "87220000"):
        outside.behave(number, AT_ONCE)
    yield outside
    await outside.close()


class Listener:
    """A controller that takes calls and tells what it learnt of them."""

    def __init__(self, events: AsyncIterator[JsonObject]) -> None:
        self._events = events

    async def next_start(self) -> JsonObject:
        """The next channel that the dialplan hands over."""
        async with asyncio.timeout(10):
            async for event in self._events:
                if event.get("type") == "StasisStart":
                    return event
        raise AssertionError("the websocket ended")

    async def next_arrival(self) -> CallArrived:
        """The next call from a trunk."""
        fact = Decoder().decode(await self.next_start())
        assert isinstance(fact, CallArrived)
        return fact


@pytest.fixture
async def controller(settings: Settings) -> AsyncIterator[Listener]:
    access = Access("127.0.0.1", settings.ari_port, USER, ari_password(settings))
    async with Ari(access) as ari:
        events = ari.events()
        assert await anext(events) == {}
        yield Listener(events)


def place(settings: Settings) -> tuple[str, int]:
    return str(settings.sip_host), settings.sip_port


def uri(settings: Settings, number: str) -> str:
    return f"sip:{number}@{settings.sip_host}:{settings.sip_port}"


async def record(settings: Settings) -> CallRecord:
    """The first call that Asterisk filed."""
    async with asyncio.timeout(10):
        async for logged in follow(settings.queue_log):
            if isinstance(logged.record, CallRecord):
                return logged.record
    raise AssertionError("never")


def heard(call: Call) -> tuple[str, ...]:
    return Catalog.load(PROJECT / "ivr_prompts").listen(call.heard()).names


# -- without a controller --------------------------------------------------------------------------


async def test_without_a_controller_a_number_of_nobody_is_refused(
    settings: Settings, citizen: UserAgent
) -> None:
    call = await citizen.call(uri(settings, "12345"), caller=CITIZEN)
    assert (await asyncio.wait_for(call.until_ended(), 20)).status == 404
    filed = await record(settings)
    assert (filed.origin, filed.dialled, filed.caller) == ("telecom", "12345", "051987200000")
    assert (filed.emergency, filed.handled, filed.answered) == (False, Handled.REJECT, None)


async def test_without_a_controller_a_seat_hears_that_the_system_is_busy(
    settings: Settings, seat: Softphone
) -> None:
    call = await seat.dial("*12")
    await asyncio.wait_for(call.until_ended(), 20)
    assert heard(call) == ("system_busy",)


async def test_without_a_controller_what_is_kept_for_emergencies_is_not_taken(
    settings: Settings, exchange: Exchange, asterisk: AsteriskProcess, citizen: UserAgent
) -> None:
    """The trunk has three channels, one of them kept."""
    waits = Treatment(Action.QUEUE, queue="hotline")
    number = FallbackNumber("12345", ("12345",), waits, waits)
    queue = Queue(name="hotline", title="热线")
    rendered = render(settings, replace(exchange, numbers=(number,), queues=(queue,)))
    ami = await Ami.connect(settings)
    for module in rendered.reloads:
        await ami.reload(module)
    await ami.close()
    waiting = [await citizen.call(uri(settings, "12345"), caller=CITIZEN) for _ in range(2)]
    for call in waiting:
        assert await asyncio.wait_for(call.until_answered(), 10)
    third = await citizen.call(uri(settings, "12345"), caller=CITIZEN)
    assert (await asyncio.wait_for(third.until_ended(), 10)).status == 503
    await waiting[0].hang_up()
    fourth = await citizen.call(uri(settings, "12345"), caller=CITIZEN)
    assert await asyncio.wait_for(fourth.until_answered(), 10)


async def test_a_stranger_gets_nothing(settings: Settings) -> None:
    stranger = await UserAgent.bind("127.0.0.1")
    call = await stranger.call(uri(settings, "12345"), caller=CITIZEN)
    ending = await asyncio.wait_for(call.until_ended(), 10)
    assert ending.status == 401
    await stranger.close()


async def test_it_bears_as_long_a_list_of_those_who_are_refused_as_we_ever_write(
    settings: Settings, citizen: UserAgent
) -> None:
    """The last one on it is refused, who is not on it is asked for a password, and a trunk's calls
    are read: here, that the number is nobody's."""
    first, last, other = (neighbour(settings, n) for n in (90, 91, 92))
    crowd = (f"10.{n // 250}.{n % 250}.1" for n in range(bans.MOST_BANS - 2))
    refused = [bans.Ban(address, 0.0, 0.0, bans.Sign.UNKNOWN) for address in (first, *crowd, last)]
    write_change(settings.asterisk / "etc" / BANS, bans.acl(refused).encode())
    ami = await Ami.connect(settings)
    await ami.reload("acl")
    await ami.close()
    statuses = []
    for host in (first, last, other):
        stranger = await UserAgent.bind(host)
        call = await stranger.call(uri(settings, "12345"), caller=CITIZEN)
        statuses.append((await asyncio.wait_for(call.until_ended(), 10)).status)
        await stranger.close()
    assert statuses == [403, 403, 401]
    call = await citizen.call(uri(settings, "12345"), caller=CITIZEN)
    assert (await asyncio.wait_for(call.until_ended(), 20)).status == 404


# -- with a controller -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialled", "arrives"),
    [
        ("12345", "12345"),
        ("+8651912345;phone-context=+86519", "+8651912345"),
        ("12366-2", "12366-2"),
        ("87229110", "87229110"),
        ("1100", "1100"),
        ("1", "1"),
        ("*12", "*12"),
        ("hotline", "hotline"),
        ("12345(6,a", "123456a"),
    ],
)
async def test_any_number_reaches_the_controller(
    settings: Settings, citizen: UserAgent, controller: Listener, dialled: str, arrives: str
) -> None:
    await citizen.call(uri(settings, dialled), caller=CITIZEN)
    arrived = await controller.next_arrival()
    assert (arrived.trunk, arrived.dialled) == ("telecom", arrives)


async def test_its_headers_arrive_as_they_were_sent(
    settings: Settings, citizen: UserAgent, controller: Listener
) -> None:
    lines = [
        ("P-Asserted-Identity", "<sip:13800000000@a>, <tel:+8613800000000>"),
        ("Privacy", "id"),
        ("Diversion", '"x(|" <sip:12315@a>;reason=unconditional'),
        ("Diversion", "<sip:12333@a>;reason=no-answer"),
        ("History-Info", "<sip:12329@a>;index=1"),
    ]
    await citizen.call(uri(settings, "12345"), caller=ODD_NAME, headers=lines)
    headers = (await controller.next_arrival()).headers
    assert headers.from_.startswith(ODD_NAME)
    assert headers == SipHeaders(
        from_=headers.from_,
        asserted_identity=(lines[0][1],),
        privacy=("id",),
        diversion=(lines[2][1], lines[3][1]),
        history_info=(lines[4][1],),
    )


async def test_a_call_is_marked_as_the_callers(
    settings: Settings, citizen: UserAgent, controller: Listener
) -> None:
    await citizen.call(uri(settings, "12345"), caller=CITIZEN)
    start = await controller.next_start()
    channel = start["channel"]
    assert isinstance(channel, dict)
    marks = {"CALLID": channel["id"], "ROLE": "caller", "HANDLED": "", "QUEUED": ""}
    assert channel["channelvars"] == marks


# -- emergencies -----------------------------------------------------------------------------------


async def test_an_emergency_call_needs_no_controller(
    settings: Settings, citizen: UserAgent, outside: Outside
) -> None:
    call = await citizen.call(uri(settings, "110"), caller=CITIZEN)
    assert await asyncio.wait_for(call.until_answered(), 10)
    far = await outside.call_to("110", trunk="telecom")
    assert "051987200000" in far.headers("From")[0]
    await call.hang_up()
    filed = await record(settings)
    assert filed.emergency
    assert (filed.origin, filed.target, filed.dialled) == ("telecom", "telecom", "110")
    assert filed.answered is not None
    assert filed.began <= filed.answered <= filed.ended


async def test_the_next_trunk_is_tried_when_the_first_refuses(
    settings: Settings, citizen: UserAgent, outside: Outside
) -> None:
    outside.behave("110", UNAVAILABLE)
    call = await citizen.call(uri(settings, "110"), caller=CITIZEN)
    assert await asyncio.wait_for(call.until_answered(), 10)
    await outside.call_to("0519110", trunk="mobile")
    await call.hang_up()
    assert (await record(settings)).target == "mobile"


async def test_the_next_trunk_is_tried_when_the_first_is_silent(
    settings: Settings, exchange: Exchange, citizen: UserAgent
) -> None:
    mobile = exchange.trunks[1]
    outside = await Outside.listen({mobile.name: (mobile.host, mobile.port)})
    call = await citizen.call(uri(settings, "110"), caller=CITIZEN)
    assert await asyncio.wait_for(call.until_answered(), 10)
    await call.hang_up()
    assert (await record(settings)).target == "mobile"
    await outside.close()


async def test_a_busy_emergency_number_is_busy(
    settings: Settings, citizen: UserAgent, outside: Outside
) -> None:
    outside.behave("110", BUSY)
    call = await citizen.call(uri(settings, "110"), caller=CITIZEN)
    assert (await asyncio.wait_for(call.until_ended(), 10)).status == 486
    filed = await record(settings)
    assert (filed.target, filed.as_event().ending) == ("telecom", Ending.BUSY)


async def test_a_caller_who_gives_up_was_not_answered(
    settings: Settings, citizen: UserAgent, outside: Outside
) -> None:
    outside.behave("110", NO_ANSWER)
    call = await citizen.call(uri(settings, "110"), caller=CITIZEN)
    assert await asyncio.wait_for(call.until_ringing(), 10)
    await call.hang_up()
    filed = await record(settings)
    assert (filed.dial_status, filed.answered) == ("CANCEL", None)


# -- seats -----------------------------------------------------------------------------------------


@pytest.fixture
async def seat(settings: Settings) -> AsyncIterator[Softphone]:
    phone = await Softphone.register("seat01", seat_password(settings, "seat01"), place(settings))
    yield phone
    await phone.vanish()


async def test_a_wrong_password_registers_nothing(settings: Settings) -> None:
    with pytest.raises(RegistrationError, match=r"40[13]"):
        await Softphone.register("seat01", "a wrong one", place(settings))


async def test_a_new_password_holds_at_once(settings: Settings, exchange: Exchange) -> None:
    old = seat_password(settings, "seat01")
    set_seat_password(settings, "seat01", "a new; password")
    ami = await Ami.connect(settings)
    for module in render(settings, exchange).reloads:
        await ami.reload(module)
    await ami.close()
    phone = await Softphone.register("seat01", "a new; password", place(settings))
    await phone.vanish()
    with pytest.raises(RegistrationError):
        await Softphone.register("seat01", old, place(settings))


async def test_a_softphone_is_noticed_as_it_comes_and_goes(settings: Settings) -> None:
    ami = await Ami.connect(settings)
    assert await ami.contacts() == frozenset()
    changes = ami.changes()
    phone = await Softphone.register("seat02", seat_password(settings, "seat02"), place(settings))
    assert await asyncio.wait_for(anext(changes), 5) == SeatContact("seat02", reachable=True)
    assert await ami.contacts() == {"seat02"}
    await phone.unregister()
    assert await asyncio.wait_for(anext(changes), 5) == SeatContact("seat02", reachable=False)
    await ami.close()


async def test_a_seat_rings_the_dispatch_room(
    settings: Settings, seat: Softphone, outside: Outside
) -> None:
    call = await seat.dial("800")
    assert await asyncio.wait_for(call.until_answered(), 10)
    await outside.call_to("87220000", trunk="mobile")
    await call.hang_up()


async def test_a_seat_cannot_dial_just_anything(seat: Softphone) -> None:
    call = await seat.dial("13800000000")
    await asyncio.wait_for(call.until_ended(), 20)
    assert heard(call) == ("cannot_dial",)


async def test_a_seat_reaches_an_emergency_number(
    settings: Settings, seat: Softphone, outside: Outside
) -> None:
    call = await seat.dial("120")
    assert await asyncio.wait_for(call.until_answered(), 10)
    await call.hang_up()
    filed = await record(settings)
    assert (filed.origin, filed.target, filed.emergency) == ("seat01", "mobile", True)


async def test_signing_in_asks_for_the_pin(
    settings: Settings, seat: Softphone, controller: Listener
) -> None:
    call = await seat.dial("*11001")
    assert await asyncio.wait_for(call.until_answered(), 10)
    await call.media.press("4711#")
    start = await controller.next_start()
    assert feature_call(start) == (channel_id(start), "seat01", "*11001", "4711")


async def test_other_feature_codes_go_straight_to_the_controller(
    settings: Settings, seat: Softphone, controller: Listener
) -> None:
    await seat.dial("*131")
    start = await controller.next_start()
    assert feature_call(start) == (channel_id(start), "seat01", "*131", "")


def channel_id(event: JsonObject) -> str:
    channel = event["channel"]
    assert isinstance(channel, dict)
    return str(channel["id"])


# -- AMI -------------------------------------------------------------------------------------------


async def test_no_line_break_reaches_ami(settings: Settings) -> None:
    ami = await Ami.connect(settings)
    with pytest.raises(AmiError, match="has a line break"):
        await ami.reload("res_pjsip\r\n\r\nAction: Logoff")
    await ami.reload("res_pjsip")
    await ami.close()


async def test_an_unknown_module_is_told(settings: Settings) -> None:
    ami = await Ami.connect(settings)
    with pytest.raises(AmiError, match="Reload: No such module"):
        await ami.reload("no_such_module")
    await ami.close()


async def test_a_lost_connection_is_noticed(settings: Settings, asterisk: AsteriskProcess) -> None:
    ami = await Ami.connect(settings)
    assert await ami.contacts() == frozenset()
    await asterisk.stop()
    async with asyncio.timeout(5):
        assert [change async for change in ami.changes()] == []
    with pytest.raises(AmiError, match="lost"):
        await ami.contacts()
    await ami.close()
