"""Telephones on loopback for the simulator's own tests."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from callcenter.simulator.agent import Call, UserAgent
from callcenter.simulator.sip import Request, digest_answer, response_to
from callcenter.simulator.transactions import Place, ServerTransaction, SipSocket, Timers

FAST = Timers(t1=0.05, t2=0.2)
"""The protocol's clock, ten times faster."""

HASTY = Timers(t1=0.01, t2=0.04)
"""For tests that wait until somebody gives up: after 0.64 s."""

Deciding = Callable[[Call], Awaitable[None]]
MakeAgent = Callable[..., Awaitable[UserAgent]]


@pytest.fixture
async def agent() -> AsyncIterator[MakeAgent]:
    """Makes user agents on loopback; all are gone after the test."""
    made: list[UserAgent] = []

    async def make(on_call: Deciding | None = None, timers: Timers = FAST) -> UserAgent:
        made.append(await UserAgent.bind("127.0.0.1", on_call=on_call, timers=timers))
        return made[-1]

    yield make
    for each in made:
        await each.close()


CHALLENGE = 'Digest realm="here", nonce="n0nce", qop="auth", algorithm=MD5'


class Registrar:
    """Accepts whoever knows the password `secret`, and remembers what was asked."""

    def __init__(self) -> None:
        self.accepted: list[Request] = []
        self.place: Place = ("", 0)

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
async def registrar() -> AsyncIterator[Registrar]:
    """A place to register at, with the password `secret`."""
    made = Registrar()
    socket = await SipSocket.bind("127.0.0.1", 0, made, FAST)
    made.place = socket.place
    yield made
    socket.close()
