"""Passwords, PINs, tokens and callers' numbers: in no log, no process list, no error page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from callcenter.asterisk.secrets import seat_password
from tests.support.city import City, new_caller, within
from tests.support.processes import children

pytestmark = pytest.mark.asyncio(loop_scope="module")
GREETING = False
ANNOUNCES = False


async def secrets_of(city: City) -> dict[str, str]:
    """All that must be known to nobody, by what it is; each was used."""
    settings = city.server.settings
    found = {"token": city.token, "seat": seat_password(settings, "seat01")}
    for name in ("ari", "ami"):
        found[name] = (settings.secrets / name).read_text(encoding="utf-8")
    found["pin"] = await city.pin("002")
    return found


async def use(city: City, pin: str) -> list[str]:
    """Sign in by telephone and by API, rightly and wrongly; what pages of errors said."""
    url = city.server.settings.web_url
    async with city.softphone("seat01") as phone:
        call = await phone.dial("*11002")
        assert await within(call.until_answered())
        await call.media.press(f"{pin}#")
        await within(call.until_ended())
    pages = []
    for headers, method, path in (
        ({}, "GET", f"/nowhere?token={city.token}"),
        ({"Authorization": f"Bearer {city.token}x"}, "GET", "/api/v1/orders"),
        ({}, "POST", "/api/v1/operators/002/sign-in"),
        ({"Authorization": f"Bearer {city.token}"}, "POST", "/api/v1/operators/002/ready"),
    ):
        body = {"pin": pin, "seat": "nowhere", "extra": pin}
        async with city.http.request(method, url + path, json=body, headers=headers) as answer:
            assert answer.status >= 400
            pages.append(await answer.text())
    return pages


def texts(folder: Path) -> dict[Path, str]:
    there = (each for each in folder.rglob("*") if each.is_file())
    return {each: each.read_text(encoding="utf-8", errors="replace") for each in there}


def process_list(first: int) -> str:
    """The arguments of the server's processes, as everybody on the machine sees them."""
    pids = [first, *children(first).values()]
    return "\n".join(Path(f"/proc/{pid}/cmdline").read_text(errors="replace") for pid in pids)


async def test_they_are_where_they_belong_and_nowhere_else(city: City) -> None:
    caller = new_caller()
    async with city.operator("001", "seat02") as phone:
        call = await city.call("12345", caller)
        await phone.next_call()
        await city.until_operator("001", "talking")
        await call.hang_up()
    await city.order_of(caller)
    secrets = await secrets_of(city)
    pages = await use(city, secrets["pin"])
    settings = city.server.settings
    said = {
        **await asyncio.to_thread(texts, settings.data / "logs"),
        **await asyncio.to_thread(texts, settings.asterisk / "log"),
        city.server.output: city.server.printed(),
        Path("process list"): process_list(city.server.process.pid),
        **{Path(f"page {number}"): page for number, page in enumerate(pages)},
    }
    for name, secret in secrets.items():
        assert len(secret) >= 6
        holding = [str(file) for file, text in said.items() if secret in text]
        assert holding == [], f"the {name} is in {holding}"
    own = settings.data / "logs" / "controller.log"
    assert caller not in said[own], "a caller's number"
    for file in settings.secrets.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, f"{file} can be read by others"
