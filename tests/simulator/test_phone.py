"""A softphone registers with a password, is called, and calls."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from callcenter.simulator.agent import Side
from callcenter.simulator.behaviour import AT_ONCE, BUSY, NO_ANSWER
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.phone import RegistrationError, Softphone
from callcenter.simulator.sip import Request, digest_answer, response_to
from callcenter.simulator.transactions import ServerTransaction, SipSocket

from .conftest import FAST, MakeAgent

CHALLENGE = 'Digest realm="here", nonce="n0nce", qop="auth", algorithm=MD5'


class Registrar:
    """Accepts whoever knows the password `secret`, and remembers what was asked."""

    def __init__(self) -> None:
        self.accepted: list[Request] = []

    def on_request(self, incoming: ServerTransaction) -> None:
        request = incoming.request
        if self._proves_itself(request):
            self.accepted.append(request)
            incoming.respond(response_to(request, 200, tag="r"))
        else:
            # Written out, as 401 is nothing our own agents ever answer.
            refusal = response_to(request, 480, headers=[("WWW-Authenticate", CHALLENGE)])
            incoming.respond(replace(refusal, status=401, reason="Unauthorized"))

    def on_ack(self, ack: Request) -> None:
        raise AssertionError("nobody calls a registrar")

    @staticmethod
    def _proves_itself(request: Request) -> bool:
        given = dict(re.findall(r'(\w+)="([^"]*)"', request.get("Authorization")))
        if not given:
            return False
        expected = digest_answer(
            CHALLENGE,
            method=request.method,
            uri=given["uri"],
            user=given["username"],
            password="secret",
            client_nonce=given["cnonce"],
        )
        return f'response="{given["response"]}"' in expected


@pytest.fixture
async def registrar() -> AsyncIterator[tuple[Registrar, tuple[str, int]]]:
    handler = Registrar()
    socket = await SipSocket.bind("127.0.0.1", 0, handler, FAST)
    yield handler, socket.place
    socket.close()


async def test_it_registers_with_its_password_and_takes_it_back(
    registrar: tuple[Registrar, tuple[str, int]],
) -> None:
    accepting, place = registrar
    phone = await Softphone.register("seat01", "secret", place, timers=FAST)
    assert accepting.accepted[0].get("Contact") == f"<{phone.agent.contact}>"
    assert phone.agent.contact.startswith("sip:seat01@127.0.0.1:")
    await phone.unregister()
    assert [request.get("Expires") for request in accepting.accepted] == ["3600", "0"]


async def test_a_wrong_password_is_refused_in_words(
    registrar: tuple[Registrar, tuple[str, int]],
) -> None:
    with pytest.raises(RegistrationError, match=r"seat01 cannot register at .*: 401 Unauthorized"):
        await Softphone.register("seat01", "wrong", registrar[1], timers=FAST)


async def test_it_is_called_and_behaves_as_told(
    registrar: tuple[Registrar, tuple[str, int]],
) -> None:
    phone = await Softphone.register(
        "seat01", "secret", registrar[1], behaviour=AT_ONCE, timers=FAST
    )
    caller = await Citizen.on("127.0.0.1", phone.agent.place, timers=FAST)
    call = await caller.dial("seat01", caller="1")
    assert await call.until_answered()
    rung = await phone.next_call()
    await call.hang_up()
    assert (await rung.until_ended()).by is Side.REMOTE

    phone.behaviour = BUSY
    assert (await (await caller.dial("seat01", caller="1")).until_ended()).status == 486

    # An operator who picks up by hand.
    phone.behaviour = NO_ANSWER
    call = await caller.dial("seat01", caller="1")
    assert (await phone.next_call()).ending is not None  # the busy one, unclaimed until now
    ringing = await phone.next_call()
    assert await call.until_ringing()
    ringing.answer()
    assert await call.until_answered()
    await ringing.hang_up()
    assert (await call.until_ended()).by is Side.REMOTE
    await caller.close()
    await phone.vanish()


async def test_waiting_for_a_call_that_never_comes_ends(
    registrar: tuple[Registrar, tuple[str, int]],
) -> None:
    phone = await Softphone.register("seat01", "secret", registrar[1], timers=FAST)
    with pytest.raises(TimeoutError):
        await phone.next_call(within=0.05)
    await phone.vanish()


async def test_a_phone_that_is_not_registered_cannot_dial() -> None:
    phone = Softphone("seat01", ("127.0.0.1", 5060))
    with pytest.raises(RegistrationError, match="not registered"):
        await phone.dial("*12")


async def test_it_dials_feature_codes_at_its_server(
    registrar: tuple[Registrar, tuple[str, int]], agent: MakeAgent
) -> None:
    phone = await Softphone.register("seat01", "secret", registrar[1], timers=FAST)
    server = await agent(AT_ONCE.take)
    phone.server = server.place
    call = await phone.dial("*12")
    assert await call.until_answered()
    assert server.calls[0].number == "*12"
    assert server.calls[0].invite.from_.uri.startswith("sip:seat01@")
    await call.hang_up()
    await phone.vanish()
