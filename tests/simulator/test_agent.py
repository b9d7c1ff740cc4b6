"""Two user agents call each other over real UDP: every way a call can begin, go on and end."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from callcenter.simulator.agent import Call, CallState, Ending, Side, UserAgent
from callcenter.simulator.audio import RATE, tone
from callcenter.simulator.behaviour import AT_ONCE, BUSY, DECLINE, NO_ANSWER, Behaviour
from callcenter.simulator.sdp import Direction, describe
from callcenter.simulator.sip import Request, Response, SipError
from callcenter.simulator.transactions import Place, SipSocket

from .conftest import HASTY, Deciding, MakeAgent


def to(agent: UserAgent, number: str = "12345") -> str:
    host, port = agent.place
    return f"sip:{number}@{host}:{port}"


async def dial(make: MakeAgent, on_call: Deciding) -> tuple[Call, UserAgent]:
    caller, callee = await make(), await make(on_call)
    return await caller.call(to(callee), caller="<sip:13912345678@127.0.0.1>"), callee


def pitch(call: Call) -> int:
    """The strongest frequency that a call's party heard, in Hz."""
    heard = call.heard()[-RATE // 2 :]
    return int(np.argmax(np.abs(np.fft.rfft(heard, RATE))))


async def test_both_hear_each_other(agent: MakeAgent) -> None:
    call, callee = await dial(agent, lambda c: AT_ONCE.take(c, tone(500, 1.0)))
    assert await call.until_answered()
    call.media.background(tone(900, 1.0))
    other = callee.calls[0]
    await asyncio.gather(call.media.until_heard(30), other.media.until_heard(40))
    assert abs(pitch(call) - 500) <= 5
    assert abs(pitch(other) - 900) <= 5
    assert other.invite.from_.uri == "sip:13912345678@127.0.0.1"
    assert other.number == "12345"
    await call.hang_up()


async def test_keys_reach_the_other_side_in_both_directions(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    other = callee.calls[0]
    await asyncio.gather(call.media.press("2#"), other.media.press("*1"))
    assert await other.media.until_digits(2) == "2#"
    assert await call.media.until_digits(2) == "*1"


async def test_the_caller_hangs_up(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    assert (await call.hang_up()).by is Side.LOCAL
    assert (await callee.calls[0].until_ended()).by is Side.REMOTE


async def test_the_callee_hangs_up(agent: MakeAgent) -> None:
    call, callee = await dial(agent, Behaviour(ring_seconds=0, talk_seconds=0.1).take)
    assert await call.until_answered()
    assert (await call.until_ended()).by is Side.REMOTE
    assert (await callee.calls[0].until_ended()).by is Side.LOCAL


async def test_the_caller_gives_up_while_it_rings(agent: MakeAgent) -> None:
    call, callee = await dial(agent, NO_ANSWER.take)
    assert await call.until_ringing()
    assert await call.hang_up() == Ending(Side.LOCAL, 487, "Request Terminated", None)
    assert (await callee.calls[0].until_ended()).by is Side.REMOTE
    assert not await call.until_answered()


@pytest.mark.parametrize(
    ("behaviour", "status"), [(BUSY, 486), (replace(DECLINE, ring_seconds=0.1), 603)]
)
async def test_a_refused_call_was_ended_by_nobody(
    agent: MakeAgent, behaviour: Behaviour, status: int
) -> None:
    call, _ = await dial(agent, behaviour.take)
    ending = await call.until_ended()
    assert (ending.by, ending.status) == (Side.NONE, status)


async def test_an_agent_that_takes_no_calls_is_busy(agent: MakeAgent) -> None:
    caller, callee = await agent(), await agent()
    call = await caller.call(to(callee), caller="<sip:1@127.0.0.1>")
    assert (await call.until_ended()).status == 486


async def test_nobody_there_is_a_timeout(agent: MakeAgent) -> None:
    caller, gone = await agent(timers=HASTY), await agent()
    target = to(gone)
    await gone.close()
    call = await caller.call(target, caller="<sip:1@127.0.0.1>")
    assert (await call.until_ended()).status == 408


async def test_headers_reach_the_other_side(agent: MakeAgent) -> None:
    caller, callee = await agent(), await agent(AT_ONCE.take)
    headers = (("Diversion", "<sip:12319@x>"), ("Diversion", "<sip:12315@x>"))
    call = await caller.call(to(callee), caller="<sip:1@127.0.0.1>", headers=headers)
    assert await call.until_answered()
    assert callee.calls[0].invite.all("Diversion") == ("<sip:12319@x>", "<sip:12315@x>")


async def test_options_are_answered_and_silence_is_408(agent: MakeAgent) -> None:
    asker, asked = await agent(timers=HASTY), await agent()
    place = asked.place
    assert (await asker.options(place)).status == 200
    await asked.close()
    assert (await asker.options(place)).status == 408


async def test_an_address_that_is_none_is_refused(agent: MakeAgent) -> None:
    caller = await agent()
    with pytest.raises(SipError, match="not a SIP address"):
        await caller.call("tel:12345", caller="<sip:1@127.0.0.1>")


def kind(message: Request | Response) -> str:
    """A name for what a message is in its call."""
    if isinstance(message, Request):
        return message.method
    return f"{message.status} {message.cseq[1]}"


async def test_lost_datagrams_are_repeated_until_they_arrive(
    agent: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    send = SipSocket.send

    def lose_the_first_of_each(
        socket: SipSocket, message: Request | Response, place: Place
    ) -> None:
        if kind(message) in lost:
            send(socket, message, place)
        else:
            lost.append(kind(message))

    monkeypatch.setattr(SipSocket, "send", lose_the_first_of_each)
    call, callee = await dial(agent, Behaviour(ring_seconds=0.1).take)
    assert await call.until_answered()
    assert (await call.hang_up()).by is Side.LOCAL
    assert (await callee.calls[0].until_ended()).by is Side.REMOTE
    assert {"INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"} <= set(lost)


def outside_of_calls(agent: UserAgent, method: str, *headers: tuple[str, str]) -> Request:
    place = "127.0.0.1"
    return Request(
        (
            ("From", f"<sip:1@{place}>;tag=f1"),
            ("To", f"<sip:2@{place}>"),
            ("Call-ID", "stray"),
            ("CSeq", f"1 {method}"),
            *headers,
        ),
        b"",
        method,
        to(agent),
    )


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("BYE", (("To", "<sip:2@127.0.0.1>;tag=unknown"),), 481),
        ("CANCEL", (), 481),
        ("MESSAGE", (), 405),
        ("INVITE", (("Require", "100rel"),), 420),
        ("OPTIONS", (), 200),
    ],
)
async def test_strange_requests_get_the_answer_the_standard_asks_for(
    agent: MakeAgent, method: str, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    one, other = await agent(), await agent(AT_ONCE.take)
    request = outside_of_calls(other, method).with_headers(*headers)
    assert (await one.ask(request, other.place)).status == status


class Party:
    """The far end of a call, written out message by message."""

    def __init__(self, agent: UserAgent, call: Call) -> None:
        self._agent, self._call = agent, call
        self._number = 100

    async def ask(self, method: str, body: bytes = b"") -> Response:
        self._number += 1
        invite = self._call.invite
        request = Request(
            (
                ("From", f"{invite.get('To')};tag={self._tag}"),
                ("To", invite.get("From")),
                ("Call-ID", invite.call_id),
                ("CSeq", f"{self._number} {method}"),
                ("Contact", f"<{self._agent.contact}>"),
            ),
            body,
            method,
            invite.uri,
        )
        return await self._agent.ask(request, self._place)

    @property
    def _tag(self) -> str:
        return self._call.key[1]

    @property
    def _place(self) -> Place:
        contact = self._call.invite.get("Contact").strip("<>")
        host, _, port = contact.partition("@")[2].partition(":")
        return host, int(port)


async def test_a_hold_is_answered_and_stops_our_audio_until_resumed(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    far = callee.calls[0]
    await far.media.until_heard(3)
    party = Party(callee, far)
    offer = describe("127.0.0.1", far.media.port, version=2)
    held = await party.ask("INVITE", offer.replace(b"sendrecv", b"sendonly"))
    assert (held.status, b"a=recvonly" in held.body) == (200, True)
    before = len(far.media.heard.packets)
    await call.media.until_heard(len(call.media.heard.packets) + 10)
    assert len(far.media.heard.packets) - before <= 2
    resumed = await party.ask("INVITE", offer)
    assert (resumed.status, b"a=sendrecv" in resumed.body) == (200, True)
    await far.media.until_heard(before + 5)
    assert call.state is CallState.UP


@pytest.mark.parametrize("way", [Direction.SEND, Direction.NEITHER])
async def test_a_call_is_put_on_hold_and_taken_back(agent: MakeAgent, way: Direction) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    far = callee.calls[0]
    await far.media.until_heard(3)
    await far.offer(way)
    before = len(far.media.heard.packets)
    await far.offer(Direction.BOTH)
    await far.media.until_heard(before + 5)
    await call.hang_up()


async def test_a_hold_that_is_refused_is_told(agent: MakeAgent) -> None:
    call, _ = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    await call.media.close()  # so there is no port to offer
    with pytest.raises(SipError, match="488"):
        await call.offer(Direction.SEND)
    assert call.state is CallState.UP


async def test_a_telephone_that_suppresses_silence_sends_nothing(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    far = callee.calls[0]
    await far.media.until_heard(3)
    call.media.quiet = True
    before = len(far.media.heard.packets)
    await call.media.until_heard(len(call.media.heard.packets) + 10)
    assert len(far.media.heard.packets) - before <= 2
    call.media.quiet = False
    await far.media.until_heard(before + 5)
    await call.hang_up()


async def test_a_reinvite_without_a_description_gets_our_offer(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    answer = await Party(callee, callee.calls[0]).ask("INVITE")
    assert b"m=audio" in answer.body


async def test_a_reinvite_that_offers_nothing_for_us_changes_nothing(agent: MakeAgent) -> None:
    call, callee = await dial(agent, AT_ONCE.take)
    assert await call.until_answered()
    party = Party(callee, callee.calls[0])
    assert (await party.ask("INVITE", b"m=audio 9 RTP/AVP 96\r\n")).status == 488
    assert call.state is CallState.UP


async def test_an_answer_that_is_never_acknowledged_ends_the_call(agent: MakeAgent) -> None:
    one, other = await agent(), await agent(AT_ONCE.take, timers=HASTY)
    invite = outside_of_calls(other, "INVITE", ("Contact", f"<{one.contact}>"))
    assert (await one.ask(invite, other.place)).status == 200
    ending = await other.calls[0].until_ended()
    assert (ending.by, ending.status) == (Side.NONE, 408)
