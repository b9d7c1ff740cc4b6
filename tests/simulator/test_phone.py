"""A softphone registers with a password, is called, and calls."""

from __future__ import annotations

import pytest

from callcenter.simulator.agent import Side
from callcenter.simulator.behaviour import AT_ONCE, BUSY, NO_ANSWER
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.phone import RegistrationError, Softphone

from .conftest import FAST, MakeAgent, Registrar


async def test_it_registers_with_its_password_and_takes_it_back(
    registrar: Registrar,
) -> None:
    phone = await Softphone.register("seat01", "secret", registrar.place, timers=FAST)
    assert registrar.accepted[0].get("Contact") == f"<{phone.agent.contact}>"
    assert phone.agent.contact.startswith("sip:seat01@127.0.0.1:")
    await phone.unregister()
    assert [request.get("Expires") for request in registrar.accepted] == ["3600", "0"]


async def test_a_wrong_password_is_refused_in_words(
    registrar: Registrar,
) -> None:
    with pytest.raises(RegistrationError, match=r"seat01 cannot register at .*: 401 Unauthorized"):
        await Softphone.register("seat01", "wrong", registrar.place, timers=FAST)


async def test_it_is_called_and_behaves_as_told(
    registrar: Registrar,
) -> None:
    phone = await Softphone.register(
        "seat01", "secret", registrar.place, behaviour=AT_ONCE, timers=FAST
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
    registrar: Registrar,
) -> None:
    phone = await Softphone.register("seat01", "secret", registrar.place, timers=FAST)
    with pytest.raises(TimeoutError):
        await phone.next_call(within=0.05)
    await phone.vanish()


async def test_a_phone_that_is_not_registered_cannot_dial() -> None:
    phone = Softphone("seat01", ("127.0.0.1", 5060))
    with pytest.raises(RegistrationError, match="not registered"):
        await phone.dial("*12")


async def test_it_dials_feature_codes_at_its_server(registrar: Registrar, agent: MakeAgent) -> None:
    phone = await Softphone.register("seat01", "secret", registrar.place, timers=FAST)
    server = await agent(AT_ONCE.take)
    phone.server = server.place
    call = await phone.dial("*12")
    assert await call.until_answered()
    assert server.calls[0].number == "*12"
    assert server.calls[0].invite.from_.uri.startswith("sip:seat01@")
    await call.hang_up()
    await phone.vanish()
