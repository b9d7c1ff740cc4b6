"""Our user agent against SIP programs that others wrote: sipp and baresip."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.simulator.agent import Side
from callcenter.simulator.audio import voice_of
from callcenter.simulator.behaviour import Behaviour
from callcenter.simulator.citizen import Citizen
from callcenter.simulator.heard import Catalog
from callcenter.simulator.outside import Outside
from callcenter.simulator.sip import NameAddress, Uri
from tests.support.baresip import Baresip, BaresipError
from tests.support.sipp import ANSWER, Sipp, answer_then_hang_up, refuse

from .conftest import Registrar

pytestmark = pytest.mark.live
"""They need the programs that script/test installs for the live tests."""


async def test_sipp_answers_our_call_and_we_hang_up(tmp_path: Path) -> None:
    partner = await Sipp.start(tmp_path, ANSWER)
    citizen = await Citizen.on("127.0.0.1", partner.place)
    call = await citizen.dial("12345", caller="13912345678")
    assert await call.until_answered()
    assert (await call.hang_up()).by is Side.LOCAL
    await partner.until_done()
    await citizen.close()


@pytest.mark.parametrize(("line", "status"), [("486 Busy Here", 486), ("603 Decline", 603)])
async def test_sipp_refuses_our_call(tmp_path: Path, line: str, status: int) -> None:
    partner = await Sipp.start(tmp_path, refuse(line))
    citizen = await Citizen.on("127.0.0.1", partner.place)
    call = await citizen.dial("12345", caller="13912345678")
    assert (await call.until_ended()).status == status
    await partner.until_done()
    await citizen.close()


async def test_sipp_hangs_up(tmp_path: Path) -> None:
    partner = await Sipp.start(tmp_path, answer_then_hang_up(100))
    citizen = await Citizen.on("127.0.0.1", partner.place)
    call = await citizen.dial("12345", caller="13912345678")
    assert await call.until_answered()
    assert (await call.until_ended()).by is Side.REMOTE
    await partner.until_done()
    await citizen.close()


async def test_baresip_registers_calls_speaks_presses_and_hears(
    tmp_path: Path, registrar: Registrar
) -> None:
    says, ours = voice_of("operator", 2.0), Outside.voice("12345")
    phone = await Baresip.start(tmp_path / "seat", "seat01", "secret", registrar.place, says=says)
    far = await Outside.listen({"telecom": ("127.0.0.1", 0)})
    far.behave("12345", Behaviour(ring_seconds=0.1))
    await phone.dial("12345", far.place("telecom"))
    call = (await far.call_to("12345")).call
    await phone.established()
    await phone.press("3")
    assert await call.media.until_digits(1) == "3"
    await call.media.until_heard(200)
    await phone.hang_up()
    assert (await call.until_ended()).by is Side.REMOTE
    await phone.closed()
    assert "operator" in Catalog({"operator": ("", says)}).listen(call.heard()).names
    assert "far" in Catalog({"far": ("", ours)}).listen(phone.heard()).names
    await phone.stop()
    await far.close()


async def test_baresip_is_refused_with_a_wrong_password(
    tmp_path: Path, registrar: Registrar
) -> None:
    with pytest.raises(BaresipError, match="seat01 was refused"):
        await Baresip.start(tmp_path / "seat", "seat01", "wrong", registrar.place)


async def test_baresip_is_called_and_answers_by_hand_or_declines(
    tmp_path: Path, registrar: Registrar
) -> None:
    phone = await Baresip.start(tmp_path / "seat", "seat01", "secret", registrar.place)
    contact = registrar.accepted[-1].get("Contact")
    place = Uri.parse(NameAddress.parse(contact).uri).place
    citizen = await Citizen.on("127.0.0.1", place)
    user = Uri.parse(NameAddress.parse(contact).uri).user

    call = await citizen.dial(user, caller="13912345678")
    assert "13912345678" in await phone.incoming()
    await phone.accept()
    assert await call.until_answered()
    await phone.established()
    await phone.hang_up()
    assert (await call.until_ended()).by is Side.REMOTE
    await phone.closed()

    call = await citizen.dial(user, caller="13912345678")
    await phone.incoming()
    await phone.hang_up()
    assert (await call.until_ended()).status == 486
    await citizen.close()
    await phone.vanish()
