"""An operator on a softphone that knows nothing of us: its own hold key, and our codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.asterisk.secrets import seat_password
from tests.support.baresip import Baresip
from tests.support.city import City, new_caller, within
from tests.support.ears import Sound, until_hears, voice

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False


async def test_the_telephones_own_hold_key_and_ours(city: City, tmp_path: Path) -> None:
    settings = city.server.settings
    phone = await Baresip.start(
        *(tmp_path / "seat01", "seat01", seat_password(settings, "seat01"), city.server.sip),
        says=voice(Sound.OPERATOR),
        answer_by_itself=True,
    )
    try:
        await city.ask("POST", "/operators/001/sign-in", {"seat": "seat01"})
        await city.ask("POST", "/operators/001/ready")
        citizen = await city.call("12345", new_caller())
        assert await within(citizen.until_answered())
        citizen.media.background(voice(Sound.CITIZEN))
        await until_hears(citizen, Sound.OPERATOR)
        await phone.tell("hold")
        await city.until_music(citizen)
        await until_hears(citizen, Sound.OTHER)
        await phone.tell("resume")
        await until_hears(citizen, Sound.OPERATOR)
        await phone.press("*20")
        await until_hears(citizen, Sound.OTHER)
        held = (await city.ask("GET", "/operators/001"))["talk"]
        assert isinstance(held, dict)
        assert held["on_hold"] is True
        await phone.press("*20")
        await until_hears(citizen, Sound.OPERATOR)
        await phone.hang_up()
        await within(citizen.until_ended())
    finally:
        await phone.stop()
