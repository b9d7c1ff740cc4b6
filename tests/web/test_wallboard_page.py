"""The page has the figures at once, moves while calls move, and is shown to whom it may be."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from callcenter.calls.events import SupervisionMode
from callcenter.calls.wallboard import OperatorStatus, SupervisionLine, Wallboard
from callcenter.staff.roles import Role
from callcenter.staff.tokens import Origin
from callcenter.web.access import COOKIE
from callcenter.web.app import make_app
from tests.fakes.centre import QUIET, World
from tests.fakes.orders import MORNING
from tests.web.conftest import Client

ELSEWHERE = {"Host": "wallboard.example"}
"""Not asked for under a name of this machine: as from another machine, or through a proxy."""


async def test_the_front_door_leads_to_the_wallboard(client: Client) -> None:
    response = await client.get("/")
    assert (response.status, response.url.path) == (200, "/wallboard")


async def test_the_first_paint_has_the_figures(client: Client, world: World) -> None:
    world.centre.put("001", OperatorStatus.TALKING, seat="seat01")
    world.centre.clock.moment += 75
    world.centre.show(replace(world.centre.board, offered=3, answered=2, in_progress=1))
    text = await (await client.get("/wallboard")).text()
    for part in ("001 芮红", ">1:15</time>", "3 = 2 + 1", "2017-11-22 周三", "10:32:20"):
        assert part in text
    assert "style=" not in text


async def test_names_cannot_become_markup(client: Client, world: World) -> None:
    evil = replace(QUIET.operators[0], name="<script>alert(1)</script>")
    world.centre.show(replace(QUIET, operators=(evil,)))
    text = await (await client.get("/wallboard")).text()
    assert "<script>alert" not in text


async def test_it_moves_when_the_centre_moves(client: Client, world: World) -> None:
    async with client.ws_connect("/ws/wallboard") as socket, asyncio.timeout(5):
        first = await socket.receive_json()
        assert (first["at"], first["date"]) == (MORNING, "2017-11-22 周三")
        assert 'data-figure="waiting"' in first["html"]
        world.centre.show(replace(QUIET, waiting=7, offered=7, in_progress=7))
        while "html" not in (second := await socket.receive_json()):
            pass
        assert "等待 7 人" in second["html"]


async def test_without_a_change_only_the_time_is_told(client: Client, world: World) -> None:
    async with client.ws_connect("/ws/wallboard") as socket, asyncio.timeout(5):
        await socket.receive_json()
        world.centre.clock.moment += 1
        assert await socket.receive_json() == {"at": MORNING + 1, "date": "2017-11-22 周三"}


async def test_a_stopping_server_closes_its_pages(world: World) -> None:
    async with TestClient(TestServer(make_app(world.services()))) as client, asyncio.timeout(5):
        socket = await client.ws_connect("/ws/wallboard")
        await socket.receive_json()
        closing = asyncio.create_task(client.server.close())
        while (await socket.receive()).type is WSMsgType.TEXT:
            pass
        await closing
        assert socket.close_code == 1001


async def test_elsewhere_a_token_is_asked_for(client: Client, world: World) -> None:
    page = await client.get("/wallboard", headers=ELSEWHERE)
    assert page.status == 401
    assert "芮红" not in await page.text()
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws/wallboard", headers=ELSEWHERE)
    assert refused.value.status == 401
    text, _ = world.tokens.create(Role.TEAM_LEADER, None, Origin.COMMAND, now=0.0, seconds=2000.0)
    wrong = await client.post("/wallboard", data={"token": "cc_x"}, headers=ELSEWHERE)
    assert wrong.status == 401
    right = await client.post(
        "/wallboard", data={"token": text}, headers=ELSEWHERE, allow_redirects=False
    )
    assert (right.status, right.headers["Location"]) == (303, "/wallboard")
    cookie = right.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    signed_in = {**ELSEWHERE, "Cookie": cookie.split(";")[0]}
    assert (await client.get("/wallboard", headers=signed_in)).status == 200


def listened_to() -> Wallboard:
    """002, as a team leader at seat 7, whispers to 001."""
    line = SupervisionLine("002", SupervisionMode.WHISPER, "seat07", MORNING)
    first = replace(QUIET.operators[0], supervision=line)
    return replace(QUIET, operators=(first, *QUIET.operators[1:]))


def cookie_of(world: World, role: Role) -> dict[str, str]:
    operator = "002" if role is Role.OPERATOR else None
    text, _ = world.tokens.create(role, operator, Origin.COMMAND, now=0.0, seconds=2000.0)
    return {"Cookie": f"{COOKIE}={text}"}


async def test_who_takes_part_in_whose_talk_is_shown_to_who_has_signed_in_as_a_team_leader(
    client: Client, world: World
) -> None:
    world.centre.show(listened_to())
    cookie = cookie_of(world, Role.TEAM_LEADER)
    text = await (await client.get("/wallboard", headers=cookie)).text()
    assert "密语 001" in text
    async with client.ws_connect("/ws/wallboard", headers=cookie) as socket:
        assert "密语 001" in (await socket.receive_json())["html"]


async def test_nobody_else_is_shown_that_though_they_look_at_the_same_time(
    client: Client, world: World
) -> None:
    world.centre.show(listened_to())
    leader = cookie_of(world, Role.ADMINISTRATOR)
    for headers in ({}, cookie_of(world, Role.OPERATOR)):
        async with (
            client.ws_connect("/ws/wallboard", headers=leader) as theirs,
            client.ws_connect("/ws/wallboard", headers=headers) as ours,
        ):
            assert "密语 001" in (await theirs.receive_json())["html"]
            assert "密语" not in (await ours.receive_json())["html"]
        text = await (await client.get("/wallboard", headers=headers)).text()
        assert "密语" not in text


async def test_on_this_machine_a_team_leader_can_sign_in_to_see_more(client: Client) -> None:
    page = await client.get("/wallboard/sign-in")
    assert page.status == 200
    assert 'action="/wallboard"' in await page.text()


async def test_the_cookie_opens_nothing_else(client: Client, world: World) -> None:
    text, _ = world.tokens.create(Role.ADMINISTRATOR, None, Origin.COMMAND, now=0.0, seconds=2000.0)
    cookie = {"Cookie": f"callcenter_wallboard={text}"}
    assert (await client.get("/api/v1/operators", headers=cookie)).status == 401


async def test_another_sites_page_cannot_read_along(client: Client) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await client.ws_connect("/ws/wallboard", origin="http://elsewhere.example")
    assert refused.value.status == 403


async def test_it_can_be_opened_to_everybody(world: World) -> None:
    app = make_app(world.services(), open_wallboard=True)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/wallboard", headers=ELSEWHERE)).status == 200
